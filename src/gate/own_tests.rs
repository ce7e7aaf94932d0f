//! The preset `tollgate`: what it takes, and what it refuses to be combined with.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value as Json, json};

use crate::decision::Decision;
use crate::error::Error;
use crate::gate::Gate;
use crate::request::Request;
use crate::testing::{Signer, jwks};
use crate::verifier::Try;

/// 2026-01-01T00:00:00Z.
const NOW: f64 = 1_767_225_600.0;

fn config(issuers: Json) -> Json {
    json!({
        "issuers": issuers, "rules": [{ "path": "/{*rest}" }],
        "tokens": { "issuer": "https://api.example.com", "audience": "orders-api", "clients": "not the gate's business" },
    })
}

fn preset() -> Json {
    config(json!([{ "preset": "tollgate" }]))
}

fn refused(config: &Json, own_keys: Option<&str>) -> (String, String) {
    let json = config.to_string();
    let made = match own_keys {
        Some(own_keys) => Gate::from_json_with_own_keys(&json, own_keys),
        None => Gate::from_json(&json),
    };
    match made.map(|_| ()).unwrap_err() {
        Error::Config { member, problem } => (member, problem),
        other => panic!("{other}"),
    }
}

fn says(config: &Json, own_keys: Option<&str>, member: &str, problem: &str) {
    assert_eq!(refused(config, own_keys), (member.to_owned(), problem.to_owned()), "{config}");
}

/// What a gate of this configuration says about a token with these claims changed.
fn outcome(config: &Json, header: &str, changed: Json) -> String {
    let signer = Signer::es256("k1");
    let gate = Gate::from_json_with_own_keys(&config.to_string(), &jwks(&[&signer])).unwrap();
    let mut claims = json!({
        "iss": "https://api.example.com", "aud": "orders-api", "sub": "user-1", "client_id": "web", "iat": NOW,
        "exp": NOW + 900.0, "tid": "acme",
    });
    for (name, value) in changed.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let token = format!("Bearer {}", signer.token_with(header, claims.to_string()));
    let headers = [("authorization", token.as_str())];
    let request = Request { method: "GET", url: "https://api.example.com/orders", headers: &headers };
    match gate.check(&request, NOW + 60.0, Try::Last).decision {
        Decision::Allow(allow) => allow.principal.unwrap().tenant_id.unwrap(),
        Decision::Deny(answer) | Decision::Unavailable(answer) => answer.code,
    }
}

const HEADER: &str = r#"{"alg":"ES256","typ":"at+jwt","kid":"k1"}"#;

#[test]
fn takes_the_tokens_of_its_own_service() {
    assert_eq!(outcome(&preset(), HEADER, json!({})), "acme");
    let several = json!(["billing-api", "orders-api"]);
    let mut config = preset();
    config["tokens"]["audience"] = several.clone();
    assert_eq!(outcome(&config, HEADER, json!({ "aud": several })), "acme");
}

#[test]
fn refuses_what_its_own_service_does_not_make() {
    let refresh = r#"{"alg":"ES256","typ":"refresh+jwt","kid":"k1"}"#;
    assert_eq!(outcome(&preset(), refresh, json!({})), "typ_not_allowed");
    for header in [r#"{"alg":"ES256","kid":"k1"}"#, r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#] {
        assert_eq!(outcome(&preset(), header, json!({})), "typ_not_allowed");
    }
    assert_eq!(outcome(&preset(), HEADER, json!({ "aud": "other" })), "audience_mismatch");
    assert_eq!(outcome(&preset(), HEADER, json!({ "iss": "https://other.example" })), "unknown_issuer");
    // The tenant is in `tid`, and nowhere else.
    assert_eq!(outcome(&preset(), HEADER, json!({ "tid": "", "tenant_id": "acme" })), "tenant_malformed");
}

#[test]
fn obeys_the_limits_that_may_stand_beside_the_preset() {
    let with = |member: &str, value: Json| config(json!([{ "preset": "tollgate", member: value }]));
    for (member, good, bad, code) in [
        ("clientIds", json!(["web"]), json!(["app"]), "client_mismatch"),
        ("tenants", json!(["acme"]), json!(["globex"]), "tenant_not_of_issuer"),
    ] {
        assert_eq!(outcome(&with(member, good), HEADER, json!({})), "acme", "{member}");
        assert_eq!(outcome(&with(member, bad), HEADER, json!({})), code, "{member}");
    }
}

#[test]
fn names_what_the_preset_needs() {
    let keys = jwks(&[&Signer::es256("k1")]);
    says(&preset(), None, "issuers[0].preset", "needs the keys of its own token service");
    let mut config = preset();
    config.as_object_mut().unwrap().remove("tokens");
    let problem = "needs the member tokens, whose issuer and audience it takes";
    says(&config, Some(&keys), "issuers[0].preset", problem);
    for keys in ["", "{}", r#"{"keys":[]}"#] {
        assert_eq!(refused(&preset(), Some(keys)).0, "issuers[0].jwks", "{keys}");
    }
}

#[test]
fn nothing_that_the_preset_fills_in_may_stand_beside_it() {
    let keys = jwks(&[&Signer::es256("k1")]);
    let known = "unknown member, expected preset, clientIds or tenants";
    for member in [
        "issuer",
        "audience",
        "algorithms",
        "jwks",
        "jwksUri",
        "types",
        "claims",
        "region",
        "tokenUse",
        "maxAgeSeconds",
    ] {
        let config = config(json!([{ "preset": "tollgate", member: null }]));
        says(&config, Some(&keys), &format!("issuers[0].{member}"), known);
    }
    says(&config(json!([{ "preset": "okta" }])), None, "issuers[0].preset", "expected cognito, auth0 or tollgate");
}

#[test]
fn one_issuer_has_one_way_to_its_keys() {
    let keys = jwks(&[&Signer::es256("k1")]);
    let other = |issuer: &str| {
        json!({
            "issuer": issuer, "audience": "orders-api", "algorithms": ["ES256"],
            "jwksUri": "https://api.example.com/.well-known/jwks.json",
        })
    };
    let own = "https://api.example.com";
    let problem = "is the issuer of tokens: say \"preset\": \"tollgate\" instead";
    says(&config(json!([other(own)])), None, "issuers[0].issuer", problem);
    says(&config(json!([{ "preset": "tollgate" }, other(own)])), Some(&keys), "issuers[1].issuer", problem);
    let twice = config(json!([{ "preset": "tollgate" }, { "preset": "tollgate" }]));
    says(&twice, Some(&keys), "issuers[1].preset", "is an earlier issuer's too");
    let both = config(json!([{ "preset": "tollgate" }, other("https://other.example")]));
    assert!(Gate::from_json_with_own_keys(&both.to_string(), &keys).is_ok());
}

#[test]
fn reads_no_more_of_the_token_service_than_whose_it_is() {
    let keys = jwks(&[&Signer::es256("k1")]);
    for (tokens, member) in [
        (json!(1), "tokens"),
        (json!({ "audience": "a" }), "tokens"),
        (json!({ "issuer": "https://api.example.com" }), "tokens"),
        (json!({ "issuer": 1, "audience": "a" }), "tokens.issuer"),
        (json!({ "issuer": "https://api.example.com", "audience": 1 }), "tokens.audience"),
    ] {
        let mut config = preset();
        config["tokens"] = tokens;
        assert_eq!(refused(&config, Some(&keys)).0, member);
    }
    // A gate that takes none of its tokens lets it be.
    let mut others = config(json!([{
        "issuer": "https://other.example", "audience": "orders-api", "algorithms": ["ES256"],
        "jwksUri": "https://other.example/jwks.json",
    }]));
    assert!(Gate::from_json(&others.to_string()).is_ok());
    others["tokens"] = json!(null);
    assert!(Gate::from_json(&others.to_string()).is_ok());
}
