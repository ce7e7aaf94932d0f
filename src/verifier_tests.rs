//! Issuers, their keys and their rules together: what no single module can show. `NOW` is 2026-01-01T00:00:00Z.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use p256::ecdsa::Signature;

use super::*;
use crate::testing::{Signer, encode, jwks};

const NOW: f64 = 1_767_225_600.0;
const ISSUER: &str = "https://issuer.example";

/// A verifier of one issuer with these keys; `extra` overrides its members, null removes one.
fn verifier(signers: &[&Signer], extra: serde_json::Value) -> Verifier {
    let keys: serde_json::Value = serde_json::from_str(&jwks(signers)).unwrap();
    let mut issuer = serde_json::json!({
        "issuer": ISSUER, "audience": "api", "algorithms": ["ES256", "RS256"], "jwks": keys,
    });
    for (name, value) in extra.as_object().unwrap() {
        issuer[name] = value.clone();
    }
    issuer.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    Verifier::from_json(&serde_json::json!({ "issuers": [issuer] }).to_string()).unwrap()
}

/// A verifier whose key set is fetched.
fn remote(extra: serde_json::Value) -> Verifier {
    let mut members = serde_json::json!({ "jwks": null, "jwksUri": "https://issuer.example/jwks.json" });
    members.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    verifier(&[], members)
}

/// Good claims, with `extra` over them; null removes one.
fn claims(extra: serde_json::Value) -> String {
    let mut claims = serde_json::json!({ "iss": ISSUER, "aud": "api", "exp": NOW + 60.0, "sub": "u1" });
    for (name, value) in extra.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims.to_string()
}

fn good() -> String {
    claims(serde_json::json!({}))
}

fn code_at(verifier: &Verifier, token: &str, now: f64, attempt: Try) -> &'static str {
    verifier.verify(token, now, attempt).map_or_else(|error| error.code(), |_| "verified")
}

fn code(verifier: &Verifier, token: &str) -> &'static str {
    code_at(verifier, token, NOW, Try::Last)
}

/// Fetches `body` as the issuer's key set.
fn fetch(verifier: &mut Verifier, now: f64, body: &[u8]) -> FetchOutcome {
    let start = verifier.begin_fetch(0, now).unwrap();
    verifier.fetch_succeeded(0, start.id, now, now, body)
}

// catalogue: B04, J05
#[test]
fn keys_without_alg_are_used_for_their_type_and_within_the_issuers_list() {
    let (ec, rsa) = (Signer::es256("e"), Signer::rs256("r"));
    let mut only_rs256 = remote(serde_json::json!({ "algorithms": ["RS256"] }));
    let outcome = fetch(&mut only_rs256, NOW, jwks(&[&ec]).as_bytes());
    assert_eq!(outcome, FetchOutcome::Failed(Error::JwksNoUsableKey));
    let outcome = fetch(&mut only_rs256, NOW + 2.0, jwks(&[&ec, &rsa]).as_bytes());
    assert!(matches!(outcome, FetchOutcome::Kept { keys: 1, ref skipped, .. } if skipped.len() == 1), "{outcome:?}");
    let at = |token: &str| code_at(&only_rs256, token, NOW + 2.0, Try::Last);
    assert_eq!(at(&rsa.token(&good())), "verified");
    assert_eq!(at(&ec.token(&good())), "alg_not_allowed");
    // A good signature of one key under the name of the other's algorithm, or under the other's id.
    assert_eq!(at(&ec.token_with(r#"{"alg":"RS256","kid":"e"}"#, good())), "unknown_key");
    assert_eq!(at(&ec.token_with(r#"{"alg":"RS256","kid":"r"}"#, good())), "signature_invalid");
}

// catalogue: B06
#[test]
fn an_id_finds_only_a_key_of_the_headers_algorithm() {
    let (ec, rsa) = (Signer::es256("e"), Signer::rs256("r"));
    let both = verifier(&[&ec, &rsa], serde_json::json!({}));
    assert_eq!(code(&both, &ec.token(&good())), "verified");
    assert_eq!(code(&both, &rsa.token(&good())), "verified");
    assert_eq!(code(&both, &ec.token_with(r#"{"alg":"ES256","kid":"r"}"#, good())), "unknown_key");
    assert_eq!(code(&both, &rsa.token_with(r#"{"alg":"RS256","kid":"e"}"#, good())), "unknown_key");
    for alg in ["ES256K", "ES384", "ES512", "EdDSA", "PS256", "RS384", "RS512", "HS256", "none"] {
        for signer in [&ec, &rsa] {
            let header = format!(r#"{{"alg":"{alg}","kid":"{}"}}"#, signer.kid);
            assert_eq!(code(&both, &signer.token_with(header, good())), "alg_not_allowed", "{alg}");
        }
    }
}

// catalogue: C12, H08
#[test]
fn a_configured_list_of_types_is_the_whole_list() {
    let signer = Signer::es256("k");
    let with_typ = |verifier: &Verifier, typ: &str| {
        code(verifier, &signer.token_with(format!(r#"{{"alg":"ES256","kid":"k"{typ}}}"#), good()))
    };
    let access = verifier(&[&signer], serde_json::json!({ "types": ["at+jwt"] }));
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        assert_eq!(with_typ(&access, &format!(r#","typ":"{typ}""#)), "verified", "{typ}");
    }
    for typ in ["JWT", "logout+jwt", "dpop+jwt", "secevent+jwt", "refresh+jwt", "at+jwt ", "at", "x/at+jwt", ""] {
        assert_eq!(with_typ(&access, &format!(r#","typ":"{typ}""#)), "typ_not_allowed", "{typ:?}");
    }
    assert_eq!(with_typ(&access, ""), "typ_not_allowed");
    assert_eq!(with_typ(&access, r#","typ":7"#), "malformed_header");
    let none = verifier(&[&signer], serde_json::json!({ "types": [null] }));
    assert_eq!((with_typ(&none, ""), with_typ(&none, r#","typ":"JWT""#)), ("verified", "typ_not_allowed"));
}

// catalogue: G09
#[test]
fn the_tolerance_is_0_to_300_seconds_and_30_when_absent() {
    let signer = Signer::es256("k");
    let keys: serde_json::Value = serde_json::from_str(&jwks(&[&signer])).unwrap();
    let with = |member: &str| {
        let issuer = serde_json::json!({ "issuer": ISSUER, "audience": "api", "algorithms": ["ES256"], "jwks": keys });
        Verifier::from_json(&format!(r#"{{"issuers":[{issuer}]{member}}}"#))
    };
    for (member, tolerance) in
        [("", 30.0), (r#","clockToleranceSeconds":0"#, 0.0), (r#","clockToleranceSeconds":300"#, 300.0)]
    {
        let verifier = with(member).unwrap();
        let at = |extra: serde_json::Value| code(&verifier, &signer.token(&claims(extra)));
        assert_eq!(at(serde_json::json!({ "exp": NOW - tolerance + 1.0 })), "verified", "{tolerance}");
        assert_eq!(at(serde_json::json!({ "exp": NOW - tolerance })), "token_expired", "{tolerance}");
        let ahead = |seconds: f64| at(serde_json::json!({ "nbf": NOW + seconds, "exp": NOW + 1_000.0 }));
        assert_eq!((ahead(tolerance), ahead(tolerance + 1.0)), ("verified", "token_not_yet_valid"), "{tolerance}");
    }
    for bad in ["-1", "301", "1e10", "1.5", "null", "\"30\"", "NaN", "[30]", "true", "18446744073709551616"] {
        let error = with(&format!(r#","clockToleranceSeconds":{bad}"#)).unwrap_err();
        assert!(matches!(&error, Error::Config { member, .. } if member == "clockToleranceSeconds"), "{bad}: {error}");
    }
}

// catalogue: G12
#[test]
fn every_verdict_is_made_anew() {
    let signer = Signer::es256("k");
    let verifier = verifier(&[&signer], serde_json::json!({}));
    let token = signer.token(&claims(serde_json::json!({ "nbf": NOW - 60.0 })));
    for (now, expected) in [
        (NOW - 200.0, "token_not_yet_valid"),
        (NOW, "verified"),
        (NOW + 90.0, "token_expired"),
        (NOW + 89.0, "verified"),
        (NOW + 1e6, "token_expired"),
        (f64::NAN, "clock_invalid"),
        (NOW, "verified"),
    ] {
        assert_eq!(code_at(&verifier, &token, now, Try::Last), expected, "{now}");
    }
}

// catalogue: H08
#[test]
fn tokens_made_for_something_else_are_refused() {
    let signer = Signer::es256("k");
    let api = verifier(&[&signer], serde_json::json!({ "clientIds": ["web"], "tokenUse": ["access"] }));
    let at = |extra: serde_json::Value| code(&api, &signer.token(&claims(extra)));
    assert_eq!(at(serde_json::json!({ "client_id": "web", "token_use": "access" })), "verified");
    // An ID token: its audience is the client.
    let id = serde_json::json!({ "aud": "web", "azp": "web", "token_use": "id", "nonce": "n" });
    assert_eq!(at(id), "audience_mismatch");
    assert_eq!(at(serde_json::json!({ "azp": "web", "token_use": "id" })), "token_use_mismatch");
    assert_eq!(at(serde_json::json!({ "azp": "web", "token_use": "refresh" })), "token_use_mismatch");
    assert_eq!(at(serde_json::json!({ "client_id": "web" })), "claim_missing");
    assert_eq!(at(serde_json::json!({ "client_id": "other", "token_use": "access" })), "client_mismatch");
    assert_eq!(at(serde_json::json!({ "client_id": "web", "azp": "other", "token_use": "access" })), "client_mismatch");
    let refresh = signer.token_with(r#"{"alg":"ES256","kid":"k","typ":"refresh+jwt"}"#, good());
    assert_eq!(code(&api, &refresh), "typ_not_allowed");
}

// catalogue: H09
#[test]
fn configured_texts_are_texts_and_never_patterns() {
    let signer = Signer::es256("k");
    let verifier = verifier(
        &[&signer],
        serde_json::json!({ "issuer": "https://a.example", "audience": ".*", "clientIds": ["^web$"], "tenants": ["a.c"] }),
    );
    let at = |extra: serde_json::Value| {
        let mut all =
            serde_json::json!({ "iss": "https://a.example", "aud": ".*", "azp": "^web$", "tenant_id": "a.c" });
        all.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        code(&verifier, &signer.token(&claims(all)))
    };
    assert_eq!(at(serde_json::json!({})), "verified");
    assert_eq!(at(serde_json::json!({ "iss": "https://axexample" })), "unknown_issuer");
    assert_eq!(at(serde_json::json!({ "aud": "anything" })), "audience_mismatch");
    assert_eq!(at(serde_json::json!({ "azp": "web" })), "client_mismatch");
    assert_eq!(at(serde_json::json!({ "tenant_id": "abc" })), "tenant_not_of_issuer");
}

// catalogue: J01, J18, J19, J22, K04, K11
#[test]
fn a_body_that_is_no_key_set_leaves_the_last_good_one_in_use() {
    let signer = Signer::es256("k");
    let set = jwks(&[&signer]);
    let mut bodies: Vec<Vec<u8>> = [
        "<html><body>503</body></html>",
        "",
        "null",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        r#"{"keys":[]}"#,
        r#"{"keys":[null,1,"x",[]]}"#,
        r#"{"keys":[{"kty":"oct","k":"AyM1"}]}"#,
        &set[..set.len() - 1],
        &format!("{set}{set}"),
        &format!("\u{feff}{set}"),
        &set.replacen(r#"{"keys""#, r#"{"keys":[],"keys""#, 1),
        &format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)),
    ]
    .map(|body| body.as_bytes().to_vec())
    .to_vec();
    bodies.push(set.encode_utf16().flat_map(u16::to_le_bytes).collect());
    bodies.push([set.as_bytes(), &vec![b' '; 64 * 1024]].concat());
    bodies.push(b"{\"keys\":[\"\xff\"]}".to_vec());

    let token = signer.token(&claims(serde_json::json!({ "exp": NOW + 1e6 })));
    let mut warm = remote(serde_json::json!({}));
    assert!(matches!(fetch(&mut warm, NOW, set.as_bytes()), FetchOutcome::Kept { keys: 1, .. }));
    for (index, body) in bodies.iter().enumerate() {
        let now = NOW + 400.0 + 100.0 * index as f64;
        let outcome = fetch(&mut warm, now, body);
        let FetchOutcome::Failed(error) = outcome else { panic!("{index}: {outcome:?}") };
        assert!(["jwks_malformed", "jwks_no_usable_key"].contains(&error.code()), "{index}: {error:?}");
        assert_eq!(code_at(&warm, &token, now, Try::Last), "verified", "{index}");
        // With nothing to fall back on, it is the keys that are missing, never the token that is bad.
        let mut cold = remote(serde_json::json!({}));
        assert!(matches!(fetch(&mut cold, now, body), FetchOutcome::Failed(_)));
        assert_eq!(code_at(&cold, &token, now, Try::Last), "keys_unavailable", "{index}");
    }
    assert!(matches!(fetch(&mut warm, NOW + 3_000.0, set.as_bytes()), FetchOutcome::Kept { keys: 1, .. }));
}

// catalogue: J02, J16
#[test]
fn a_skipped_key_is_reported_by_place_and_reason_and_never_by_content() {
    let signer = Signer::es256("good");
    let leaked = signer.jwk().replacen('{', r#"{"d":"c2VjcmV0LXNjYWxhcg","#, 1).replace("good", "leaked-kid");
    let mut verifier = remote(serde_json::json!({}));
    let body = format!(r#"{{"keys":[{leaked},{{"kty":"AKP"}},{}]}}"#, signer.jwk());
    let outcome = fetch(&mut verifier, NOW, body.as_bytes());
    let FetchOutcome::Kept { keys: 1, skipped, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!(skipped.iter().map(|key| key.index).collect::<Vec<_>>(), [0, 1]);
    let shown = format!("{outcome:?}");
    assert!(!shown.contains("c2VjcmV0") && !shown.contains("leaked-kid"), "{shown}");
    assert_eq!(code(&verifier, &signer.token_with(r#"{"alg":"ES256","kid":"leaked-kid"}"#, good())), "unknown_key");
    assert_eq!(code(&verifier, &signer.token(&good())), "verified");
}

// catalogue: K15, C02
#[test]
fn nothing_is_fetched_for_a_token_that_no_fetch_can_help() {
    let signer = Signer::es256("k");
    let verifier = remote(serde_json::json!({ "algorithms": ["ES256"] }));
    let first = |token: &str| code_at(&verifier, token, NOW, Try::First);
    assert_eq!(first(&signer.token(&good())), "keys_due");
    let evil = serde_json::json!({ "iss": "https://evil.example" });
    assert_eq!(first(&signer.token(&claims(evil))), "unknown_issuer");
    let headers = [
        (r#"{"alg":"none"}"#, "alg_not_allowed"),
        (r#"{"alg":"RS256"}"#, "alg_not_allowed"),
        (r#"{"alg":"ES256","typ":"refresh+jwt"}"#, "typ_not_allowed"),
        (r#"{"alg":"ES256","crit":["x"]}"#, "crit_not_supported"),
        (r#"{"alg":"ES256","kid":7}"#, "malformed_header"),
    ];
    for (header, expected) in headers {
        assert_eq!(first(&signer.token_with(header, good())), expected);
    }
    // An address in the header changes nothing about where keys come from.
    let jku = r#"{"alg":"ES256","kid":"k","jku":"https://evil.example/jwks.json"}"#;
    assert_eq!(first(&signer.token_with(jku, good())), "keys_due");
    assert_eq!(verifier.source(0), Some((ISSUER, "https://issuer.example/jwks.json")));
}

// catalogue: H03, K16
#[test]
fn a_fetched_set_serves_its_own_issuer_only() {
    let (a, b) = (Signer::es256("k"), Signer::es256("k"));
    let issuer = |name: &str| serde_json::json!({ "issuer": name, "audience": "api", "algorithms": ["ES256"], "jwksUri": format!("{name}/jwks") });
    let config = serde_json::json!({ "issuers": [issuer("https://a.example"), issuer("https://b.example")] });
    let mut verifier = Verifier::from_json(&config.to_string()).unwrap();
    let from = |signer: &Signer, iss: &str| signer.token(&claims(serde_json::json!({ "iss": iss })));
    fetch(&mut verifier, NOW, jwks(&[&a]).as_bytes());
    assert_eq!(code(&verifier, &from(&a, "https://a.example")), "verified");
    assert_eq!(code(&verifier, &from(&a, "https://b.example")), "keys_unavailable");
    let start = verifier.begin_fetch(1, NOW).unwrap();
    verifier.fetch_succeeded(1, start.id, NOW, NOW, jwks(&[&b]).as_bytes());
    assert_eq!(code(&verifier, &from(&a, "https://b.example")), "signature_invalid");
    assert_eq!(code(&verifier, &from(&b, "https://b.example")), "verified");
    assert_eq!(code(&verifier, &from(&b, "https://a.example")), "signature_invalid");
}

// catalogue: D06
#[test]
fn two_texts_of_one_ecdsa_signature_are_the_same_claims() {
    let signer = Signer::es256("k");
    let verifier = verifier(&[&signer], serde_json::json!({}));
    let token = signer.token(&claims(serde_json::json!({ "jti": "once" })));
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (r, s) = Signature::from_slice(&crate::base64url::decode(signature).unwrap()).unwrap().split_scalars();
    let twin = format!("{input}.{}", encode(Signature::from_scalars(r, -*s).unwrap().to_bytes()));
    assert_ne!(token, twin);
    // Whoever keeps a list of used tokens has to keep their ids: to a list of texts, the second is new.
    for text in [&token, &twin] {
        let verified = verifier.verify(text, NOW, Try::Last).unwrap();
        assert!(verified.token.claims_json().contains(r#""jti":"once""#));
    }
}

// catalogue: M12
#[test]
fn no_error_repeats_what_a_token_holds() {
    let (signer, other) = (Signer::es256("kid-of-ours"), Signer::es256("kid-of-ours"));
    let verifier = verifier(&[&signer], serde_json::json!({ "tenants": ["acme"] }));
    let secret = |extra: serde_json::Value| {
        let mut all = serde_json::json!({ "sub": "secret-sub", "email": "secret@mail.example", "jti": "secret-jti" });
        all.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        claims(all)
    };
    let tokens = [
        "secret-not-a-token".to_owned(),
        "secret.secret.secret".to_owned(),
        signer.token(&secret(serde_json::json!({ "exp": 1 }))),
        signer.token(&secret(serde_json::json!({ "exp": "secret-exp" }))),
        signer.token(&secret(serde_json::json!({ "aud": "secret-aud" }))),
        signer.token(&secret(serde_json::json!({ "iss": "https://secret.example" }))),
        signer.token(&secret(serde_json::json!({ "tenant_id": "secret-tenant" }))),
        signer.token(&secret(serde_json::json!({ "plan": ["secret-plan"] }))),
        signer.token(&secret(serde_json::json!({ "cnf": { "jkt": "secret-jkt" } }))),
        other.token(&secret(serde_json::json!({}))),
        signer.token_with(r#"{"alg":"secret-alg","kid":"secret-kid"}"#, secret(serde_json::json!({}))),
        signer.token_with(r#"{"alg":"ES256","kid":"secret-kid"}"#, secret(serde_json::json!({}))),
        signer.token_with(r#"{"alg":"ES256","typ":"secret-typ"}"#, secret(serde_json::json!({}))),
        signer.token_with(r#"{"alg":"ES256","crit":["secret-crit"]}"#, secret(serde_json::json!({}))),
        signer.token_with(r#"{"alg":"ES256"}"#, r#"{"secret":"secret","secret":1}"#),
    ];
    for token in tokens {
        let error = verifier.verify(&token, NOW, Try::Last).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("secret") && !shown.contains("kid-of"), "{shown}");
        assert!(token.split('.').filter(|part| part.len() > 8).all(|part| !shown.contains(part)), "{shown}");
    }
    let shown = format!("{verifier:?}");
    assert!(!shown.contains("modulus") && shown.contains("Key { algorithm: Es256, .. }"), "{shown}");
}
