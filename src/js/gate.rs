//! The gate's part of the wasm-bindgen face: a module that only verifies tokens does without. It decides nothing.

use wasm_bindgen::prelude::*;

use super::{Core, Inner, attempt, fields, prefer_kernel, thrown, write_error};
#[cfg(feature = "worker")]
use crate::crossing::{with_request, write_answer, write_due};
use crate::error::Error;
use crate::gate::{Checked, Gate};
use crate::json::write::Writer;
#[cfg(feature = "worker")]
use crate::limits::MAX_REQUEST_BYTES;
use crate::request::Request;

#[wasm_bindgen]
impl Core {
    /// Reads a gate's configuration, as [`Core::verifier`] does. `own_keys` is the JWK set of the token service beside it, as
    /// JSON text: what the preset `tollgate` takes.
    pub fn gate(config: &str, kernel: &str, own_keys: Option<String>) -> Result<Core, JsValue> {
        prefer_kernel(kernel)?;
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

    /// What the host is asked to tell, or `null`.
    pub fn observe(&self) -> String {
        match &self.inner {
            Inner::Gate(gate) => Writer::text_of(gate.observe()),
            _ => "null".to_owned(),
        }
    }

    /// The configured upstream, or `null`.
    pub fn upstream(&self) -> String {
        match &self.inner {
            Inner::Gate(gate) => Writer::text_of(&gate.upstream()),
            _ => "null".to_owned(),
        }
    }
}

/// What the Worker's entry asks: a request and its decision cross at known places in the module's memory.
#[cfg(feature = "worker")]
#[wasm_bindgen]
impl Core {
    /// The module's memory.
    pub fn memory() -> JsValue {
        wasm_bindgen::memory()
    }

    /// Where a request of up to `bytes` goes, before [`Core::decide`]: a position in the module's memory, until more is asked for.
    #[wasm_bindgen(js_name = requestAt)]
    pub fn request_at(&mut self, bytes: usize) -> usize {
        let bytes = bytes.min(MAX_REQUEST_BYTES);
        if self.input.len() < bytes {
            self.input.resize(bytes, 0);
        }
        self.input_at()
    }

    /// Where two numbers of 32 bits stand, for the life of this object: position and length of the last decision's text.
    #[wasm_bindgen(js_name = answeredAt)]
    pub fn answered_at(&self) -> usize {
        self.answered.as_ptr() as usize
    }

    /// Decides the request whose text was written to [`Core::request_at`], `length` bytes with `count` header fields. The
    /// decision is then at [`Core::answered_at`], or the position of the issuer whose keys must be fetched first, as a number.
    /// Answers whether it is, to the byte, the one before, so that the host need not read it again.
    pub fn decide(&mut self, length: usize, count: usize, now: f64, last_try: bool) -> bool {
        let mut answer = Writer::reuse(std::mem::take(&mut self.before));
        match &self.inner {
            Inner::Gate(gate) => {
                let text = self.input.get(..length).unwrap_or_default();
                match with_request(text, count, |request| gate.check_forwarding(request, now, attempt(last_try))) {
                    Ok(checked) => {
                        let refresh = checked.issuer.filter(|issuer| gate.verifier().background_due(*issuer, now));
                        write_answer(&checked, refresh, &mut answer);
                    }
                    Err(issuer) => write_due(issuer, &mut answer),
                }
            }
            _ => {
                answer.object();
                write_error(&Error::config("rules", "is missing: this is no gate"), &mut answer);
                answer.end_object();
            }
        }
        self.before = std::mem::replace(&mut self.answer, answer.finish());
        // Memory has 32 bits of address.
        *self.answered = [self.answer.as_ptr() as u32, self.answer.len() as u32];
        self.answer == self.before
    }
}

/// Decides a request, and writes what the host must know: the decision, and which key sets to fetch.
fn check(gate: &Gate, request: &(&str, &str, &str, usize), now: f64, last_try: bool, answer: &mut Writer) {
    let (method, url, headers, count) = *request;
    let fields = fields(headers, count);
    let checked = gate.check(&Request { method, url, headers: &fields }, now, attempt(last_try));
    write_checked(gate, &checked, now, answer);
}

/// Writes a decision into an object that is open.
pub(super) fn write_checked(gate: &Gate, checked: &Checked, now: f64, answer: &mut Writer) {
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
