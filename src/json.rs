//! Strict JSON (RFC 8259): refuses duplicate members at any depth, a byte-order mark, invalid UTF-8, lone surrogates,
//! deep nesting, and numbers that a double can't hold.
//!
//! Two readers that disagree about one document are an attack: a duplicate `"sub"` that one takes first and the other
//! last, an integer that one rounds. What could be read in two ways is therefore refused, never resolved.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::limits::MAX_JSON_DEPTH;

/// Integers beyond this lose their last digit in a double, and so in every JavaScript reader (RFC 7493 section 2.2).
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    Array(Vec<Value>),
    Object(Object),
}

/// A JSON object. Members have no order: they are kept sorted by name, which also keeps hostile names from being slow.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Object(BTreeMap<String, Value>);

impl Object {
    /// The member called `name`, compared after unescaping.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The members, sorted by name.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many members there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Parses a document that must be an object.
///
/// # Errors
/// [`Error::MalformedJson`].
pub(crate) fn parse_object(document: &[u8]) -> Result<Object, Error> {
    match parse(document)? {
        Value::Object(object) => Ok(object),
        _ => Err(Error::MalformedJson("a JSON object")),
    }
}

/// Parses a document: one value, with nothing but white space around it.
///
/// # Errors
/// [`Error::MalformedJson`].
pub(crate) fn parse(document: &[u8]) -> Result<Value, Error> {
    // Checked once and whole, so that every slice between two ASCII bytes below is text.
    let text = std::str::from_utf8(document).map_err(|_| Error::MalformedJson("UTF-8"))?;
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.skip_white_space();
    if reader.at == document.len() { Ok(value) } else { Err(Error::MalformedJson("one JSON document")) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    /// Takes `byte` if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn slice(&self, from: usize, to: usize) -> Result<&'a str, Error> {
        self.text.get(from..to).ok_or(Error::MalformedJson("JSON"))
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Recursion is bounded by [`MAX_JSON_DEPTH`]: `depth` containers are open around this value.
    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        self.skip_white_space();
        match self.peek() {
            Some(b'{') => self.object(inside(depth)?).map(Value::Object),
            Some(b'[') => self.array(inside(depth)?).map(Value::Array),
            Some(b'"') => self.string().map(Value::String),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            _ => Err(Error::MalformedJson("a JSON value")),
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        let end = self.at + word.len();
        if self.text.get(self.at..end) != Some(word) {
            return Err(Error::MalformedJson("true, false or null"));
        }
        self.at = end;
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Object, Error> {
        let mut members = BTreeMap::new();
        self.at += 1;
        self.skip_white_space();
        if self.take(b'}') {
            return Ok(Object(members));
        }
        loop {
            self.skip_white_space();
            if self.peek() != Some(b'"') {
                return Err(Error::MalformedJson("a member name"));
            }
            let name = self.string()?;
            self.skip_white_space();
            if !self.take(b':') {
                return Err(Error::MalformedJson("a colon after a member name"));
            }
            let value = self.value(depth)?;
            if members.insert(name, value).is_some() {
                return Err(Error::MalformedJson("members with different names"));
            }
            self.skip_white_space();
            match self.next() {
                Some(b',') => {}
                Some(b'}') => return Ok(Object(members)),
                _ => return Err(Error::MalformedJson("a comma or the end of an object")),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_white_space();
        if self.take(b']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth)?);
            self.skip_white_space();
            match self.next() {
                Some(b',') => {}
                Some(b']') => return Ok(items),
                _ => return Err(Error::MalformedJson("a comma or the end of an array")),
            }
        }
    }

    fn string(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut text = String::new();
        let mut run = self.at;
        loop {
            match self.next() {
                Some(b'"') => {
                    text.push_str(self.slice(run, self.at - 1)?);
                    return Ok(text);
                }
                Some(b'\\') => {
                    text.push_str(self.slice(run, self.at - 1)?);
                    text.push(self.escape()?);
                    run = self.at;
                }
                Some(0x00..=0x1f) => return Err(Error::MalformedJson("control characters escaped")),
                Some(_) => {}
                None => return Err(Error::MalformedJson("the end of a string")),
            }
        }
    }

    /// What follows a backslash. A surrogate stands only as half of a pair: a lone one is no character, and readers
    /// differ on what becomes of it.
    fn escape(&mut self) -> Result<char, Error> {
        let character = match self.next() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.four_hex_digits()?;
                let scalar = match first {
                    0xd800..=0xdbff if self.take(b'\\') && self.take(b'u') => match self.four_hex_digits()? {
                        // 0x10000 + ten bits and ten bits: at most 0x10ffff.
                        second @ 0xdc00..=0xdfff => 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                        _ => first,
                    },
                    _ => first,
                };
                char::from_u32(scalar).ok_or(Error::MalformedJson("surrogates in pairs"))?
            }
            _ => return Err(Error::MalformedJson("an escape of RFC 8259 section 7")),
        };
        Ok(character)
    }

    fn four_hex_digits(&mut self) -> Result<u32, Error> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.next().and_then(|byte| char::from(byte).to_digit(16));
            value = value * 16 + digit.ok_or(Error::MalformedJson("four hexadecimal digits"))?;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<f64, Error> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        let mut is_integer = true;
        if self.take(b'.') {
            is_integer = false;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            is_integer = false;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        let number: f64 = self.slice(start, self.at)?.parse().map_err(|_| Error::MalformedJson("a number"))?;
        if is_integer && number.abs() > MAX_SAFE_INTEGER {
            return Err(Error::MalformedJson("integers of at most 2^53-1"));
        }
        if number.is_finite() { Ok(number) } else { Err(Error::MalformedJson("numbers that a double can hold")) }
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Error::MalformedJson("a digit")) }
    }
}

/// The depth inside one more container.
fn inside(depth: usize) -> Result<usize, Error> {
    if depth < MAX_JSON_DEPTH { Ok(depth + 1) } else { Err(Error::MalformedJson("nesting of at most 32 levels")) }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn refused(document: &str) {
        refused_bytes(document.as_bytes());
    }

    fn refused_bytes(document: &[u8]) {
        let shown = String::from_utf8_lossy(document).chars().take(60).collect::<String>();
        match parse(document) {
            Err(error) => assert_eq!(error.code(), "malformed_json", "{shown}"),
            Ok(value) => panic!("{shown} was read as {value:?}"),
        }
    }

    fn number(document: &str) -> f64 {
        match parse(document.as_bytes()) {
            Ok(Value::Number(number)) => number,
            other => panic!("{document} was read as {other:?}"),
        }
    }

    fn string(document: &str) -> String {
        match parse(document.as_bytes()) {
            Ok(Value::String(string)) => string,
            other => panic!("{document} was read as {other:?}"),
        }
    }

    // catalogue: F01
    #[test]
    fn a_claims_set_is_exactly_one_object() {
        for document in
            ["[]", "[{}]", "\"{}\"", "1", "null", "true", "", " ", "\t\r\n", "{}{}", "{} x", "{},", "{", "}"]
        {
            assert_eq!(parse_object(document.as_bytes()).unwrap_err().code(), "malformed_json", "{document}");
        }
        assert_eq!(parse_object(b" {} ").unwrap().len(), 0);
    }

    // catalogue: F02, C07
    #[test]
    fn refuses_duplicate_members_at_any_depth_and_under_any_escape() {
        for document in [
            r#"{"sub":"a","sub":"b"}"#,
            r#"{"sub":"a","sub":"a"}"#,
            r#"{"a":{"sub":1,"sub":1}}"#,
            r#"[{"a":[{"x":1,"y":2,"x":3}]}]"#,
            r#"{"alg":"ES256","\u0061lg":"none"}"#,
            r#"{"\u0061\u006c\u0067":1,"\u0061lg":1}"#,
            r#"{"":1,"":1}"#,
            r#"{"/":1,"\/":1}"#,
            "{\"\u{1f600}\":1,\"\\ud83d\\ude00\":1}",
        ] {
            refused(document);
        }
        // Names that only look or normalise alike are different names.
        let object = parse_object("{\"sub\":1,\"Sub\":2,\"\u{e9}\":3,\"e\u{301}\":4}".as_bytes()).unwrap();
        assert_eq!(object.len(), 4);
        assert_eq!(object.get("Sub"), Some(&Value::Number(2.0)));
        assert_eq!(object.get("missing"), None);
    }

    // catalogue: F03
    #[test]
    fn refuses_invalid_utf8_other_encodings_and_a_byte_order_mark() {
        refused_bytes(b"\xef\xbb\xbf{}");
        refused_bytes(b"{\"a\":\"\xff\"}");
        refused_bytes(b"{\"a\":\"\xc0\xaf\"}"); // an overlong slash
        refused_bytes(b"{\"a\":\"\xed\xa0\x80\"}"); // a surrogate in UTF-8
        refused_bytes(b"{\"a\":\"\xe2\x82\"}"); // cut short
        refused_bytes(b"\xfe\xff\0{\0}");
        refused_bytes(b"{\0}\0");
        refused_bytes(b"{\0\0\0}\0\0\0");
    }

    // catalogue: F03
    #[test]
    fn refuses_lone_surrogates_in_values_and_names() {
        for half in [r"\ud800", r"\udfff", r"\ud800\ud800", r"\udc00\ud800", r"\ud800x", r"\ud800\n", r"\ud800\u0041"] {
            refused(&format!("\"{half}\""));
            refused(&format!("{{\"{half}\":1}}"));
        }
        assert_eq!(string(r#""\ud83d\ude00""#), "\u{1f600}");
        assert_eq!(string(r#""\uD800\uDC00\udbff\udfff""#), "\u{10000}\u{10ffff}");
    }

    // catalogue: F07, C14
    #[test]
    fn reads_32_levels_and_refuses_33_or_a_hundred_thousand() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth: usize| format!("{}0{}", open.repeat(depth), close.repeat(depth));
            for depth in [1, 10, MAX_JSON_DEPTH - 1, MAX_JSON_DEPTH] {
                assert!(parse(nested(depth).as_bytes()).is_ok(), "{depth}");
            }
            for depth in [MAX_JSON_DEPTH + 1, 64, 1_000, 110_000] {
                refused(&nested(depth));
            }
            refused(&open.repeat(100_000));
        }
    }

    // catalogue: F08, F09
    #[test]
    fn reads_large_flat_documents_in_bounded_time() {
        let members: Vec<String> = (0..100_000).map(|n| format!("\"{n}\":0")).collect();
        assert_eq!(parse_object(format!("{{{}}}", members.join(",")).as_bytes()).unwrap().len(), 100_000);
        let items = format!("[{}0]", "0,".repeat(99_999));
        assert!(matches!(parse(items.as_bytes()), Ok(Value::Array(items)) if items.len() == 100_000));
        assert_eq!(string(&format!("\"{}\"", "a".repeat(1 << 20))).len(), 1 << 20);
        assert_eq!(number(&format!("0.{}1", "0".repeat(10 * 1024))), 0.0);
        refused(&"9".repeat(10 * 1024));
    }

    // catalogue: F10
    #[test]
    fn refuses_what_is_no_json_number() {
        for document in [
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "-1e400",
            "+1",
            "01",
            "-01",
            "00",
            ".5",
            "-.5",
            "1.",
            "1.e1",
            "0x10",
            "-",
            "--1",
            "1e",
            "1e+",
            "1E-",
            "1_000",
            "1,",
            "0b1",
            "1.5.5",
            "1e5.5",
            "\u{661}",
        ] {
            refused(document);
        }
    }

    // catalogue: N02
    #[test]
    fn keeps_numbers_exact_or_refuses_them() {
        assert_eq!(number("9007199254740991"), 9_007_199_254_740_991.0);
        assert_eq!(number("-9007199254740991"), -9_007_199_254_740_991.0);
        for document in [
            "9007199254740992",
            "9007199254740993",
            "-9007199254740992",
            "9223372036854775808",
            "1000000000000000000000",
        ] {
            refused(document);
        }
        assert_eq!(number("0.1"), 0.1);
        assert_eq!(number("1e10"), 1e10);
        assert_eq!(number("1E+2"), 100.0);
        assert_eq!(number("123.456e-2"), 1.23456);
        assert_eq!(number("1e308"), 1e308);
        assert_eq!(number("1e-400"), 0.0);
        assert!(number("-0").is_sign_negative());
    }

    // catalogue: F11
    #[test]
    fn accepts_white_space_and_escapes() {
        let object = parse_object(
            b"\r\n{ \"a\" :\t\"x\\n\\u0041\\/\\\"\\\\\\b\\f\\r\\t\" ,\r\n \"b\" : [ 1 , true,false , null ] } \n",
        )
        .unwrap();
        assert_eq!(object.get("a"), Some(&Value::String("x\nA/\"\\\u{8}\u{c}\r\t".to_owned())));
        let items = vec![Value::Number(1.0), Value::Bool(true), Value::Bool(false), Value::Null];
        assert_eq!(object.get("b"), Some(&Value::Array(items)));
        assert_eq!(object.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn refuses_what_other_parsers_let_through() {
        for document in [
            "{\"a\":1,}",
            "{,}",
            "[,]",
            "[1,]",
            "[1 2]",
            "{'a':1}",
            "{a:1}",
            "{\"a\" 1}",
            "{\"a\":}",
            "\"a",
            "\"\\x41\"",
            "\"\\u00g0\"",
            "\"\\u12\"",
            "\"\t\"",
            "\"\n\"",
            "\"\0\"",
            "tru",
            "True",
            "nulll",
            "[1]/**/",
            "// x",
            "\u{b}1",
            "\u{a0}1",
            "\u{feff}1",
            "{\"a\":1\0}",
        ] {
            refused(document);
        }
    }
}
