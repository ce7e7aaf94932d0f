//! A gate's checks, each failing alone, with what it expected and found, on the example of gate_tests.rs: tenants by host, a free
//! and a pro plan.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::super::tests::{NOW, Sample, sample};
use super::*;
use crate::explain::CheckOutcome;

type Fields<'t> = &'t [(&'t str, &'t str)];

const ORDERS: &str = "https://acme.api.example.com/orders";

/// Explains a request, after a look at what must hold of any explanation.
fn explained(gate: &Gate, request: &Request<'_>, now: f64) -> Explanation {
    let explanation = gate.explain(request, now, Try::Last);
    assert_eq!(explanation.checked.decision, gate.check(request, now, Try::Last).decision);
    let code = match &explanation.checked.decision {
        Decision::Allow(_) => None,
        Decision::Deny(answer) | Decision::Unavailable(answer) => Some(answer.code.as_str()),
    };
    let checks = &explanation.checks;
    let failed = checks.iter().position(|check| check.outcome == CheckOutcome::Fail);
    assert_eq!(failed.is_some(), code.is_some());
    for (at, check) in checks.iter().enumerate() {
        let expected = match failed {
            Some(failed) if at == failed => CheckOutcome::Fail,
            Some(failed) if at > failed => CheckOutcome::NotReached,
            _ => CheckOutcome::Pass,
        };
        assert_eq!((check.outcome, check.code), (expected, code.filter(|_| expected == CheckOutcome::Fail)));
        assert!(expected != CheckOutcome::NotReached || check.found.is_none(), "{check:?}");
    }
    explanation
}

impl Sample {
    fn explained(&self, method: &str, url: &str, headers: &[(&str, &str)]) -> Explanation {
        explained(&self.gate, &Request { method, url, headers }, NOW)
    }

    /// Name, code, expected and found of the check that fails; `allow` where none does.
    fn fails(&self, method: &str, url: &str, headers: &[(&str, &str)]) -> [String; 4] {
        let failed =
            self.explained(method, url, headers).checks.into_iter().find(|check| check.outcome == CheckOutcome::Fail);
        match failed {
            None => ["allow", "", "", ""].map(str::to_owned),
            Some(Check { name, code, expected, found, .. }) => {
                [name.to_owned(), code.unwrap().to_owned(), expected.unwrap_or_default(), found.unwrap()]
            }
        }
    }

    /// The same for a `GET` on the host of acme with a token of these claims.
    fn get_fails(&self, path: &str, claims: Value) -> [String; 4] {
        let url = format!("https://acme.api.example.com{path}");
        self.fails("GET", &url, &[("authorization", &format!("Bearer {}", self.token(claims)))])
    }
}

fn said(checks: &[Check]) -> Vec<(&str, &str, &str)> {
    checks
        .iter()
        .map(|check| (check.name, check.expected.as_deref().unwrap_or("-"), check.found.as_deref().unwrap_or("-")))
        .collect()
}

#[test]
fn an_allowed_request_passes_every_check_in_order() {
    let sample = sample(json!({}));
    let claims = json!({ "plan": "pro", "permissions": ["reports:read", "a"], "scope": "x y" });
    let bearer = format!("Bearer {}", sample.token(claims));
    let url = "https://acme.api.example.com/reports/7?page=2";
    let checks = sample.explained("GET", url, &[("Authorization", &bearer), ("Origin", "https://a.example")]).checks;
    let of_request = [
        ("request_form", "a method, and at most 128 header fields, all as HTTP has them", "GET, 2 header fields"),
        ("target", "an http(s) URL, or a target that starts with /, of at most 8192 bytes", "45 bytes"),
        ("host", "one host, or none", "acme.api.example.com"),
        ("path", "one reading: no dot or empty segment, no escape of what needs none", "/reports/7"),
        ("rule", "one for this method and path", "/reports/{*rest}"),
        ("credential", "Authorization: Bearer, the cookie __Host-access_token", "Authorization"),
        ("cross_site", "anything", "https://a.example"),
    ];
    let of_rights = [
        ("tenant", "acme", "acme"),
        ("principal", "user", "user"),
        ("plan", "pro, enterprise", "pro"),
        ("permissions", "all of reports:read", "reports:read, a"),
        ("groups", "anything", "nothing"),
        ("scopes", "anything", "x, y"),
        ("identity", "what header fields can carry, in at most 6144 bytes", "-"),
    ];
    let said = said(&checks);
    assert_eq!(said[..7], of_request);
    assert_eq!(said[31..], of_rights);
    let of_token: Vec<&str> = said[7..31].iter().map(|(name, ..)| *name).collect();
    assert_eq!((of_token[0], of_token[23]), ("clock", "claims"));
    let all = format!("{checks:?}");
    assert!(!all.contains(&bearer[7..]), "the token is never shown");
}

#[test]
fn a_request_that_can_not_be_judged_fails_where_it_is_wrong() {
    let sample = sample(json!({}));
    let many = vec![("a", "b"); 129];
    let form = "a method, and at most 128 header fields, all as HTTP has them";
    let target = "an http(s) URL, or a target that starts with /, of at most 8192 bytes";
    let path = "one reading: no dot or empty segment, no escape of what needs none";
    let host = "one host, or none";
    let long = format!("/{}", "a".repeat(8192));
    let cases: [(&str, &str, Fields<'_>, [&str; 4]); 12] = [
        (
            "G T",
            ORDERS,
            &[],
            ["request_form", "bad_request", form, "the request is not HTTP: expected a method of token characters"],
        ),
        (
            "GET",
            ORDERS,
            &many,
            ["request_form", "header_fields_too_large", form, "the request's header fields are too many or too long"],
        ),
        (
            "GET",
            "ftp://a",
            &[],
            [
                "target",
                "bad_path",
                target,
                "the path can't be judged: expected an absolute http(s) URL or a target that starts with /",
            ],
        ),
        (
            "GET",
            "/a?\u{e9}",
            &[("host", "!")],
            ["target", "bad_path", target, "the path can't be judged: a byte outside the query characters"],
        ),
        ("GET", &long, &[], ["target", "target_too_long", target, "the request target is longer than 8192 bytes"]),
        (
            "GET",
            ORDERS,
            &[("host", "globex.api.example.com")],
            [
                "host",
                "bad_host",
                host,
                "acme.api.example.com, globex.api.example.com: the URL and the Host fields disagree",
            ],
        ),
        ("GET", "https://a!/x/../y", &[], ["host", "bad_host", host, "a!: expected host or host:port"]),
        ("GET", "/x/..%2freports", &[], ["path", "bad_path", path, "/x/..%2freports: a dot segment"]),
        ("GET", "//reports", &[], ["path", "bad_path", path, "//reports: an empty segment"]),
        ("GET", "/x%2fy", &[], ["rule", "bad_path", "one for this method and path", "/x%2fy: an encoded slash"]),
        (
            "GET",
            "/Reports/x",
            &[],
            [
                "rule",
                "bad_path",
                "one for this method and path",
                "/Reports/x: letter case, a final slash or an encoded slash, ? or # would make it meet another rule",
            ],
        ),
        (
            "POST",
            "/health",
            &[],
            ["rule", "no_rule", "one for this method and path", "no rule matches the path and method"],
        ),
    ];
    for (method, url, headers, expected) in cases {
        assert_eq!(sample.fails(method, url, headers), expected, "{method} {url}");
    }
}

#[test]
fn credentials_fail_where_they_are_wrong_and_are_never_shown() {
    let sample = sample(json!({}));
    let token = sample.token(json!({}));
    let cookie = format!("__Host-access_token={token}");
    let too_long = format!("Bearer {}", "a".repeat(8193));
    let long_cookie = format!("a={}", "b".repeat(16 * 1024));
    let places = "Authorization: Bearer, the cookie __Host-access_token";
    let too_large = "the request's header fields are too many or too long";
    let cases: [(Fields<'_>, [&str; 4]); 6] = [
        (&[], ["credential", "no_credential", places, "the request carries no credential"]),
        (
            &[("authorization", "Bearer")],
            ["credential", "malformed_credential", places, "expected `Bearer`, one space and a token"],
        ),
        (
            &[("authorization", "Bearer a"), ("cookie", &cookie)],
            ["credential", "several_credentials", places, "the request carries different credentials"],
        ),
        (&[("authorization", &too_long)], ["credential", "header_fields_too_large", places, too_large]),
        (&[("cookie", &long_cookie)], ["credential", "header_fields_too_large", places, too_large]),
        (&[("cookie", &cookie)], ["allow", "", "", ""]),
    ];
    for (headers, expected) in cases {
        assert_eq!(sample.fails("GET", ORDERS, headers), expected);
    }
    let said = sample.fails(
        "POST",
        ORDERS,
        &[("cookie", &cookie), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
    );
    let guard = "a safe method, or a same-origin or listed caller";
    assert_eq!(said, ["cross_site", "cross_site", guard, "cross-site, https://evil.example"]);
    let passed = sample.explained("GET", ORDERS, &[("cookie", &cookie)]).checks;
    assert!(super::tests::said(&passed).contains(&("credential", places, "the cookie __Host-access_token")));
    assert!(!format!("{passed:?}").contains(&token));
    let open =
        self::sample(json!({ "credentials": { "header": false, "cookie": { "name": "c", "crossSite": "allow" } } }));
    let cookie = format!("c={}", open.token(json!({})));
    let passed = open.explained("POST", ORDERS, &[("cookie", &cookie), ("origin", "https://evil.example")]).checks;
    let said = super::tests::said(&passed);
    assert!(said.contains(&("credential", "the cookie c", "the cookie c")), "{said:?}");
    assert!(said.contains(&("cross_site", "anything", "https://evil.example")), "{said:?}");
}

#[test]
fn a_bad_token_fails_at_the_verifiers_check() {
    let sample = sample(json!({}));
    assert_eq!(
        sample.get_fails("/orders", json!({ "exp": 1_767_225_570 })),
        ["expiry", "token_expired", "after 1767225570", "1767225570"]
    );
    let url = "https://acme.api.example.com/orders";
    let of = |token: &str| sample.fails("GET", url, &[("authorization", &format!("Bearer {token}"))])[..2].to_vec();
    assert_eq!(of("junk"), ["token_form", "malformed_token"]);
    assert_eq!(of(&format!("{}=", sample.token(json!({})))), ["token_payload", "malformed_base64url"]);
    assert_eq!(of(&sample.signer.token_with(r#"{"alg":"none"}"#, "{}")), ["algorithm", "alg_not_allowed"]);
    let bearer = format!("Bearer {}", sample.token(json!({})));
    let headers = [("authorization", bearer.as_str())];
    let request = Request { method: "GET", url, headers: &headers };
    let checks = explained(&sample.gate, &request, f64::NAN).checks;
    let failed = checks.iter().find(|check| check.outcome == CheckOutcome::Fail).unwrap();
    assert_eq!((failed.name, failed.code), ("clock", Some("clock_invalid")));
}

#[test]
fn tenants_fail_with_the_one_that_was_asked_for() {
    let by_host = sample(json!({}));
    let of = |sample: &Sample, url: &str, claims: Value, more: &[(&str, &str)]| {
        let bearer = format!("Bearer {}", sample.token(claims));
        let headers: Vec<_> = [("authorization", bearer.as_str())].into_iter().chain(more.iter().copied()).collect();
        sample.fails("GET", url, &headers)
    };
    let globex = json!({ "tenant_id": "globex" });
    assert_eq!(of(&by_host, ORDERS, globex.clone(), &[]), ["tenant", "tenant_mismatch", "acme", "globex"]);
    let nobody = json!({ "tenant_id": null });
    assert_eq!(of(&by_host, ORDERS, nobody.clone(), &[]), ["tenant", "tenant_missing", "acme", "nothing"]);
    let pattern = "[a-z0-9][a-z0-9_-]{0,63}";
    assert_eq!(
        of(&by_host, ORDERS, json!({ "tenant_id": "Acme" }), &[]),
        ["tenant", "tenant_malformed", pattern, "Acme"]
    );
    // Of the wrong type, it is no text that could be malformed.
    assert_eq!(
        of(&by_host, ORDERS, json!({ "tenant_id": 7 }), &[]),
        ["issuer_tenants", "tenant_malformed", "anything", "7"]
    );
    let unasked = "the one that the request asks for";
    let other = of(&by_host, "https://api.example.com/orders", json!({}), &[]);
    assert_eq!(other, ["tenant", "tenant_not_requested", unasked, "the request names no tenant"]);
    let hostless = of(&by_host, "/orders", json!({}), &[]);
    assert_eq!(
        hostless,
        ["tenant", "bad_host", unasked, "the host can't be judged: expected a host, which names the tenant"]
    );
    assert_eq!(of(&by_host, "https://globex.api.example.com/me", json!({}), &[])[0], "allow");
    assert_eq!(
        of(&by_host, "https://globex.api.example.com/me", nobody.clone(), &[]),
        ["tenant", "tenant_missing", "a tenant", "nothing"]
    );
    let by_header = sample(json!({ "tenant": { "from": { "header": "x-tenant" }, "pattern": "[a-z]+" } }));
    assert_eq!(
        of(&by_header, ORDERS, globex, &[("x-tenant", "acme")]),
        ["tenant", "tenant_mismatch", "acme", "globex"]
    );
    assert_eq!(
        of(&by_header, ORDERS, json!({ "tenant_id": "a1" }), &[]),
        ["tenant", "tenant_malformed", "[a-z]+", "a1"]
    );
    let optional = sample(json!({ "tenant": { "required": false } }));
    let bearer = format!("Bearer {}", optional.token(nobody));
    let checks = optional.explained("GET", ORDERS, &[("authorization", &bearer)]).checks;
    assert!(said(&checks).contains(&("tenant", "anything", "nothing")));
}

#[test]
fn what_a_rule_asks_for_fails_one_by_one() {
    let rules = json!({ "rules": [
        { "path": "/reports/{*rest}", "plans": ["pro", "enterprise"] },
        { "path": "/both", "permissions": { "all": ["a", "b"], "any": ["c", "d"] } },
        { "path": "/owners", "groups": { "any": ["owners"] } },
        { "path": "/scoped", "scopes": { "all": ["orders:write"] } },
        { "path": "/jobs", "principals": ["client"] },
        { "path": "/all", "principals": ["user", "client"] },
    ] });
    let sample = sample(rules);
    let none = || json!({});
    for (path, claims, expected) in [
        ("/reports/q1", none(), ["plan", "plan_required", "pro, enterprise", "free"]),
        ("/reports/q1", json!({ "plan": null }), ["plan", "plan_required", "pro, enterprise", "nothing"]),
        ("/reports/q1", json!({ "plan": "pro" }), ["allow", "", "", ""]),
        (
            "/both",
            json!({ "permissions": ["a", "c"] }),
            ["permissions", "permission_required", "all of a, b; one of c, d", "a, c"],
        ),
        ("/both", json!({ "permissions": ["a", "b", "d"] }), ["allow", "", "", ""]),
        ("/owners", json!({ "groups": ["staff"] }), ["groups", "group_required", "one of owners", "staff"]),
        ("/owners", json!({ "groups": ["owners"] }), ["allow", "", "", ""]),
        ("/scoped", json!({ "scope": "read" }), ["scopes", "insufficient_scope", "all of orders:write", "read"]),
        ("/scoped", json!({ "scope": "orders:write" }), ["allow", "", "", ""]),
        ("/jobs", none(), ["principal", "principal_kind", "client", "user"]),
        ("/all", json!({ "client_id": "u1" }), ["allow", "", "", ""]),
        (
            "/all",
            json!({ "sub": "a\nb" }),
            [
                "identity",
                "unsendable_identity",
                "what header fields can carry, in at most 6144 bytes",
                "the principal can't be written as header fields: a control character",
            ],
        ),
    ] {
        assert_eq!(sample.get_fails(path, claims.clone()), expected, "{path} {claims}");
    }
}

fn names(explanation: &Explanation) -> Vec<&'static str> {
    explanation.checks.iter().map(|check| check.name).collect()
}

#[test]
fn a_public_rule_and_a_preflight_meet_few_checks() {
    let open = sample(json!({}));
    let public = open.explained("GET", "https://acme.api.example.com/health", &[("authorization", "Bearer junk")]);
    assert_eq!(names(&public), ["request_form", "target", "host", "path", "rule", "identity"]);
    assert!(said(&public.checks).contains(&("rule", "one for this method and path", "/health, public")));
    let long = format!("a={}", "b".repeat(16 * 1024));
    let failed = open.fails("GET", "/health", &[("cookie", &long)]);
    assert_eq!(failed[..2], ["identity", "header_fields_too_large"].map(str::to_owned));
    let ask = [("origin", "https://app.example.com"), ("access-control-request-method", "PUT")];
    let passed = open.explained("OPTIONS", ORDERS, &ask);
    let of_preflight = ["request_form", "target", "host", "path", "preflight", "rule", "identity"];
    assert_eq!(names(&passed), of_preflight);
    assert!(matches!(passed.checked.decision, Decision::Allow(_)));
    assert!(said(&passed.checks).contains(&("preflight", "anything", "PUT, https://app.example.com")));
    let answered = sample(json!({ "cors": { "origins": ["https://app.example.com"] } }));
    let failed = answered.fails("OPTIONS", ORDERS, &ask);
    let found = "PUT, https://app.example.com";
    assert_eq!(failed, ["preflight", "preflight", "none: the gate answers it", found]);
    assert_eq!(names(&answered.explained("OPTIONS", ORDERS, &ask)), of_preflight);
    let narrow = sample(json!({ "rules": [{ "path": "/a" }] }));
    let unknown = narrow.fails("OPTIONS", ORDERS, &ask);
    assert_eq!(unknown[..3], ["rule", "no_rule", "one for this path"].map(str::to_owned));
    let longer = [ask[0], ask[1], ("cookie", &long)];
    assert_eq!(narrow.fails("OPTIONS", "/a", &longer)[..2], failed_identity());
    let folded = narrow.fails("OPTIONS", "/A", &ask);
    assert_eq!(folded[..2], ["rule", "bad_path"].map(str::to_owned));
    let dotted = narrow.fails("OPTIONS", "/a/..", &ask);
    assert_eq!(dotted[..2], ["path", "bad_path"].map(str::to_owned));
}

fn failed_identity() -> [String; 2] {
    ["identity", "header_fields_too_large"].map(str::to_owned)
}

#[test]
fn cookies_too_many_to_send_on_fail_at_the_end_where_no_cookie_is_read() {
    let headers_only = sample(json!({ "credentials": { "header": true } }));
    let bearer = format!("Bearer {}", headers_only.token(json!({})));
    let long = format!("a={}", "b".repeat(16 * 1024));
    let headers = [("authorization", bearer.as_str()), ("cookie", long.as_str())];
    assert_eq!(headers_only.fails("GET", ORDERS, &headers)[..2], failed_identity());
}
