//! Requests that are generated: a key and a configuration of the process, and spellings of paths. Judges nothing.
#![allow(unreachable_pub)]

use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use rand::RngCore;
use serde_json::{Value, json};

/// 2026-01-01T00:00:00Z.
pub const NOW: f64 = 1_767_225_600.0;

pub fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() })
}

/// The issuer's key of this process.
pub fn signing_key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(new_key)
}

pub fn new_key() -> SigningKey {
    let mut bytes = [0; 32];
    rand::rngs::OsRng.fill_bytes(&mut bytes);
    SigningKey::from_slice(&bytes).unwrap()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// A token with this header and payload, signed by this key.
pub fn signed(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature: Signature = key.sign(input.as_bytes());
    format!("{input}.{}", encode(signature.to_bytes()))
}

/// A credential of this tenant on this plan, who may read reports.
pub fn bearer(tenant: &str, plan: &str) -> String {
    let claims = json!({
        "iss": "https://issuer.example", "aud": "orders", "exp": NOW + 600.0, "sub": "u1",
        "tenant_id": tenant, "plan": plan, "permissions": ["reports:read"],
    });
    format!("Bearer {}", signed(signing_key(), r#"{"alg":"ES256"}"#, &claims.to_string()))
}

/// The public key as the configuration has it.
pub fn jwk(key: &SigningKey) -> Value {
    let point = key.verifying_key().to_sec1_point(false);
    let (x, y) = point.as_bytes()[1..].split_at(32);
    json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
}

/// The example configuration, with `extra` over its members.
pub fn config(extra: Value) -> Value {
    let key = jwk(signing_key());
    let mut config = json!({
        "issuers": [{ "issuer": "https://issuer.example", "audience": "orders", "algorithms": ["ES256"], "jwks": { "keys": [key] } }],
        "clockToleranceSeconds": 30,
        "credentials": { "header": true, "cookie": { "name": "__Host-access_token", "crossSite": "refuse", "origins": [] } },
        "tenant": { "required": true },
        "cors": { "origins": ["https://app.example.com"], "credentials": true },
        "rules": [
            { "path": "/health", "methods": ["GET"], "public": true },
            { "path": "/reports/{*rest}", "plans": ["pro", "enterprise"], "permissions": { "all": ["reports:read"] } },
            { "path": "/orders/{id}" },
            { "path": "/{*rest}" },
        ],
        "identity": { "send": ["user", "tenant", "plan", "permissions"] },
        "upstream": { "url": "https://origin.example", "secret": "ORIGIN_PROOF", "forwardCredentials": false },
    });
    config.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    config
}

/// One change to a path.
#[derive(Debug, Clone)]
enum Change {
    Insert(&'static str),
    Replace(&'static str),
    SwapCase,
    Encode { upper: bool, times: u8 },
    Remove,
}

/// What origins read differently from one another.
const PIECES: &[&str] = &[
    "/",
    "//",
    "/./",
    "/../",
    "/.",
    "/..",
    ".",
    "..",
    "./",
    "../",
    "%2f",
    "%2F",
    "%252f",
    "%25252F",
    "..%2f",
    "%2e%2e/",
    "%2E%2E%2F",
    ".%2e/",
    "%252e%252e/",
    "%5c",
    "%5C",
    "\\",
    "..\\",
    ";",
    ";v=1",
    ";/",
    "%3b",
    "%3Bv=1",
    "%00",
    "\0",
    "%2500",
    "%09",
    "%0a",
    "\t",
    " ",
    "%20",
    "+",
    "?",
    "?x=/",
    "#",
    "%3f",
    "%3F",
    "%23",
    "%2523",
    "%253F",
    "%",
    "%2",
    "%zz",
    "%u0072",
    "%c5%bf",
    "%C5%BF",
    "\u{17f}",
    "%E2%84%AA",
    "\u{212a}",
    "%c0%af",
    "%e0%80%af",
    "%c0%ae",
    "%EF%BD%92",
    "%C3%9F",
    "%CC%81",
    "%ff",
    "*",
    "~",
    ":",
    "@",
    "&",
    "reports",
    "x/../reports",
];

const STARTS: &[&str] = &[
    "/reports",
    "/reports/",
    "/reports/x",
    "/reports/x/y",
    "/Reports/x",
    "/health",
    "/orders/7",
    "/orders/7/lines",
    "/x",
    "/x/reports",
    "/",
    "",
];

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => select(PIECES).prop_map(Change::Insert),
        2 => select(PIECES).prop_map(Change::Replace),
        2 => Just(Change::SwapCase),
        3 => (any::<bool>(), 1..=2u8).prop_map(|(upper, times)| Change::Encode { upper, times }),
        1 => Just(Change::Remove),
    ]
}

/// A start with up to five changes, each at any character.
pub fn spelling() -> impl Strategy<Value = String> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), change()), 0..=5);
    (select(STARTS), changes).prop_map(|(start, changes)| {
        let mut path: Vec<char> = start.chars().collect();
        for (at, change) in changes {
            let at = at.index(path.len() + 1);
            let range = at..(at + 1).min(path.len());
            let old: String = path[range.clone()].iter().collect();
            let new = match change {
                Change::Insert(piece) => format!("{piece}{old}"),
                Change::Replace(piece) => piece.to_owned(),
                Change::SwapCase if old.chars().any(char::is_lowercase) => old.to_uppercase(),
                Change::SwapCase => old.to_lowercase(),
                Change::Encode { upper, times } => (0..times).fold(old, |text, _| percent_encode(&text, upper)),
                Change::Remove => String::new(),
            };
            path.splice(range, new.chars());
        }
        path.into_iter().collect()
    })
}

/// Every byte escaped; of an escape, its percent sign.
fn percent_encode(text: &str, upper: bool) -> String {
    let escape = |byte: u8| if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
    match text.strip_prefix('%') {
        Some(rest) if !rest.is_empty() => format!("%25{rest}"),
        _ => text.bytes().map(escape).collect(),
    }
}
