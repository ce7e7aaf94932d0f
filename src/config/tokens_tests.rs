//! What the `tokens` member may say.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value as Json, json};

use super::*;
use crate::config::{from_value, parse};

fn hash() -> String {
    format!("sha256:{}", "A".repeat(43))
}

fn minimal() -> Json {
    json!({
        "issuer": "https://api.example.com", "audience": "orders-api", "entitlements": null,
        "clients": [{ "id": "web", "secretHashes": [hash()] }],
    })
}

/// The least configuration with one member of another value.
fn with(member: &str, value: Json) -> Json {
    let mut config = minimal();
    config[member] = value;
    config
}

fn with_client(member: &str, value: Json) -> Json {
    let mut config = minimal();
    config["clients"][0][member] = value;
    config
}

fn checked(config: Json) -> Result<TokenService, Error> {
    let service: TokenService = from_value(config)?;
    service.check()?;
    Ok(service)
}

fn says(config: Json, member: &str, problem: &str) {
    let error = checked(config.clone()).map(|_| ()).unwrap_err();
    assert_eq!(error, Error::config(member, problem), "{config}");
}

#[test]
fn fills_in_the_defaults() {
    let service = checked(minimal()).unwrap();
    assert_eq!((service.prefix.as_str(), service.keys.as_slice()), ("/auth", ["TOLLGATE_KEYS".to_owned()].as_slice()));
    assert_eq!((service.access_token_seconds, service.family_seconds), (900, 2_592_000));
    assert_eq!((service.idle_seconds, service.grace_seconds), (None, 10));
    assert_eq!(service.store.durable_object, "TOLLGATE_FAMILIES");
    assert_eq!(service.entitlements, Some(None));
    let client = &service.clients[0];
    assert_eq!((client.cookies, client.revoke_all, &client.tenants), (false, false, &None));
    assert_eq!(client.hashes().collect::<Vec<_>>(), [[0; 32]]);
    assert_eq!(service.refresh_audience(), "https://api.example.com/auth/token");
}

#[test]
fn reads_its_members_of_the_whole_document() {
    let document = json!({
        "tokens": minimal(), "credentials": { "cookie": { "name": "__Host-access" } }, "tenant": { "pattern": "[a-z]+" },
        "cors": { "origins": ["https://app.example.com"] }, "issuers": 1, "rules": null, "clockToleranceSeconds": "",
        "identity": [], "upstream": {},
    });
    let config: TokensConfig = parse(&document.to_string()).unwrap();
    assert_eq!(config.credentials.cookie.map(|cookie| cookie.name), Some("__Host-access".to_owned()));
    assert_eq!(config.tenant.pattern.as_deref(), Some("[a-z]+"));
    assert!(config.cors.is_some());
    let refused = |document: &Json| parse::<TokensConfig>(&document.to_string()).map(|_| ()).unwrap_err().to_string();
    assert!(refused(&json!({})).contains("expected a member tokens"));
    let mut unknown = document.clone();
    unknown["token"] = json!(1);
    assert!(refused(&unknown).contains("token: unknown member"));
    unknown = document;
    unknown["tokens"]["client"] = json!([]);
    assert!(refused(&unknown).contains("tokens.client: unknown member"));
}

#[test]
fn names_what_is_missing() {
    for member in ["issuer", "audience", "clients"] {
        let mut config = minimal();
        config.as_object_mut().unwrap().remove(member);
        says(config, "", &format!("expected a member {member}"));
    }
    let mut config = minimal();
    config.as_object_mut().unwrap().remove("entitlements");
    says(config, "tokens.entitlements", "is missing; null says that every user is a member of every tenant");
    says(with("clients", json!([])), "tokens.clients", "expected at least one client");
}

#[test]
fn takes_an_issuer_that_addresses_can_be_made_from() {
    for issuer in ["https://a.example", "https://a.example:8443/x", "http://127.0.0.1:8080", "http://localhost"] {
        assert!(checked(with("issuer", json!(issuer))).is_ok(), "{issuer}");
    }
    let problem = "expected an https URL (http only to loopback) without a final slash, a query or a fragment";
    for issuer in
        ["", "a.example", "http://a.example", "https://a.example/", "https://a.example?x", "https://a.example#"]
    {
        says(with("issuer", json!(issuer)), "tokens.issuer", problem);
    }
}

#[test]
fn takes_an_audience_that_refresh_tokens_do_not_have() {
    for audience in [json!("orders-api"), json!(["a", "b"]), json!("https://api.example.com/auth")] {
        assert!(checked(with("audience", audience.clone())).is_ok(), "{audience}");
    }
    for audience in [json!(""), json!([]), json!(["a", ""])] {
        says(with("audience", audience), "tokens.audience", "expected at least one text, none of them empty");
    }
    let refresh = "https://api.example.com/auth/token";
    for audience in [json!(refresh), json!(["orders-api", refresh])] {
        says(with("audience", audience), "tokens.audience", "expected another than that of refresh tokens");
    }
}

#[test]
fn takes_a_prefix_of_plain_segments() {
    for prefix in ["/auth", "/a/b/c/d", "/a-b_0"] {
        assert!(checked(with("prefix", json!(prefix))).is_ok(), "{prefix}");
    }
    for prefix in
        ["", "/", "auth", "/auth/", "//auth", "/a/b/c/d/e", "/Auth", "/a.b", "/a%20", "/..", "/{x}", "/\u{e4}"]
    {
        let problem = "expected / and 1 to 4 segments of a-z, 0-9, _ and -";
        says(with("prefix", json!(prefix)), "tokens.prefix", problem);
    }
}

#[test]
fn bounds_every_time_on_both_sides() {
    let limits = [
        ("accessTokenSeconds", 60, 3_600, "60 to 3600"),
        ("familySeconds", 901, 34_560_000, "300 to 34560000"),
        ("graceSeconds", 0, 60, "0 to 60"),
        ("idleSeconds", 901, 2_592_000, "more than accessTokenSeconds, and at most familySeconds"),
    ];
    for (member, least, most, range) in limits {
        for good in [least, most] {
            assert!(checked(with(member, json!(good))).is_ok(), "{member} {good}");
        }
        says(with(member, json!(most + 1)), &format!("tokens.{member}"), &format!("expected {range}"));
    }
    says(with("accessTokenSeconds", json!(59)), "tokens.accessTokenSeconds", "expected 60 to 3600");
    says(with("familySeconds", json!(299)), "tokens.familySeconds", "expected 300 to 34560000");
    says(with("familySeconds", json!(900)), "tokens.familySeconds", "expected more than accessTokenSeconds");
    says(
        with("idleSeconds", json!(900)),
        "tokens.idleSeconds",
        "expected more than accessTokenSeconds, and at most familySeconds",
    );
    let mut short = with("familySeconds", json!(300));
    short["accessTokenSeconds"] = json!(299);
    assert!(checked(short).is_ok());
}

#[test]
fn takes_the_names_of_bindings_and_secrets() {
    for keys in [json!(["K"]), json!(["A", "B", "C", "D", "E", "F", "G", "H_2"])] {
        assert!(checked(with("keys", keys)).is_ok());
    }
    let problem = "expected the names of 1 to 8 secrets, not the keys";
    for keys in [json!([]), json!([""]), json!(["{\"access\":[]}"]), json!(["2A"]), json!(vec!["A"; 9])] {
        says(with("keys", keys), "tokens.keys", problem);
    }
    says(with("keys", json!(["A", "A"])), "tokens.keys", "expected each name once");
    for name in ["", "a b", "9"] {
        let store = json!({ "durableObject": name });
        says(with("store", store), "tokens.store.durableObject", "expected the name of a binding");
        let hook = json!({ "service": name });
        says(with("entitlements", hook), "tokens.entitlements.service", "expected the name of a service binding");
    }
}

#[test]
fn bounds_how_long_entitlements_are_waited_for() {
    let hook = |timeout: u32| with("entitlements", json!({ "service": "E", "timeoutMilliseconds": timeout }));
    let read = checked(with("entitlements", json!({}))).unwrap().entitlements.unwrap().unwrap();
    assert_eq!(read, EntitlementsHook { service: None, timeout_milliseconds: 2_000 });
    for good in [100, 10_000] {
        assert!(checked(hook(good)).is_ok());
    }
    for bad in [0, 99, 10_001] {
        says(hook(bad), "tokens.entitlements.timeoutMilliseconds", "expected 100 to 10000");
    }
}

#[test]
fn takes_clients_whose_ids_need_no_encoding() {
    for id in ["a", "A.b_c~d-9", &"a".repeat(64)] {
        assert!(checked(with_client("id", json!(id))).is_ok(), "{id}");
    }
    for id in ["", "a b", "a:b", "a%20b", "a+b", "\u{e4}", &"a".repeat(65)] {
        says(with_client("id", json!(id)), "tokens.clients[0].id", "expected 1 to 64 letters, digits, . _ ~ and -");
    }
    let client = minimal()["clients"][0].clone();
    says(with("clients", json!([client, client])), "tokens.clients[1].id", "is another client's id too");
}

#[test]
fn takes_hashes_only() {
    assert!(checked(with_client("secretHashes", json!(vec![hash(); 4]))).is_ok());
    for hashes in [json!([]), json!(vec![hash(); 5])] {
        says(with_client("secretHashes", hashes), "tokens.clients[0].secretHashes", "expected 1 to 4 hashes");
    }
    let problem = "expected sha256: and 43 characters of base64url, as `npm run keys -- client` prints them";
    for bad in
        ["", "secret", &"A".repeat(43), &format!("sha256:{}", "A".repeat(42)), &format!("{}A", hash()), "SHA256:"]
    {
        let hashes = json!([hash(), bad]);
        says(with_client("secretHashes", hashes), "tokens.clients[0].secretHashes[1]", problem);
    }
}

#[test]
fn takes_a_list_of_tenants_that_says_something() {
    assert!(checked(with_client("tenants", json!(["acme", "globex"]))).is_ok());
    let problem = "expected at least one text, none of them empty";
    for tenants in [json!([]), json!(["acme", ""])] {
        says(with_client("tenants", tenants), "tokens.clients[0].tenants", problem);
    }
}
