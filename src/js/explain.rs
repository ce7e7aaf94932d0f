//! The wasm-bindgen face of explanations, in the modules that verify and gate. It decides nothing.

use wasm_bindgen::prelude::*;

use super::{Core, Said, attempt, write_error};
#[cfg(feature = "js-gate")]
use super::{Inner, fields, gate::write_checked};
#[cfg(feature = "js-gate")]
use crate::error::Error;
use crate::json::write::{Write, Writer};
#[cfg(feature = "js-gate")]
use crate::request::Request;

#[wasm_bindgen]
impl Core {
    /// Verifies a token as [`Core::verify`] does, and tells what its checks are made of. Answers an object: `verified`, that method's
    /// text or number, or `error`; and what [`crate::verifier::Sight::write`] writes.
    #[wasm_bindgen(js_name = explainToken)]
    pub fn explain_token(&self, token: &str, now: f64, last_try: bool) -> String {
        let mut answer = Writer::default();
        answer.object();
        answer.name("verified");
        let said = self.verified(Some(token.as_bytes()), now, last_try, &mut answer);
        let error = match said {
            Ok(Said::Text(_)) => None,
            Ok(Said::Known { slot, refresh }) => {
                (2 * slot + u32::from(refresh)).write(&mut answer);
                None
            }
            Err(error) => {
                answer.json("null");
                write_error(&error, &mut answer);
                Some(error)
            }
        };
        let verifier = self.inner();
        let signed = verifier.verify_signature(token.as_bytes(), now, attempt(last_try)).ok();
        verifier.look(token, now, signed.as_ref()).write(error.as_ref(), &mut answer);
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
