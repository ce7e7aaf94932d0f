//! What the origin is told, and what is stripped first. Values are RFC 9651 structured fields; what can't be written
//! is refused, never truncated.

use crate::claims::{PrincipalRef, Texts};
use crate::config::{self, PrincipalKind, Sent};
use crate::error::Error;
use crate::limits::MAX_IDENTITY_BYTES;
use crate::request::Judged;

/// Header names that only the gate may set.
const RESERVED_PREFIX: &str = "x-tollgate-";
/// Names by which a client could tell the origin another host, path or method than the gate judged.
const OVERRIDES: [&str; 6] =
    ["x-original-url", "x-rewrite-url", "x-http-method-override", "x-http-method", "x-method-override", "forwarded"];
/// Fields that concern one connection (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [&str; 7] =
    ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "proxy-authorization"];

/// A header name as the origins see it that fold the most: CGI makes `_` of `-`, and some servers of every other mark.
pub(crate) fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
}

/// Whether a header name is one that a client must not send on, under any spelling that an origin may fold to it.
pub(crate) fn is_reserved(name: &str) -> bool {
    let begins = |prefix: &str| folded(name).take(prefix.len()).eq(prefix.chars());
    begins(RESERVED_PREFIX) || begins("x-forwarded-") || OVERRIDES.iter().any(|other| folded(name).eq(other.chars()))
}

/// The inbound headers that never reach the origin, on any path, as they were spelt but in lower case.
pub(crate) fn stripped(request: &Judged<'_>) -> Vec<String> {
    let nominated: Vec<String> = request
        .values("connection")
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let websocket = request.is_websocket();
    let mut names: Vec<String> = Vec::new();
    for name in request.names() {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let upgrade = is("upgrade");
        let hop = upgrade || HOP_BY_HOP.iter().any(|other| is(other)) || nominated.iter().any(|other| is(other));
        if (is_reserved(name) || (hop && !(upgrade && websocket))) && !names.iter().any(|other| is(other)) {
            names.push(name.to_ascii_lowercase());
        }
    }
    names
}

/// The fields that say which request the gate judged.
pub(crate) fn forwarded(request: &Judged<'_>) -> Vec<(String, String)> {
    let host = request.authority.as_ref().map(|authority| ("x-forwarded-host".to_owned(), authority.clone()));
    let scheme = request.scheme.map(|scheme| ("x-forwarded-proto".to_owned(), scheme.to_owned()));
    host.into_iter().chain(scheme).collect()
}

/// The fields that tell the origin who is calling.
///
/// # Errors
/// [`Error::UnsendableIdentity`] for a control character, an edge space, or more than
/// [`MAX_IDENTITY_BYTES`](crate::limits::MAX_IDENTITY_BYTES) in all.
pub(crate) fn fields(
    identity: &config::Identity,
    principal: &PrincipalRef<'_>,
) -> Result<Vec<(String, String)>, Error> {
    let mut fields = Vec::new();
    let mut add = |name: &str, value: String| fields.push((format!("{RESERVED_PREFIX}{name}"), value));
    for sent in &identity.send {
        match sent {
            Sent::User => match (principal.kind, principal.user_id, principal.client_id) {
                (PrincipalKind::User, Some(user), _) => add("user", item(user)?),
                (PrincipalKind::Client, _, Some(client)) => add("client", item(client)?),
                _ => {}
            },
            Sent::Tenant => principal.tenant_id.iter().try_for_each(|tenant| item(tenant).map(|v| add("tenant", v)))?,
            Sent::Plan => principal.plan.iter().try_for_each(|plan| item(plan).map(|v| add("plan", v)))?,
            Sent::Email => principal.email.iter().try_for_each(|email| item(email).map(|v| add("email", v)))?,
            Sent::Permissions => add("permissions", list(&principal.permissions)?),
            Sent::Groups => add("groups", list(&principal.groups)?),
        }
    }
    // An empty list has no serialisation (RFC 9651 section 3.1): the field is left out.
    fields.retain(|(_, value)| !value.is_empty());
    let bytes: usize = fields.iter().map(|(_, value)| value.len()).sum();
    if bytes > MAX_IDENTITY_BYTES {
        return Err(Error::UnsendableIdentity("the header values are longer than 6144 bytes"));
    }
    Ok(fields)
}

/// A List of Strings (RFC 9651 section 3.1).
fn list(texts: &Texts<'_>) -> Result<String, Error> {
    let items: Result<Vec<String>, Error> = texts.iter().map(|text| item(text)).collect();
    Ok(items?.join(", "))
}

/// A String (RFC 9651 section 3.3.3), or a Display String (section 3.3.8) where a character is not ASCII.
fn item(text: &str) -> Result<String, Error> {
    if text.chars().any(char::is_control) {
        return Err(Error::UnsendableIdentity("a control character"));
    }
    if text.trim() != text {
        return Err(Error::UnsendableIdentity("a space at the edge of a value"));
    }
    let mut field = String::with_capacity(text.len().saturating_add(2));
    if text.is_ascii() {
        field.push('"');
        for c in text.chars() {
            if matches!(c, '"' | '\\') {
                field.push('\\');
            }
            field.push(c);
        }
    } else {
        field.push_str("%\"");
        for byte in text.bytes() {
            match byte {
                b'%' | b'"' | 0x7f.. => field.push_str(&format!("%{byte:02x}")),
                _ => field.push(char::from(byte)),
            }
        }
    }
    field.push('"');
    Ok(field)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::Request;
    use crate::claims::Principal;

    fn principal() -> Principal {
        Principal {
            kind: PrincipalKind::User,
            user_id: Some("u1".to_owned()),
            client_id: Some("web".to_owned()),
            tenant_id: Some("acme".to_owned()),
            plan: Some("pro".to_owned()),
            email: Some("a@b.example".to_owned()),
            groups: vec!["staff".to_owned()],
            permissions: vec!["orders:read".to_owned(), "a, b".to_owned()],
            scopes: Vec::new(),
            issuer: "https://issuer.example".to_owned(),
            expires_at: 0.0,
        }
    }

    fn all() -> config::Identity {
        config::Identity {
            send: vec![Sent::User, Sent::Tenant, Sent::Plan, Sent::Permissions, Sent::Email, Sent::Groups],
        }
    }

    // catalogue: M06
    #[test]
    fn writes_structured_fields() {
        let fields = fields(&all(), &principal().borrowed()).unwrap();
        let text: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(
            text,
            [
                "x-tollgate-user: \"u1\"",
                "x-tollgate-tenant: \"acme\"",
                "x-tollgate-plan: \"pro\"",
                "x-tollgate-permissions: \"orders:read\", \"a, b\"",
                "x-tollgate-email: \"a@b.example\"",
                "x-tollgate-groups: \"staff\"",
            ]
        );
    }

    #[test]
    fn a_client_is_not_sent_as_a_user() {
        let mut client = principal();
        client.kind = PrincipalKind::Client;
        client.user_id = None;
        let fields = fields(&config::Identity::default(), &client.borrowed()).unwrap();
        assert_eq!(fields[0], ("x-tollgate-client".to_owned(), "\"web\"".to_owned()));
        assert!(!fields.iter().any(|(name, _)| name == "x-tollgate-user"));
    }

    // catalogue: M05, M06
    #[test]
    fn quotes_what_needs_quoting() {
        assert_eq!(item("a\"b\\c").unwrap(), r#""a\"b\\c""#);
        assert_eq!(item("=;,").unwrap(), "\"=;,\"");
        assert_eq!(item("f\u{fc}r \"50%\"").unwrap(), r#"%"f%c3%bcr %2250%25%22""#);
        assert_eq!(item("\u{1f600}").unwrap(), "%\"%f0%9f%98%80\"");
    }

    // catalogue: M04, M08
    #[test]
    fn refuses_what_can_not_be_sent() {
        for text in ["a\r\nx: y", "a\nb", "a\0b", "a\tb", "\u{7f}", "\u{85}", " a", "a ", "\u{a0}a"] {
            assert_eq!(item(text).unwrap_err().code(), "unsendable_identity", "{text:?}");
        }
    }

    // catalogue: M07
    #[test]
    fn bounds_the_fields_to_the_byte() {
        let sized = |bytes: usize| {
            let mut principal = principal();
            principal.user_id = Some("u".repeat(bytes));
            fields(&config::Identity { send: vec![Sent::User] }, &principal.borrowed())
        };
        assert!(sized(MAX_IDENTITY_BYTES - 2).is_ok());
        assert_eq!(sized(MAX_IDENTITY_BYTES - 1).unwrap_err().code(), "unsendable_identity");
    }

    // catalogue: M01, M02, M03
    #[test]
    fn strips_every_spelling_of_a_reserved_name() {
        let headers: Vec<(&str, &str)> = [
            "x-tollgate-user",
            "X-Tollgate-User",
            "X_TOLLGATE_USER",
            "x-tollgate_tenant",
            "x_tollgate-anything",
            "x.tollgate.user",
            "X!Tollgate~User",
            "X-Original-URL",
            "x_rewrite_url",
            "X-HTTP-Method-Override",
            "x-http-method",
            "x_method_override",
            "Forwarded",
            "X-Forwarded-For",
            "x_forwarded_host",
            "X-Forwarded-Anything",
            "Keep-Alive",
            "TE",
            "Proxy-Connection",
            "X-Nominated",
        ]
        .iter()
        .map(|name| (*name, "evil"))
        .chain([("Connection", "close, X-Nominated"), ("accept", "*/*"), ("x-tollgates", "fine")])
        .collect();
        let request = Request { method: "GET", url: "/", headers: &headers };
        let judged = request.judge().unwrap();
        let stripped = stripped(&judged);
        let left: Vec<&str> = judged.names().filter(|name| !stripped.contains(&name.to_ascii_lowercase())).collect();
        assert_eq!(left, ["accept", "x-tollgates"]);
    }

    #[test]
    fn keeps_the_upgrade_of_a_websocket_only() {
        let stripped_of = |upgrade: &str| {
            let headers = [("connection", "upgrade"), ("upgrade", upgrade)];
            stripped(&Request { method: "GET", url: "/", headers: &headers }.judge().unwrap())
        };
        assert_eq!(stripped_of("websocket"), ["connection"]);
        assert_eq!(stripped_of("h2c"), ["connection", "upgrade"]);
    }
}
