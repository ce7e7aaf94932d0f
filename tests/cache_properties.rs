//! What holds for any history of tokens, times and key sets: with `verifiedTokenCache` every answer is the one without it. Refuses
//! to pass on histories that never hit, never miss or never lose a key.
#![cfg(not(target_family = "wasm"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{TestCaseError, TestRunner};
use rand::RngCore;
use serde_json::{Value, json};
use tollgate::{FetchOutcome, Try, Verifier};

/// 2026-01-01T00:00:00Z.
const NOW: f64 = 1_767_225_600.0;
const ISSUERS: [&str; 2] = ["https://a.example", "https://b.example"];

/// One thing that happens.
#[derive(Debug, Clone)]
enum Event {
    /// A token is shown: which, and whether its keys may be waited for.
    Token(usize, Try),
    /// The clock moves, in seconds.
    Clock(f64),
    /// An issuer's keys are fetched: which issuer, and which of [`SETS`]; no set for a failure.
    Keys(usize, Option<usize>),
}

/// Key sets, as positions of the signing keys. The second key has the first one's id.
const SETS: [&[usize]; 6] = [&[0], &[0], &[0, 2], &[2], &[1], &[0, 1]];

/// Every key has one token of each of these claims by each issuer.
const CLAIMS: usize = 6;

struct World {
    /// The JWK sets of [`SETS`].
    sets: Vec<String>,
    tokens: Vec<String>,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let keys: Vec<(SigningKey, &str)> = ["k", "k", "other"].map(|kid| (new_key(), kid)).into();
        let jwk = |at: &usize| {
            let (key, kid) = &keys[*at];
            let point = key.verifying_key().to_sec1_point(false);
            let (x, y) = point.as_bytes()[1..].split_at(32);
            json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": encode(x), "y": encode(y) })
        };
        let sets = SETS.iter().map(|set| json!({ "keys": set.iter().map(jwk).collect::<Vec<_>>() }).to_string());
        let mut tokens = Vec::new();
        for (key, kid) in &keys {
            for issuer in ISSUERS {
                for claims in claims(issuer) {
                    let input = format!(
                        "{}.{}",
                        encode(json!({ "alg": "ES256", "kid": kid }).to_string()),
                        encode(claims.to_string())
                    );
                    let signature: Signature = key.sign(input.as_bytes());
                    tokens.push(format!("{input}.{}", encode(signature.to_bytes())));
                }
            }
        }
        // Texts of which a hash of the signature cannot tell that they are others.
        let forged: Vec<String> = tokens.iter().step_by(5).map(|token| token.replacen('J', "K", 1)).collect();
        tokens.extend(forged);
        World { sets: sets.collect(), tokens }
    })
}

fn claims(issuer: &str) -> [Value; CLAIMS] {
    let with = |extra: Value| {
        let mut claims = json!({ "iss": issuer, "aud": "api", "exp": NOW + 5_000.0, "sub": "u1", "tenant_id": "acme" });
        claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        claims
    };
    [
        with(json!({})),
        with(json!({ "sub": "u2", "plan": "pro", "groups": ["a", "b"] })),
        with(json!({ "exp": NOW + 60.0 })),
        with(json!({ "nbf": NOW + 30.0 })),
        with(json!({ "iat": NOW - 10.0, "exp": NOW + 90.0 })),
        with(json!({ "aud": "other" })),
    ]
}

fn new_key() -> SigningKey {
    let mut bytes = [0; 32];
    rand::rngs::OsRng.fill_bytes(&mut bytes);
    SigningKey::from_slice(&bytes).unwrap()
}

fn verifier(cache: Option<(u32, u32)>) -> Verifier {
    let issuers = ISSUERS.map(|name| {
        json!({ "issuer": name, "audience": "api", "algorithms": ["ES256"], "jwksUri": format!("{name}/jwks"), "maxAgeSeconds": null })
    });
    let cache = cache.map(|(entries, seconds)| json!({ "entries": entries, "seconds": seconds }));
    Verifier::from_json(
        &json!({ "issuers": issuers, "clockToleranceSeconds": 5, "verifiedTokenCache": cache }).to_string(),
    )
    .unwrap()
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let attempt = prop_oneof![Just(Try::First), Just(Try::Last)];
    // A few tokens, so that they come again.
    let token = prop_oneof![6 => 0..3usize, 2 => Just(CLAIMS + 1), 2 => 0..world().tokens.len()];
    let near = select(vec![0.5, 1.0, 9.0, 10.0, 29.0, 31.0, -0.5, -1.0, -20.0]);
    let far = select(vec![301.0, 600.0, 3_600.0, -300.0, -3_600.0, f64::NAN]);
    let clock = prop_oneof![9 => near, 1 => far];
    let keys = (0..ISSUERS.len(), prop_oneof![4 => (0..SETS.len()).prop_map(Some), 1 => Just(None)]);
    let event = prop_oneof![
        12 => (token, attempt).prop_map(|(token, attempt)| Event::Token(token, attempt)),
        4 => clock.prop_map(Event::Clock),
        2 => keys.prop_map(|(issuer, set)| Event::Keys(issuer, set)),
    ];
    proptest::collection::vec(event, 1..40)
}

/// Lets an issuer's keys be fetched, if the verifier asks for it.
fn fetched(verifier: &mut Verifier, issuer: usize, set: Option<usize>, now: f64) -> Option<FetchOutcome> {
    let start = verifier.begin_fetch(issuer, now)?;
    let Some(set) = set else {
        verifier.fetch_failed(issuer, start.id, now, None);
        return None;
    };
    Some(verifier.fetch_succeeded(issuer, start.id, now, now, world().sets[set].as_bytes()))
}

#[test]
fn with_the_cache_every_answer_is_the_one_without_it() {
    let seen: RefCell<BTreeMap<String, u32>> = RefCell::default();
    let count = |what: &str| *seen.borrow_mut().entry(what.to_owned()).or_default() += 1;
    let bounds = (1..6u32, select(vec![1, 10, 3_600]));
    let settings = ProptestConfig { cases: 4_096, failure_persistence: None, ..ProptestConfig::default() };
    let histories = (bounds, events());
    TestRunner::new(settings)
        .run(&histories, |(bounds, events)| {
            let (mut plain, mut cached, mut now) = (verifier(None), verifier(Some(bounds)), NOW);
            for issuer in 0..ISSUERS.len() {
                fetched(&mut plain, issuer, Some(0), now);
                fetched(&mut cached, issuer, Some(0), now);
            }
            for event in events {
                match event {
                    Event::Clock(seconds) => now = if now.is_nan() { NOW } else { now + seconds },
                    Event::Keys(issuer, set) => {
                        let outcomes = [&mut plain, &mut cached].map(|verifier| fetched(verifier, issuer, set, now));
                        prop_assert_eq!(&outcomes[0], &outcomes[1]);
                    }
                    Event::Token(token, attempt) => {
                        let text = &world().tokens[token];
                        let [expected, found] = [&plain, &cached].map(|verifier| verifier.verify(text, now, attempt));
                        match (expected, found) {
                            (Ok(expected), Ok(found)) => {
                                count(if found.cached { "hit" } else { "verified" });
                                prop_assert!(!expected.cached);
                                prop_assert_eq!(expected.principal, found.principal);
                                prop_assert_eq!(expected.issuer, found.issuer);
                                prop_assert_eq!(expected.token.claims_json(), found.token.claims_json());
                                prop_assert_eq!(expected.token.header_json(), found.token.header_json());
                            }
                            (Err(expected), Err(found)) => {
                                count(expected.code());
                                prop_assert_eq!(expected, found);
                            }
                            (expected, found) => {
                                return Err(TestCaseError::fail(format!("{expected:?}, and with the cache {found:?}")));
                            }
                        }
                        for issuer in 0..ISSUERS.len() {
                            prop_assert_eq!(plain.background_due(issuer, now), cached.background_due(issuer, now));
                        }
                    }
                }
            }
            Ok(())
        })
        .unwrap();
    let seen = seen.borrow();
    println!("{seen:?}");
    for what in ["hit", "verified", "token_expired", "keys_due", "keys_unavailable", "unknown_key", "signature_invalid"]
    {
        assert!(seen.get(what).is_some_and(|count| *count > 500), "{what}: {seen:?}");
    }
}
