//! The token service's part of the wasm-bindgen face. It brings the random bytes, so that no host can hand in a constant, and
//! decides nothing.

use wasm_bindgen::prelude::*;

use super::{Core, Inner, coded, prefer_kernel, thrown};
use crate::json::write::Writer;
use crate::request::Request;
use crate::tokens::{Step, Tokens};
use crate::verifier::Verifier;

#[wasm_bindgen]
impl Core {
    /// Reads a token service's configuration and keys: a document, or an array of several. Throws an `Error` with `code` and
    /// `member`. `kernel` is as for [`Core::verifier`].
    pub fn tokens(config: &str, keys: &str, kernel: &str) -> Result<Core, JsValue> {
        prefer_kernel(kernel)?;
        let tokens = Tokens::from_json(config, keys).map_err(thrown)?;
        Ok(Self::new(Inner::Tokens(Box::new((tokens, Verifier::of_nobody())))))
    }

    /// Whether a URL is one of the service's own. For all others this is the whole cost of having a service.
    #[wasm_bindgen(js_name = tokensServes)]
    pub fn tokens_serves(&self, url: &str) -> bool {
        matches!(&self.inner, Inner::Tokens(inner) if inner.0.serves(url))
    }

    /// Takes a request: the answer is a step, as JSON. `headers` are names and values in turn, joined by line feeds; `count`
    /// is the number of pairs.
    #[wasm_bindgen(js_name = tokensBegin)]
    pub fn tokens_begin(
        &self,
        method: &str,
        url: &str,
        headers: &str,
        count: usize,
        body: &[u8],
        now: f64,
    ) -> Result<String, JsValue> {
        let random = random()?;
        let fields = super::fields(headers, count);
        let request = Request { method, url, headers: &fields };
        Ok(self.step(|tokens| tokens.begin(&request, body, now, &random)))
    }

    /// Goes on after a step: `state` is the step's, `outcome` what became of it, as JSON. The answer is the next step.
    #[wasm_bindgen(js_name = tokensNext)]
    pub fn tokens_next(&self, state: &str, outcome: &str, now: f64) -> Result<String, JsValue> {
        let random = random()?;
        Ok(self.step(|tokens| tokens.next(state, outcome, now, &random)))
    }

    /// The published keys at `now`, as the JSON text of a JWK set; `null` for what is no token service.
    #[wasm_bindgen(js_name = tokensKeySet)]
    pub fn tokens_key_set(&self, now: f64) -> String {
        match &self.inner {
            Inner::Tokens(inner) => inner.0.key_set(now),
            _ => "null".to_owned(),
        }
    }
}

impl Core {
    fn step(&self, of: impl FnOnce(&Tokens) -> Step) -> String {
        match &self.inner {
            Inner::Tokens(inner) => Writer::text_of(&of(&inner.0)),
            _ => Writer::text_of(&Step::Pass),
        }
    }
}

/// A step without randomness must not be made: what is thrown here is no answer.
fn random() -> Result<[u8; 32], JsValue> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| coded("internal_error", "this engine gives no random bytes"))?;
    Ok(bytes)
}
