//! Key sets over HTTP and in the shared cache. Follows no redirect, reads 64 KiB at most, trusts no content type, and
//! judges no key: only text and times cross to JavaScript.

use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::{Either, select};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::js_sys::{self, IteratorNext, Uint8Array, encode_uri_component};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{
    AbortSignal, Cache, Headers, ReadableStream, ReadableStreamDefaultReader, RequestCache, RequestInit,
    RequestRedirect, Response, WorkerGlobalScope,
};
use worker::{Date, Delay};

use crate::json::write::Writer;
use crate::limits::{JWKS_STALE_SECONDS, MAX_JWKS_BYTES};

/// A cache of our own: nothing that is served to clients can land in it.
const CACHE_NAME: &str = "tollgate-keys";
/// A cache that has not answered by then is as good as an empty one.
const CACHE_TIMEOUT: Duration = Duration::from_millis(500);
/// When the origin gave the set, in Unix seconds.
const FETCHED_AT: &str = "x-tollgate-fetched-at";

/// What came of a fetch; `KeyResponse` of js/transport.ts, or the reason of its `TransportError`.
enum Answer {
    Response { status: u16, text: String, fetched_at: Option<f64>, retry_after_seconds: Option<f64> },
    Failure { reason: &'static str },
}

/// A set that the shared cache holds.
struct Copy {
    text: String,
    fetched_at: f64,
}

/// Fetches the key set of `issuer` from `url`, or takes the shared copy. Answers with JSON text and never rejects.
///
/// * `cached_since`: a copy fetched at this Unix time or later is as good as the origin's answer; absent means that only
///   the origin will do, because the copy is known to lack a key.
/// * `newer_than`: when the set that the caller holds was fetched. Where the origin fails, an older copy that is newer
///   than this, and not past the stale limit, is better than nothing: so an isolate that starts while the origin is down
///   serves as long as one that was there before.
/// * `signal`: ends the exchange, headers and body.
#[wasm_bindgen(js_name = fetchKeySet, wasm_bindgen_futures = worker::wasm_bindgen_futures)]
pub async fn fetch_key_set(
    issuer: String,
    url: String,
    cached_since: Option<f64>,
    newer_than: Option<f64>,
    signal: AbortSignal,
) -> String {
    let copy = match cached_since {
        Some(_) => look_up(&issuer, &url).await,
        None => None,
    };
    let now = unix_seconds();
    let copy = copy.filter(|copy| copy.fetched_at <= now && now - copy.fetched_at < JWKS_STALE_SECONDS);
    let answer = match (copy, cached_since) {
        (Some(copy), Some(since)) if copy.fetched_at >= since => copy.into(),
        (copy, _) => match (ask_origin(&url, &signal).await, copy) {
            (Answer::Response { status: 200, text, fetched_at, retry_after_seconds }, _) => {
                Answer::Response { status: 200, text, fetched_at, retry_after_seconds }
            }
            (_, Some(copy)) if newer_than.is_none_or(|held| copy.fetched_at > held) => copy.into(),
            (failure, _) => failure,
        },
    };
    answer.json()
}

/// Puts a set that the core accepted into the shared cache. A cache that fails costs later isolates a fetch, no more.
#[wasm_bindgen(js_name = shareKeySet, wasm_bindgen_futures = worker::wasm_bindgen_futures)]
pub async fn share_key_set(issuer: String, url: String, text: String, fetched_at: f64) {
    let _ = write_copy(&issuer, &url, &text, fetched_at).await;
}

impl Answer {
    fn json(&self) -> String {
        let mut json = Writer::default();
        json.object();
        match self {
            Self::Response { status, text, fetched_at, retry_after_seconds } => {
                json.member("status", &u32::from(*status));
                json.member("text", text);
                json.member("fetchedAt", fetched_at);
                json.member("retryAfterSeconds", retry_after_seconds);
            }
            Self::Failure { reason } => json.member("reason", *reason),
        }
        json.end_object();
        json.finish()
    }
}

impl From<Copy> for Answer {
    fn from(copy: Copy) -> Self {
        Self::Response { status: 200, text: copy.text, fetched_at: Some(copy.fetched_at), retry_after_seconds: None }
    }
}

// What follows is in the runtime's own types. `worker`'s copy a request and a response field by field, which an engine would
// have to compile before the first answer of a new isolate.

async fn ask_origin(url: &str, signal: &AbortSignal) -> Answer {
    exchange(url, signal).await.unwrap_or(Answer::Failure { reason: "network" })
}

async fn exchange(url: &str, signal: &AbortSignal) -> Result<Answer, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "application/jwk-set+json, application/json")?;
    let init = RequestInit::new();
    init.set_headers_headers(&headers);
    init.set_redirect(RequestRedirect::Manual);
    // A Worker's fetch may be answered from a cache keyed by URL; ours is the only copy whose age is known.
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(signal));
    let response: Response = JsFuture::from(scope().fetch_with_str_and_init(url, &init)).await?.unchecked_into();
    let status = response.status();
    if status != 200 {
        return Ok(without_keys(status, &response.headers()));
    }
    Ok(match bounded_body(response.body()).await? {
        None => Answer::Failure { reason: "too_large" },
        Some(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Answer::Response { status, text, fetched_at: None, retry_after_seconds: None },
            Err(_) => Answer::Failure { reason: "not_utf8" },
        },
    })
}

/// A body that is being read. Dropped before its end, it is cancelled.
struct Reading {
    reader: ReadableStreamDefaultReader,
    is_over: bool,
}

impl Reading {
    fn of(stream: &ReadableStream) -> Self {
        Self { reader: stream.get_reader().unchecked_into(), is_over: false }
    }

    async fn next(&mut self) -> Result<Option<Uint8Array>, JsValue> {
        let next = JsFuture::from(self.reader.read()).await.inspect_err(|_| self.is_over = true)?;
        let next: IteratorNext = next.unchecked_into();
        self.is_over = next.done();
        Ok((!self.is_over).then(|| next.value().unchecked_into()))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if !self.is_over {
            // Nobody waits for it.
            let _ = self.reader.cancel();
        }
    }
}

/// The body, or `None` as soon as it is longer than 64 KiB, counted after decompression.
async fn bounded_body(stream: Option<ReadableStream>) -> Result<Option<Vec<u8>>, JsValue> {
    let mut body = Vec::new();
    let Some(stream) = stream else { return Ok(Some(body)) };
    let mut reading = Reading::of(&stream);
    while let Some(chunk) = reading.next().await? {
        if body.len() + chunk.length() as usize > MAX_JWKS_BYTES {
            return Ok(None);
        }
        body.extend(chunk.to_vec());
    }
    Ok(Some(body))
}

#[inline(never)]
fn without_keys(status: u16, headers: &Headers) -> Answer {
    let retry_after_seconds = retry_after_seconds(headers);
    Answer::Response { status, text: String::new(), fetched_at: None, retry_after_seconds }
}

/// `Retry-After` in either form of RFC 9110 section 10.2.3, as seconds from now.
fn retry_after_seconds(headers: &Headers) -> Option<f64> {
    let value = headers.get("retry-after").ok()??;
    if !value.is_empty() && value.len() <= 9 && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().ok();
    }
    let seconds = (js_sys::Date::parse(&value) / 1000.0 - unix_seconds()).ceil();
    (seconds >= 0.0).then_some(seconds)
}

/// The key of a copy names the issuer and the URL, so that no issuer is ever given another's keys. The engine escapes them:
/// a URL parser would be a fifth of the module.
fn cache_key(issuer: &str, url: &str) -> String {
    let [issuer, url] = [issuer, url].map(|text| String::from(encode_uri_component(text)));
    ["https://keys.tollgate.invalid/?issuer=", &issuer, "&url=", &url].concat()
}

async fn look_up(issuer: &str, url: &str) -> Option<Copy> {
    match select(pin!(read_copy(issuer, url)), Delay::from(CACHE_TIMEOUT)).await {
        Either::Left((Ok(copy), _)) => copy,
        _ => None,
    }
}

async fn read_copy(issuer: &str, url: &str) -> Result<Option<Copy>, JsValue> {
    let found = JsFuture::from(cache().await?.match_with_str(&cache_key(issuer, url))).await?;
    if found.is_undefined() { Ok(None) } else { copy_of(found.unchecked_into()).await }
}

/// Behind a pointer, so that an engine compiles it when there is a copy.
fn copy_of(response: Response) -> Pin<Box<dyn Future<Output = Result<Option<Copy>, JsValue>>>> {
    Box::pin(async move {
        let fetched_at = response.headers().get(FETCHED_AT)?.and_then(|value| value.parse().ok());
        let text = bounded_body(response.body()).await?.and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(text.zip(fetched_at).map(|(text, fetched_at)| Copy { text, fetched_at }))
    })
}

async fn write_copy(issuer: &str, url: &str, text: &str, fetched_at: f64) -> Result<(), JsValue> {
    let response = Response::new_with_opt_str(Some(text))?;
    let headers = response.headers();
    headers.set("content-type", "application/jwk-set+json")?;
    headers.set("cache-control", &format!("max-age={JWKS_STALE_SECONDS}"))?;
    headers.set(FETCHED_AT, &Writer::text_of(&fetched_at))?;
    JsFuture::from(cache().await?.put_with_str(&cache_key(issuer, url), &response)).await?;
    Ok(())
}

async fn cache() -> Result<Cache, JsValue> {
    Ok(JsFuture::from(scope().caches()?.open(CACHE_NAME)).await?.unchecked_into())
}

fn scope() -> WorkerGlobalScope {
    js_sys::global().unchecked_into()
}

fn unix_seconds() -> f64 {
    Date::now().as_millis() as f64 / 1000.0
}
