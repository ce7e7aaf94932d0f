//! What a hostile client or token tries at the gate as a whole: identity, challenges, methods, faults within a check.
//! None of it may end in an allow.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::tests::{NOW, allowed, code, denied, header, sample};
use super::*;

const ORDERS: &str = "https://acme.api.example.com/orders";

// catalogue: M03
#[test]
fn a_connection_field_takes_nothing_of_ours_away() {
    let sample = sample(serde_json::json!({}));
    let authorization = format!("Bearer {}", sample.token(serde_json::json!({})));
    let headers = [
        ("authorization", authorization.as_str()),
        ("Connection", "close, X-Tollgate-User, x-tollgate-tenant, x-custom"),
        ("x-tollgate-user", "evil"),
        ("X-Custom", "mine"),
    ];
    let allow = allowed(sample.send("GET", ORDERS, &headers));
    // Removal comes first, then what we set: the field itself is gone, so no later hop acts on it either.
    for name in ["connection", "x-tollgate-user", "x-custom"] {
        assert!(allow.remove_headers.iter().any(|removed| removed == name), "{name}");
    }
    assert_eq!(header(&allow.set_headers, "x-tollgate-user"), Some("\"u1\""));
    assert_eq!(header(&allow.set_headers, "x-tollgate-tenant"), Some("\"acme\""));
    assert_eq!(header(&allow.set_headers, "connection"), None);
}

// catalogue: M01, M02
#[test]
fn identity_fields_of_the_client_are_removed_on_every_kind_of_path() {
    let sample = sample(serde_json::json!({}));
    let authorization = format!("Bearer {}", sample.token(serde_json::json!({})));
    let spellings = ["x-tollgate-user", "X-Tollgate-User", "x_tollgate_plan", "X-TOLLGATE_TENANT", "x-tollgate-proof"];
    let mut headers: Vec<(&str, &str)> = spellings.iter().map(|name| (*name, "evil")).collect();
    headers.push(("x-tollgate-user", "twice"));
    headers.push(("authorization", &authorization));
    headers.push(("origin", "https://app.example.com"));
    headers.push(("access-control-request-method", "GET"));
    for (method, path) in [("GET", "/health"), ("GET", "/orders"), ("GET", "/me"), ("OPTIONS", "/orders")] {
        let url = format!("https://acme.api.example.com{path}");
        let allow = allowed(sample.send(method, &url, &headers));
        for name in spellings {
            assert!(allow.remove_headers.contains(&name.to_ascii_lowercase()), "{method} {path}: {name}");
        }
        assert!(allow.set_headers.iter().all(|(_, value)| !value.contains("evil") && !value.contains("twice")));
    }
}

// catalogue: M04, M08, I10
#[test]
fn a_claim_that_no_header_can_hold_is_refused_and_never_sent() {
    let sample = sample(serde_json::json!({}));
    for text in ["a\r\nx-tollgate-plan: \"pro\"", "a\nb", "a\0b", "a\u{7f}", " a", "a ", "\u{a0}a", "a\u{85}"] {
        for extra in [
            serde_json::json!({ "sub": text }),
            serde_json::json!({ "plan": text }),
            serde_json::json!({ "permissions": ["ok", text] }),
        ] {
            let answer = denied(sample.get("/orders", &sample.token(extra.clone())));
            assert_eq!((answer.status, answer.code.as_str()), (403, "unsendable_identity"), "{extra}");
            assert!(answer.headers.iter().all(|(_, value)| !value.contains(['\r', '\n', '\0'])));
        }
        let tenant = sample.token(serde_json::json!({ "tenant_id": text }));
        assert_eq!(code(sample.get("/me", &tenant)), (403, "tenant_malformed".to_owned()));
    }
}

// catalogue: M04, I03, I10
#[test]
fn a_generous_tenant_pattern_lets_no_control_character_through() {
    let sample = sample(serde_json::json!({ "tenant": { "pattern": "(?s).+" } }));
    allowed(sample.get("/orders", &sample.token(serde_json::json!({ "tenant_id": "Any Thing" }))));
    for tenant in ["a\r\nb", "a\0", " a", "a\n"] {
        let token = sample.token(serde_json::json!({ "tenant_id": tenant }));
        assert_eq!(code(sample.get("/orders", &token)), (403, "unsendable_identity".to_owned()), "{tenant:?}");
    }
}

// catalogue: M05, M06
#[test]
fn claims_beyond_ascii_and_separators_reach_the_origin_unambiguously() {
    let sample = sample(serde_json::json!({}));
    let extra = serde_json::json!({ "sub": "J\u{fc}rgen", "permissions": ["a, b", "c\"d", "e=f;g", "\u{1f511}"] });
    let allow = allowed(sample.get("/orders", &sample.token(extra)));
    assert_eq!(header(&allow.set_headers, "x-tollgate-user"), Some("%\"J%c3%bcrgen\""));
    let list = r#""a, b", "c\"d", "e=f;g", %"%f0%9f%94%91""#;
    assert_eq!(header(&allow.set_headers, "x-tollgate-permissions"), Some(list));
    assert!(allow.set_headers.iter().all(|(name, value)| name.is_ascii() && value.is_ascii()));
}

// catalogue: M07
#[test]
fn more_identity_than_headers_hold_is_refused_with_its_own_code() {
    let sample = sample(serde_json::json!({}));
    // Six bytes of header for each letter.
    let held = |letters: usize| sample.token(serde_json::json!({ "permissions": ["\u{e9}".repeat(letters)] }));
    allowed(sample.get("/orders", &held(1_000)));
    assert_eq!(code(sample.get("/orders", &held(1_030))), (403, "unsendable_identity".to_owned()));
}

// catalogue: M11, M12
#[test]
fn a_challenge_and_a_body_say_nothing_of_the_request() {
    let sample = sample(serde_json::json!({ "cors": { "origins": ["https://app.example.com"] } }));
    let challenges = [
        None,
        Some(r#"Bearer realm="api""#),
        Some(r#"Bearer realm="api", error="invalid_request""#),
        Some(r#"Bearer realm="api", error="invalid_token""#),
        Some(r#"Bearer realm="api", error="insufficient_scope", scope="orders:write""#),
    ];
    let token = sample.token(serde_json::json!({ "sub": "evil-sub", "scope": "evil" }));
    let authorizations = [
        "Bearer evil\", error=\"none".to_owned(),
        "Bearer evil.evil.evil".to_owned(),
        "evil realm=\"evil\"".to_owned(),
        format!("Bearer {token}evil"),
        format!("Bearer {token}"),
    ];
    let targets =
        ["/scoped?evil=\"%0d%0a", "/evil%22", "/owners/evil", "/reports/evil", "/evil\"", "//evil", "/scoped"];
    for authorization in &authorizations {
        for target in targets {
            let url = format!("https://acme.api.example.com{target}");
            let headers =
                [("authorization", authorization.as_str()), ("origin", "https://evil.example"), ("evil", "evil")];
            let Decision::Deny(answer) = sample.send("GET", &url, &headers) else { continue };
            assert!(challenges.contains(&header(&answer.headers, "www-authenticate")), "{answer:?}");
            let shown = format!("{:?} {}", answer.headers, answer.body);
            assert!(!shown.contains("evil") && !shown.contains(&token), "{shown}");
        }
    }
    // What a rule asks for is the operator's text, and a scope holds no quote (RFC 6749 section 3.3).
    let quoted = serde_json::json!({
        "issuers": [{ "issuer": "https://i.example", "audience": "a", "algorithms": ["ES256"], "jwksUri": "https://i.example/k" }],
        "rules": [{ "path": "/x", "scopes": { "all": ["a\"b"] } }],
    });
    let error = Gate::from_json(&quoted.to_string()).unwrap_err();
    assert!(matches!(error, Error::Config { ref member, .. } if member == "rules[0].scopes"), "{error}");
}

// catalogue: L15
#[test]
fn every_method_target_form_and_upgrade_meets_the_same_checks() {
    let sample = sample(serde_json::json!({}));
    let free = format!("Bearer {}", sample.token(serde_json::json!({ "permissions": ["reports:read"] })));
    let host = ("host", "acme.api.example.com");
    for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "QUERY", "get", "X!"] {
        for (url, extra) in [
            ("https://acme.api.example.com/reports/x", ("accept", "*/*")),
            ("HTTPS://ACME.api.example.com:443/reports/x", ("accept", "*/*")),
            ("wss://acme.api.example.com/reports/x", ("upgrade", "websocket")),
            ("/reports/x", ("upgrade", "websocket")),
            ("/reports/x", ("accept", "*/*")),
        ] {
            let anonymous = sample.send(method, url, &[host, extra]);
            assert_eq!(code(anonymous), (401, "no_credential".to_owned()), "{method} {url}");
            let without_plan = sample.send(method, url, &[host, extra, ("authorization", &free)]);
            assert_eq!(code(without_plan), (403, "plan_required".to_owned()), "{method} {url}");
            let elsewhere =
                sample.send(method, &url.replacen("/reports", "/orders", 1), &[host, extra, ("authorization", &free)]);
            allowed(elsewhere);
        }
    }
    // HEAD goes with GET, and with nothing else.
    assert!(matches!(sample.send("HEAD", "/health", &[host]), Decision::Allow(_)));
    for method in ["POST", "get", "Get", "OPTIONS"] {
        assert_eq!(code(sample.send(method, "/health", &[host])), (403, "no_rule".to_owned()), "{method}");
    }
    for method in ["", "GE T", "GET\r\n", "G\u{c9}T"] {
        assert_eq!(code(sample.send(method, "/health", &[host])), (400, "bad_request".to_owned()), "{method:?}");
    }
    // A WebSocket is a request that a page of another site can make with our cookie.
    let cookie = format!("__Host-access_token={}", sample.token(serde_json::json!({})));
    let upgrade = [host, ("upgrade", "websocket"), ("connection", "Upgrade"), ("cookie", &cookie)];
    assert_eq!(code(sample.send("GET", ORDERS, &upgrade)), (403, "cross_site".to_owned()));
    let same = [&upgrade[..], &[("origin", "https://acme.api.example.com")]].concat();
    allowed(sample.send("GET", ORDERS, &same));
}

// catalogue: I05, I06, I07
#[test]
fn odd_plans_and_permissions_never_open_a_rule() {
    let sample = sample(serde_json::json!({}));
    let at = |extra: serde_json::Value| {
        let answer = denied(sample.get("/reports/x", &sample.token(extra)));
        (answer.status, answer.code)
    };
    let reader = serde_json::json!(["reports:read"]);
    for plan in [
        serde_json::json!(["pro"]),
        serde_json::json!(3),
        serde_json::json!({ "pro": true }),
        serde_json::json!(""),
        serde_json::json!(true),
    ] {
        let extra = serde_json::json!({ "plan": plan, "permissions": reader });
        assert_eq!(at(extra), (401, "claim_malformed".to_owned()), "{plan}");
    }
    for plan in [
        serde_json::Value::Null,
        "Pro".into(),
        "PRO".into(),
        "pr".into(),
        "platinum".into(),
        "pro,x".into(),
        "*".into(),
    ] {
        let extra = serde_json::json!({ "plan": plan, "permissions": reader });
        assert_eq!(at(extra), (403, "plan_required".to_owned()), "{plan}");
    }
    for permissions in [
        serde_json::json!([]),
        serde_json::json!(["superreports:read"]),
        serde_json::json!(["reports:read:all"]),
        serde_json::json!(["reports:*", "*", "Reports:Read", "reports:read "]),
        serde_json::json!("xreports:read reports:readx"),
        serde_json::json!("[\"reports\",\"read\"]"),
    ] {
        let extra = serde_json::json!({ "plan": "pro", "permissions": permissions });
        assert!(
            [(403, "permission_required".to_owned()), (403, "unsendable_identity".to_owned())].contains(&at(extra))
        );
    }
    for permissions in
        [serde_json::json!({ "reports:read": true }), serde_json::json!(["reports:read", 1]), serde_json::json!(7)]
    {
        let extra = serde_json::json!({ "plan": "pro", "permissions": permissions });
        assert_eq!(at(extra), (401, "claim_malformed".to_owned()), "{permissions}");
    }
}

// catalogue: I01, I02, I03
#[test]
fn no_tenant_stands_in_for_another() {
    let sample = sample(serde_json::json!({}));
    let at = |tenant: serde_json::Value, host: &str| {
        let authorization = format!("Bearer {}", sample.token(serde_json::json!({ "tenant_id": tenant })));
        let url = format!("https://{host}.api.example.com/orders");
        denied(sample.send("GET", &url, &[("authorization", &authorization)])).code
    };
    for tenant in ["default", "null", "undefined", "acm", "acmee", "globex", "acme-", "acme_"] {
        assert_eq!(at(tenant.into(), "acme"), "tenant_mismatch", "{tenant}");
    }
    for tenant in [
        "*",
        "Acme",
        "acme ",
        "acme\0",
        "%61cme",
        "../acme",
        "acme,globex",
        "ac\u{200d}me",
        "\u{430}cme",
        "acm\u{65}\u{301}",
    ] {
        assert_eq!(at(tenant.into(), "acme"), "tenant_malformed", "{tenant:?}");
    }
    for tenant in
        [serde_json::json!(["acme"]), serde_json::json!({ "acme": 1 }), serde_json::json!(true), serde_json::json!("")]
    {
        assert_eq!(at(tenant.clone(), "acme"), "tenant_malformed", "{tenant}");
    }
    assert_eq!(at(serde_json::Value::Null, "acme"), "tenant_missing");
    assert_eq!(at(serde_json::Value::Null, "default"), "tenant_missing");
}

// catalogue: M14
#[test]
fn an_unknown_key_and_a_bad_signature_get_one_answer() {
    let sample = sample(serde_json::json!({}));
    let claims = serde_json::json!({ "iss": "https://issuer.example", "aud": "orders", "exp": NOW + 60.0, "sub": "u", "tenant_id": "acme" });
    let stranger = crate::testing::Signer::es256("k1");
    let forged = denied(sample.get("/orders", &stranger.token(&claims.to_string())));
    let unknown = crate::testing::Signer::es256("k9");
    let unknown = denied(sample.get("/orders", &unknown.token(&claims.to_string())));
    assert_eq!((forged.code.as_str(), unknown.code.as_str()), ("signature_invalid", "unknown_key"));
    assert_eq!((forged.status, forged.headers, forged.body), (unknown.status, unknown.headers, unknown.body));
}
