//! The machine, driven as a host would: with a store that keeps the promise, a clock and a hook of the test's own.

mod endpoints;
mod faults;
mod sessions;

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::*;
use crate::testing::{encode, keys_document, private_jwk};

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600;
const ISSUER: &str = "https://api.example.com";
const WEB: &str = "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww";
const JOBS: &str = "jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const ACCESS_COOKIE: &str = "__Host-access_token";

fn hash(secret: &str) -> String {
    format!("sha256:{}", encode(Sha256::digest(secret)))
}

/// A service with a hook, cookies and CORS, and three clients: of browsers, of all rights, of one tenant.
fn config() -> Json {
    json!({
        "tokens": {
            "issuer": ISSUER, "audience": "orders-api", "entitlements": {},
            "clients": [
                { "id": "web", "secretHashes": [hash(WEB)], "cookies": true },
                { "id": "jobs", "secretHashes": [hash(JOBS)], "revokeAll": true },
                { "id": "acme-admin", "secretHashes": [hash(JOBS)], "revokeAll": true, "tenants": ["acme"] },
            ],
        },
        "credentials": { "cookie": { "name": ACCESS_COOKIE, "origins": ["https://app.example.com"] } },
        "cors": { "origins": ["https://app.example.com"], "credentials": true },
    })
}

/// A store as the promise has it, of JSON texts as hosts hand them over.
#[derive(Clone, Default)]
struct Store {
    families: BTreeMap<String, Json>,
    marks: BTreeMap<String, (u64, u64)>,
}

impl Store {
    fn mark(&self, key: &str) -> Json {
        let (epoch, not_before) = self.marks.get(key).copied().unwrap_or_default();
        json!({ "epoch": epoch, "not_before": not_before })
    }

    fn loaded(&self, family: &Json, user: &Json, tenant: &Json) -> Json {
        let family = family.as_str().and_then(|id| self.families.get(id)).unwrap_or(&Json::Null);
        let (user, tenant) = (user.as_str().unwrap(), tenant.as_str().unwrap());
        json!({ "family": family, "user": self.mark(&format!("u#{user}")), "tenant": self.mark(&format!("t#{tenant}")) })
    }

    fn write(&mut self, record: &Json, there: impl Fn(Option<&Json>) -> bool) -> Json {
        let id = record["fam"].as_str().unwrap();
        let loaded = self.loaded(&record["fam"], &record["user"], &record["tenant"]);
        if !there(self.families.get(id)) {
            return json!({ "written": { "done": false, "loaded": loaded } });
        }
        self.families.insert(id.to_owned(), record.clone());
        json!({ "written": { "done": true, "user": loaded["user"], "tenant": loaded["tenant"] } })
    }

    fn revoke(&mut self, id: &str, now_ms: &Json) -> bool {
        match self.families.get_mut(id) {
            Some(record) if record["revoked_at"].is_null() => {
                record["revoked_at"] = now_ms.clone();
                record["version"] = json!(record["version"].as_u64().unwrap() + 1);
                true
            }
            _ => false,
        }
    }

    fn revoke_all(&mut self, key: String, now_ms: u64) -> Json {
        let mark = self.marks.entry(key.clone()).or_default();
        *mark = (mark.0 + 1, mark.1.max(now_ms));
        self.mark(&key)
    }

    /// Does what a step says.
    fn perform(&mut self, step: &Json) -> Json {
        let record = &step["record"];
        match step["do"].as_str().unwrap() {
            "load" => {
                let at = &step["at"];
                json!({ "loaded": self.loaded(&at["family"], &at["user"], &at["tenant"]) })
            }
            "create" => self.write(record, |there| there.is_none()),
            "rotate" => self.write(record, |there| {
                there.is_some_and(|there| there["version"] == step["expected"] && there["revoked_at"].is_null())
            }),
            "revoke" => {
                json!({ "revoked": { "first": self.revoke(step["at"]["family"].as_str().unwrap(), &step["nowMs"]) } })
            }
            "revokeAll" => {
                let (kind, id) = step["target"].as_object().unwrap().iter().next().unwrap();
                let key = format!("{}#{}", &kind[..1], id.as_str().unwrap());
                json!({ "marked": self.revoke_all(key, step["nowMs"].as_u64().unwrap()) })
            }
            other => panic!("a step that no store knows: {other}"),
        }
    }
}

/// A host, and what it saw.
struct Host {
    tokens: Tokens,
    /// The keys' private parts, which nothing may hold.
    secrets: Vec<String>,
    store: Store,
    /// What the hook answers; none when it is down.
    hook: Option<Json>,
    now: f64,
    steps: u8,
    events: Vec<Json>,
    /// What was done, step by step.
    done: Vec<String>,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: u64,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn of(step: &Json) -> Self {
        assert_eq!(step["do"], "answer", "{step}");
        let answer = &step["answer"];
        Self {
            status: answer["status"].as_u64().unwrap(),
            headers: serde_json::from_value(answer["headers"].clone()).unwrap(),
            body: answer["body"].as_str().unwrap().to_owned(),
        }
    }

    fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap()
    }

    fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect()
    }

    fn refresh_token(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["refresh_token"].as_str().unwrap().to_owned()
    }

    fn access_claims(&self) -> Json {
        claims(self.json()["access_token"].as_str().unwrap())
    }

    /// The value and attributes of a cookie that is set.
    fn cookie(&self, name: &str) -> Option<(&str, &str)> {
        self.all("set-cookie").into_iter().find_map(|set| set.strip_prefix(name)?.strip_prefix('=')?.split_once("; "))
    }

    #[track_caller]
    fn is(&self, status: u64, error: &str) {
        assert_eq!((self.status, self.json()), (status, json!({ "error": error })));
        assert_eq!(self.all("cache-control"), ["no-store"]);
        assert_eq!(self.all("pragma"), ["no-cache"]);
        assert_eq!(self.all("content-type"), ["application/json"]);
    }
}

fn claims(token: &str) -> Json {
    serde_json::from_slice(&base64url::decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

use crate::base64url;

fn basic(id: &str, secret: &str) -> (&'static str, String) {
    ("authorization", format!("Basic {}", Base64::encode_string(format!("{id}:{secret}").as_bytes())))
}

impl Host {
    fn new() -> Self {
        Self::with(&config())
    }

    fn with(config: &Json) -> Self {
        let jwks = [private_jwk(), private_jwk()];
        let keys = keys_document(&[(NOW - 3_600, &jwks[0])], &[(NOW - 3_600, &jwks[1])]);
        Self::with_keys(config, &keys)
    }

    fn with_keys(config: &Json, keys: &str) -> Self {
        let document: Json = serde_json::from_str(keys).unwrap();
        let secrets = ["access", "refresh"].iter().flat_map(|list| document[*list].as_array().unwrap().clone());
        Self {
            tokens: Tokens::from_json(&config.to_string(), keys).unwrap(),
            secrets: secrets.map(|key| key["jwk"]["d"].as_str().unwrap().to_owned()).collect(),
            store: Store::default(),
            hook: Some(json!({ "member": true, "plan": "pro" })),
            now: NOW as f64,
            steps: 0,
            events: Vec::new(),
            done: Vec::new(),
        }
    }

    /// Takes note of a step, and checks that nothing secret leaves with it.
    fn taken(&mut self, step: &Step) -> Json {
        let text = Writer::text_of(step);
        let step: Json = serde_json::from_str(&text).unwrap();
        for secret in &self.secrets {
            assert!(!text.contains(secret.as_str()), "a key in {text}");
        }
        let apart = [&step["state"], &step["events"], &step["record"], &step["at"]].map(Json::to_string).concat();
        for part in [WEB, JOBS] {
            assert!(!apart.contains(part), "{part} in {apart}");
        }
        // A token, or a part of one. An id may have the first letters of a token, but is no longer than 22, and has no dot.
        let mut words = apart.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let is_part =
            |word: &str| word.contains("eyJ") && (word.contains('.') || word.starts_with("eyJ") && word.len() > 22);
        assert!(!words.any(is_part), "a token in {apart}");
        self.events.extend(step["events"].as_array().into_iter().flatten().cloned());
        self.done.push(step["do"].as_str().unwrap().to_owned());
        step
    }

    fn random(&mut self) -> [u8; 32] {
        self.steps = self.steps.wrapping_add(1);
        let mut random = [0; 32];
        rand::RngCore::fill_bytes(&mut rand::rngs::OsRng, &mut random);
        random
    }

    fn begin(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Json {
        let (url, random) = (format!("{ISSUER}{path}"), self.random());
        let step = self.tokens.begin(&Request { method, url: &url, headers }, body, self.now, &random);
        assert_eq!(self.tokens.serves(&url), step != Step::Pass, "{url}");
        self.taken(&step)
    }

    fn outcome(&mut self, step: &Json) -> Json {
        if step["do"] == "entitle" {
            return match &self.hook {
                Some(Json::Null) => json!({ "entitlements": null }),
                Some(answer) => json!({ "entitlements": answer.to_string() }),
                None => json!({ "failed": "entitlements" }),
            };
        }
        self.store.perform(step)
    }

    fn next(&mut self, step: &Json, outcome: &Json) -> Json {
        let random = self.random();
        let next = self.tokens.next(step["state"].as_str().unwrap(), &outcome.to_string(), self.now, &random);
        self.taken(&next)
    }

    /// Does one step.
    fn advance(&mut self, step: &Json) -> Json {
        let outcome = self.outcome(step);
        self.next(step, &outcome)
    }

    /// Does steps until one is of this kind.
    fn until(&mut self, mut step: Json, kind: &str) -> Json {
        while step["do"] != kind {
            assert_ne!(step["do"], "answer", "{step}");
            step = self.advance(&step);
        }
        step
    }

    fn finish(&mut self, mut step: Json) -> Answer {
        while step["do"] != "answer" {
            step = self.advance(&step);
        }
        Answer::of(&step)
    }

    fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let step = self.begin("POST", path, headers, body.as_bytes());
        self.finish(step)
    }

    /// Begins a `POST` of a client.
    fn ask(&mut self, client: (&str, &str), path: &str, body: &str) -> Json {
        let (name, value) = basic(client.0, client.1);
        self.begin("POST", path, &[(name, &value), FORM], body.as_bytes())
    }

    fn asked(&mut self, client: (&str, &str), path: &str, body: &str) -> Answer {
        let step = self.ask(client, path, body);
        self.finish(step)
    }

    fn log_in(&mut self) -> Answer {
        self.asked(("web", WEB), "/auth/token", "grant_type=urn:tollgate:session&user=u-1&tenant=acme")
    }

    fn begin_refresh(&mut self, token: &str) -> Json {
        self.ask(("web", WEB), "/auth/token", &format!("grant_type=refresh_token&refresh_token={token}"))
    }

    fn refresh(&mut self, token: &str) -> Answer {
        let step = self.begin_refresh(token);
        self.finish(step)
    }

    fn by_cookie(&mut self, path: &str, token: &str) -> Answer {
        let cookie = format!("a=b; __Host-refresh_token={token}");
        self.post(path, &[("cookie", &cookie), ("origin", ISSUER), ("sec-fetch-site", "same-origin")], "")
    }

    /// The types of the events since the last look.
    fn told(&mut self) -> Vec<String> {
        let told = std::mem::take(&mut self.events);
        told.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }

    /// Type and `why` of the only event since the last look.
    #[track_caller]
    fn told_why(&mut self) -> (String, String) {
        let told = std::mem::take(&mut self.events);
        assert_eq!(told.len(), 1, "{told:?}");
        let text = |name: &str| told[0][name].as_str().unwrap_or_default().to_owned();
        (text("type"), if told[0]["why"].is_null() { text("reason") } else { text("why") })
    }

    /// What was done since the last look.
    fn did(&mut self) -> String {
        std::mem::take(&mut self.done).join(" ")
    }
}

#[track_caller]
fn why(kind: &str, why: &str) -> (String, String) {
    (kind.to_owned(), why.to_owned())
}
