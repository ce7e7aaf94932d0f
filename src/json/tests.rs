//! What the strict reader takes, and what it refuses.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn parse(document: &[u8]) -> Result<Document, Error> {
    Document::parse(document.to_vec())
}

fn parse_object(document: &[u8]) -> Result<Document, Error> {
    Document::parse_object(document.to_vec())
}

fn refused(document: &str) {
    refused_bytes(document.as_bytes());
}

fn refused_bytes(document: &[u8]) {
    let shown = String::from_utf8_lossy(document).chars().take(60).collect::<String>();
    match parse(document) {
        Err(error) => assert_eq!(error.code(), "malformed_json", "{shown}"),
        Ok(document) => panic!("{shown} was read as {:?}", document.value()),
    }
}

fn number(text: &str) -> Option<f64> {
    let document = parse(text.as_bytes()).unwrap();
    match document.value() {
        Value::Number(number) => number.to_f64(),
        other => panic!("{text} was read as {other:?}"),
    }
}

fn string(text: &str) -> String {
    let document = parse(text.as_bytes()).unwrap();
    match document.value() {
        Value::String(string) => string.to_owned(),
        other => panic!("{text} was read as {other:?}"),
    }
}

fn members(document: &Document) -> usize {
    document.object().iter().count()
}

// catalogue: F01
#[test]
fn a_claims_set_is_exactly_one_object() {
    for document in ["[]", "[{}]", "\"{}\"", "1", "null", "true", "", " ", "\t\r\n", "{}{}", "{} x", "{},", "{", "}"] {
        assert_eq!(parse_object(document.as_bytes()).unwrap_err().code(), "malformed_json", "{document}");
    }
    assert_eq!(members(&parse_object(b" {} ").unwrap()), 0);
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
    assert_eq!(members(&object), 4);
    assert!(matches!(object.object().get("Sub"), Some(Value::Number(number)) if number.to_f64() == Some(2.0)));
    assert_eq!(object.object().get("missing"), None);
}

// catalogue: F02
#[test]
fn tells_names_apart_that_agree_in_length_first_and_last_byte() {
    let names: Vec<String> = (0..100).map(|n| format!("a{n:02}z")).collect();
    for count in [1, 2, FEW_MEMBERS, FEW_MEMBERS + 1, 100] {
        let (held, absent) = names.split_at(count);
        let members: Vec<String> = held.iter().map(|name| format!(r#""{name}":"{name}""#)).collect();
        let document = parse_object(format!("{{{}}}", members.join(",")).as_bytes()).unwrap();
        for name in held {
            assert_eq!(document.object().get(name), Some(Value::String(name)));
            refused(&format!(r#"{{{},"{name}":1}}"#, members.join(",")));
        }
        for name in absent {
            assert_eq!(document.object().get(name), None);
        }
    }
}

#[test]
fn finds_names_of_every_length_in_every_object_and_no_other() {
    let document =
        parse_object("{\"\":0,\"a\":{\"\":1,\"b\":[{\"\\u0063\":2},3]},\"\u{e9}\":4,\"iss\":5}".as_bytes()).unwrap();
    let outer = document.object();
    let is = |value: Option<Value<'_>>, expected: f64| matches!(value, Some(Value::Number(number)) if number.to_f64() == Some(expected));
    assert!(is(outer.get(""), 0.0) && is(outer.get("\u{e9}"), 4.0) && is(outer.get("iss"), 5.0));
    let Some(Value::Object(inner)) = outer.get("a") else { panic!() };
    assert!(is(inner.get(""), 1.0));
    let Some(Value::Array(items)) = inner.get("b") else { panic!() };
    let Some(Value::Object(last)) = items.iter().next() else { panic!() };
    assert!(is(last.get("c"), 2.0));
    // What another object of the document holds is absent here.
    for (object, names) in [(outer, ["b", "c", "is"]), (inner, ["a", "c", "iss"]), (last, ["", "a", "b"])] {
        for name in names {
            assert_eq!(object.get(name), None, "{name}");
        }
    }
}

// catalogue: F03
#[test]
fn finds_each_of_many_members_in_its_own_object() {
    for count in [1, 2, 60, 126, 127, 128, 129, 1_000] {
        // Far more names than bits, and every member holds an object with a name of another.
        let member = |at: usize| format!(r#""m{at}":{{"m{}":"inner"}},"v{at}":{at}"#, at + 1);
        let text = format!("{{{}}}", (0..count).map(member).collect::<Vec<_>>().join(","));
        let document = parse(text.as_bytes()).unwrap();
        for at in 0..count {
            let Some(Value::Object(inner)) = document.object().get(&format!("m{at}")) else {
                panic!("m{at} of {count}")
            };
            assert_eq!(inner.get(&format!("m{}", at + 1)), Some(Value::String("inner")), "{at} of {count}");
            assert_eq!(inner.get(&format!("v{at}")), None, "{at} of {count}");
            let Some(Value::Number(value)) = document.object().get(&format!("v{at}")) else {
                panic!("v{at} of {count}")
            };
            assert_eq!(value.to_u32(), u32::try_from(at).ok(), "{at} of {count}");
        }
        assert_eq!(document.object().get(&format!("m{count}")), None, "{count}");
        // The same where the object is not the outermost.
        let document = parse(format!("[{text}]").as_bytes()).unwrap();
        let Value::Array(list) = document.value() else { panic!("{count}") };
        let Some(Value::Object(first)) = list.iter().next() else { panic!("{count}") };
        assert!((0..count).all(|at| first.get(&format!("v{at}")).is_some()), "{count}");
    }
}

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
    let document = parse_object(format!("{{{}}}", members.join(",")).as_bytes()).unwrap();
    assert_eq!(document.object().iter().count(), 100_000);
    refused(&format!("{{{},\"77\":1}}", members.join(",")));
    let items = format!("[{}0]", "0,".repeat(99_999));
    assert!(matches!(parse(items.as_bytes()).unwrap().value(), Value::Array(items) if items.len() == 100_000));
    assert_eq!(string(&format!("\"{}\"", "a".repeat(1 << 20))).len(), 1 << 20);
    assert!(number(&format!("0.{}1", "0".repeat(10 * 1024))).unwrap() < 1e-26);
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
    for document in ["9007199254740991", "-9007199254740991", "1e308", "1.7976931348623157e308", "1e-400", "0e9999"] {
        assert!(parse(document.as_bytes()).is_ok(), "{document}");
    }
    for document in
        ["9007199254740992", "9007199254740993", "-9007199254740992", "9223372036854775808", "1000000000000000000000"]
    {
        refused(document);
    }
    for text in [
        "0.1",
        "1e10",
        "1E+2",
        "123.456e-2",
        "0",
        "999999999999",
        "1767225600",
        "1767225600.5",
        "1767225600.123456789",
        "1.7672256e9",
        "17672256000000e-4",
        "0.30000000000000004",
        "253402300799.99997",
        "4503599627.3704957",
        "0.000001e17",
        "1234567890.12345678901234567890123456789",
        "0.5000000000000000277555756156289135105907917022705078125",
    ] {
        for text in [text.to_owned(), format!("-{text}")] {
            assert_eq!(number(&text), Some(text.parse().unwrap()), "{text}");
        }
    }
    assert!(number("-0").unwrap().is_sign_negative());
    for text in ["1000000000000", "-1e12", "1e308", "0.0001e17"] {
        assert_eq!(number(text), None, "{text}");
    }
}

/// The smallest decimal that rounds to infinity is 2^1024 - 2^970.
#[test]
fn refuses_exactly_what_a_double_can_not_hold() {
    let least = "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416\
        692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914\
        819860834936475292719074168444365510704342711559699508093042880177904174497792";
    let least = least.replace(char::is_whitespace, "");
    assert_eq!(least.len(), 309);
    assert!(least.parse::<f64>().unwrap().is_infinite());
    // One less in the last place still rounds to the largest double.
    let most = format!("{}1", least.strip_suffix('2').unwrap());
    assert_eq!(most.parse::<f64>().unwrap(), f64::MAX);
    let spellings = |digits: &str| {
        let (first, rest) = digits.split_at(1);
        let (head, tail) = digits.split_at(100);
        [
            format!("{digits}.0"),
            format!("{first}.{rest}e308"),
            format!("0.000{digits}E+312"),
            format!("{head}.{tail}00e209"),
        ]
    };
    for text in spellings(&most) {
        assert!(parse(text.as_bytes()).is_ok(), "{text}");
        assert!(parse(format!("-{text}").as_bytes()).is_ok(), "{text}");
    }
    for text in spellings(&least) {
        refused(&text);
        refused(&format!("-{text}"));
    }
    refused("0.1e310");
    refused("1e99999999999999999999");
    assert!(parse(b"0.0e99999999999999999999").is_ok());
    assert!(parse(b"1e-99999999999999999999").is_ok());
}

// catalogue: F11
#[test]
fn accepts_white_space_and_escapes() {
    let document = parse_object(
        b"\r\n{ \"a\" :\t\"x\\n\\u0041\\/\\\"\\\\\\b\\f\\r\\t\" ,\r\n \"b\" : [ 1 , true,false , null ] } \n",
    )
    .unwrap();
    let object = document.object();
    assert_eq!(object.get("a"), Some(Value::String("x\nA/\"\\\u{8}\u{c}\r\t")));
    let Some(Value::Array(items)) = object.get("b") else { panic!() };
    let items: Vec<Value<'_>> = items.iter().collect();
    assert!(matches!(items[..], [Value::Number(_), Value::Bool(true), Value::Bool(false), Value::Null]));
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
