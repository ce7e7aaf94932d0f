//! The gate's part of the wasm-bindgen face: a module that only verifies tokens does without. It decides nothing.

use wasm_bindgen::prelude::*;

use super::{Core, Inner, attempt, fields, thrown, write_error};
use crate::error::Error;
use crate::gate::Gate;
use crate::json::write::Writer;
use crate::request::Request;

#[wasm_bindgen]
impl Core {
    /// Reads a gate's configuration, as [`Core::verifier`] does. `own_keys` is the JWK set of the token service beside it, as
    /// JSON text: what the preset `tollgate` takes.
    pub fn gate(config: &str, kernel: &str, own_keys: Option<String>) -> Result<Core, JsValue> {
        Self::choose_kernel(kernel)?;
        let gate = match own_keys {
            Some(own_keys) => Gate::from_json_with_own_keys(config, &own_keys),
            None => Gate::from_json(config),
        };
        gate.map(|gate| Self::new(Inner::Gate(Box::new(gate)))).map_err(thrown)
    }

    /// Decides a request. `headers` are names and values in turn, joined by line feeds; `count` is the number of pairs.
    pub fn check(&self, method: &str, url: &str, headers: &str, count: usize, now: f64, last_try: bool) -> String {
        let mut answer = Writer::default();
        answer.object();
        match &self.inner {
            Inner::Gate(gate) => check(gate, &(method, url, headers, count), now, last_try, &mut answer),
            _ => {
                write_error(&Error::config("rules", "is missing: this is no gate"), &mut answer);
            }
        }
        answer.end_object();
        answer.finish()
    }

    /// The configured upstream, or `null`.
    pub fn upstream(&self) -> String {
        match &self.inner {
            Inner::Gate(gate) => Writer::text_of(&gate.upstream()),
            _ => "null".to_owned(),
        }
    }
}

/// Decides a request, and writes what the host must know: the decision, and which key sets to fetch.
fn check(gate: &Gate, request: &(&str, &str, &str, usize), now: f64, last_try: bool, answer: &mut Writer) {
    let (method, url, headers, count) = *request;
    let fields = fields(headers, count);
    let checked = gate.check(&Request { method, url, headers: &fields }, now, attempt(last_try));
    checked.decision.write_members(answer);
    if checked.cached {
        answer.member("cached", &true);
    }
    match checked.issuer {
        // The issuer whose keys are due before this can be decided.
        Some(issuer) if checked.keys_due => answer.member("issuer", &issuer),
        // The issuer whose keys should be refreshed in the background.
        Some(issuer) if gate.verifier().background_due(issuer, now) => answer.member("refresh", &vec![issuer]),
        _ => {}
    }
}
