//! A form body (RFC 6749 appendix B), read strictly: what two readers could take differently is refused, never resolved.

use crate::request::Judged;

/// The parameters of a body, decoded. No two have the same name.
#[derive(Debug)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the body of a request that must have one. None when it is no form: another content type or none, a parameter
    /// that is repeated, bad percent-encoding, no UTF-8.
    pub(super) fn read(request: &Judged<'_>, body: &[u8]) -> Option<Self> {
        if request.single("content-type").is_some_and(is_form) { Self::parse(body) } else { None }
    }

    /// Reads the body of a request that may have none.
    pub(super) fn read_any(request: &Judged<'_>, body: &[u8]) -> Option<Self> {
        if body.is_empty() { Some(Self(Vec::new())) } else { Self::read(request, body) }
    }

    /// A parameter's value. One without a value is as good as absent (RFC 6749 section 3.1).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let name = decoded(pair.get(..end).unwrap_or_default())?;
            let value = decoded(pair.get(end + 1..).unwrap_or_default())?;
            pairs.push((name, value));
        }
        // Sorted, because a body of 16 KiB can hold 8,192 names.
        let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let is_repeated = names.windows(2).any(|two| two.first() == two.last());
        if is_repeated { None } else { Some(Self(pairs)) }
    }
}

/// Decodes one name or value: `+` is a space, `%` and two hexadecimal digits are a byte, and all of it is UTF-8.
pub(super) fn decoded(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digit(rest.next())? << 4 | digit(rest.next())?,
            _ => *byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The value of a hexadecimal digit, below 16.
fn digit(character: Option<&u8>) -> Option<u8> {
    char::from(*character?).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Whether a content type is a form's. Its one encoding is UTF-8, so another stated one is refused.
fn is_form(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let is_utf_8 = |parameter: &str| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    };
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
        && parts.all(|parameter| parameter.is_empty() || is_utf_8(parameter))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::Request;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn read(content_type: &str, body: &[u8]) -> Option<Form> {
        let headers = [("content-type", content_type)];
        let request = Request { method: "POST", url: "/", headers: &headers };
        Form::read(&request.judge().unwrap(), body)
    }

    #[test]
    fn decodes_names_and_values() {
        let form = read(FORM, b"a=1&b=x+y%20z&%63=%C3%a9&d&e=&&=x&f=a%3Db=c").unwrap();
        assert_eq!(form.get("a"), Some("1"));
        assert_eq!(form.get("b"), Some("x y z"));
        assert_eq!(form.get("c"), Some("é"));
        assert_eq!(form.get("f"), Some("a=b=c"));
        for absent in ["d", "e", "g", "A"] {
            assert_eq!(form.get(absent), None, "{absent}");
        }
    }

    #[test]
    fn refuses_a_repeated_parameter_however_it_is_spelled() {
        for body in ["a=1&a=2", "a=1&a=1", "a=&a=1", "a&a", "a=1&%61=2", "b=1&a=1&c=1&a=1", "x=1&x"] {
            assert!(read(FORM, body.as_bytes()).is_none(), "{body}");
        }
        assert!(read(FORM, b"a=1&A=1").is_some());
    }

    #[test]
    fn refuses_what_is_not_percent_encoded_utf_8() {
        for body in ["a=%", "a=%4", "a=%4g", "a=%zz", "%=1", "a=%+1", "a=%C3", "a=%ff", "a=%ED%A0%80"] {
            assert!(read(FORM, body.as_bytes()).is_none(), "{body}");
        }
        assert!(read(FORM, b"a=\xff").is_none());
    }

    #[test]
    fn asks_for_the_content_type_of_a_form() {
        for good in [FORM, "Application/X-WWW-Form-Urlencoded", "application/x-www-form-urlencoded; charset=UTF-8"] {
            assert!(read(good, b"a=1").is_some(), "{good}");
        }
        let charset = "application/x-www-form-urlencoded;charset=iso-8859-1";
        for bad in [
            "",
            "application/json",
            "text/plain",
            "multipart/form-data",
            charset,
            "x/application/x-www-form-urlencoded",
        ] {
            assert!(read(bad, b"a=1").is_none(), "{bad}");
        }
        let request = Request { method: "POST", url: "/", headers: &[] };
        let judged = request.judge().unwrap();
        assert!(Form::read(&judged, b"a=1").is_none());
        assert!(Form::read_any(&judged, b"a=1").is_none());
        assert!(Form::read_any(&judged, b"").is_some());
        let twice = [("content-type", FORM), ("content-type", FORM)];
        let request = Request { method: "POST", url: "/", headers: &twice };
        assert!(Form::read(&request.judge().unwrap(), b"a=1").is_none());
    }
}
