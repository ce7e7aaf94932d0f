//! What a keys document may be, and which of its keys counts when.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::testing::{encode, keys_document, private_jwk};

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;
const ACCESS_SECONDS: u32 = 900;
const FAMILY_SECONDS: u32 = 2_592_000;
const NONE: &[(u64, &str)] = &[];

fn read(json: &str) -> Result<Keys, Error> {
    Keys::from_json(json, ACCESS_SECONDS, FAMILY_SECONDS)
}

fn says(json: &str, member: &str, problem: &str) {
    let error = read(json).map(|_| ()).unwrap_err();
    assert_eq!(error, Error::config(member, problem), "{error}");
}

/// A new key's JWK with one member of another value.
fn with(member: &str, value: &str) -> String {
    let mut jwk: serde_json::Value = serde_json::from_str(&private_jwk()).unwrap();
    jwk[member] = serde_json::from_str(value).unwrap();
    jwk.to_string()
}

/// A document whose one access key has this JWK.
fn access(jwk: &str) -> String {
    keys_document(&[(0, jwk)], &[(0, &private_jwk())])
}

fn kids(keys: &Keys, now: u64) -> Vec<String> {
    let set: serde_json::Value = serde_json::from_str(&keys.key_set(now * 1000)).unwrap();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// New keys of these dates, and their ids: those of access keys, then those of refresh keys.
fn dated(access: &[u64], refresh: &[u64]) -> (Keys, Vec<String>, Vec<String>) {
    let jwks: Vec<String> = access.iter().chain(refresh).map(|_| private_jwk()).collect();
    let (access_jwks, refresh_jwks) = jwks.split_at(access.len());
    let pairs = |dates: &[u64], jwks: &'_ [String]| -> Vec<(u64, String)> {
        dates.iter().copied().zip(jwks.iter().cloned()).collect()
    };
    let document = keys_document(&pairs(access, access_jwks), &pairs(refresh, refresh_jwks));
    let ids = |jwks: &[String]| jwks.iter().map(|jwk| kid_of(jwk)).collect();
    (read(&document).unwrap(), ids(access_jwks), ids(refresh_jwks))
}

fn kid_of(jwk: &str) -> String {
    let jwk: serde_json::Value = serde_json::from_str(jwk).unwrap();
    thumbprint(&format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]))
}

// RFC 7638 section 3.1; RFC 9449 section 6.1, whose key is the proof's of its section 4.1.
#[test]
fn a_key_id_is_the_thumbprint() {
    let rsa = concat!(
        r#"{"e":"AQAB","kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6"#,
        "tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaS",
        "qzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0L",
        r#"s1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#
    );
    assert_eq!(thumbprint(rsa), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    let jwk =
        r#"{"x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}"#;
    assert_eq!(kid_of(jwk), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn publishes_access_keys_only_and_no_private_part() {
    let (one, two) = (private_jwk(), private_jwk());
    let keys = read(&keys_document(&[(NOW, &one)], &[(NOW, &two)])).unwrap();
    let (one, two): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(&one).unwrap(), serde_json::from_str(&two).unwrap());
    let set: serde_json::Value = serde_json::from_str(&keys.key_set(NOW * 1000)).unwrap();
    let expected = serde_json::json!({ "keys": [{
        "crv": "P-256", "kty": "EC", "x": one["x"], "y": one["y"], "use": "sig", "alg": "ES256",
        "kid": kid_of(&one.to_string()),
    }]});
    assert_eq!(set, expected);
    for private in [&one["d"], &two["d"], &two["x"]] {
        for text in [keys.key_set(NOW * 1000), format!("{keys:?}")] {
            assert!(!text.contains(private.as_str().unwrap()), "{text}");
        }
    }
    assert_eq!(keys.refresh_kid(NOW * 1000).unwrap(), kid_of(&two.to_string()));
}

#[test]
fn never_reads_the_id_that_a_key_was_given() {
    for (member, value) in [("kid", r#""mine""#), ("use", r#""sig""#), ("key_ops", r#"["sign"]"#), ("ext", "true")] {
        let jwk = with(member, value);
        let keys = read(&access(&jwk)).unwrap();
        assert_eq!(kids(&keys, NOW), [kid_of(&jwk)]);
    }
}

// A key is next, active, retired, gone: each with its last and its first second.
#[test]
fn an_access_key_has_a_life() {
    let next = NOW + crate::limits::NEXT_KEY_SECONDS;
    let (keys, ids, _) = dated(&[NOW, next], &[NOW]);
    let (first, second) = (&ids[0], &ids[1]);
    let active = |now: u64| keys.active_access(now * 1000).map(|key| key.kid.clone());
    // Published from the moment it is there, 3,900 s before it signs.
    assert_eq!(kids(&keys, next - 3_900), [first.as_str(), second]);
    assert_eq!(active(next - 3_900).as_ref(), Ok(first));
    // Active to the millisecond.
    assert_eq!(active(next - 1).as_ref(), Ok(first));
    assert_eq!(keys.active_access(next * 1000 - 1).unwrap().kid, *first);
    assert_eq!(active(next).as_ref(), Ok(second));
    // Retired: published until the last token has expired, 900 s, for every clock that is 300 s off.
    assert_eq!(kids(&keys, next + 1_199), [first.as_str(), second]);
    assert_eq!(kids(&keys, next + 1_200), [second.as_str()]);
    // The active key stays, however old.
    assert_eq!(kids(&keys, next + 315_360_000), [second.as_str()]);
    assert_eq!(active(next + 315_360_000).as_ref(), Ok(second));
    // Before any date there is none to sign with, and those to come are published.
    assert_eq!(active(NOW - 1), Err(Error::SigningKeyMissing));
    assert_eq!(kids(&keys, NOW - 1), [first.as_str(), second]);
}

#[test]
fn a_refresh_key_verifies_as_long_as_a_family_lasts() {
    let next = NOW + 3_900;
    let (keys, _, ids) = dated(&[NOW], &[NOW, next]);
    let (first, second) = (&ids[0], &ids[1]);
    let verifies = |kid: &str, now: u64| keys.refresh_verifier(kid, now * 1000).is_some();
    assert_eq!(keys.refresh_kid((next - 1) * 1000).unwrap(), first);
    assert_eq!(keys.refresh_kid(next * 1000).unwrap(), second);
    let last = next + u64::from(FAMILY_SECONDS) - 1;
    assert!(verifies(first, last) && !verifies(first, last + 1));
    // A host whose clock is ahead may have signed with it.
    assert!(verifies(second, next - 1) && verifies(second, last + 1));
    assert!(!verifies("another", NOW));
    // It signs again what it signed, for as long as it is there.
    assert!(keys.refresh(first).is_ok());
    assert_eq!(keys.refresh("another").map(|key| key.from), Err(Error::SigningKeyMissing));
    assert_eq!(keys.refresh_kid((NOW - 1) * 1000), Err(Error::SigningKeyMissing));
}

#[test]
fn keys_come_in_any_order_and_in_several_documents() {
    let (one, two, three, refresh) = (private_jwk(), private_jwk(), private_jwk(), private_jwk());
    let first = keys_document(&[(NOW + 20, &three), (NOW, &one)], NONE);
    let second = keys_document(&[(NOW + 10, &two)], &[(NOW, &refresh)]);
    let keys = read(&format!("[{first},{second}]")).unwrap();
    assert_eq!(kids(&keys, NOW), [kid_of(&one), kid_of(&two), kid_of(&three)]);
    // The middle one is retired by its own successor, not by the last.
    assert_eq!(kids(&keys, NOW + 10 + 1_200), [kid_of(&two), kid_of(&three)]);
    assert_eq!(kids(&keys, NOW + 20 + 1_200), [kid_of(&three)]);
    assert!(read(&format!("[{}]", keys_document(&[(0, &one)], &[(0, &refresh)]))).is_ok());
}

#[test]
fn refuses_a_private_number_that_is_none() {
    const N: &str = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";
    let range = "expected a number from 1 to the order of P-256 less 1";
    let length = "expected 32 bytes in base64url";
    let zero = encode([0; 32]);
    for (d, problem) in [
        (zero.as_str(), range),
        (N, range),
        ("__________________________________________8", range),
        ("", length),
        ("AQ", length),
        (&encode([1; 31]), length),
        (&encode([1; 33]), length),
        ("AQ==", length),
    ] {
        says(&access(&with("d", &format!("{d:?}"))), "keys.access[0].jwk.d", problem);
    }
}

#[test]
fn refuses_a_public_point_that_is_not_the_keys() {
    let other: serde_json::Value = serde_json::from_str(&private_jwk()).unwrap();
    for member in ["x", "y"] {
        for value in [other[member].to_string(), r#""""#.to_owned(), format!("{:?}", encode([0; 32]))] {
            says(&access(&with(member, &value)), "keys.access[0].jwk", "expected x and y to be the point of d");
        }
    }
}

#[test]
fn refuses_keys_of_another_kind() {
    for (member, value) in [("kty", r#""RSA""#), ("kty", r#""ec""#), ("crv", r#""P-384""#), ("crv", r#""""#)] {
        says(&access(&with(member, value)), "keys.access[0].jwk", "expected kty EC and crv P-256");
    }
    says(&access(&with("d", "1")), "keys.access[0].jwk.d", "expected a string, not this number");
    says(
        &access(&with("k", r#""AA""#)),
        "keys.access[0].jwk.k",
        "unknown member, expected kty, crv, x, y, d, kid, use, alg, key_ops or ext",
    );
    says(&access("{}"), "keys.access[0].jwk", "expected a member kty");
}

#[test]
fn refuses_dates_that_are_none() {
    let dated = |from: &str| {
        let document = keys_document(&[(0, &private_jwk())], &[(0, &private_jwk())]);
        document.replacen(r#""from":0"#, &format!(r#""from":{from}"#), 1)
    };
    let what = "expected an integer from 0 to 9007199254740991, not ";
    for (from, found) in [("-1", "this number"), ("1.5", "this number"), ("\"0\"", "a string"), ("null", "null")] {
        says(&dated(from), "keys.access[0].from", &format!("{what}{found}"));
    }
    // Milliseconds.
    says(&dated("1767225600000"), "keys.access[0].from", "expected a date in seconds since 1970");
    assert!(read(&dated("253402300799")).is_ok());
    says(&dated("253402300800"), "keys.access[0].from", "expected a date in seconds since 1970");
    says(&format!(r#"{{"access":[{{"jwk":{}}}]}}"#, private_jwk()), "keys.access[0]", "expected a member from");
}

#[test]
fn refuses_a_key_twice() {
    let (one, two) = (private_jwk(), private_jwk());
    let twice = "is the same key as keys.access[0]";
    says(&keys_document(&[(0, &one)], &[(0, &one)]), "keys.refresh[0].jwk", twice);
    says(&keys_document(&[(0, &one), (1, &one)], &[(0, &two)]), "keys.access[1].jwk", twice);
    let documents = format!("[{},{}]", keys_document(&[(0, &one)], NONE), keys_document(NONE, &[(0, &one)]));
    says(&documents, "keys[1].refresh[0].jwk", "is the same key as keys[0].access[0]");
}

#[test]
fn refuses_two_keys_of_one_date() {
    let (one, two, three) = (private_jwk(), private_jwk(), private_jwk());
    says(
        &keys_document(&[(5, &one), (7, &two), (5, &three)], &[(5, &private_jwk())]),
        "keys.access[2].from",
        "is the date of keys.access[0] too",
    );
    // Of one use and the other, they may be.
    assert!(read(&keys_document(&[(5, &one)], &[(5, &two)])).is_ok());
}

#[test]
fn refuses_a_use_without_keys_or_with_too_many() {
    let refresh = private_jwk();
    says(&keys_document(NONE, &[(0, &refresh)]), "keys.access", "expected 1 to 16 keys");
    says(&keys_document(&[(0, &refresh)], NONE), "keys.refresh", "expected 1 to 16 keys");
    says("{}", "keys.access", "expected 1 to 16 keys");
    says("[]", "keys.access", "expected 1 to 16 keys");
    let jwks: Vec<String> = (0..17).map(|_| private_jwk()).collect();
    let many: Vec<(u64, &String)> = (0..).zip(&jwks).collect();
    assert!(read(&keys_document(&many[..16], &[(0, &refresh)])).is_ok());
    says(&keys_document(&many, &[(0, &refresh)]), "keys.access", "expected 1 to 16 keys");
}

#[test]
fn refuses_what_is_no_keys_document() {
    says("", "keys", "expected a JSON value at line 1 column 1");
    says("1", "keys", "expected an object, not this number");
    says("[1]", "keys[0]", "expected an object, not this number");
    says(r#"{"keys":[]}"#, "keys.keys", "unknown member, expected access or refresh");
    says(r#"{"access":{}}"#, "keys.access", "expected an array, not an object");
}

// A secret that was cut off on its way must not show in a log.
#[test]
fn no_message_holds_a_part_of_a_key() {
    let jwk = private_jwk();
    let parsed: serde_json::Value = serde_json::from_str(&jwk).unwrap();
    let document = access(&jwk);
    for length in 0..document.len() {
        let message = read(&document[..length]).unwrap_err().to_string();
        for member in ["d", "x", "y"] {
            assert!(!message.contains(&parsed[member].as_str().unwrap()[..8]), "{message}");
        }
    }
}
