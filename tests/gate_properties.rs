//! What holds for any request, tenant id or configuration: no spelling of a path gets round a rule, no two accepted tenant
//! ids are one to any origin, and no configuration traps. Refuses to pass on generators that never reach what they test.
#![cfg(not(target_family = "wasm"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod origins;
mod requests;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use requests::{NOW, bearer, config, runner, spelling};
use serde_json::{Value, json};
use tollgate::{Decision, Gate, Request, Try, Verifier};

fn gate(extra: Value) -> Gate {
    Gate::from_json(&config(extra).to_string()).unwrap()
}

fn allows(gate: &Gate, url: &str, headers: &[(&str, &str)]) -> bool {
    let request = Request { method: "GET", url, headers };
    matches!(gate.check(&request, NOW, Try::Last).decision, Decision::Allow(_))
}

// catalogue: L14
#[test]
fn no_spelling_of_a_path_brings_a_free_plan_to_what_any_origin_takes_for_a_report() {
    let gate = gate(json!({}));
    let (free, pro) = (bearer("acme", "free"), bearer("acme", "pro"));
    let (allowed, dangerous) = (Cell::new(0), Cell::new(0));
    let checked = runner(120_000).run(&(spelling(), any::<bool>()), |(path, is_absolute)| {
        // Without its slash, what follows would be read as part of the host.
        let origin = if is_absolute && path.starts_with('/') { "https://acme.api.example.com" } else { "" };
        let url = format!("{origin}{path}");
        let host = ("host", "acme.api.example.com");
        let report = origins::serving_a_report(&path);
        dangerous.set(dangerous.get() + u32::from(report.is_some()));
        if allows(&gate, &url, &[host, ("authorization", &free)]) {
            allowed.set(allowed.get() + 1);
            prop_assert_eq!(report, None, "{}", path);
        }
        // Nor does a spelling bring a stranger past the public rule.
        if allows(&gate, &url, &[host]) {
            prop_assert_eq!(path.split('?').next(), Some("/health"));
        }
        Ok(())
    });
    checked.unwrap();
    assert!(allowed.get() > 10_000 && dangerous.get() > 10_000, "{} and {}", allowed.get(), dangerous.get());
    // The rule itself works: what it is about does pass with the plan.
    assert!(allows(&gate, "/reports/x", &[("authorization", &pro)]));
    assert!(!allows(&gate, "/reports/x", &[("authorization", &free)]));
}

// catalogue: L14
#[test]
fn the_model_origins_fall_for_every_spelling_that_a_gate_must_refuse() {
    for path in [
        "/reports",
        "/reports/",
        "/Reports/x",
        "/%72eports/x",
        "/reports;v=1/x",
        "/x/..%2freports/y",
        "/x/%2e%2e/reports/y",
        "//reports/x",
        "/%2572eports",
        "/report%C5%BF",
        "/x\\..\\reports",
        "/reports%3Fx",
        "/reports%00",
        "/x/%252e%252e/reports",
    ] {
        assert!(origins::serving_a_report(path).is_some(), "{path}");
    }
    for path in ["/", "/health", "/x/reports", "/orders/reports", "/reportsx", "/report", "/orders/7?x=/reports"] {
        assert_eq!(origins::serving_a_report(path), None, "{path}");
    }
}

/// Ids that are one another's neighbours: the same few letters, in every disguise.
fn tenant_id() -> impl Strategy<Value = String> {
    let letter = select(
        [
            "a", "A", "b", "-", "_", "0", ".", " ", "\0", "\n", "%61", "/", ",", "\u{430}", "\u{e1}", "a\u{301}",
            "\u{200d}", "\u{ff41}", "\u{17f}", "s", "\u{131}", "i", "\u{212a}", "k", "\u{df}", "ss", "*",
        ]
        .as_slice(),
    );
    prop::collection::vec(letter, 0..=3).prop_map(|letters| letters.concat())
}

// catalogue: I03, I04
#[test]
fn no_two_accepted_tenant_ids_compare_equal_and_none_is_taken_for_another() {
    let by_header = gate(json!({ "tenant": { "from": { "header": "x-tenant" } } }));
    let by_host = gate(json!({ "tenant": { "from": { "host": "{tenant}.example.com" } } }));
    let by_path = gate(json!({
        "tenant": { "from": { "path": true } }, "rules": [{ "path": "/{tenant}/{*rest}" }],
    }));
    let accepted = Cell::new(0);
    let checked = runner(6_000).run(&(tenant_id(), tenant_id()), |(one, other)| {
        let token = bearer(&one, "free");
        let authorization = ("authorization", token.as_str());
        let asks = |id: &str| {
            let host = format!("https://{id}.example.com/x");
            [
                allows(&by_header, "/x", &[authorization, ("x-tenant", id)]),
                allows(&by_host, &host, &[authorization]),
                allows(&by_path, &format!("/{id}/x"), &[authorization]),
            ]
        };
        let is_accepted = asks(&one)[0];
        accepted.set(accepted.get() + u32::from(is_accepted));
        let crossed = asks(&other);
        // Hosts have no letter case, so there the id that is asked for is the lower-case one; and in a path it ends at
        // the first slash.
        let in_path = other.split('/').next() == Some(one.as_str());
        let is_same = [one == other, one == other.to_ascii_lowercase(), in_path];
        for (crossed, is_same) in crossed.into_iter().zip(is_same) {
            prop_assert!(!crossed || (is_same && is_accepted), "{:?} reached {:?}", one, other);
        }
        if is_accepted {
            // As an origin may see it that trims, decodes, or ignores case, and as a header or file name.
            prop_assert_eq!(origins::decoded(one.trim()).to_lowercase().to_uppercase().to_lowercase(), one.clone());
            prop_assert!(one.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')), "{:?}", one);
        }
        Ok(())
    });
    checked.unwrap();
    assert!(accepted.get() > 100, "{}", accepted.get());
}

const WORDS: &[&str] = &[
    "issuer",
    "issuers",
    "jwks",
    "keys",
    "rules",
    "path",
    "/{*rest}",
    "/{tenant}/x",
    "*",
    "{tenant}.example",
    "ES256",
    "https://a.example",
    "cognito",
    "auth0",
    "any",
    "pass",
    "(",
    "a|b",
    "(?x)#",
    "",
    "\u{0}",
    "\u{1f600}",
    "kty",
    "EC",
    "http://127.0.0.1",
    "https://",
    "https://[",
    "//",
    "-1",
    "user",
    "GET",
    "AQAB",
];

/// Any JSON, with the names and values of a configuration among it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-2..400i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(WORDS).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((select(WORDS), inner), 0..4)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

/// Every place in a document, deepest last.
fn places(value: &Value, at: String, found: &mut Vec<String>) {
    found.push(at.clone());
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                places(inner, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                places(inner, format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Starts a gate and a verifier if they will, and uses what started.
fn start_and_use(text: &str) -> Result<bool, TestCaseError> {
    let refusal = |error: tollgate::Error| {
        prop_assert_eq!(error.code(), "config_invalid", "{}", text);
        Ok(false)
    };
    if let Err(error) = Verifier::from_json(text) {
        refusal(error)?;
    }
    let mut gate = match Gate::from_json(text) {
        Ok(gate) => gate,
        Err(error) => return refusal(error),
    };
    let token = bearer("acme", "pro");
    for url in ["/", "/reports/x", "https://acme.example.com/a%2Fb/%3F", "https://[::1]:1/\u{e9}", ""] {
        for method in ["GET", "OPTIONS", ""] {
            let headers = [
                ("authorization", token.as_str()),
                ("origin", "https://app.example.com"),
                ("access-control-request-method", "PUT"),
                ("cookie", "a=b; =; __Host-access_token=x.y.z"),
                ("host", "acme.example.com"),
            ];
            gate.check(&Request { method, url, headers: &headers }, NOW, Try::First);
        }
    }
    for issuer in 0..3 {
        if let Some(start) = gate.verifier_mut().begin_fetch(issuer, NOW) {
            gate.verifier_mut().fetch_succeeded(issuer, start.id, NOW, NOW, text.as_bytes());
        }
    }
    Ok(true)
}

#[test]
fn any_change_to_a_configuration_starts_or_is_refused_by_name_and_never_traps() {
    let base = config(json!({}));
    let mut all = Vec::new();
    places(&base, String::new(), &mut all);
    let (started, refused) = (Cell::new(0), Cell::new(0));
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any_json()), 0..=2);
    let checked = runner(4_000).run(&changes, |changes| {
        let mut changed = base.clone();
        for (at, value) in changes {
            if let Some(place) = changed.pointer_mut(&all[at.index(all.len())]) {
                *place = value;
            }
        }
        let count = if start_and_use(&changed.to_string())? { &started } else { &refused };
        count.set(count.get() + 1);
        Ok(())
    });
    checked.unwrap();
    assert!(started.get() > 100 && refused.get() > 100, "{} and {}", started.get(), refused.get());
}

#[test]
fn any_text_as_a_configuration_is_refused_by_name_and_never_traps() {
    let texts = prop_oneof![
        "(?s).{0,60}",
        any_json().prop_map(|value| value.to_string()),
        "[\\[\\]{}:,\"a-z0-9\\\\ ]{0,60}",
        (0..200usize).prop_map(|depth| format!(r#"{{"issuers":{}"#, "[".repeat(depth * depth))),
    ];
    runner(4_000)
        .run(&texts, |text| {
            prop_assert!(!start_and_use(&text)?, "{}", text);
            Ok(())
        })
        .unwrap();
}
