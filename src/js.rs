//! The wasm-bindgen face. Every answer is data, as JSON text; the only thing thrown is a real `Error` with `.code`, and
//! only while a configuration is read. It decides nothing.

use serde::Serialize;
use serde_json::json;
use wasm_bindgen::prelude::*;

use crate::decision::Decision;
use crate::error::Error;
use crate::gate::Gate;
use crate::request::Request;
use crate::verifier::{FetchOutcome, Try, Verifier};

/// A verifier or a gate, with its key sets.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core(Inner);

#[derive(Debug)]
enum Inner {
    Verifier(Box<Verifier>),
    Gate(Box<Gate>),
}

/// What a check answers: the decision, and which key sets to fetch.
#[derive(Serialize)]
struct CheckAnswer<'d> {
    #[serde(flatten)]
    decision: &'d Decision,
    /// The issuer whose keys are due before this can be decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<usize>,
    /// The issuer whose keys should be refreshed in the background.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh: Option<[usize; 1]>,
}

#[wasm_bindgen]
impl Core {
    /// Reads a verifier's configuration. Throws an `Error` with `code` and `member`.
    pub fn verifier(config: &str) -> Result<Core, JsValue> {
        Verifier::from_json(config).map(|verifier| Self(Inner::Verifier(Box::new(verifier)))).map_err(|e| thrown(&e))
    }

    /// Reads a gate's configuration. Throws an `Error` with `code` and `member`.
    pub fn gate(config: &str) -> Result<Core, JsValue> {
        Gate::from_json(config).map(|gate| Self(Inner::Gate(Box::new(gate)))).map_err(|e| thrown(&e))
    }

    /// Verifies a token.
    pub fn verify(&self, token: &str, now: f64, last_try: bool) -> String {
        match self.inner().verify(token, now, attempt(last_try)) {
            Ok(verified) => {
                let principal = json!(verified.principal);
                let refresh = self
                    .inner()
                    .background_due(verified.issuer, now)
                    .then(|| format!(",\"refresh\":[{}]", verified.issuer));
                format!(
                    "{{\"header\":{},\"claims\":{},\"principal\":{principal}{}}}",
                    verified.token.header_json(),
                    verified.token.claims_json(),
                    refresh.unwrap_or_default()
                )
            }
            Err(error) => error_json(&error).to_string(),
        }
    }

    /// Decides a request. `headers` are names and values in turn, joined by line feeds; `count` is the number of pairs.
    pub fn check(&self, method: &str, url: &str, headers: &str, count: usize, now: f64, last_try: bool) -> String {
        let Inner::Gate(gate) = &self.0 else {
            return error_json(&Error::config("rules", "is missing: this is a verifier, not a gate")).to_string();
        };
        let parts: Vec<&str> =
            if count == 0 && headers.is_empty() { Vec::new() } else { headers.split('\n').collect() };
        let pairs: Vec<(&str, &str)> =
            parts.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect();
        // A value that holds a line feed shows as a count that is off; the empty name then refuses the request.
        let fields: &[(&str, &str)] =
            if pairs.len() == count && parts.len().is_multiple_of(2) { &pairs } else { &[("", "")] };
        let checked = gate.check(&Request { method, url, headers: fields }, now, attempt(last_try));
        let due = checked.issuer.filter(|_| !checked.keys_due && gate_refresh(gate, checked.issuer, now));
        let answer = CheckAnswer {
            decision: &checked.decision,
            issuer: checked.issuer.filter(|_| checked.keys_due),
            refresh: due.map(|issuer| [issuer]),
        };
        serde_json::to_string(&answer).unwrap_or_default()
    }

    /// Positions of the issuers whose key sets are fetched.
    #[wasm_bindgen(js_name = remoteIssuers)]
    pub fn remote_issuers(&self) -> Vec<u32> {
        self.inner().remote_issuers().filter_map(|index| u32::try_from(index).ok()).collect()
    }

    /// Begins a fetch, or answers `null` when it is not time for one.
    #[wasm_bindgen(js_name = beginFetch)]
    pub fn begin_fetch(&mut self, issuer: usize, now: f64) -> String {
        let Some(start) = self.inner_mut().begin_fetch(issuer, now) else { return "null".to_owned() };
        let Some((name, url)) = self.inner().source(issuer) else { return "null".to_owned() };
        json!({ "id": start.id, "issuer": name, "url": url, "cachedSince": start.cached_since }).to_string()
    }

    /// Takes the body of a fetched key set; answers events.
    #[wasm_bindgen(js_name = fetchSucceeded)]
    pub fn fetch_succeeded(&mut self, issuer: usize, id: f64, now: f64, fetched_at: f64, body: &str) -> String {
        let outcome = self.inner_mut().fetch_succeeded(issuer, fetch_id(id), now, fetched_at, body.as_bytes());
        let name = self.inner().source(issuer).map(|(name, _)| name);
        let events = match outcome {
            FetchOutcome::Late => Vec::new(),
            FetchOutcome::Failed(error) => {
                vec![json!({ "type": "keys_fetch_failed", "issuer": name, "reason": error.to_string() })]
            }
            FetchOutcome::Kept { keys, skipped } => {
                let mut events =
                    vec![json!({ "type": "keys_fetched", "issuer": name, "keys": keys, "skipped": skipped.len() })];
                events.extend(skipped.iter().map(
                    |key| json!({ "type": "key_skipped", "issuer": name, "index": key.index, "reason": key.reason }),
                ));
                events
            }
        };
        serde_json::Value::Array(events).to_string()
    }

    /// Notes that a fetch failed; answers events.
    #[wasm_bindgen(js_name = fetchFailed)]
    pub fn fetch_failed(
        &mut self,
        issuer: usize,
        id: f64,
        now: f64,
        reason: &str,
        retry_after_seconds: Option<f64>,
    ) -> String {
        self.inner_mut().fetch_failed(issuer, fetch_id(id), now, retry_after_seconds);
        let name = self.inner().source(issuer).map(|(name, _)| name);
        let event = json!({
            "type": "keys_fetch_failed", "issuer": name, "reason": reason, "retryAfterSeconds": retry_after_seconds,
        });
        json!([event]).to_string()
    }

    /// The configured upstream, or `null`.
    pub fn upstream(&self) -> String {
        match &self.0 {
            Inner::Gate(gate) => json!(gate.upstream()).to_string(),
            Inner::Verifier(_) => "null".to_owned(),
        }
    }
}

impl Core {
    fn inner(&self) -> &Verifier {
        match &self.0 {
            Inner::Verifier(verifier) => verifier,
            Inner::Gate(gate) => gate.verifier(),
        }
    }

    fn inner_mut(&mut self) -> &mut Verifier {
        match &mut self.0 {
            Inner::Verifier(verifier) => verifier,
            Inner::Gate(gate) => gate.verifier_mut(),
        }
    }
}

const fn attempt(last_try: bool) -> Try {
    if last_try { Try::Last } else { Try::First }
}

fn gate_refresh(gate: &Gate, issuer: Option<usize>, now: f64) -> bool {
    issuer.is_some_and(|issuer| gate.verifier().background_due(issuer, now))
}

/// Fetch ids count from 1 and cross as numbers.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and an unknown id is ignored"
)]
const fn fetch_id(id: f64) -> u64 {
    id as u64
}

fn error_json(error: &Error) -> serde_json::Value {
    let mut json = json!({ "code": error.code(), "message": error.to_string() });
    if let Some(object) = json.as_object_mut() {
        match error {
            Error::KeysDue { issuer } => object.insert("issuer".to_owned(), json!(issuer)),
            Error::KeysUnavailable { retry_after_seconds } => {
                object.insert("retryAfterSeconds".to_owned(), json!(retry_after_seconds))
            }
            Error::ClaimMissing { claim } | Error::ClaimMalformed { claim } => {
                object.insert("claim".to_owned(), json!(claim))
            }
            _ => None,
        };
    }
    json!({ "error": json })
}

fn thrown(error: &Error) -> JsValue {
    let thrown = js_sys::Error::new(&error.to_string());
    let set = |name: &str, value: &str| {
        // Setting a member of a fresh object can't fail.
        let _ = js_sys::Reflect::set(&thrown, &name.into(), &value.into());
    };
    set("code", error.code());
    if let Error::Config { member, .. } = error {
        set("member", member);
    }
    thrown.into()
}
