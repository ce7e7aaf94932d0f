//! The wasm-bindgen face of explanations, in the modules that verify and gate. It decides nothing.

use wasm_bindgen::prelude::*;

use super::{Core, attempt, write_error, write_verified};
#[cfg(feature = "js-gate")]
use super::{Inner, fields, gate::write_checked};
use crate::error::Error;
use crate::json::write::Writer;
#[cfg(feature = "js-gate")]
use crate::request::Request;

#[wasm_bindgen]
impl Core {
    /// Verifies a token as [`Core::verify`] does, and tells of each check. Answers an object: `checks`, `verified` (as that method
    /// writes it) and `refresh`, the issuer whose keys should be fetched in the background; or `error`.
    #[wasm_bindgen(js_name = explainToken)]
    pub fn explain_token(&self, token: &str, now: f64, last_try: bool) -> String {
        let verifier = self.inner();
        let signed = verifier.verify_signature(token.as_bytes(), now, attempt(last_try));
        let judged = signed.as_ref().map_err(Error::clone).and_then(|signed| signed.judge());
        let checks = verifier.look(token, now, signed.as_ref().ok()).checks(judged.as_ref().err());
        let mut answer = Writer::default();
        answer.object();
        answer.member("checks", &checks);
        match &judged {
            Ok(judged) => {
                answer.name("verified");
                write_verified(judged, &mut answer);
                answer.end_array();
                let issuer = signed.as_ref().ok().map(|signed| signed.index);
                answer.member("refresh", &issuer.filter(|issuer| verifier.background_due(*issuer, now)));
            }
            Err(error) => write_error(error, &mut answer),
        }
        answer.end_object();
        answer.finish()
    }
}

#[cfg(feature = "js-gate")]
#[wasm_bindgen]
impl Core {
    /// Decides a request as [`Core::check`] does, and tells of each check. Answers an object: `checks`, and `decision`, which is
    /// that method's answer.
    pub fn explain(&self, method: &str, url: &str, headers: &str, count: usize, now: f64, last_try: bool) -> String {
        let mut answer = Writer::default();
        answer.object();
        match &self.inner {
            Inner::Gate(gate) => {
                let fields = fields(headers, count);
                let explanation = gate.explain(&Request { method, url, headers: &fields }, now, attempt(last_try));
                answer.member("checks", &explanation.checks);
                answer.name("decision");
                answer.object();
                write_checked(gate, &explanation.checked, now, &mut answer);
                answer.end_object();
            }
            _ => write_error(&Error::config("rules", "is missing: this is no gate"), &mut answer),
        }
        answer.end_object();
        answer.finish()
    }
}
