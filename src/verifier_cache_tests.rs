//! What a token that was verified before is worth: what it would be without a cache, and no more. `NOW` is 2026-01-01T00:00:00Z.

use serde_json::{Value, json};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::limits::{JWKS_BACKGROUND_SECONDS, JWKS_FRESH_SECONDS, JWKS_STALE_SECONDS};
use crate::testing::{Signer, jwks};
use crate::{Decision, Gate, Request};

const NOW: f64 = 1_767_225_600.0;
const ISSUER: &str = "https://issuer.example";

/// A verifier of fetched keys with a cache; `extra` overrides members of the issuer.
fn remote(cache: Value, extra: Value) -> Verifier {
    let mut issuer = json!({
        "issuer": ISSUER, "audience": "api", "algorithms": ["ES256", "RS256"], "jwksUri": "https://issuer.example/jwks.json",
    });
    issuer.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let config = json!({ "issuers": [issuer], "clockToleranceSeconds": 0, "verifiedTokenCache": cache });
    Verifier::from_json(&config.to_string()).unwrap()
}

/// One with the longest life of a token, which has these keys since `NOW`.
fn with_keys(signers: &[&Signer]) -> Verifier {
    let mut verifier = remote(json!({ "seconds": 3600 }), json!({}));
    fetch(&mut verifier, NOW, signers);
    verifier
}

fn fetch(verifier: &mut Verifier, now: f64, signers: &[&Signer]) {
    let start = verifier.begin_fetch(0, now).unwrap();
    let outcome = verifier.fetch_succeeded(0, start.id, now, now, jwks(signers).as_bytes());
    assert!(matches!(outcome, FetchOutcome::Kept { .. }), "{outcome:?}");
}

fn token(signer: &Signer, extra: Value) -> String {
    let mut claims = json!({ "iss": ISSUER, "aud": "api", "exp": NOW + 10_000.0, "sub": "u1" });
    claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    signer.token(&claims.to_string())
}

/// "hit" for a token that was verified before, "verified" for one that was not, or the code of the refusal.
fn said(verifier: &Verifier, token: &str, now: f64) -> &'static str {
    said_at(verifier, token, now, Try::Last)
}

fn said_at(verifier: &Verifier, token: &str, now: f64, attempt: Try) -> &'static str {
    match verifier.verify(token, now, attempt) {
        Ok(Verification { cached: true, .. }) => "hit",
        Ok(_) => "verified",
        Err(error) => error.code(),
    }
}

/// The same for a host that keeps what it is told, as JavaScript does: it is told once, and then only that it was.
fn told_at(verifier: &Verifier, token: &str, now: f64, attempt: Try) -> &'static str {
    let told = || {
        let signed = verifier.verify_signature(token.as_bytes(), now, attempt)?;
        if let Some(slot) = signed.judge_known()? {
            assert_eq!(signed.judge().unwrap().held, Some(slot));
            return Ok("hit");
        }
        assert!(signed.held.is_none(), "it was told about every token that is held");
        verifier.set_known(signed.judge()?.held.unwrap());
        Ok("verified")
    };
    told().unwrap_or_else(|error: Error| error.code())
}

/// Both ways to ask; none of them may know a time or a key that the other does not.
const WAYS: [Ask; 2] = [said_at, told_at];
type Ask = fn(&Verifier, &str, f64, Try) -> &'static str;

#[test]
fn only_a_host_that_keeps_what_it_was_told_is_told_nothing_again() {
    let signer = Signer::es256("k");
    let verifier = with_keys(&[&signer]);
    let text = token(&signer, json!({}));
    let known = || verifier.verify_signature(text.as_bytes(), NOW, Try::Last).unwrap().judge_known();
    assert_eq!(known(), Ok(None));
    assert_eq!(said(&verifier, &text, NOW), "verified");
    assert_eq!([known(), known()], [Ok(None), Ok(None)]);
    let slot = verifier.verify_signature(text.as_bytes(), NOW, Try::Last).unwrap().judge().unwrap().held.unwrap();
    verifier.set_known(slot);
    assert_eq!([known(), known()], [Ok(Some(slot)), Ok(Some(slot))]);
    assert_eq!(said(&verifier, &text, NOW), "hit");
}

#[test]
fn a_token_is_a_hit_from_its_second_time_on_and_says_the_same() {
    for signer in [Signer::es256("k"), Signer::rs256("k")] {
        let verifier = with_keys(&[&signer]);
        let text = token(&signer, json!({ "tenant_id": "acme", "scope": "a b", "groups": ["g"] }));
        let first = verifier.verify(&text, NOW, Try::Last).unwrap();
        for _ in 0..3 {
            let again = verifier.verify(&text, NOW, Try::Last).unwrap();
            assert!(again.cached && !first.cached);
            assert_eq!((&again.principal, again.issuer), (&first.principal, 0));
            assert_eq!(again.token.claims_json(), first.token.claims_json());
            assert_eq!(again.token.header_json(), first.token.header_json());
        }
    }
}

#[test]
fn without_the_member_no_token_is_kept() {
    let signer = Signer::es256("k");
    let mut verifier = remote(Value::Null, json!({}));
    fetch(&mut verifier, NOW, &[&signer]);
    let text = token(&signer, json!({}));
    assert_eq!([said(&verifier, &text, NOW), said(&verifier, &text, NOW)], ["verified"; 2]);
}

#[test]
fn a_token_that_differs_in_one_byte_of_any_part_is_no_hit() {
    let signer = Signer::es256("k");
    let verifier = with_keys(&[&signer]);
    let text = token(&signer, json!({}));
    said(&verifier, &text, NOW);
    let dots: Vec<usize> = text.match_indices('.').map(|(at, _)| at).collect();
    let parts = [0..dots[0], dots[0] + 1..dots[1], dots[1] + 1..text.len()];
    for part in parts {
        for at in part {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert!(other.len() == text.len() && verifier.verify(&other, NOW, Try::Last).is_err(), "{at}");
        }
    }
    assert_eq!(said(&verifier, &text, NOW), "hit");
    // Forged claims before a signature that is held.
    let (_, signature) = text.rsplit_once('.').unwrap();
    let other = token(&signer, json!({ "sub": "u2" }));
    let (input, _) = other.rsplit_once('.').unwrap();
    assert_eq!(said(&verifier, &format!("{input}.{signature}"), NOW), "signature_invalid");
}

#[test]
fn what_was_refused_is_not_kept() {
    let (signer, stranger) = (Signer::es256("k"), Signer::es256("k"));
    let mut verifier = with_keys(&[&signer]);
    let early = token(&signer, json!({ "nbf": NOW + 100.0 }));
    let foreign = token(&signer, json!({ "aud": "other" }));
    let forged = token(&stranger, json!({}));
    for _ in 0..2 {
        assert_eq!(said(&verifier, &early, NOW), "token_not_yet_valid");
        assert_eq!(said(&verifier, &foreign, NOW), "audience_mismatch");
        assert_eq!(said(&verifier, &forged, NOW), "signature_invalid");
    }
    for text in [&early, &foreign, &forged] {
        assert!(verifier.cache().unwrap().find(text.as_bytes(), NOW).is_none());
    }
    // It is verified as any other when its time has come.
    assert_eq!(said(&verifier, &early, NOW + 100.0), "verified");
    assert_eq!(said(&verifier, &early, NOW + 100.0), "hit");
    fetch(&mut verifier, NOW + 300.0, &[&stranger]);
    assert_eq!(said(&verifier, &forged, NOW + 300.0), "verified");
}

#[test]
fn times_are_judged_at_each_hit() {
    for ask in WAYS {
        let signer = Signer::es256("k");
        let mut verifier = remote(json!({ "seconds": 3600 }), json!({ "maxAgeSeconds": 400 }));
        fetch(&mut verifier, NOW, &[&signer]);
        let said = |text: &str, now: f64| ask(&verifier, text, now, Try::Last);
        let claims = json!({ "exp": NOW + 300.0, "nbf": NOW + 10.0, "iat": NOW + 5.0 });
        let text = token(&signer, claims);
        assert_eq!(said(&text, NOW + 50.0), "verified");
        assert_eq!(said(&text, NOW + 299.0), "hit");
        assert_eq!(said(&text, NOW + 300.0), "token_expired");
        // It is forgotten then, and would be verified anew by a clock that was wrong for a moment.
        assert_eq!(said(&text, NOW + 299.0), "verified");
        // Before it was verified, it is no hit; and it was not valid yet.
        assert_eq!(said(&text, NOW + 9.0), "token_not_yet_valid");
        assert_eq!(said(&text, NOW + 299.0), "verified");
        let text = token(&signer, json!({ "iat": NOW }));
        assert_eq!(said(&text, NOW + 50.0), "verified");
        assert_eq!(said(&text, NOW + 399.0), "hit");
        assert_eq!(said(&text, NOW + 400.0), "token_too_old");
        for clock in [0.0, -1.0, f64::NAN, f64::INFINITY, NOW * 1000.0] {
            assert_eq!(said(&text, clock), "clock_invalid", "{clock}");
        }
    }
}

#[test]
fn a_signature_is_checked_again_after_so_many_seconds_and_when_the_clock_stepped_back() {
    for ask in WAYS {
        let signer = Signer::es256("k");
        let mut verifier = remote(json!({ "seconds": 10 }), json!({}));
        fetch(&mut verifier, NOW, &[&signer]);
        let text = token(&signer, json!({}));
        let at = |seconds: f64| ask(&verifier, &text, NOW + seconds, Try::Last);
        assert_eq!([at(20.0), at(20.0), at(29.9), at(30.0), at(39.9)], ["verified", "hit", "hit", "verified", "hit"]);
        assert_eq!([at(29.0), at(29.0), at(39.0), at(38.0)], ["verified", "hit", "verified", "verified"]);
    }
}

#[test]
fn a_removed_key_ends_its_tokens_and_a_new_one_under_its_name_does_too() {
    for ask in WAYS {
        let said = |verifier: &Verifier, text: &str, now: f64| ask(verifier, text, now, Try::Last);
        let (old, new, other) = (Signer::es256("k"), Signer::es256("k"), Signer::es256("other"));
        let text = token(&old, json!({}));
        for (keys, expected) in [
            (vec![&other], "unknown_key"),
            (vec![&new], "signature_invalid"),
            (vec![&old, &other], "verified"),
            (vec![&old], "hit"),
        ] {
            let mut verifier = with_keys(&[&old]);
            assert_eq!(said(&verifier, &text, NOW), "verified");
            fetch(&mut verifier, NOW + 301.0, &keys);
            // A set of other keys ends what rests on the one before; a set of the same does not.
            assert_eq!(said(&verifier, &text, NOW + 301.0), expected);
        }
        // The key that comes back is as good as new, and no entry of before it went is left.
        let mut verifier = with_keys(&[&old]);
        said(&verifier, &text, NOW);
        fetch(&mut verifier, NOW + 301.0, &[&other]);
        fetch(&mut verifier, NOW + 602.0, &[&old]);
        assert_eq!([said(&verifier, &text, NOW + 602.0), said(&verifier, &text, NOW + 602.0)], ["verified", "hit"]);
        // Two keys of one name.
        fetch(&mut verifier, NOW + 903.0, &[&old, &new]);
        assert_eq!(said(&verifier, &text, NOW + 903.0), "ambiguous_key");
    }
}

#[test]
fn another_issuers_new_keys_end_nothing() {
    let (a, b) = (Signer::es256("k"), Signer::es256("k"));
    let issuer = |name: &str| json!({ "issuer": name, "audience": "api", "algorithms": ["ES256"], "jwksUri": format!("{name}/jwks") });
    let issuers = [issuer("https://a.example"), issuer("https://b.example")];
    let mut verifier =
        Verifier::from_json(&json!({ "issuers": issuers, "verifiedTokenCache": {} }).to_string()).unwrap();
    let from = |signer: &Signer, iss: &str| token(signer, json!({ "iss": iss }));
    let (of_a, of_b) = (from(&a, "https://a.example"), from(&b, "https://b.example"));
    let load = |verifier: &mut Verifier, issuer: usize, now: f64, signer: &Signer| {
        let start = verifier.begin_fetch(issuer, now).unwrap();
        verifier.fetch_succeeded(issuer, start.id, now, now, jwks(&[signer]).as_bytes());
    };
    load(&mut verifier, 0, NOW, &a);
    load(&mut verifier, 1, NOW, &b);
    said(&verifier, &of_a, NOW);
    said(&verifier, &of_b, NOW);
    load(&mut verifier, 1, NOW + 2.0, &Signer::es256("k"));
    assert_eq!([said(&verifier, &of_a, NOW + 2.0), said(&verifier, &of_b, NOW + 2.0)], ["hit", "signature_invalid"]);
}

#[test]
fn a_set_falls_due_and_gets_too_old_for_a_hit_as_for_any_token() {
    for ask in WAYS {
        let signer = Signer::es256("k");
        let verifier = with_keys(&[&signer]);
        let text = token(&signer, json!({}));
        let at = |seconds: f64, attempt: Try| ask(&verifier, &text, NOW + seconds, attempt);
        assert_eq!([at(0.0, Try::First), at(JWKS_FRESH_SECONDS - 1.0, Try::First)], ["verified", "hit"]);
        assert!(verifier.background_due(0, NOW + JWKS_BACKGROUND_SECONDS));
        assert_eq!([at(JWKS_FRESH_SECONDS, Try::First), at(JWKS_FRESH_SECONDS, Try::Last)], ["keys_due", "hit"]);
        assert_eq!(at(JWKS_STALE_SECONDS - 1.0, Try::Last), "hit");
        assert_eq!(
            [at(JWKS_STALE_SECONDS, Try::First), at(JWKS_STALE_SECONDS, Try::Last)],
            ["keys_due", "keys_unavailable"]
        );
    }
}

#[test]
fn a_gate_judges_rule_tenant_and_plan_of_a_hit() {
    let signer = Signer::es256("k");
    let config = |cache: Value| {
        let keys: Value = serde_json::from_str(&jwks(&[&signer])).unwrap();
        json!({
            "issuers": [{ "issuer": ISSUER, "audience": "api", "algorithms": ["ES256"], "jwks": keys }],
            "tenant": { "from": { "header": "x-tenant" } }, "verifiedTokenCache": cache,
            "rules": [
                { "path": "/open/{*rest}" }, { "path": "/paid", "plans": ["pro"] },
                { "path": "/write", "permissions": { "all": ["write"] } }, { "path": "/robots", "principals": ["client"] },
            ],
        })
    };
    let [gate, plain] = [json!({}), Value::Null].map(|cache| Gate::from_json(&config(cache).to_string()).unwrap());
    let credential = format!("Bearer {}", token(&signer, json!({ "tenant_id": "acme", "plan": "free" })));
    let ask = |path: &str, tenant: &str| {
        let headers = [("authorization", credential.as_str()), ("x-tenant", tenant)];
        let request = Request { method: "GET", url: path, headers: &headers };
        let checked = gate.check(&request, NOW, Try::Last);
        let without = plain.check(&request, NOW, Try::Last);
        assert!(!without.cached && without.decision == checked.decision && without.issuer == checked.issuer);
        let code = match checked.decision {
            Decision::Allow(_) => "allowed".to_owned(),
            Decision::Deny(answer) | Decision::Unavailable(answer) => answer.code,
        };
        (code, checked.cached)
    };
    let says = |code: &str, cached: bool| (code.to_owned(), cached);
    // Refused by the rule, but the token is good: its signature need not be checked again.
    assert_eq!(ask("/paid", "acme"), says("plan_required", false));
    assert_eq!(ask("/open/a", "acme"), says("allowed", true));
    assert_eq!(ask("/open/a", "globex"), says("tenant_mismatch", true));
    assert_eq!(ask("/open/a", ""), says("tenant_mismatch", true));
    assert_eq!(ask("/paid", "acme"), says("plan_required", true));
    assert_eq!(ask("/write", "acme"), says("permission_required", true));
    assert_eq!(ask("/robots", "acme"), says("principal_kind", true));
    assert_eq!(ask("/nowhere", "acme"), says("no_rule", false));
    assert_eq!(ask("/open/a", "acme"), says("allowed", true));
}

#[test]
fn an_own_token_is_kept_by_the_gate_that_has_its_key() {
    let (old, new) = (Signer::es256("k"), Signer::es256("k"));
    let config = json!({
        "issuers": [{ "preset": "tollgate" }], "rules": [{ "path": "/{*rest}" }], "verifiedTokenCache": {},
        "tokens": { "issuer": ISSUER, "audience": "api", "entitlements": null, "clients": [] },
    });
    let gate = |signer: &Signer| Gate::from_json_with_own_keys(&config.to_string(), &jwks(&[signer])).unwrap();
    let claims = json!({ "iss": ISSUER, "aud": "api", "exp": NOW + 100.0, "sub": "u1", "tid": "acme" });
    let text = old.token_with(r#"{"alg":"ES256","kid":"k","typ":"at+jwt"}"#, claims.to_string());
    let of_old = gate(&old);
    assert_eq!([said(of_old.verifier(), &text, NOW), said(of_old.verifier(), &text, NOW)], ["verified", "hit"]);
    assert_eq!(said(gate(&new).verifier(), &text, NOW), "signature_invalid");
}

#[test]
fn evicted_tokens_are_verified_again() {
    let signer = Signer::es256("k");
    let mut verifier = remote(json!({ "entries": 2 }), json!({}));
    fetch(&mut verifier, NOW, &[&signer]);
    let [a, b, c] = ["a", "b", "c"].map(|sub| token(&signer, json!({ "sub": sub })));
    let of = |text: &str| said(&verifier, text, NOW);
    assert_eq!([of(&a), of(&b), of(&a), of(&c)], ["verified", "verified", "hit", "verified"]);
    assert_eq!([of(&a), of(&c), of(&b), of(&a)], ["hit", "hit", "verified", "verified"]);
}
