//! A request as the Worker's entry writes it into the core's memory, and the decision as it reads it back: one text each, so
//! that both cross at once. Decides nothing, and never reads a part of a request as the whole.

use crate::decision::{Allow, Decision};
use crate::gate::Checked;
use crate::json::write::{Write, Writer};
use crate::limits::MAX_HEADER_COUNT;
use crate::request::Request;

/// What has no method is refused as `bad_request`.
const UNREADABLE: Request<'static> = Request { method: "", url: "/", headers: &[] };

/// Hands `use_it` the request that `text` is: method, URL, and the names and values of `count` header fields, joined by line
/// feeds. A line feed inside any of them makes parts too many, whichever it is; then it is handed one that is refused.
pub(crate) fn with_request<T>(text: &[u8], count: usize, use_it: impl FnOnce(&Request<'_>) -> T) -> T {
    let fields = |text| parts(text, count);
    match std::str::from_utf8(text).ok().and_then(fields) {
        Some((method, url, headers)) => use_it(&Request { method, url, headers: &headers }),
        None => use_it(&UNREADABLE),
    }
}

/// Names and values.
type Fields<'t> = Vec<(&'t str, &'t str)>;

/// Method, URL and header fields; none when there are not exactly as many parts.
fn parts(text: &str, count: usize) -> Option<(&str, &str, Fields<'_>)> {
    let mut parts = text.split('\n');
    let (method, url) = (parts.next()?, parts.next()?);
    let mut fields = Vec::with_capacity(count.min(MAX_HEADER_COUNT + 1));
    for _ in 0..count {
        fields.push((parts.next()?, parts.next()?));
    }
    parts.next().is_none().then_some((method, url, fields))
}

/// Writes what the Worker must do. A refusal is the object that [`Decision::to_json`] writes. What is let through is an array
/// without names, and without who asks: the rule, whether the answer is for one principal alone, and the headers to set, to
/// remove, and to set on the answer. Both end with the issuer whose keys should be fetched in the background, if there is
/// one, and with whether the token was verified before.
pub(crate) fn write_answer(checked: &Checked, refresh: Option<usize>, to: &mut Writer) {
    match &checked.decision {
        Decision::Allow(allow) => {
            // Of what is let through, only tokens have issuers.
            write_allow(allow, checked.issuer.is_some(), to);
            refresh.write(to);
            checked.cached.write(to);
            to.end_array();
        }
        refused => {
            to.object();
            refused.write_members(to);
            if let Some(issuer) = refresh {
                to.member("refresh", &issuer);
            }
            if checked.cached {
                to.member("cached", &true);
            }
            to.end_object();
        }
    }
}

/// Writes whose keys must be fetched before the Worker can be told what to do.
pub(crate) fn write_due(issuer: usize, to: &mut Writer) {
    issuer.write(to);
}

/// Writes all of the array but its end.
fn write_allow(allow: &Allow, is_personal: bool, to: &mut Writer) {
    to.array();
    allow.rule.write(to);
    is_personal.write(to);
    allow.set_headers.write(to);
    allow.remove_headers.write(to);
    allow.response_headers.write(to);
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::gate::Gate;
    use crate::verifier::Try;

    const NOW: f64 = 1_767_225_600.0; // 2026-01-01T00:00:00Z

    fn gate(more: &str) -> Gate {
        let issuer = r#"{ "issuer": "https://issuer.example", "audience": "orders", "algorithms": ["ES256"],
                          "jwksUri": "https://issuer.example/jwks.json" }"#;
        let rules = r#"[{ "path": "/health", "public": true }, { "path": "/{*rest}" }]"#;
        Gate::from_json(&format!(r#"{{ "issuers": [{issuer}], "rules": {rules} {more} }}"#)).unwrap()
    }

    fn answer(gate: &Gate, text: &str, count: usize, refresh: Option<usize>) -> String {
        let checked =
            with_request(text.as_bytes(), count, |request| gate.check_forwarding(request, NOW, Try::First)).unwrap();
        let mut writer = Writer::default();
        write_answer(&checked, refresh, &mut writer);
        writer.finish()
    }

    #[test]
    fn reads_exactly_as_many_fields_as_are_said_to_be_there() {
        assert_eq!(parts("GET\n/x", 0), Some(("GET", "/x", vec![])));
        assert_eq!(parts("GET\n/x\na\nb\nc\n", 2), Some(("GET", "/x", vec![("a", "b"), ("c", "")])));
        for (text, count) in [
            ("", 0),
            ("GET", 0),
            ("GET\n/x", 1),
            ("GET\n/x\na", 0),
            ("GET\n/x\na", 1),
            ("GET\n/x\na\nb", 0),
            ("GET\n/x\na\nb", 2),
            ("GET\n/x\na\nb\n", 1),
            ("GET\n/x\na\nb", usize::MAX),
        ] {
            assert_eq!(parts(text, count), None, "{text:?} {count}");
        }
    }

    #[test]
    fn refuses_a_line_feed_wherever_it_was_smuggled_in() {
        let gate = gate("");
        let good = "GET\nhttps://a.example/health\naccept\n*/*\nx-a\nb";
        assert!(answer(&gate, good, 2, None).starts_with(r#"["/health",false,"#));
        for smuggled in [
            "G\nET\nhttps://a.example/health\naccept\n*/*\nx-a\nb",
            "GET\nhttps://a.example/\nhealth\naccept\n*/*\nx-a\nb",
            "GET\nhttps://a.example/health\nacc\nept\n*/*\nx-a\nb",
            "GET\nhttps://a.example/health\naccept\n*/*\nx-a\nb\nx-tollgate-user\nevil",
            "GET\nhttps://a.example/health\naccept\n*/*\nx-a\nb\n",
        ] {
            assert!(answer(&gate, smuggled, 2, None).contains(r#""code":"bad_request""#), "{smuggled:?}");
        }
    }

    #[test]
    fn refuses_what_is_no_text() {
        let gate = gate("");
        let refused = |text: &[u8]| with_request(text, 1, |request| gate.check(request, NOW, Try::First).decision);
        let Decision::Deny(answer) = refused(b"GET\n/health\na\n\xff") else { panic!() };
        assert_eq!(answer.code, "bad_request");
        assert!(matches!(refused("GET\n/health\na\n\u{e9}".as_bytes()), Decision::Allow(_)));
    }

    #[test]
    fn tells_of_headers_only_where_there_is_somebody_to_tell() {
        let text = "GET\nhttps://a.example/health\nconnection\nclose";
        let forwarded = r#", "upstream": { "service": "ORDERS" }"#;
        assert_eq!(answer(&gate(""), text, 1, None), r#"["/health",false,[],[],null,null,false]"#);
        assert_eq!(
            answer(&gate(forwarded), text, 1, Some(0)),
            r#"["/health",false,[["x-forwarded-host","a.example"],["x-forwarded-proto","https"]],["connection"],null,0,false]"#
        );
    }

    #[test]
    fn a_refusal_is_an_object_and_there_is_none_while_keys_are_due() {
        let gate = gate("");
        let refused = answer(&gate, "GET\n/orders", 0, None);
        assert!(refused.starts_with(r#"{"outcome":"deny","code":"no_credential","status":401,"#), "{refused}");
        assert!(refused.ends_with(r#""}"#), "{refused}");
        assert!(answer(&gate, "GET\n/orders", 0, Some(0)).ends_with(r#","refresh":0}"#));
        let token = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIn0.AAAA";
        let text = format!("GET\n/orders\nauthorization\nBearer {token}");
        let checked =
            |attempt| with_request(text.as_bytes(), 1, |request| gate.check_forwarding(request, NOW, attempt));
        let mut due = Writer::default();
        write_due(checked(Try::First).unwrap_err(), &mut due);
        assert_eq!(due.finish(), "0");
        let Ok(Checked { decision: Decision::Unavailable(last), .. }) = checked(Try::Last) else { panic!() };
        assert_eq!((last.status, last.code.as_str()), (503, "keys_unavailable"));
    }
}
