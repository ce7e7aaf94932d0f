//! What the hook says a user may do, read strictly: an answer that could mean two things counts as none. Asks nobody, and
//! names no claim reserved; the mint does.

use crate::json::write::Writer;
use crate::json::{Document, Object, Value};
use crate::limits::MAX_ENTITLEMENTS_BYTES;
use crate::mint::Entitlements;

/// The members of an answer.
const MEMBERS: [&str; 6] = ["member", "plan", "permissions", "groups", "email", "claims"];

/// Reads an answer: `{"member":true,"plan":…,"permissions":[…],"groups":[…],"email":…,"claims":{…}}` or
/// `{"member":false}`.
///
/// # Errors
/// `Err` when it is none; `Ok(None)` when the user is no member of the tenant.
pub(super) fn read(text: &str) -> Result<Option<Entitlements>, Unreadable> {
    if text.len() > MAX_ENTITLEMENTS_BYTES {
        return Err(Unreadable);
    }
    let document = Document::parse_object(text.as_bytes().to_vec()).map_err(|_| Unreadable)?;
    let answer = document.object();
    if answer.iter().any(|(name, _)| !MEMBERS.contains(&name)) {
        return Err(Unreadable);
    }
    let read = Entitlements {
        plan: optional(answer, "plan")?,
        permissions: list(answer, "permissions")?,
        groups: list(answer, "groups")?,
        email: optional(answer, "email")?,
        claims: claims(answer)?,
    };
    match answer.get("member") {
        Some(Value::Bool(true)) => Ok(Some(read)),
        Some(Value::Bool(false)) => Ok(None),
        _ => Err(Unreadable),
    }
}

/// An answer that is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// A text, null or nothing.
fn optional(answer: Object<'_>, name: &str) -> Result<Option<String>, Unreadable> {
    match answer.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => text(value).map(Some),
    }
}

/// An array of texts, or nothing.
fn list(answer: Object<'_>, name: &str) -> Result<Vec<String>, Unreadable> {
    match answer.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(text).collect(),
        Some(_) => Err(Unreadable),
    }
}

/// Names with their values as JSON text.
fn claims(answer: Object<'_>) -> Result<Vec<(String, String)>, Unreadable> {
    match answer.get("claims") {
        None => Ok(Vec::new()),
        Some(Value::Object(claims)) => {
            Ok(claims.iter().map(|(name, value)| (name.to_owned(), Writer::text_of(&value))).collect())
        }
        Some(_) => Err(Unreadable),
    }
}

fn text(value: Value<'_>) -> Result<String, Unreadable> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(Unreadable),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn reads_all_that_a_member_may_do() {
        let read = read(
            r#"{"member":true,"plan":"pro","permissions":["orders:read","a\"b"],"groups":[],"email":"a@b.example",
                "claims":{"https://x.example/n":1.50,"o":{"a":[1, true]},"l":["é",null,{}]}}"#,
        );
        let texts = |texts: &[(&str, &str)]| -> Vec<(String, String)> {
            texts.iter().map(|(name, json)| ((*name).to_owned(), (*json).to_owned())).collect()
        };
        let expected = Entitlements {
            plan: Some("pro".to_owned()),
            permissions: vec!["orders:read".to_owned(), "a\"b".to_owned()],
            groups: Vec::new(),
            email: Some("a@b.example".to_owned()),
            claims: texts(&[("https://x.example/n", "1.50"), ("o", r#"{"a":[1, true]}"#), ("l", r#"["é",null,{}]"#)]),
        };
        assert_eq!(read, Ok(Some(expected)));
    }

    #[test]
    fn reads_that_nothing_is_said_and_that_nobody_is_a_member() {
        for text in [r#"{"member":true}"#, r#"{"member":true,"plan":null,"email":null,"permissions":[],"claims":{}}"#] {
            assert_eq!(read(text), Ok(Some(Entitlements::default())), "{text}");
        }
        for text in [r#"{"member":false}"#, r#"{"member":false,"plan":"pro"}"#] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn refuses_every_other_answer() {
        for text in [
            "",
            "null",
            "true",
            "[]",
            "{}",
            r#"{"member":1}"#,
            r#"{"member":"true"}"#,
            r#"{"member":null}"#,
            r#"{"plan":"pro"}"#,
            r#"{"member":true,"member":false}"#,
            r#"{"member":true,"Plan":"pro"}"#,
            r#"{"member":true,"sub":"x"}"#,
            r#"{"member":true,"plan":1}"#,
            r#"{"member":true,"plan":""}"#,
            r#"{"member":true,"plan":["pro"]}"#,
            r#"{"member":true,"email":false}"#,
            r#"{"member":true,"permissions":null}"#,
            r#"{"member":true,"permissions":"a"}"#,
            r#"{"member":true,"permissions":["a",1]}"#,
            r#"{"member":true,"groups":[""]}"#,
            r#"{"member":true,"groups":{}}"#,
            r#"{"member":true,"claims":[]}"#,
            r#"{"member":true,"claims":null}"#,
            r#"{"member":true,"claims":{"a":1,"a":2}}"#,
            r#"{"member":true} x"#,
            r#"{"member":false,"plan":1}"#,
        ] {
            assert_eq!(read(text), Err(Unreadable), "{text}");
        }
    }

    #[test]
    fn bounds_an_answer_to_the_byte() {
        let fits = format!("{{\"member\":true}}{}", " ".repeat(MAX_ENTITLEMENTS_BYTES - 15));
        assert_eq!(read(&fits), Ok(Some(Entitlements::default())));
        assert_eq!(read(&format!("{fits} ")), Err(Unreadable));
    }
}
