//! The wasm-bindgen face. Every answer is data, as JSON text; the only thing thrown is a real `Error` with `.code`, and
//! only while a configuration is read. It decides nothing.

// Neither a token service nor the Worker is asked why.
#[cfg(not(any(feature = "js-tokens", feature = "worker")))]
mod explain;
#[cfg(feature = "js-gate")]
mod gate;
#[cfg(feature = "js-tokens")]
mod tokens;

use wasm_bindgen::prelude::*;

use crate::crypto::{self, Kernel};
use crate::error::Error;
#[cfg(feature = "js-gate")]
use crate::gate::Gate;
use crate::json::write::{Write, Writer};
use crate::limits::MAX_TOKEN_BYTES;
#[cfg(feature = "js-tokens")]
use crate::tokens::Tokens;
use crate::verifier::{FetchOutcome, Try, Verifier};

/// A verifier or a gate with its key sets, or a token service with its keys.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core {
    inner: Inner,
    /// Where the host writes a token or a request: as long as the longest token, and moved only by [`Core::request_at`].
    input: Vec<u8>,
    /// The last answer of [`Core::verify`], which stays until the next.
    answer: String,
    /// The place of the token that it is about in the cache.
    held: Option<u32>,
    /// The answer of [`Core::decide`] before the last.
    #[cfg(feature = "worker")]
    before: String,
    /// Position and length of its last answer, where the host reads them.
    #[cfg(feature = "worker")]
    answered: Box<[u32; 2]>,
}

/// What [`Core::verify`] found out.
enum Said {
    /// The answer was written, and it names this place in the cache if it names one.
    Text(Option<u32>),
    /// The host has the answer: it is about the token at this place.
    Known { slot: u32, refresh: bool },
}

#[derive(Debug)]
enum Inner {
    Verifier(Box<Verifier>),
    #[cfg(feature = "js-gate")]
    Gate(Box<Gate>),
    /// With a verifier for whoever asks it for one: that takes no token.
    #[cfg(feature = "js-tokens")]
    Tokens(Box<(Tokens, Verifier)>),
}

#[wasm_bindgen]
impl Core {
    /// Chooses the arithmetic, and answers which: the best up to `best` that computes right in this engine. Throws an
    /// `Error` with `code` when none does.
    #[wasm_bindgen(js_name = chooseKernel)]
    pub fn choose_kernel(best: &str) -> Result<String, JsValue> {
        let chosen = Kernel::named(best).and_then(Kernel::choose);
        chosen.map(|kernel| kernel.name().to_owned()).ok_or_else(no_kernel)
    }

    /// Sets how many bytes the tables of ES256 keys may take in all.
    #[wasm_bindgen(js_name = limitTables)]
    pub fn limit_tables(bytes: usize) {
        crypto::limit_tables(bytes);
    }

    /// How many tables of ES256 keys were made so far.
    #[wasm_bindgen(js_name = tablesMade)]
    pub fn tables_made() -> u32 {
        crypto::tables_made()
    }

    /// Reads a verifier's configuration. Throws an `Error` with `code` and `member`. `kernel` is the best that the engine
    /// compiles: "scalar", "simd" or "relaxed-simd".
    pub fn verifier(config: &str, kernel: &str) -> Result<Core, JsValue> {
        prefer_kernel(kernel)?;
        Verifier::from_json(config).map(|verifier| Self::new(Inner::Verifier(Box::new(verifier)))).map_err(thrown)
    }

    /// Where a token's bytes go, in UTF-8 and 8,192 of them at most, before [`Core::verify`]. A position in the module's
    /// memory, which is one for the life of this object.
    #[wasm_bindgen(js_name = inputAt)]
    pub fn input_at(&self) -> usize {
        self.input.as_ptr() as usize
    }

    /// Where the answer to the last [`Core::verify`] begins.
    #[wasm_bindgen(js_name = answerAt)]
    pub fn answer_at(&self) -> usize {
        self.answer.as_ptr() as usize
    }

    /// Verifies the token whose bytes were written to [`Core::input_at`], `length` of them. Answers how many bytes of JSON
    /// stand at [`Core::answer_at`].
    ///
    /// A token and its answer cross as bytes at known places: what crosses as a string is allocated, copied and freed on
    /// each side, and that would take as long as the claims take to judge.
    ///
    /// A negative number is no length. It says that the host has the answer, because [`Core::keep_answer`] was called after
    /// it: of ‑1 − n, n / 2 is the place that the answer named, and n is odd when the issuer's keys should be fetched in the
    /// background.
    pub fn verify(&mut self, length: usize, now: f64, last_try: bool) -> i32 {
        let mut answer = Writer::reuse(std::mem::take(&mut self.answer));
        let said = self.verified(self.input.get(..length), now, last_try, &mut answer).unwrap_or_else(|error| {
            answer.object();
            write_error(&error, &mut answer);
            answer.end_object();
            Said::Text(None)
        });
        self.answer = answer.finish();
        // Both numbers are below 2^20: an answer holds little more than a token, and the cache 100,000 places.
        match said {
            Said::Text(slot) => {
                self.held = slot;
                self.answer.len() as i32
            }
            Said::Known { slot, refresh } => -1 - (2 * slot as i32 + i32::from(refresh)),
        }
    }

    /// Says that the host keeps the answer to the last [`Core::verify`], and takes its place in the cache for it from now on.
    #[wasm_bindgen(js_name = keepAnswer)]
    pub fn keep_answer(&mut self) {
        if let Some(slot) = self.held.take() {
            self.inner().set_known(slot);
        }
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
        let mut answer = Writer::default();
        answer.object();
        // Below 2^53 for as long as any host runs.
        answer.member("id", &(start.id as f64));
        answer.member("issuer", name);
        answer.member("url", url);
        answer.member("cachedSince", &start.cached_since);
        answer.end_object();
        answer.finish()
    }

    /// Takes the body of a fetched key set; answers events.
    #[wasm_bindgen(js_name = fetchSucceeded)]
    pub fn fetch_succeeded(&mut self, issuer: usize, id: f64, now: f64, fetched_at: f64, body: &str) -> String {
        let outcome = self.inner_mut().fetch_succeeded(issuer, fetch_id(id), now, fetched_at, body.as_bytes());
        let mut events = Writer::default();
        events.array();
        match outcome {
            FetchOutcome::Late => {}
            FetchOutcome::Failed(error) => {
                self.event(&mut events, "keys_fetch_failed", issuer);
                events.member("reason", &error.to_string());
                events.end_object();
            }
            FetchOutcome::Kept { keys, skipped, dropped } => {
                self.event(&mut events, "keys_fetched", issuer);
                events.member("keys", &keys);
                events.member("skipped", &skipped.len());
                events.end_object();
                for key in skipped {
                    self.event(&mut events, "key_skipped", issuer);
                    events.member("index", &key.index);
                    events.member("reason", key.reason);
                    events.end_object();
                }
                for issuer in dropped {
                    self.event(&mut events, "keys_dropped", issuer);
                    events.end_object();
                }
            }
        }
        events.end_array();
        events.finish()
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
        let mut events = Writer::default();
        events.array();
        self.event(&mut events, "keys_fetch_failed", issuer);
        events.member("reason", reason);
        events.member("retryAfterSeconds", &retry_after_seconds);
        events.end_object();
        events.end_array();
        events.finish()
    }
}

impl Core {
    fn new(inner: Inner) -> Self {
        Self {
            inner,
            input: vec![0; MAX_TOKEN_BYTES],
            answer: String::new(),
            held: None,
            #[cfg(feature = "worker")]
            before: String::new(),
            #[cfg(feature = "worker")]
            answered: Box::default(),
        }
    }

    /// Writes what a token says as an array, or nothing where the host has it. Fails with nothing written.
    fn verified(&self, token: Option<&[u8]>, now: f64, last_try: bool, answer: &mut Writer) -> Result<Said, Error> {
        let token = token.ok_or(Error::TokenTooLarge)?;
        let signed = self.inner().verify_signature(token, now, attempt(last_try))?;
        let refresh = self.inner().background_due(signed.index, now);
        if let Some(slot) = signed.judge_known()? {
            return Ok(Said::Known { slot, refresh });
        }
        let verified = signed.judge()?;
        // The very text that was signed: the strict parser took it, so every other reader reads the same in it.
        answer.array();
        answer.json(verified.token.header_json());
        answer.json(verified.token.claims_json());
        verified.principal.write_values(answer);
        let has_cache = self.inner().has_cache();
        if refresh || has_cache {
            refresh.write(answer);
            signed.index.write(answer);
        }
        if has_cache {
            verified.held.write(answer);
        }
        answer.end_array();
        Ok(Said::Text(verified.held))
    }

    /// Opens an event about an issuer's keys.
    fn event(&self, events: &mut Writer, kind: &str, issuer: usize) {
        events.object();
        events.member("type", kind);
        events.member("issuer", &self.inner().source(issuer).map(|(name, _)| name));
    }

    fn inner(&self) -> &Verifier {
        match &self.inner {
            Inner::Verifier(verifier) => verifier,
            #[cfg(feature = "js-gate")]
            Inner::Gate(gate) => gate.verifier(),
            #[cfg(feature = "js-tokens")]
            Inner::Tokens(inner) => &inner.1,
        }
    }

    fn inner_mut(&mut self) -> &mut Verifier {
        match &mut self.inner {
            Inner::Verifier(verifier) => verifier,
            #[cfg(feature = "js-gate")]
            Inner::Gate(gate) => gate.verifier_mut(),
            #[cfg(feature = "js-tokens")]
            Inner::Tokens(inner) => &mut inner.1,
        }
    }
}

/// The header fields of a request: names and values in turn, joined by line feeds. A value that holds a line feed shows as a
/// count that is off; the empty name then refuses the request.
#[cfg(any(feature = "js-gate", feature = "js-tokens"))]
fn fields(headers: &str, count: usize) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = if count == 0 && headers.is_empty() { Vec::new() } else { headers.split('\n').collect() };
    let pairs: Vec<(&str, &str)> =
        parts.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect();
    if pairs.len() == count && parts.len().is_multiple_of(2) { pairs } else { vec![("", "")] }
}

/// Prefers the kernel of that name. It is checked before its first use, which may be never.
fn prefer_kernel(best: &str) -> Result<(), JsValue> {
    Kernel::named(best).map(Kernel::prefer).ok_or_else(no_kernel)
}

fn no_kernel() -> JsValue {
    coded("module_invalid", "no kernel of the module computes right in this engine").into()
}

const fn attempt(last_try: bool) -> Try {
    if last_try { Try::Last } else { Try::First }
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

fn write_error(error: &Error, to: &mut Writer) {
    to.name("error");
    to.object();
    to.member("code", error.code());
    to.member("message", &error.to_string());
    match error {
        Error::KeysDue { issuer } => to.member("issuer", issuer),
        Error::KeysUnavailable { retry_after_seconds } => to.member("retryAfterSeconds", retry_after_seconds),
        Error::ClaimMissing { claim } | Error::ClaimMalformed { claim } => to.member("claim", *claim),
        _ => {}
    }
    to.end_object();
}

fn thrown(error: Error) -> JsValue {
    let thrown = coded(error.code(), &error.to_string());
    if let Error::Config { member, .. } = &error {
        set(&thrown, "member", member);
    }
    thrown.into()
}

fn coded(code: &str, message: &str) -> js_sys::Error {
    let error = js_sys::Error::new(message);
    set(&error, "code", code);
    error
}

fn set(error: &js_sys::Error, name: &str, value: &str) {
    // Setting a member of a fresh object can't fail.
    let _ = js_sys::Reflect::set(error, &name.into(), &value.into());
}
