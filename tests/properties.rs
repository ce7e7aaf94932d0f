//! What holds for any input: nothing a stranger sends can trap, only what was signed verifies, and the strict JSON reader
//! never takes a document that a lenient one refuses. Keys are made at run time; no failing input is kept on disk.
#![cfg(not(target_family = "wasm"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use proptest::prelude::*;
use rand::RngCore;
use tollgate::{Algorithm, Jwks, Jws, Key, UntrustedToken};

const BOTH: &[Algorithm] = &[Algorithm::Es256, Algorithm::Rs256];

fn settings() -> ProptestConfig {
    ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() }
}

/// The signing key of this process and its public half.
fn pair() -> &'static (SigningKey, Key) {
    static PAIR: OnceLock<(SigningKey, Key)> = OnceLock::new();
    PAIR.get_or_init(|| {
        let mut bytes = [0; 32];
        rand::rngs::OsRng.fill_bytes(&mut bytes);
        let signing = SigningKey::from_slice(&bytes).unwrap();
        let point = signing.verifying_key().to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        let jwk = serde_json::json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)});
        (signing, Key::parse(jwk.to_string().as_bytes(), BOTH).unwrap())
    })
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// A token with a good signature over any header and payload.
fn token(header: &[u8], payload: &[u8]) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature: Signature = pair().0.sign(input.as_bytes());
    format!("{input}.{}", encode(&signature.to_bytes()))
}

fn claims_of(payload: &[u8]) -> Option<String> {
    let text = token(br#"{"alg":"ES256"}"#, payload);
    let token = UntrustedToken::parse(&text).ok()?;
    Some(token.verify(&pair().1).unwrap().claims_json().to_owned())
}

/// JSON that is often well-formed and often nearly so.
fn nearly_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[0-9]{1,17}(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?",
        "\"[a-c\u{e9}\\\\nu0d8]{0,6}\"",
        "\"\\\\u[dD89ab0-9]{4}\"",
        "[\\[\\]{},:\"0-9a-z ]{0,4}",
    ];
    leaf.prop_recursive(6, 48, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(("\"[ab]{0,2}\"", inner), 0..4).prop_map(|members| {
                let members: Vec<_> = members.into_iter().map(|(name, value)| format!("{name}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(settings())]

    // catalogue: A01, A07, F03
    #[test]
    fn any_text_is_refused_or_parsed_and_never_traps(text in "(?s).{0,200}") {
        let _ = UntrustedToken::parse(&text);
        let _ = Jws::parse(&text);
    }

    #[test]
    fn any_bytes_as_header_payload_or_key_set_never_trap(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = UntrustedToken::parse(&token(&bytes, b"{}"));
        let _ = UntrustedToken::parse(&token(br#"{"alg":"ES256"}"#, &bytes));
        let _ = Jwks::parse(&bytes, BOTH);
        let _ = Key::parse(&bytes, BOTH);
    }

    // catalogue: F02, F04, F10
    #[test]
    fn claims_are_never_a_document_that_another_reader_refuses(document in nearly_json()) {
        if let Some(claims) = claims_of(document.as_bytes()) {
            prop_assert_eq!(&claims, &document);
            let read: Result<serde_json::Value, _> = serde_json::from_str(&claims);
            prop_assert!(read.is_ok_and(|value| value.is_object()), "{}", document);
        }
    }

    // catalogue: F11, N02
    #[test]
    fn what_a_writer_writes_is_read_back(members in prop::collection::btree_map(".{0,8}", any::<(String, i32, bool)>(), 0..6)) {
        let document = serde_json::to_string(&members).unwrap();
        prop_assert_eq!(claims_of(document.as_bytes()), Some(document));
    }

    // catalogue: D11
    #[test]
    fn a_signature_over_one_text_is_none_over_another(one in "[a-z]{0,12}", other in "[a-z]{0,12}") {
        let signed = token(br#"{"alg":"ES256"}"#, one.as_bytes());
        let (_, signature) = signed.rsplit_once('.').unwrap();
        let moved = format!("{}.{}.{signature}", encode(br#"{"alg":"ES256"}"#), encode(other.as_bytes()));
        prop_assert_eq!(Jws::parse(&moved).unwrap().verify(&pair().1).is_ok(), one == other);
    }

    // catalogue: D02, D03
    #[test]
    fn random_bytes_are_no_signature(signature in prop::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(pair().1.verify(b"message", &signature).is_err());
    }

    // catalogue: A05, D06
    #[test]
    fn one_changed_character_never_verifies(position in any::<prop::sample::Index>(), character in "[A-Za-z0-9_.-]") {
        let good = token(br#"{"alg":"ES256"}"#, br#"{"sub":"u"}"#);
        let at = position.index(good.len());
        let changed = format!("{}{character}{}", &good[..at], &good[at + 1..]);
        let verifies = UntrustedToken::parse(&changed).and_then(|token| token.verify(&pair().1)).is_ok();
        prop_assert_eq!(verifies, changed == good);
    }
}
