//! What the key sets of all issuers may take: just inside and just outside. `NOW` is 2026-01-01T00:00:00Z.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::limits::MAX_JWKS_BYTES;
use crate::testing::{Signer, jwks};

const NOW: f64 = 1_767_225_600.0;
/// What a set of one key counts as whose text is as long as it may be.
const LARGEST: usize = MAX_JWKS_BYTES + KEY_BYTES;

fn name(index: usize) -> String {
    format!("https://issuer-{index}.example")
}

/// A verifier of so many issuers whose sets are fetched.
fn remote(count: usize) -> Verifier {
    let issuers: Vec<_> = (0..count)
        .map(|index| {
            serde_json::json!({ "issuer": name(index), "audience": "api", "algorithms": ["ES256"],
                "jwksUri": format!("{}/jwks.json", name(index)) })
        })
        .collect();
    Verifier::from_json(&serde_json::json!({ "issuers": issuers }).to_string()).unwrap()
}

/// A set of the signer's key whose text has so many bytes.
fn set_of(signer: &Signer, bytes: usize) -> String {
    let set = jwks(&[signer]);
    format!("{set}{}", " ".repeat(bytes - set.len()))
}

/// Fetches a set of so many bytes, and answers whose sets went for it.
fn fetch(verifier: &mut Verifier, issuer: usize, now: f64, set: &str) -> Vec<usize> {
    let start = verifier.begin_fetch(issuer, now).unwrap();
    match verifier.fetch_succeeded(issuer, start.id, now, now, set.as_bytes()) {
        FetchOutcome::Kept { keys: 1, dropped, .. } => dropped,
        other => panic!("{other:?}"),
    }
}

fn code(verifier: &Verifier, signer: &Signer, issuer: usize, now: f64, attempt: Try) -> &'static str {
    let claims = serde_json::json!({ "iss": name(issuer), "aud": "api", "exp": NOW + 1e6, "sub": "u1" }).to_string();
    verifier.verify(&signer.token(&claims), now, attempt).map_or_else(|error| error.code(), |_| "verified")
}

#[test]
fn the_set_that_was_fetched_longest_ago_goes_when_all_take_a_byte_too_much() {
    let signer = Signer::es256("k");
    let largest = set_of(&signer, MAX_JWKS_BYTES);
    let fitting = KEY_SET_BYTES / LARGEST;
    let rest = KEY_SET_BYTES - fitting * LARGEST - KEY_BYTES;
    let last = fitting;
    let mut verifier = remote(fitting + 1);
    // Not in the order of the configuration: issuer 1 is the oldest, then 0.
    for (order, issuer) in [1, 0].into_iter().chain(2..fitting).enumerate() {
        assert!(fetch(&mut verifier, issuer, NOW + order as f64 / 1e3, &largest).is_empty(), "{issuer}");
    }
    // To the last byte.
    let now = NOW + 10.0;
    assert!(fetch(&mut verifier, last, now, &set_of(&signer, rest)).is_empty());
    assert_eq!(verifier.key_bytes, KEY_SET_BYTES);
    assert_eq!(code(&verifier, &signer, 1, now, Try::Last), "verified");
    // One more, by a set that is there already.
    let now = NOW + 400.0;
    assert_eq!(fetch(&mut verifier, last, now, &set_of(&signer, rest + 1)), [1]);
    assert_eq!(code(&verifier, &signer, 1, now, Try::First), "keys_due");
    assert_eq!(code(&verifier, &signer, 1, now, Try::Last), "keys_unavailable");
    for issuer in [0, 2, last] {
        assert_eq!(code(&verifier, &signer, issuer, now, Try::Last), "verified", "{issuer}");
    }
    // What went comes back when it is asked for, and the next oldest goes.
    assert_eq!(fetch(&mut verifier, 1, now, &largest), [0]);
    assert_eq!(code(&verifier, &signer, 1, now, Try::First), "verified");
    assert!(verifier.key_bytes <= KEY_SET_BYTES);
}

#[test]
fn a_smaller_set_in_the_place_of_a_larger_one_gives_room_back() {
    let signer = Signer::es256("k");
    let mut verifier = remote(1);
    fetch(&mut verifier, 0, NOW, &set_of(&signer, MAX_JWKS_BYTES));
    assert_eq!(verifier.key_bytes, LARGEST);
    fetch(&mut verifier, 0, NOW + 400.0, &set_of(&signer, 1_000));
    assert_eq!(verifier.key_bytes, 1_000 + KEY_BYTES);
}

/// Configured sets that count as so many bytes in all, with as much white space as that takes.
fn configured(bytes: usize) -> Result<Verifier, Error> {
    let keys = vec![Signer::es256("k").jwk(); 100].join(",");
    let set = |pad: usize| format!(r#"{{"keys":[{keys}{}]}}"#, " ".repeat(pad));
    let each = set(0).len() + 100 * KEY_BYTES;
    let (count, pad) = (bytes / each, bytes % each);
    let issuers: Vec<String> = (0..count)
        .map(|index| {
            let set = set(pad / count + usize::from(index < pad % count));
            format!(r#"{{"issuer":"{}","audience":"api","algorithms":["ES256"],"jwks":{set}}}"#, name(index))
        })
        .collect();
    Verifier::from_json(&format!(r#"{{"issuers":[{}]}}"#, issuers.join(",")))
}

#[test]
fn configured_keys_leave_room_for_fetched_ones() {
    let most = KEY_SET_BYTES - FETCHED_KEY_SET_BYTES;
    assert_eq!(configured(most).unwrap().key_bytes, most);
    let Err(Error::Config { member, .. }) = configured(most + 1) else { panic!("too much was taken") };
    assert_eq!(member, "issuers");
}
