//! What the core says to each case of a vector file. One code for the native tests, for wasm under Node and for workerd,
//! so that their answers can be compared. Knows no expected answer and refuses nothing itself.
//!
//! A vector file is named by its path below the vectors folder; its text is the file's. A name that ends in a slash is a
//! folder; its text is one JSON object, file path below that folder to content in hexadecimal, in any order.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use tollgate::{Algorithm, Jwks, Jws, Key, KeySet, Lookup, UntrustedToken};

/// Each case's id, and whether it is accepted.
pub type Verdicts = Vec<(String, bool)>;

const BOTH: &[Algorithm] = &[Algorithm::Es256, Algorithm::Rs256];

/// One vector file, how many cases it gives and how many of them are accepted.
pub struct Suite {
    pub file: &'static str,
    pub cases: usize,
    pub accepted: usize,
}

const fn suite(file: &'static str, cases: usize, accepted: usize) -> Suite {
    Suite { file, cases, accepted }
}

/// Every suite, with the exact numbers. Which cases these are is held in `tests/vectors.rs` and `tests/exceptions.json`.
pub const SUITES: &[Suite] = &[
    suite("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", 262, 173),
    suite("wycheproof/ecdsa_secp256r1_sha256_test.json", 484, 0),
    suite("wycheproof/ecdsa_secp256r1_sha512_p1363_test.json", 332, 0),
    suite("wycheproof/ecdsa_secp256r1_sha512_test.json", 554, 0),
    suite("wycheproof/rsa_signature_2048_sha256_test.json", 259, 9),
    suite("wycheproof/rsa_signature_3072_sha256_test.json", 259, 8),
    suite("wycheproof/rsa_signature_4096_sha256_test.json", 258, 7),
    suite("wycheproof/rsa_signature_8192_sha256_test.json", 258, 0),
    suite("wycheproof/rsa_signature_2048_sha384_test.json", 258, 1),
    suite("wycheproof/rsa_signature_2048_sha512_test.json", 259, 1),
    suite("wycheproof/rsa_pkcs1_1024_sig_gen_test.json", 33, 0),
    suite("wycheproof/rsa_pkcs1_1536_sig_gen_test.json", 32, 0),
    suite("wycheproof/rsa_pkcs1_2048_sig_gen_test.json", 43, 10),
    suite("wycheproof/rsa_pkcs1_3072_sig_gen_test.json", 26, 9),
    suite("wycheproof/rsa_pkcs1_4096_sig_gen_test.json", 24, 8),
    suite("wycheproof/json_web_signature_test.json", 401, 10),
    suite("wycheproof/json_web_key_test.json", 26, 1),
    suite("wycheproof/json_web_crypto_test.json", 83, 2),
    suite("wycheproof/ecdh_secp256r1_webcrypto_test.json", 353, 330),
    suite("wycheproof/ecdh_secp256r1_ecpoint_test.json", 355, 330),
    suite("wycheproof/v0-legacy/ecdsa_webcrypto_test.json", 362, 146),
    suite("wycheproof/v0-legacy/rsa_signature_test.json", 377, 87),
    suite("nist-cavp/es256_rs256_subset.json", 117, 22),
    suite("rfc/rfc7515_appendix.json", 8, 2),
    suite("ietf-jose-cookbook/", 50, 5),
    suite("joserfc/", 44, 1),
    suite("pyjwt/", 17, 4),
    suite("JSONTestSuite/test_parsing/", 636, 105),
    suite("JSONTestSuite/test_transform/", 44, 10),
];

/// The verdict on each case of `file`: its id, and whether it is accepted. A file that is not known gives no case.
pub fn verdicts(file: &str, text: &str) -> Verdicts {
    let document: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    match file {
        "nist-cavp/es256_rs256_subset.json" => cavp(&document),
        "rfc/rfc7515_appendix.json" => rfc7515(&document),
        "ietf-jose-cookbook/" => folder(&document, cookbook),
        "joserfc/" => joserfc(&document),
        "pyjwt/" => folder(&document, key_file),
        "JSONTestSuite/test_parsing/" | "JSONTestSuite/test_transform/" => folder(&document, payload),
        _ if file.starts_with("wycheproof/") => wycheproof(file, &document),
        _ => Vec::new(),
    }
}

/// The `testGroups` of a Wycheproof file; a case's id is its `tcId`.
fn wycheproof(file: &str, document: &Value) -> Verdicts {
    let name = file.rsplit('/').next().unwrap_or_default();
    let mut verdicts = Vec::new();
    for group in items(&document["testGroups"]) {
        let judge: Box<dyn Fn(&Value) -> bool> = if name.starts_with("json_web_") {
            let keys = key_set(if group["public"].is_null() { &group["private"] } else { &group["public"] });
            Box::new(move |case| case["jws"].as_str().is_some_and(|token| jws_verifies(keys.as_ref(), token)))
        } else if name.starts_with("ecdh_") {
            Box::new(|case| import(&public_point(&case["public"])).is_some())
        } else {
            let key = import(&wycheproof_key(group));
            Box::new(move |case| {
                key.as_ref().is_some_and(|key| key.verify(&hex(&case["msg"]), &hex(&case["sig"])).is_ok())
            })
        };
        for case in items(&group["tests"]) {
            verdicts.push((case["tcId"].to_string(), judge(case)));
        }
    }
    verdicts
}

/// The public key of a signature group, as a JWK without `alg`: the file's own JWK names the hash that was signed.
fn wycheproof_key(group: &Value) -> Value {
    let rsa = |n: &Value, e: &Value| json!({"kty": "RSA", "n": integer(n), "e": integer(e)});
    if group["jwk"].is_object() {
        group["jwk"].clone()
    } else if group["privateKey"].is_object() {
        rsa(&group["privateKey"]["modulus"], &group["privateKey"]["publicExponent"])
    } else if group["publicKey"]["modulus"].is_string() {
        rsa(&group["publicKey"]["modulus"], &group["publicKey"]["publicExponent"])
    } else if group["n"].is_string() {
        rsa(&group["n"], &group["e"])
    } else {
        public_point(&group["publicKey"]["uncompressed"])
    }
}

/// A JWK as it is; or a point in SEC 1 hexadecimal, of which a JWK can say the uncompressed form only.
fn public_point(point: &Value) -> Value {
    if point.is_object() {
        return point.clone();
    }
    let bytes = hex(point);
    match bytes.split_first() {
        Some((4, rest)) => {
            let (x, y) = rest.split_at(rest.len() / 2);
            json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)})
        }
        Some((_, x)) => json!({"kty": "EC", "crv": "P-256", "x": encode(x)}),
        None => json!({"kty": "EC", "crv": "P-256", "x": "", "y": ""}),
    }
}

/// NIST's cases have no ids: the name of the list and the position.
fn cavp(document: &Value) -> Verdicts {
    let mut verdicts = Vec::new();
    let point =
        |case: &Value| json!({"kty": "EC", "crv": "P-256", "x": coordinate(&case["x"]), "y": coordinate(&case["y"])});
    let mut judge = |list: &str, accepted: &dyn Fn(&Value) -> bool| {
        for (position, case) in items(&document[list]).iter().enumerate() {
            verdicts.push((format!("{list}/{position}"), accepted(case)));
        }
    };
    judge("ecdsa_p256_sha256_sigver", &|case| {
        let signature = [padded(&case["r"]), padded(&case["s"])].concat();
        import(&point(case)).is_some_and(|key| key.verify(&hex(&case["msg"]), &signature).is_ok())
    });
    judge("ecdsa_p256_pkv", &|case| import(&point(case)).is_some());
    judge("rsa_pkcs1v15_sha256_sigver", &|case| {
        let jwk = json!({"kty": "RSA", "n": integer(&case["n"]), "e": integer(&case["e"])});
        import(&jwk).is_some_and(|key| key.verify(&hex(&case["msg"]), &hex(&case["sig"])).is_ok())
    });
    verdicts
}

fn rfc7515(document: &Value) -> Verdicts {
    let judge = |case: &Value| {
        let token = case["jws"].as_str().map_or_else(|| case["jws"].to_string(), str::to_owned);
        (text(&case["id"]), jws_verifies(key_set(&case["jwk"]).as_ref(), &token))
    };
    items(&document["cases"]).iter().map(judge).collect()
}

/// One file of the JOSE cookbook: each serialisation that it prints, each signature of several put into compact form, and
/// each key as it is printed (private) and without its private members.
fn cookbook(name: &str, content: &[u8]) -> Verdicts {
    let Ok(document) = serde_json::from_slice::<Value>(content) else {
        return Vec::new();
    };
    if name.starts_with("jwk/") {
        let public = import(&without_private_members(&document)).is_some();
        return vec![(format!("{name} as printed"), import(&document).is_some()), (format!("{name} public"), public)];
    }
    let mut verdicts = Vec::new();
    for (part, example) in [("", &document), ("sign ", &document["sign"]), ("encrypt ", &document["encrypt"])] {
        let keys: Vec<Value> = match &example["input"]["key"] {
            Value::Array(keys) => keys.iter().map(without_private_members).collect(),
            Value::Object(_) => vec![without_private_members(&example["input"]["key"])],
            _ => Vec::new(),
        };
        let set = key_set(&json!({ "keys": keys }));
        for (form, output) in example["output"].as_object().into_iter().flatten() {
            let token = output.as_str().map_or_else(|| output.to_string(), str::to_owned);
            verdicts.push((format!("{name} {part}{form}"), jws_verifies(set.as_ref(), &token)));
        }
        for (position, signing) in items(&example["signing"]).iter().enumerate() {
            let token = format!("{}.{}", text(&signing["sig-input"]), text(&signing["sig"]));
            let set = keys.get(position).and_then(key_set);
            verdicts.push((format!("{name} signature {position}"), jws_verifies(set.as_ref(), &token)));
        }
    }
    verdicts
}

/// Every serialisation of every case, under the public key that the case names when the folder has it, else under the
/// folder's RSA key.
fn joserfc(document: &Value) -> Verdicts {
    let content = |name: &str| serde_json::from_slice::<Value>(&hex(&document[name])).unwrap_or(Value::Null);
    let mut verdicts = Vec::new();
    for name in ["jws_examples.json", "jws_rfc7520.json", "jws_rfc7797.json", "jwt_use_jws.json"] {
        for case in items(&content(name)["tests"]) {
            let named = content(&format!("keys/{}", text(&case["public_key"])));
            let set = key_set(&if named.is_null() { content("keys/RFC7520-RSA-public.json") } else { named });
            for form in ["compact", "token", "general_json", "flattened_json"] {
                let token = match &case[form] {
                    Value::Null => continue,
                    Value::String(token) => token.clone(),
                    other => other.to_string(),
                };
                verdicts.push((format!("{name} {} {form}", text(&case["name"])), jws_verifies(set.as_ref(), &token)));
            }
        }
    }
    verdicts
}

/// A file that should hold one JWK or a set: each key on its own.
fn key_file(name: &str, content: &[u8]) -> Verdicts {
    let document: Value = serde_json::from_slice(content).unwrap_or(Value::Null);
    match &document["keys"] {
        Value::Array(keys) => {
            let set = Jwks::parse(content, BOTH).map_or(0, |set| set.keys.len());
            let mut verdicts = vec![(format!("{name} set"), set > 0)];
            for (position, key) in keys.iter().enumerate() {
                verdicts.push((format!("{name} key {position}"), import(key).is_some()));
            }
            verdicts
        }
        _ => vec![(name.to_owned(), Key::parse(content, BOTH).is_ok())],
    }
}

/// A JSON document as the payload of a token, and as the value of a payload's only member. The signature is not looked
/// at: the form is judged before it.
fn payload(name: &str, content: &[u8]) -> Verdicts {
    let parses = |payload: &[u8]| {
        let token = format!("{}.{}.AAAA", encode(br#"{"alg":"ES256"}"#), encode(payload));
        UntrustedToken::parse(&token).is_ok()
    };
    let wrapped = [b"{\"v\":", content, b"}"].concat();
    vec![(name.to_owned(), parses(content)), (format!("{name} within an object"), parses(&wrapped))]
}

/// Judges each file of a folder, sorted by name; licences and notes are no cases.
fn folder(document: &Value, judge: fn(&str, &[u8]) -> Verdicts) -> Verdicts {
    let mut files: Vec<_> = document.as_object().into_iter().flatten().collect();
    files.retain(|(name, _)| !name.ends_with("LICENSE") && !name.ends_with(".md"));
    files.sort_by_key(|(name, _)| name.as_str());
    files.into_iter().flat_map(|(name, content)| judge(name, &hex(content))).collect()
}

/// Verifies at the layer below claims, with the key that the set finds for the header.
fn jws_verifies(keys: Option<&KeySet>, token: &str) -> bool {
    let Ok(jws) = Jws::parse(token) else {
        return false;
    };
    let (Some(keys), Some(algorithm)) = (keys, jws.algorithm()) else {
        return false;
    };
    let found = match keys.find(jws.kid(), algorithm, 0.0, true) {
        Lookup::Key(key) => key.clone(),
        _ => return false,
    };
    jws.verify(&found).is_ok()
}

/// A JWK, or a set of them.
fn key_set(keys: &Value) -> Option<KeySet> {
    let set = if keys["keys"].is_array() { keys.clone() } else { json!({"keys": [keys]}) };
    KeySet::fixed(Jwks::parse(set.to_string().as_bytes(), BOTH).ok()?).ok()
}

fn import(jwk: &Value) -> Option<Key> {
    Key::parse(jwk.to_string().as_bytes(), BOTH).ok()
}

fn without_private_members(jwk: &Value) -> Value {
    let mut public = jwk.clone();
    if let Some(members) = public.as_object_mut() {
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
            members.remove(member);
        }
    }
    public
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Hexadecimal text; an odd digit stands for a byte of its own.
fn hex(value: &Value) -> Vec<u8> {
    let digits: Vec<u8> = value
        .as_str()
        .unwrap_or_default()
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    let odd = digits.len() % 2;
    let (first, rest) = digits.split_at(odd);
    first
        .iter()
        .copied()
        .chain(rest.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)))
        .collect()
}

/// A hexadecimal integer as Base64urlUInt: without the zeros in front that DER adds for the sign.
fn integer(value: &Value) -> String {
    let bytes = hex(value);
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    encode(bytes.get(zeros..).unwrap_or_default())
}

/// A hexadecimal integer in 32 bytes, or in more when it needs them.
fn padded(value: &Value) -> Vec<u8> {
    let bytes = hex(value);
    let zeros = vec![0; 32usize.saturating_sub(bytes.len())];
    [zeros, bytes].concat()
}

fn coordinate(value: &Value) -> String {
    encode(&padded(value))
}
