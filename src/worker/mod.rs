//! The Cloudflare Worker face: key sets over the network, the object that keeps families of refresh tokens, and the handler
//! of last resort. Decides nothing; the gate and the token service have.

pub mod families;
pub mod keys;

use worker::{Context, Env, Request, Response, Result, event};

/// What is answered where there is nowhere to forward to.
const NO_UPSTREAM: &str = r#"{"type":"urn:tollgate:no_upstream","title":"No upstream is configured","status":404}"#;

/// Answers what `js/worker.ts` neither answers nor forwards: a request that the gate let through, where the configuration
/// names no `upstream`.
///
/// # Errors
///
/// When the runtime refuses to build the response; the caller answers 500 then.
#[event(fetch)]
pub async fn fetch(_request: Request, _env: Env, _context: Context) -> Result<Response> {
    let response = Response::ok(NO_UPSTREAM)?.with_status(404);
    response.headers().set("content-type", "application/problem+json")?;
    response.headers().set("cache-control", "no-store")?;
    Ok(response)
}
