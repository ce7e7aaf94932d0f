//! The decision table, row by row, on the example of the design: tenants by host, a free and a pro plan.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::decision::Answer;
use crate::testing::{Signer, jwks};

/// 2026-01-01T00:00:00Z.
pub(super) const NOW: f64 = 1_767_225_600.0;

pub(super) struct Sample {
    pub(super) gate: Gate,
    pub(super) signer: Signer,
}

/// A gate with the example rules; `extra` overrides members of the configuration.
pub(super) fn sample(extra: serde_json::Value) -> Sample {
    let signer = Signer::es256("k1");
    let keys: serde_json::Value = serde_json::from_str(&jwks(&[&signer])).unwrap();
    let mut config = serde_json::json!({
        "issuers": [{ "issuer": "https://issuer.example", "audience": "orders", "algorithms": ["ES256"], "jwks": keys }],
        "credentials": { "header": true, "cookie": { "name": "__Host-access_token" } },
        "tenant": { "from": { "host": "{tenant}.api.example.com" } },
        "rules": [
            { "path": "/health", "methods": ["GET"], "public": true },
            { "path": "/me", "tenant": "any" },
            { "path": "/reports/{*rest}", "plans": ["pro", "enterprise"], "permissions": { "all": ["reports:read"] } },
            { "path": "/scoped", "scopes": { "all": ["orders:write"] } },
            { "path": "/owners", "groups": { "any": ["owners"] } },
            { "path": "/jobs/{*rest}", "principals": ["client"] },
            { "path": "/{*rest}" }
        ]
    });
    for (name, value) in extra.as_object().unwrap() {
        config[name] = value.clone();
    }
    Sample { gate: Gate::from_json(&config.to_string()).unwrap(), signer }
}

impl Sample {
    /// A good token of tenant acme on the free plan; `extra` overrides claims, null removes one.
    pub(super) fn token(&self, extra: serde_json::Value) -> String {
        let mut claims = serde_json::json!({
            "iss": "https://issuer.example", "aud": "orders", "exp": NOW + 600.0, "sub": "u1", "tenant_id": "acme", "plan": "free",
        });
        for (name, value) in extra.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.signer.token(&claims.to_string())
    }

    pub(super) fn send(&self, method: &str, url: &str, headers: &[(&str, &str)]) -> Decision {
        self.gate.check(&Request { method, url, headers }, NOW, Try::Last).decision
    }

    pub(super) fn get(&self, path: &str, token: &str) -> Decision {
        let url = format!("https://acme.api.example.com{path}");
        self.send("GET", &url, &[("authorization", &format!("Bearer {token}"))])
    }
}

pub(super) fn allowed(decision: Decision) -> Allow {
    match decision {
        Decision::Allow(allow) => allow,
        other => panic!("expected an allow, not {other:?}"),
    }
}

pub(super) fn denied(decision: Decision) -> Answer {
    match decision {
        Decision::Deny(answer) => answer,
        other => panic!("expected a deny, not {other:?}"),
    }
}

pub(super) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

pub(super) fn code(decision: Decision) -> (u16, String) {
    let answer = denied(decision);
    (answer.status, answer.code)
}

#[test]
fn allows_a_good_token_and_tells_the_origin_who_calls() {
    let sample = sample(serde_json::json!({}));
    let allow = allowed(sample.get("/orders?page=2", &sample.token(serde_json::json!({}))));
    let principal = allow.principal.unwrap();
    assert_eq!((principal.user_id.as_deref(), principal.tenant_id.as_deref()), (Some("u1"), Some("acme")));
    assert_eq!(allow.rule.as_deref(), Some("/{*rest}"));
    assert_eq!(header(&allow.set_headers, "x-tollgate-user"), Some("\"u1\""));
    assert_eq!(header(&allow.set_headers, "x-tollgate-tenant"), Some("\"acme\""));
    assert_eq!(header(&allow.set_headers, "x-tollgate-plan"), Some("\"free\""));
    assert_eq!(header(&allow.set_headers, "x-forwarded-host"), Some("acme.api.example.com"));
    assert_eq!(header(&allow.set_headers, "x-forwarded-proto"), Some("https"));
    assert_eq!(allow.remove_headers, ["authorization"]);
    assert_eq!(allow.response_headers, None);
}

#[test]
fn no_credential_is_a_challenge_without_error() {
    let sample = sample(serde_json::json!({}));
    let answer = denied(sample.send("GET", "https://acme.api.example.com/orders", &[]));
    assert_eq!((answer.status, answer.code.as_str()), (401, "no_credential"));
    assert_eq!(header(&answer.headers, "www-authenticate"), Some("Bearer realm=\"api\""));
    assert_eq!(header(&answer.headers, "cache-control"), Some("no-store"));
    assert_eq!(header(&answer.headers, "content-type"), Some("application/problem+json"));
}

// catalogue: L02, L03, M14
#[test]
fn a_malformed_or_doubled_credential_is_400() {
    let sample = sample(serde_json::json!({}));
    let url = "https://acme.api.example.com/orders";
    let answer = denied(sample.send("GET", url, &[("authorization", "Bearer")]));
    assert_eq!((answer.status, answer.code.as_str()), (400, "malformed_credential"));
    assert_eq!(header(&answer.headers, "www-authenticate"), Some("Bearer realm=\"api\", error=\"invalid_request\""));
    let twice = [("authorization", "Bearer a.b.c"), ("authorization", "Bearer a.b.c")];
    assert_eq!(code(sample.send("GET", url, &twice)), (400, "several_credentials".to_owned()));
}

// catalogue: M14, M12
#[test]
fn bad_tokens_get_one_public_answer_and_exact_codes() {
    let sample = sample(serde_json::json!({}));
    let other = Signer::es256("k1");
    let stranger = Signer::es256("k2");
    let claims = format!(
        r#"{{"iss":"https://issuer.example","aud":"orders","exp":{},"sub":"u1","tenant_id":"acme"}}"#,
        NOW + 600.0
    );
    let cases = [
        ("junk".to_owned(), "malformed_token"),
        (sample.token(serde_json::json!({ "exp": NOW - 31.0 })), "token_expired"),
        (sample.token(serde_json::json!({ "aud": "other" })), "audience_mismatch"),
        (sample.token(serde_json::json!({ "iss": "https://evil.example" })), "unknown_issuer"),
        (sample.token(serde_json::json!({ "plan": 7 })), "claim_malformed"),
        (other.token(&claims), "signature_invalid"),
        (stranger.token(&claims), "unknown_key"),
    ];
    let mut bodies = Vec::new();
    for (token, expected) in cases {
        let answer = denied(sample.get("/orders", &token));
        assert_eq!((answer.status, answer.code.as_str()), (401, expected));
        assert!(!answer.body.contains("u1") && !answer.body.contains(expected), "{}", answer.body);
        bodies.push((answer.headers, answer.body));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "the client can't tell one bad token from another");
    assert_eq!(header(&bodies[0].0, "www-authenticate"), Some("Bearer realm=\"api\", error=\"invalid_token\""));
}

// catalogue: I04
#[test]
fn another_tenants_host_is_403() {
    let sample = sample(serde_json::json!({}));
    let token = format!("Bearer {}", sample.token(serde_json::json!({})));
    let at = |host: &str| sample.send("GET", &format!("https://{host}/orders"), &[("authorization", &token)]);
    assert_eq!(code(at("globex.api.example.com")), (403, "tenant_mismatch".to_owned()));
    assert_eq!(code(at("api.example.com")), (403, "tenant_not_requested".to_owned()));
    allowed(at("acme.api.example.com"));
    let me = sample.send("GET", "https://globex.api.example.com/me", &[("authorization", &token)]);
    allowed(me);
}

// catalogue: I01, I10
#[test]
fn a_token_without_a_tenant_is_403() {
    let sample = sample(serde_json::json!({}));
    for (tenant, expected) in [
        (serde_json::Value::Null, "tenant_missing"),
        (serde_json::json!(""), "tenant_malformed"),
        (serde_json::json!(7), "tenant_malformed"),
        (serde_json::json!("Acme"), "tenant_malformed"),
    ] {
        let token = sample.token(serde_json::json!({ "tenant_id": tenant }));
        assert_eq!(code(sample.get("/me", &token)), (403, expected.to_owned()));
    }
}

// catalogue: I05, I06
#[test]
fn a_plan_too_low_says_which_would_do() {
    let sample = sample(serde_json::json!({}));
    let answer =
        denied(sample.get("/reports/q1", &sample.token(serde_json::json!({ "permissions": ["reports:read"] }))));
    assert_eq!((answer.status, answer.code.as_str()), (403, "plan_required"));
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["type"], "urn:tollgate:plan_required");
    assert_eq!(body["required_plans"], serde_json::json!(["pro", "enterprise"]));
    assert_eq!(body["current_plan"], "free");
    let pro = serde_json::json!({ "plan": "pro", "permissions": ["reports:read"] });
    allowed(sample.get("/reports/q1", &sample.token(pro)));
    let lacking = denied(sample.get("/reports/q1", &sample.token(serde_json::json!({ "plan": "pro" }))));
    assert_eq!(lacking.code, "permission_required");
    assert!(lacking.body.contains("reports:read"));
}

// catalogue: M14
#[test]
fn a_missing_scope_is_named_in_the_challenge() {
    let sample = sample(serde_json::json!({}));
    let answer = denied(sample.get("/scoped", &sample.token(serde_json::json!({ "scope": "orders:read" }))));
    assert_eq!((answer.status, answer.code.as_str()), (403, "insufficient_scope"));
    let challenge = "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"orders:write\"";
    assert_eq!(header(&answer.headers, "www-authenticate"), Some(challenge));
    allowed(sample.get("/scoped", &sample.token(serde_json::json!({ "scope": "orders:read orders:write" }))));
    assert_eq!(code(sample.get("/owners", &sample.token(serde_json::json!({})))), (403, "group_required".to_owned()));
}

#[test]
fn clients_and_users_do_not_stand_in_for_each_other() {
    let sample = sample(serde_json::json!({}));
    let client = sample.token(serde_json::json!({ "sub": "job", "client_id": "job" }));
    let allow = allowed(sample.get("/jobs/1", &client));
    assert_eq!(header(&allow.set_headers, "x-tollgate-client"), Some("\"job\""));
    assert_eq!(header(&allow.set_headers, "x-tollgate-user"), None);
    assert_eq!(code(sample.get("/orders", &client)), (403, "principal_kind".to_owned()));
    assert_eq!(code(sample.get("/jobs/1", &sample.token(serde_json::json!({})))), (403, "principal_kind".to_owned()));
}

#[test]
fn a_cookie_is_read_removed_and_bound_to_its_site() {
    let sample = sample(serde_json::json!({}));
    let line = format!("a=1; __Host-access_token={}; b=2", sample.token(serde_json::json!({})));
    let url = "https://acme.api.example.com/orders";
    let allow = allowed(sample.send("GET", url, &[("cookie", &line)]));
    assert_eq!(header(&allow.set_headers, "cookie"), Some("a=1; b=2"));
    assert_eq!(code(sample.send("POST", url, &[("cookie", &line)])), (403, "cross_site".to_owned()));
    allowed(sample.send("POST", url, &[("cookie", &line), ("origin", "https://acme.api.example.com")]));
}

#[test]
fn no_rule_is_403_and_bad_paths_and_hosts_are_400() {
    let rules = serde_json::json!({ "rules": [{ "path": "/a", "methods": ["GET"] }] });
    let sample = sample(rules);
    let token = sample.token(serde_json::json!({}));
    allowed(sample.get("/a", &token));
    assert_eq!(code(sample.get("/b", &token)), (403, "no_rule".to_owned()));
    assert_eq!(code(sample.get("/A", &token)), (400, "bad_path".to_owned()));
    assert_eq!(code(sample.get("//a", &token)), (400, "bad_path".to_owned()));
    let clash = [("host", "globex.api.example.com")];
    assert_eq!(code(sample.send("GET", "https://acme.api.example.com/a", &clash)), (400, "bad_host".to_owned()));
    let long = format!("/{}", "a".repeat(9_000));
    assert_eq!(code(sample.get(&long, &token)), (414, "target_too_long".to_owned()));
    let big = format!("Bearer {}", "a".repeat(9_000));
    let answer = sample.send("GET", "https://acme.api.example.com/a", &[("authorization", &big)]);
    assert_eq!(code(answer), (431, "header_fields_too_large".to_owned()));
}

// catalogue: L14
#[test]
fn no_spelling_of_a_path_gets_round_a_rule() {
    let sample = sample(serde_json::json!({}));
    let token = sample.token(serde_json::json!({ "permissions": ["reports:read"] }));
    for path in [
        "/reports",
        "/reports/",
        "/reports/x",
        "/Reports/x",
        "/REPORTS",
        "/%72eports/x",
        "/reports;v=1/x",
        "/reports%3Bv=1/x",
        "/x/..%2freports/y",
        "/x/%2e%2e/reports/y",
        "/x/../reports/y",
        "//reports/x",
        "/./reports/x",
        "/reports//x",
        "/%2freports/x",
        "/x%5c..%5creports",
        "/reports%00/x",
        "/%2572eports/x",
        "/report%C5%BF/x",
        "/x/.%2e/reports",
        "/reports/%2e%2e/reports/x",
    ] {
        let answer = denied(sample.get(path, &token));
        assert!(matches!(answer.code.as_str(), "plan_required" | "bad_path"), "{path}: {}", answer.code);
    }
}

// catalogue: M01, M02, G10
#[test]
fn public_paths_are_stripped_and_read_no_credential() {
    let sample = sample(serde_json::json!({}));
    let headers = [("X-Tollgate-User", "evil"), ("x_tollgate_tenant", "evil"), ("authorization", "Bearer junk")];
    let allow = allowed(sample.send("GET", "https://acme.api.example.com/health", &headers));
    assert_eq!(allow.principal, None);
    assert_eq!(allow.remove_headers, ["x-tollgate-user", "x_tollgate_tenant", "authorization"]);
    assert!(!allow.set_headers.iter().any(|(name, _)| name.starts_with("x-tollgate-")));
    assert_eq!(code(sample.send("POST", "https://acme.api.example.com/health", &[])), (403, "no_rule".to_owned()));
}

// catalogue: L13, L15
#[test]
fn preflights_are_answered_or_passed_without_identity() {
    let ask = [
        ("origin", "https://app.example.com"),
        ("access-control-request-method", "POST"),
        ("cookie", "a=1"),
        ("authorization", "Basic abc"),
        ("X-Tollgate-User", "evil"),
    ];
    let url = "https://acme.api.example.com/reports/x";
    let passed = allowed(sample(serde_json::json!({})).send("OPTIONS", url, &ask));
    assert_eq!((passed.principal, passed.rule), (None, None));
    for name in ["cookie", "authorization", "x-tollgate-user"] {
        assert!(passed.remove_headers.iter().any(|n| n == name), "{name}");
    }
    let cors = serde_json::json!({ "cors": { "origins": ["https://app.example.com"], "credentials": true } });
    let sample = sample(cors);
    let answer = denied(sample.send("OPTIONS", url, &ask));
    assert_eq!((answer.status, answer.code.as_str(), answer.body.as_str()), (204, "preflight", ""));
    assert_eq!(header(&answer.headers, "access-control-allow-methods"), Some("POST"));
    let plain = denied(sample.send("OPTIONS", url, &[("origin", "https://app.example.com")]));
    assert_eq!(plain.status, 401, "a plain OPTIONS is authenticated");
    assert_eq!(header(&plain.headers, "access-control-allow-origin"), Some("https://app.example.com"));
    let bad = denied(sample.send("OPTIONS", "https://acme.api.example.com//x", &ask));
    assert_eq!(bad.code, "bad_path");
}

// catalogue: K05, G10, M14
#[test]
fn missing_keys_and_a_bad_clock_are_503_and_never_401() {
    let remote = serde_json::json!({ "issuers": [{
        "issuer": "https://issuer.example", "audience": "orders", "algorithms": ["ES256"], "jwksUri": "https://issuer.example/jwks.json" }] });
    let sample = sample(remote);
    let authorization = format!("Bearer {}", sample.token(serde_json::json!({})));
    let headers = [("authorization", authorization.as_str())];
    let request = Request { method: "GET", url: "https://acme.api.example.com/orders", headers: &headers };
    let first = sample.gate.check(&request, NOW, Try::First);
    assert!(first.keys_due);
    assert_eq!(first.issuer, Some(0));
    for checked in [first, sample.gate.check(&request, NOW, Try::Last)] {
        let Decision::Unavailable(answer) = checked.decision else { panic!("expected unavailable") };
        assert_eq!(answer.status, 503);
        assert!(header(&answer.headers, "retry-after").unwrap().parse::<u32>().unwrap() >= 1);
        assert_eq!(header(&answer.headers, "www-authenticate"), None);
    }
    for clock in [0.0, -1.0, f64::NAN, f64::INFINITY, 1_767_225_600_000.0] {
        let Decision::Unavailable(answer) = sample.gate.check(&request, clock, Try::Last).decision else {
            panic!("{clock}")
        };
        assert_eq!(answer.code, "clock_invalid");
    }
}

// catalogue: H03, K16
#[test]
fn a_key_of_one_issuer_signs_for_no_other() {
    let (ours, theirs) = (Signer::es256("k1"), Signer::es256("k1"));
    let issuer = |name: &str, signer: &Signer| {
        let keys: serde_json::Value = serde_json::from_str(&jwks(&[signer])).unwrap();
        serde_json::json!({ "issuer": name, "audience": "orders", "algorithms": ["ES256"], "jwks": keys })
    };
    let config = serde_json::json!({
        "issuers": [issuer("https://a.example", &ours), issuer("https://b.example", &theirs)],
        "rules": [{ "path": "/{*rest}" }],
    });
    let gate = Gate::from_json(&config.to_string()).unwrap();
    let check = |signer: &Signer, iss: &str| {
        let claims =
            serde_json::json!({ "iss": iss, "aud": "orders", "exp": NOW + 60.0, "sub": "u", "tenant_id": "acme" });
        let authorization = format!("Bearer {}", signer.token(&claims.to_string()));
        let headers = [("authorization", authorization.as_str())];
        gate.check(&Request { method: "GET", url: "/x", headers: &headers }, NOW, Try::Last).decision
    };
    allowed(check(&ours, "https://a.example"));
    allowed(check(&theirs, "https://b.example"));
    assert_eq!(denied(check(&ours, "https://b.example")).code, "signature_invalid");
    assert_eq!(denied(check(&theirs, "https://a.example")).code, "signature_invalid");
}

// catalogue: H01, H02
#[test]
fn iss_is_compared_code_point_for_code_point() {
    let sample = sample(serde_json::json!({}));
    for (iss, expected) in [
        (serde_json::Value::Null, "claim_missing"),
        (serde_json::json!(1), "claim_malformed"),
        (serde_json::json!(["https://issuer.example"]), "claim_malformed"),
        (serde_json::json!({}), "claim_malformed"),
        (serde_json::json!(""), "unknown_issuer"),
        (serde_json::json!("https://issuer.example/"), "unknown_issuer"),
        (serde_json::json!("https://ISSUER.example"), "unknown_issuer"),
        (serde_json::json!("http"), "unknown_issuer"),
        (serde_json::json!("https://issuer.example.evil"), "unknown_issuer"),
        (serde_json::json!("https://user@issuer.example"), "unknown_issuer"),
        (serde_json::json!("https://issuer%2eexample"), "unknown_issuer"),
        (serde_json::json!("https://issuer.\u{435}xample"), "unknown_issuer"),
        (serde_json::json!("https://issuer.example "), "unknown_issuer"),
        (serde_json::json!("https://issuer.example\0"), "unknown_issuer"),
    ] {
        let answer = denied(sample.get("/orders", &sample.token(serde_json::json!({ "iss": iss }))));
        assert_eq!((answer.status, answer.code.as_str()), (401, expected), "{iss}");
    }
}

// catalogue: C12
#[test]
fn typ_must_be_in_the_issuers_list() {
    let sample = sample(serde_json::json!({}));
    let claims = format!(
        r#"{{"iss":"https://issuer.example","aud":"orders","exp":{},"sub":"u1","tenant_id":"acme"}}"#,
        NOW + 600.0
    );
    let get = |typ: &str| {
        let token = sample.signer.token_with(format!(r#"{{"alg":"ES256","kid":"k1"{typ}}}"#), &claims);
        sample.get("/orders", &token)
    };
    for typ in [
        "",
        r#","typ":"JWT""#,
        r#","typ":"jwt""#,
        r#","typ":"at+jwt""#,
        r#","typ":"AT+JWT""#,
        r#","typ":"application/at+jwt""#,
    ] {
        allowed(get(typ));
    }
    for typ in
        ["logout+jwt", "dpop+jwt", "secevent+jwt", "refresh+jwt", "", "JWT ", "application/", "application/x/JWT"]
    {
        let answer = denied(get(&format!(r#","typ":"{typ}""#)));
        assert!(matches!(answer.code.as_str(), "typ_not_allowed" | "malformed_header"), "{typ:?}: {}", answer.code);
    }
    assert_eq!(denied(get(r#","typ":1"#)).code, "malformed_header");
}

// catalogue: B05, G09, H06, M10
#[test]
fn configurations_that_can_not_be_right_name_the_member() {
    let keys: serde_json::Value = serde_json::from_str(&jwks(&[&Signer::es256("k1")])).unwrap();
    let issuer = |extra: serde_json::Value| {
        let mut issuer = serde_json::json!({ "issuer": "https://i.example", "audience": "a", "algorithms": ["ES256"], "jwks": keys });
        for (name, value) in extra.as_object().unwrap() {
            issuer[name] = value.clone();
        }
        issuer.as_object_mut().unwrap().retain(|_, value| value != "<absent>");
        issuer
    };
    let config = |issuer: serde_json::Value, extra: serde_json::Value| {
        let mut config = serde_json::json!({ "issuers": [issuer], "rules": [{ "path": "/{*rest}" }] });
        for (name, value) in extra.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    };
    let none = || serde_json::json!({});
    let good = || issuer(none());
    assert!(Gate::from_json(&config(good(), none()).to_string()).is_ok());
    for (config, member) in [
        (config(issuer(serde_json::json!({ "algorithms": "<absent>" })), none()), "issuers[0].algorithms"),
        (config(issuer(serde_json::json!({ "algorithms": [] })), none()), "issuers[0].algorithms"),
        (config(issuer(serde_json::json!({ "algorithms": ["HS256"] })), none()), "issuers[0].algorithms[0]"),
        (config(issuer(serde_json::json!({ "audience": "<absent>" })), none()), "issuers[0].audience"),
        (config(issuer(serde_json::json!({ "audience": 1 })), none()), "issuers[0].audience"),
        (config(issuer(serde_json::json!({ "issuer": "<absent>" })), none()), "issuers[0].issuer"),
        (config(issuer(serde_json::json!({ "issuer": "http://i.example" })), none()), "issuers[0].issuer"),
        (config(issuer(serde_json::json!({ "jwks": "<absent>" })), none()), "issuers[0]"),
        (config(issuer(serde_json::json!({ "jwks": { "keys": [] } })), none()), "issuers[0].jwks"),
        (config(issuer(serde_json::json!({ "jwksUri": "https://i.example/jwks" })), none()), "issuers[0].jwks"),
        (
            config(issuer(serde_json::json!({ "jwks": "<absent>", "jwksUri": "http://i.example/jwks" })), none()),
            "issuers[0].jwksUri",
        ),
        (config(issuer(serde_json::json!({ "region": "eu-west-1" })), none()), "issuers[0].region"),
        (config(issuer(serde_json::json!({ "preset": "auth0" })), none()), "issuers[0].issuer"),
        (config(issuer(serde_json::json!({ "types": [] })), none()), "issuers[0].types"),
        (config(issuer(serde_json::json!({ "maxAgeSeconds": 0 })), none()), "issuers[0].maxAgeSeconds"),
        (config(issuer(serde_json::json!({ "claims": { "tenant": [] } })), none()), "issuers[0].claims.tenant"),
        (config(issuer(serde_json::json!({ "audiance": "a" })), none()), "issuers[0].audiance"),
        (config(good(), serde_json::json!({ "clockToleranceSeconds": 301 })), "clockToleranceSeconds"),
        (config(good(), serde_json::json!({ "clockToleranceSeconds": -1 })), "clockToleranceSeconds"),
        (config(good(), serde_json::json!({ "clockToleranceSeconds": null })), "clockToleranceSeconds"),
        (config(good(), serde_json::json!({ "issuers": [] })), "issuers"),
        (config(good(), serde_json::json!({ "rules": [] })), "rules"),
        (config(good(), serde_json::json!({ "rules": [{ "path": "x" }] })), "rules[0].path"),
        (config(good(), serde_json::json!({ "rules": [{ "path": "/x", "plan": "pro" }] })), "rules[0].plan"),
        (config(good(), serde_json::json!({ "upstream": {} })), "upstream"),
        (config(good(), serde_json::json!({ "upstream": { "url": "https://o.example" } })), "upstream.secret"),
        (
            config(good(), serde_json::json!({ "upstream": { "url": "https://o.example/x", "secret": null } })),
            "upstream.url",
        ),
        (
            config(good(), serde_json::json!({ "upstream": { "url": "http://o.example", "secret": null } })),
            "upstream.url",
        ),
        (config(good(), serde_json::json!({ "upstream": { "service": "A", "secret": "B" } })), "upstream.secret"),
        (config(good(), serde_json::json!({ "identity": { "send": ["name"] } })), "identity.send[0]"),
    ] {
        match Gate::from_json(&config.to_string()) {
            Err(Error::Config { member: named, problem }) => assert_eq!(named, member, "{problem}"),
            other => panic!("{member}: {other:?}"),
        }
    }
    let twice = serde_json::json!({ "issuers": [good(), good()], "rules": [{ "path": "/{*rest}" }] });
    assert!(
        matches!(Gate::from_json(&twice.to_string()), Err(Error::Config { member, .. }) if member == "issuers[1].issuer")
    );
    let hosts = r#"{ "from": { "hosts": { "a.example": "acme", "a.ex\u0061mple": "globex" } } }"#;
    let doubled = config(good(), serde_json::json!({ "tenant": "<hosts>" })).to_string().replace("\"<hosts>\"", hosts);
    let cut = [("", ""), ("{x", ""), ("{\"rules\": [}", "rules[0]"), ("{\"rules\": [{\"path\" ", "rules[0]")];
    for (text, member) in cut {
        let Err(Error::Config { member: named, problem }) = Gate::from_json(text) else { panic!("{text:?}") };
        assert_eq!(named, member, "{text:?}");
        assert!(problem.contains("line 1 column"), "says where: {problem}");
    }
    for text in ["", "[]", "{} x", "null", "{\"rules\":[],\"rules\":[]}", doubled.as_str()] {
        assert_eq!(Gate::from_json(text).unwrap_err().code(), "config_invalid", "{text:?}");
    }
}

// catalogue: M09
#[test]
fn forwards_the_credential_only_when_told() {
    let upstream = serde_json::json!({ "upstream": { "service": "ORDERS", "forwardCredentials": true } });
    let sample = sample(upstream);
    let allow = allowed(sample.get("/orders", &sample.token(serde_json::json!({}))));
    assert!(allow.remove_headers.is_empty());
    let line = format!("__Host-access_token={}; __Host-refresh_token=r", sample.token(serde_json::json!({})));
    let allow = allowed(sample.send("GET", "https://acme.api.example.com/orders", &[("cookie", &line)]));
    let kept = header(&allow.set_headers, "cookie").unwrap();
    assert!(
        kept.starts_with("__Host-access_token=") && !kept.contains("refresh"),
        "a refresh cookie is never forwarded"
    );
}
