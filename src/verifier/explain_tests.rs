//! A verifier's checks, each failing alone, with what it expected and found. `NOW` is 2026-01-01T00:00:00Z.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::*;
use crate::explain::CheckOutcome;
use crate::testing::{Signer, jwks};

const NOW: i64 = 1_767_225_600;
const ISSUER: &str = "https://issuer.example";

fn with(mut base: Value, extra: &Value) -> Value {
    for (name, value) in extra.as_object().unwrap() {
        base[name] = value.clone();
    }
    base.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    base
}

/// A verifier of one issuer with these keys; `extra` overrides its members, null removes one.
fn verifier(signers: &[&Signer], extra: &Value) -> Verifier {
    let keys: Value = serde_json::from_str(&jwks(signers)).unwrap();
    let issuer = json!({ "issuer": ISSUER, "audience": "api", "algorithms": ["ES256"], "jwks": keys });
    Verifier::from_json(&json!({ "issuers": [with(issuer, extra)] }).to_string()).unwrap()
}

/// Good claims, with `extra` over them; null removes one.
fn claims(extra: &Value) -> String {
    with(json!({ "iss": ISSUER, "aud": "api", "exp": NOW + 60, "sub": "u1" }), extra).to_string()
}

/// Whether the list is passes, then at most one failure, then what was not reached, and says so of the verdict.
fn explained(verifier: &Verifier, token: &str, now: f64, attempt: Try) -> TokenExplanation {
    let explanation = verifier.explain(token, now, attempt);
    let checks = &explanation.checks;
    let verified = verifier.verify(token, now, attempt);
    assert_eq!(
        explanation.verification.as_ref().map(|held| &held.principal),
        verified.as_ref().map(|held| &held.principal)
    );
    let failed: Vec<usize> = (0..checks.len()).filter(|at| checks[*at].outcome == CheckOutcome::Fail).collect();
    assert_eq!(failed.len(), usize::from(verified.is_err()));
    for (at, check) in checks.iter().enumerate() {
        let expected = match failed.first() {
            Some(failed) if at == *failed => CheckOutcome::Fail,
            Some(failed) if at > *failed => CheckOutcome::NotReached,
            _ => CheckOutcome::Pass,
        };
        assert_eq!(check.outcome, expected, "{}", check.name);
        assert_eq!(check.code, verified.as_ref().err().map(Error::code).filter(|_| expected == CheckOutcome::Fail));
        assert!(expected != CheckOutcome::NotReached || check.found.is_none(), "{check:?}");
    }
    explanation
}

/// Name, code, expected and found of the check that fails; `verified` for a good token.
fn failed(verifier: &Verifier, token: &str, now: f64, attempt: Try) -> [String; 4] {
    let TokenExplanation { checks, .. } = explained(verifier, token, now, attempt);
    match checks.into_iter().find(|check| check.outcome == CheckOutcome::Fail) {
        None => ["verified", "", "", ""].map(str::to_owned),
        Some(Check { name, code, expected, found, .. }) => {
            [name.to_owned(), code.unwrap().to_owned(), expected.unwrap_or_default(), found.unwrap()]
        }
    }
}

const REASON_CLOCK: &str = "expected the time as Unix seconds, more than 0 and at most 253402300799";

#[test]
fn a_good_token_passes_every_check_from_the_clock_to_the_claims() {
    let signer = Signer::es256("k1");
    let good = signer.token(&claims(&json!({ "plan": "pro", "groups": ["a"], "iat": NOW - 5, "azp": "web" })));
    let TokenExplanation { checks, verification } =
        explained(&verifier(&[&signer], &json!({})), &good, NOW as f64, Try::Last);
    assert_eq!(verification.unwrap().principal.user_id.as_deref(), Some("u1"));
    let size = format!("3 parts, {} bytes", good.len());
    let header = "strict JSON in base64url, with alg and without crit, b64, zip and enc";
    let payload = "strict JSON in base64url, as the signature is base64url";
    let said: Vec<_> = checks
        .iter()
        .map(|check| (check.name, check.expected.as_deref().unwrap(), check.found.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        said,
        [
            ("clock", "Unix seconds", "1767225600"),
            ("token_form", "3 parts, none empty, and at most 8192 bytes", size.as_str()),
            ("token_header", header, "-"),
            ("token_payload", payload, "-"),
            ("algorithm", "ES256, RS256", "ES256"),
            ("issuer", ISSUER, ISSUER),
            ("issuer_algorithm", "ES256", "ES256"),
            ("type", "JWT, at+jwt, nothing", "nothing"),
            ("key", "k1", "k1"),
            ("signature", "one by that key, over header and payload", "-"),
            ("dates", "numbers; nbf and iat may be absent", r#"{"exp":1767225660,"iat":1767225595}"#),
            ("expiry", "after 1767225570", "1767225660"),
            ("date_order", "nbf and iat not after exp", r#"{"exp":1767225660,"iat":1767225595}"#),
            ("not_before", "at most 1767225630", "nothing"),
            ("issued_at", "at most 1767225630", "1767225595"),
            ("age", "anything", "1767225595"),
            ("audience", "api", "api"),
            ("client", "anything", r#"{"azp":"web"}"#),
            ("token_use", "anything", "nothing"),
            ("sender_constrained", "no cnf", "nothing"),
            ("token_id", "a text, or no jti", "nothing"),
            ("subject", "sub, a text; gty, a text or absent", r#"{"sub":"u1"}"#),
            ("issuer_tenants", "anything", "nothing"),
            ("claims", "each of its type, or absent", r#"{"plan":"pro","groups":["a"]}"#),
        ]
    );
}

#[test]
fn a_token_that_can_not_be_taken_apart_fails_where_it_is_wrong() {
    let signer = Signer::es256("k1");
    let verifier = verifier(&[&signer], &json!({}));
    let good = signer.token(&claims(&json!({})));
    let header = |json: &str| signer.token_with(json, claims(&json!({})));
    let of = |token: &str, at| failed(&verifier, token, at, Try::Last);
    let now = NOW as f64;
    assert_eq!(of(&good, now)[0], "verified");
    for (at, found) in [(0.0, "0"), (-1.5, "-2"), (f64::NAN, REASON_CLOCK), (253_402_300_800.0, "253402300800")] {
        assert_eq!(of(&good, at), ["clock", "clock_invalid", "Unix seconds", found]);
    }
    assert_eq!(of(&good, 253_402_300_799.0)[0], "expiry");
    let form = "3 parts, none empty, and at most 8192 bytes";
    for (token, code, found) in [
        ("", "malformed_token", "1 part, 0 bytes"),
        ("a.b", "malformed_token", "2 parts, 3 bytes"),
        (".b.c", "malformed_token", "3 parts, 4 bytes"),
        ("a.b.", "malformed_token", "3 parts, 4 bytes"),
        ("a.b.c.d", "malformed_token", "4 parts, 7 bytes"),
        ("a.b.c.d.e", "jwe_not_supported", "5 parts, 9 bytes"),
        (&"a".repeat(8193), "token_too_large", "1 part, 8193 bytes"),
    ] {
        assert_eq!(of(token, now), ["token_form", code, form, found]);
    }
    assert_eq!(of(&"a".repeat(8192), now)[1..], ["malformed_token", form, "1 part, 8192 bytes"].map(str::to_owned));
    let (_, rest) = good.split_once('.').unwrap();
    for (token, code, found) in [
        (format!("!.{rest}"), "malformed_base64url", "expected canonical base64url without padding"),
        (header("[]"), "malformed_json", "expected a JSON object"),
        (header(r#"{"alg":"ES256","alg":"ES256"}"#), "malformed_json", "expected members with different names"),
        (header(r#"{"alg":"ES256","crit":[]}"#), "crit_not_supported", "no critical header extension is supported"),
        (header(r#"{"alg":"ES256","zip":"x"}"#), "header_not_supported", "the header parameter zip is not supported"),
        (header("{}"), "malformed_header", "the header parameter alg is not of the expected form"),
        (
            header(&format!(r#"{{"alg":"{}"}}"#, "x".repeat(1600))),
            "header_too_large",
            "the token's header part is longer than 2048 bytes",
        ),
    ] {
        let expected = "strict JSON in base64url, with alg and without crit, b64, zip and enc";
        assert_eq!(of(&token, now), ["token_header", code, expected, found]);
    }
    let (head, _) = rest.split_once('.').unwrap();
    let first = good.split('.').next().unwrap();
    for (token, code, found) in [
        (format!("{good}="), "malformed_base64url", "expected canonical base64url without padding"),
        (
            good.replacen(head, &format!("{head}="), 1),
            "malformed_base64url",
            "expected canonical base64url without padding",
        ),
        (format!("{first}..AAAA"), "malformed_token", "expected three non-empty parts separated by dots"),
        (signer.token("[]"), "malformed_json", "expected a JSON object"),
        (signer.token(r#"{"a":1,"a":1}"#), "malformed_json", "expected members with different names"),
    ] {
        let expected = "strict JSON in base64url, as the signature is base64url";
        assert_eq!(of(&token, now), ["token_payload", code, expected, found]);
    }
}

#[test]
fn algorithm_issuer_type_key_and_signature_fail_one_by_one() {
    let (signer, other, rsa) = (Signer::es256("k1"), Signer::es256("k1"), Signer::rs256("r1"));
    let own = verifier(&[&signer], &json!({}));
    let of = |token: &str| failed(&own, token, NOW as f64, Try::Last);
    let header = |json: &str| signer.token_with(json, claims(&json!({})));
    for alg in ["none", "HS256", "ES384"] {
        let token = header(&format!(r#"{{"alg":"{alg}"}}"#));
        assert_eq!(of(&token), ["algorithm", "alg_not_allowed", "ES256, RS256", alg]);
    }
    assert_eq!(of(&rsa.token(&claims(&json!({})))), ["issuer_algorithm", "alg_not_allowed", "ES256", "RS256"]);
    for (iss, code, found) in [
        (json!("https://unseen.example"), "unknown_issuer", "iss names no configured issuer"),
        (json!(7), "claim_malformed", "the claim iss is not of the expected type or range"),
        (json!(null), "claim_missing", "the claim iss is missing"),
    ] {
        let token = signer.token(&claims(&json!({ "iss": iss })));
        assert_eq!(of(&token), ["issuer", code, ISSUER, found]);
    }
    let typ = header(r#"{"alg":"ES256","typ":"logout+jwt"}"#);
    assert_eq!(of(&typ), ["type", "typ_not_allowed", "JWT, at+jwt, nothing", "logout+jwt"]);
    assert_eq!(of(&header(r#"{"alg":"ES256","kid":"k2"}"#)), ["key", "unknown_key", "k1", "k2"]);
    let token = other.token(&claims(&json!({})));
    let reason = "the signature does not verify";
    assert_eq!(of(&token), ["signature", "signature_invalid", "one by that key, over header and payload", reason]);
}

#[test]
fn a_key_set_that_is_wanting_is_told_as_the_reason() {
    let (signer, twin) = (Signer::es256("k1"), Signer::es256("k1"));
    let good = signer.token(&claims(&json!({})));
    let remote = verifier(&[], &json!({ "jwks": null, "jwksUri": "https://issuer.example/jwks.json" }));
    let of = |verifier: &Verifier, token: &str, attempt| failed(verifier, token, NOW as f64, attempt);
    let due = "the issuer's key set must be fetched first";
    assert_eq!(of(&remote, &good, Try::First), ["key", "keys_due", "a key of the issuer", due]);
    let unavailable = "the issuer's key set is not available";
    assert_eq!(of(&remote, &good, Try::Last), ["key", "keys_unavailable", "a key of the issuer", unavailable]);
    let both = verifier(&[&signer, &twin], &json!({}));
    assert_eq!(of(&both, &good, Try::Last), ["key", "ambiguous_key", "k1, k1", "k1"]);
    let nameless = signer.token_with(r#"{"alg":"ES256"}"#, claims(&json!({})));
    assert_eq!(of(&both, &nameless, Try::Last), ["key", "kid_required", "k1, k1", "nothing"]);
}

#[test]
fn each_rule_about_claims_fails_alone_and_shows_the_claim() {
    let signer = Signer::es256("k1");
    let dates = "numbers; nbf and iat may be absent";
    let subject = "sub, a text; gty, a text or absent";
    let types = "each of its type, or absent";
    let none = || json!({});
    for (issuer, extra, expected) in [
        (none(), json!({ "exp": null }), ["dates", "claim_missing", dates, "{}"]),
        (none(), json!({ "exp": "1" }), ["dates", "claim_malformed", dates, r#"{"exp":"1"}"#]),
        (none(), json!({ "nbf": true }), ["dates", "claim_malformed", dates, r#"{"exp":1767225660,"nbf":true}"#]),
        (none(), json!({ "iat": [1] }), ["dates", "claim_malformed", dates, r#"{"exp":1767225660,"iat":[1]}"#]),
        (none(), json!({ "exp": NOW - 29 }), ["verified", "", "", ""]),
        (none(), json!({ "exp": NOW - 30 }), ["expiry", "token_expired", "after 1767225570", "1767225570"]),
        (
            none(),
            json!({ "nbf": NOW + 61 }),
            ["date_order", "times_contradict", "nbf and iat not after exp", r#"{"exp":1767225660,"nbf":1767225661}"#],
        ),
        (none(), json!({ "nbf": NOW + 30 }), ["verified", "", "", ""]),
        (none(), json!({ "nbf": NOW + 31 }), ["not_before", "token_not_yet_valid", "at most 1767225630", "1767225631"]),
        (none(), json!({ "iat": NOW + 30 }), ["verified", "", "", ""]),
        (none(), json!({ "iat": NOW + 31 }), ["issued_at", "issued_in_future", "at most 1767225630", "1767225631"]),
        (json!({ "maxAgeSeconds": 100 }), json!({ "iat": NOW - 129 }), ["verified", "", "", ""]),
        (
            json!({ "maxAgeSeconds": 100 }),
            json!({ "iat": NOW - 130 }),
            ["age", "token_too_old", "after 1767225470", "1767225470"],
        ),
        (json!({ "maxAgeSeconds": 100 }), none(), ["age", "claim_missing", "after 1767225470", "nothing"]),
        (none(), json!({ "aud": ["a", "b"] }), ["audience", "audience_mismatch", "api", r#"["a","b"]"#]),
        (none(), json!({ "aud": "" }), ["audience", "claim_malformed", "api", "\"\""]),
        (json!({ "audience": ["a", "b"] }), json!({ "aud": null }), ["audience", "claim_missing", "a, b", "nothing"]),
        (json!({ "clientIds": ["web"] }), json!({ "azp": "web" }), ["verified", "", "", ""]),
        (json!({ "clientIds": ["web"] }), none(), ["client", "claim_missing", "web", "{}"]),
        (
            json!({ "clientIds": ["web"] }),
            json!({ "client_id": "app" }),
            ["client", "client_mismatch", "web", r#"{"client_id":"app"}"#],
        ),
        (
            none(),
            json!({ "client_id": "a", "azp": "b" }),
            ["client", "client_mismatch", "anything", r#"{"client_id":"a","azp":"b"}"#],
        ),
        (none(), json!({ "azp": 7 }), ["client", "claim_malformed", "anything", r#"{"azp":7}"#]),
        (json!({ "tokenUse": ["access"] }), json!({ "token_use": "access" }), ["verified", "", "", ""]),
        (
            json!({ "tokenUse": ["access"] }),
            json!({ "token_use": "id" }),
            ["token_use", "token_use_mismatch", "access", "id"],
        ),
        (json!({ "tokenUse": ["access"] }), none(), ["token_use", "claim_missing", "access", "nothing"]),
        (none(), json!({ "token_use": 7 }), ["token_use", "claim_malformed", "anything", "7"]),
        (
            none(),
            json!({ "cnf": { "jkt": "x" } }),
            ["sender_constrained", "sender_constrained", "no cnf", r#"{"jkt":"x"}"#],
        ),
        (none(), json!({ "jti": 7 }), ["token_id", "claim_malformed", "a text, or no jti", "7"]),
        (none(), json!({ "sub": null }), ["subject", "claim_missing", subject, "{}"]),
        (none(), json!({ "sub": "" }), ["subject", "claim_malformed", subject, r#"{"sub":""}"#]),
        (none(), json!({ "gty": 1 }), ["subject", "claim_malformed", subject, r#"{"sub":"u1","gty":1}"#]),
        (json!({ "tenants": ["acme"] }), json!({ "tenant_id": "acme" }), ["verified", "", "", ""]),
        (
            json!({ "tenants": ["acme"] }),
            json!({ "tenant_id": "globex" }),
            ["issuer_tenants", "tenant_not_of_issuer", "acme", "globex"],
        ),
        (none(), json!({ "tenant_id": 7 }), ["issuer_tenants", "tenant_malformed", "anything", "7"]),
        (none(), json!({ "plan": 7 }), ["claims", "claim_malformed", types, r#"{"plan":7}"#]),
        (none(), json!({ "email": "" }), ["claims", "claim_malformed", types, r#"{"email":""}"#]),
        (none(), json!({ "email_verified": 1 }), ["claims", "claim_malformed", types, r#"{"email_verified":1}"#]),
        (none(), json!({ "groups": [1] }), ["claims", "claim_malformed", types, r#"{"groups":[1]}"#]),
        (none(), json!({ "permissions": {} }), ["claims", "claim_malformed", types, r#"{"permissions":{}}"#]),
        (none(), json!({ "scope": [] }), ["claims", "claim_malformed", types, r#"{"scope":[]}"#]),
        (
            json!({ "claims": { "plan": ["app", "plan"] } }),
            json!({ "app": { "plan": [] } }),
            ["claims", "claim_malformed", types, r#"{"plan":[]}"#],
        ),
    ] {
        let verifier = verifier(&[&signer], &issuer);
        let token = signer.token(&claims(&extra));
        assert_eq!(failed(&verifier, &token, NOW as f64, Try::Last), expected, "{issuer} {extra}");
    }
}

#[test]
fn cognitos_token_use_is_looked_at_with_the_client() {
    let signer = Signer::es256("k1");
    let keys: Value = serde_json::from_str(&jwks(&[&signer])).unwrap();
    let issuer = json!({
        "preset": "cognito", "region": "eu-west-1", "userPoolId": "eu-west-1_Ab12", "clientIds": ["web"],
        "algorithms": ["ES256"], "jwks": keys,
    });
    let verifier = Verifier::from_json(&json!({ "issuers": [issuer] }).to_string()).unwrap();
    let of = |extra: Value| {
        let iss = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12";
        let base = json!({ "iss": iss, "token_use": "access", "client_id": "web" });
        let token = signer.token(&claims(&with(base, &extra)));
        failed(&verifier, &token, NOW as f64, Try::Last)
    };
    assert_eq!(of(json!({}))[0], "verified");
    let found = r#"{"client_id":"other","token_use":7,"aud":"api"}"#;
    assert_eq!(
        of(json!({ "token_use": 7, "client_id": "other" })),
        ["client", "claim_malformed", "web", found],
        "the client was not looked at yet"
    );
    assert_eq!(of(json!({ "token_use": "refresh" })), ["token_use", "token_use_mismatch", "access", "refresh"]);
    assert_eq!(of(json!({ "token_use": null })), ["token_use", "claim_missing", "access", "nothing"]);
}

#[test]
fn no_claim_is_shown_before_the_signature_holds() {
    let (signer, other) = (Signer::es256("k1"), Signer::es256("k1"));
    let verifier = verifier(&[&signer], &json!({ "tenants": ["acme"], "clientIds": ["web"], "maxAgeSeconds": 60 }));
    let unseen = json!({
        "sub": "unseen-1", "aud": "unseen-2", "azp": "unseen-3", "token_use": "unseen-4", "jti": "unseen-5", "plan": "unseen-6",
        "tenant_id": "unseen-7", "email": "unseen-8", "groups": ["unseen-9"], "permissions": ["unseen-10"], "scope": "unseen-11",
        "cnf": { "unseen-12": "unseen-13" }, "exp": 1_799_999_901, "nbf": 1_799_999_902, "iat": 1_799_999_903,
    });
    let shown = |token: &str| {
        let checks = explained(&verifier, token, NOW as f64, Try::Last).checks;
        let reached = checks.iter().position(|check| check.outcome == CheckOutcome::Fail).unwrap();
        (checks[reached].name, format!("{checks:?}"))
    };
    let payload = claims(&unseen);
    for (token, at) in [
        (other.token(&payload), "signature"),
        (format!("{}=", signer.token(&payload)), "token_payload"),
        (signer.token_with(r#"{"alg":"none"}"#, &payload), "algorithm"),
        (signer.token(&claims(&with(json!({ "iss": "https://unseen.example" }), &unseen))), "issuer"),
        (signer.token_with(r#"{"alg":"ES256","typ":"x"}"#, &payload), "type"),
        (signer.token_with(r#"{"alg":"ES256","kid":"k2"}"#, &payload), "key"),
    ] {
        let (failed, said) = shown(&token);
        assert_eq!(failed, at);
        assert!(!said.contains("unseen") && !said.contains("17999999"), "{said}");
        assert!(!said.contains(token.split('.').nth(1).unwrap()), "{said}");
    }
    // The same claims are shown once the signature holds: those that were looked at.
    let (failed, said) = shown(&signer.token(&payload));
    assert_eq!(failed, "date_order");
    assert!(said.contains("1799999902") && !said.contains("unseen"), "{said}");
}

#[test]
fn very_many_issuers_and_tenants_are_counted() {
    let signer = Signer::es256("k1");
    let tenants: Vec<String> = (0..101).map(|number| format!("t{number}")).collect();
    let many = verifier(&[&signer], &json!({ "tenants": tenants }));
    let token = signer.token(&claims(&json!({ "tenant_id": "globex" })));
    assert_eq!(
        failed(&many, &token, NOW as f64, Try::Last),
        ["issuer_tenants", "tenant_not_of_issuer", "101 texts", "globex"]
    );
}

#[test]
fn a_token_that_the_cache_holds_is_explained_as_any() {
    let signer = Signer::es256("k1");
    let keys: Value = serde_json::from_str(&jwks(&[&signer])).unwrap();
    let issuer = json!({ "issuer": ISSUER, "audience": "api", "algorithms": ["ES256"], "jwks": keys });
    let cached = json!({ "issuers": [issuer], "verifiedTokenCache": { "seconds": 60 } });
    let cached = Verifier::from_json(&cached.to_string()).unwrap();
    let token = signer.token(&claims(&json!({})));
    let first = explained(&cached, &token, NOW as f64, Try::Last);
    let second = explained(&cached, &token, NOW as f64, Try::Last);
    assert_eq!(first.checks, second.checks);
    assert_eq!(second.verification.map(|held| held.cached), Ok(true));
    let late = failed(&cached, &token, (NOW + 50) as f64, Try::Last);
    assert_eq!(late[0], "verified");
    let late = failed(&cached, &token, (NOW + 90) as f64, Try::Last);
    assert_eq!(late[..2], ["expiry", "token_expired"].map(str::to_owned));
}
