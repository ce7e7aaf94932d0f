//! What holds of any explanation: it never disagrees with the decision, one check at most fails, and nothing of a token is shown
//! that was not verified. Refuses to pass on a generator that misses a way in which a check can fail.
#![cfg(not(target_family = "wasm"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod requests;

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use requests::{NOW, bearer, config, jwk, new_key, runner, signed, signing_key, spelling};
use serde_json::{Value, json};
use tollgate::{Check, CheckOutcome, Decision, Gate, Request, Try};

/// What no explanation may hold of a token that is not verified, but which all the claims of such tokens hold.
const UNSEEN: &str = "unseen";

fn over(mut base: Value, extra: &Value) -> Value {
    base.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    base.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    base
}

fn claims(extra: &Value) -> String {
    let base = json!({
        "iss": "https://issuer.example", "aud": "orders", "exp": NOW as i64 + 600, "sub": "u1", "tenant_id": "acme", "plan": "pro",
        "permissions": ["reports:read"], "client_id": "web",
    });
    over(base, extra).to_string()
}

/// Tokens of every kind: one for each way to be refused, and several good ones.
fn tokens() -> Vec<String> {
    let now = NOW as i64;
    let (ours, other) = (signing_key(), new_key());
    let es256 = r#"{"alg":"ES256"}"#;
    let mut tokens: Vec<String> = [
        json!({}),
        json!({ "plan": "free" }),
        json!({ "tenant_id": "globex" }),
        json!({ "iat": now - 5, "scope": "orders:write a", "groups": ["owners"] }),
        json!({ "sub": "web" }),
        json!({ "tenant_id": null }),
        json!({ "tenant_id": "Acme" }),
        json!({ "tenant_id": 7 }),
        json!({ "tenant_id": "initech", "iat": now - 5 }),
        json!({ "iss": "https://unseen.example" }),
        json!({ "iss": 7 }),
        json!({ "iss": null }),
        json!({ "exp": null }),
        json!({ "exp": "1" }),
        json!({ "exp": now - 30 }),
        json!({ "exp": now - 29 }),
        json!({ "nbf": [] }),
        json!({ "nbf": now + 601 }),
        json!({ "nbf": now + 31 }),
        json!({ "iat": {} }),
        json!({ "iat": now + 31 }),
        json!({ "iat": now - 1_000 }),
        json!({ "aud": null }),
        json!({ "aud": 7 }),
        json!({ "aud": ["other"] }),
        json!({ "client_id": null }),
        json!({ "client_id": "" }),
        json!({ "client_id": "app" }),
        json!({ "azp": "app" }),
        json!({ "token_use": "id" }),
        json!({ "token_use": "access" }),
        json!({ "token_use": 7 }),
        json!({ "cnf": {} }),
        json!({ "jti": 7 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": "a\nb" }),
        json!({ "gty": false }),
        json!({ "plan": 7 }),
        json!({ "groups": [""] }),
        json!({ "permissions": [] }),
        json!({ "scope": 7 }),
    ]
    .iter()
    .map(|extra| signed(ours, es256, &claims(extra)))
    .collect();
    let unseen = claims(&json!({
        "sub": UNSEEN, "aud": [UNSEEN], "client_id": UNSEEN, "plan": UNSEEN, "tenant_id": UNSEEN, "jti": UNSEEN, "scope": UNSEEN,
        "permissions": [UNSEEN], "groups": [UNSEEN], "cnf": { "x": UNSEEN }, "token_use": UNSEEN,
    }));
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"ES256","typ":"logout+jwt"}"#,
        r#"{"alg":"ES256","kid":"k9"}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","zip":"DEF"}"#,
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"typ":"JWT"}"#,
        "[]",
    ] {
        tokens.push(signed(ours, header, &unseen));
    }
    tokens.push(signed(ours, &format!(r#"{{"alg":"{}"}}"#, "x".repeat(1_600)), &unseen));
    tokens.push(signed(&other, es256, &unseen));
    tokens.push(signed(&other, r#"{"alg":"ES256","kid":"k1"}"#, &claims(&json!({}))));
    tokens.push(signed(ours, r#"{"alg":"ES256","kid":"k1"}"#, &claims(&json!({}))));
    tokens.push(signed(ours, es256, "[]"));
    tokens.push(signed(ours, es256, r#"{"iss":"unseen","iss":"unseen"}"#));
    let good = signed(ours, es256, &unseen);
    let (head, tail) = good.split_once('.').unwrap();
    tokens.extend([
        "junk".to_owned(),
        "a.b.c.d.e".to_owned(),
        format!("{good}="),
        format!("+{head}.{tail}"),
        format!("{head}..AAAA"),
        format!("{head}.{}", tail.split('.').next().unwrap()),
        "a".repeat(8_193),
    ]);
    tokens
}

/// Gates that between them use every member of the configuration that a request is judged by.
fn gates() -> Vec<Gate> {
    let issuer = |extra: Value| {
        let base = json!({
            "issuer": "https://issuer.example", "audience": "orders", "algorithms": ["ES256"], "jwks": { "keys": [jwk(signing_key())] },
        });
        json!([over(base, &extra)])
    };
    let named = |kid: &str| over(jwk(signing_key()), &json!({ "kid": kid }));
    let twin = over(jwk(&new_key()), &json!({ "kid": "k1" }));
    let rights = json!([
        { "path": "/health", "methods": ["GET"], "public": true },
        { "path": "/reports/{*rest}", "plans": ["pro"], "permissions": { "all": ["reports:read"] }, "encodedSlash": "pass" },
        { "path": "/orders/{id}", "groups": { "any": ["owners"] } },
        { "path": "/x/{*rest}", "scopes": { "all": ["orders:write"] } },
        { "path": "/x", "principals": ["client"] },
        { "path": "/", "principals": ["user", "client"], "tenant": "any" },
    ]);
    [
        json!({}),
        json!({ "cors": null, "verifiedTokenCache": {} }),
        json!({ "tenant": { "from": { "host": "{tenant}.api.example.com" } }, "credentials": { "header": true } }),
        json!({ "tenant": { "from": { "header": "x-tenant" } }, "rules": rights, "cors": null, "verifiedTokenCache": {} }),
        json!({ "tenant": { "required": false }, "rules": rights, "upstream": null }),
        json!({ "issuers": issuer(json!({ "tenants": ["acme", "globex"], "maxAgeSeconds": 900 })) }),
        json!({ "issuers": issuer(json!({ "clientIds": ["web"], "audience": null, "tokenUse": ["access"] })) }),
        json!({ "issuers": issuer(json!({ "jwks": { "keys": [named("k1"), twin] } })) }),
        json!({ "issuers": issuer(json!({ "jwks": null, "jwksUri": "https://issuer.example/jwks.json" })) }),
    ]
    .iter()
    .map(|extra| Gate::from_json(&over(config(json!({})), extra).to_string()).unwrap())
    .collect()
}

/// A request, by its parts.
#[derive(Debug, Clone)]
struct Asked {
    gate: usize,
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    now: f64,
    attempt: Try,
}

const FIELDS: &[(&str, &str)] = &[
    ("host", "acme.api.example.com"),
    ("Host", "globex.api.example.com"),
    ("origin", "https://app.example.com"),
    ("origin", "https://evil.example"),
    ("sec-fetch-site", "same-origin"),
    ("access-control-request-method", "PUT"),
    ("x-tenant", "acme"),
    ("X-Tenant", "globex"),
    ("cookie", "a=b"),
    ("connection", "close"),
    ("upgrade", "websocket"),
    ("authorization", "Basic abc"),
    ("accept", "*/*"),
];
const BAD_FIELDS: &[(&str, &str)] = &[("host", "a!"), ("a b", "c"), ("a", "b\r\nc: d"), ("", ""), ("a", "\0")];

/// Where a token is shown, if it is.
fn credential(tokens: Vec<String>) -> impl Strategy<Value = Vec<(&'static str, String)>> {
    // The first is good, so that some come further than the token.
    let good = tokens[0].clone();
    let token = prop_oneof![1 => Just(good.clone()), 4 => select(tokens)].boxed();
    let in_header = |token: String| ("authorization", format!("Bearer {token}"));
    let in_cookie = |token: String| ("cookie", format!("__Host-access_token={token}"));
    prop_oneof![
        40 => token.clone().prop_map(move |token| vec![in_header(token)]),
        10 => token.clone().prop_map(move |token| vec![in_cookie(token)]),
        1 => token.prop_map(move |token| vec![in_header(token.clone()), in_cookie(token)]),
        1 => Just(vec![in_header(good.clone()), in_cookie("other".to_owned())]),
        1 => Just(vec![("authorization", bearer("acme", "free")), ("authorization", bearer("acme", "free"))]),
        1 => Just(vec![("authorization", "Bearer".to_owned())]),
        1 => Just(vec![in_header(good), ("cookie", format!("a={}", "b".repeat(16 * 1024)))]),
        1 => Just(Vec::new()),
    ]
}

fn url() -> impl Strategy<Value = String> {
    let origin = prop_oneof![
        16 => select(vec!["https://acme.api.example.com", "http://ACME.api.example.com.:80", ""]),
        2 => select(vec!["https://api.example.com", "wss://globex.api.example.com"]),
        1 => select(vec!["https://a!", "ftp://a"]),
    ];
    let path = prop_oneof![
        10 => select(vec!["/", "/x", "/x/y", "/reports/x", "/orders/7", "/health"]).prop_map(str::to_owned),
        3 => spelling(),
    ];
    let query = prop_oneof![20 => select(vec!["", "?page=2"]), 1 => Just("?a=\u{e9}")];
    let long = prop_oneof![100 => Just(0usize), 1 => Just(8 * 1024)];
    (origin, path, query, long)
        .prop_map(|(origin, path, query, long)| format!("{origin}{path}{query}{}", "x".repeat(long)))
}

fn asked(gates: usize) -> impl Strategy<Value = Asked> {
    let field = |fields: &'static [(&'static str, &'static str)]| {
        select(fields).prop_map(|(name, value)| (name, value.to_owned()))
    };
    let fields = prop_oneof![
        60 => prop::collection::vec(field(FIELDS), 0..=2),
        1 => prop::collection::vec(field(BAD_FIELDS), 1..=2),
        1 => Just(vec![("a", "b".to_owned()); 129]),
    ];
    let method = prop_oneof![
        16 => Just("GET"),
        5 => select(vec!["HEAD", "POST", "OPTIONS", "OPTIONS", "OPTIONS", "PUT", "get"]),
        1 => select(vec!["", "G T"]),
    ];
    let now = prop_oneof![40 => Just(NOW), 1 => Just(f64::NAN), 1 => Just(0.0), 1 => Just(NOW + 1_000.0)];
    let attempt = select(vec![Try::First, Try::Last]);
    let parts = (0..gates, method, url(), credential(tokens()), fields, now, attempt);
    parts.prop_map(|(gate, method, url, credential, fields, now, attempt)| {
        let headers = credential.into_iter().chain(fields).collect();
        Asked { gate, method, url, headers, now, attempt }
    })
}

/// The code of what is no allow.
fn code(decision: &Decision) -> Option<&str> {
    match decision {
        Decision::Allow(_) => None,
        Decision::Deny(answer) | Decision::Unavailable(answer) => Some(&answer.code),
    }
}

/// Passes, then one failure with the decision's code where it is no allow, then what was not reached.
fn check_shape(checks: &[Check], code: Option<&str>) -> Result<Option<(&'static str, &'static str)>, TestCaseError> {
    let mut failed = None;
    for check in checks {
        let expected = match (failed, check.outcome) {
            (None, CheckOutcome::Fail) => CheckOutcome::Fail,
            (None, _) => CheckOutcome::Pass,
            (Some(_), _) => CheckOutcome::NotReached,
        };
        prop_assert_eq!(check.outcome, expected, "{:?}", check);
        prop_assert_eq!(check.code.is_some(), check.outcome == CheckOutcome::Fail, "{:?}", check);
        match check.outcome {
            CheckOutcome::Fail => {
                prop_assert!(check.found.is_some(), "{:?}", check);
                failed = Some((check.name, check.code.unwrap()));
            }
            CheckOutcome::NotReached => prop_assert_eq!(&check.found, &None, "{:?}", check),
            CheckOutcome::Pass => {}
        }
    }
    prop_assert_eq!(failed.map(|(_, code)| code), code);
    Ok(failed)
}

/// Nothing of a credential is shown as it came, and no claim before the signature holds.
fn check_secrets(checks: &[Check]) -> Result<(), TestCaseError> {
    let holds = checks.iter().any(|check| check.name == "signature" && check.outcome == CheckOutcome::Pass);
    for text in checks.iter().flat_map(|check| [&check.expected, &check.found]).flatten() {
        // How every base64url of a JSON object starts.
        prop_assert!(!text.contains("eyJ"), "{}", text);
        prop_assert!(holds || !text.contains(UNSEEN), "{}", text);
    }
    Ok(())
}

/// What the page says can happen: each check, with each of its codes.
fn on_the_page() -> BTreeSet<(&'static str, &'static str)> {
    let (_, table) = include_str!("../docs/EXPLAIN.md").split_once("| check | what must hold |").unwrap();
    let words = |cell: &'static str| cell.split('`').skip(1).step_by(2);
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        words(cells[3]).map(move |code| (words(cells[1]).next().unwrap(), code))
    })
    .collect()
}

#[test]
fn explain_and_check_agree_on_100_000_requests_and_each_code_of_the_page_is_among_them() {
    let gates = gates();
    let seen = RefCell::new(BTreeSet::new());
    let checked = runner(100_000).run(&asked(gates.len()), |asked| {
        let headers: Vec<_> = asked.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = Request { method: asked.method, url: &asked.url, headers: &headers };
        let gate = &gates[asked.gate];
        let before = gate.check(&request, asked.now, asked.attempt);
        let explanation = gate.explain(&request, asked.now, asked.attempt);
        let after = gate.check(&request, asked.now, asked.attempt);
        prop_assert_eq!(&explanation.checked.decision, &before.decision);
        prop_assert_eq!(&explanation.checked.decision, &after.decision);
        let told = &explanation.checked;
        prop_assert_eq!((told.issuer, told.keys_due), (before.issuer, before.keys_due));
        let failed = check_shape(&explanation.checks, code(&before.decision))?;
        check_secrets(&explanation.checks)?;
        seen.borrow_mut().extend(failed);
        Ok(())
    });
    checked.unwrap();
    let seen = seen.into_inner();
    let page = on_the_page();
    // A gate refuses a longer token where it looks for it.
    let missing: Vec<_> = page.difference(&seen).filter(|pair| **pair != ("token_form", "token_too_large")).collect();
    assert!(missing.is_empty(), "never generated: {missing:?}");
    assert!(seen.is_subset(&page), "not on the page: {:?}", seen.difference(&page).collect::<Vec<_>>());
}
