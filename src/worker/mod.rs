//! The Cloudflare Worker face: key sets over the network, and the object that keeps families of refresh tokens. Requests are
//! served by js/worker.ts. Decides nothing; the gate and the token service have.

#[cfg(feature = "js-tokens")]
pub mod families;
pub mod keys;
