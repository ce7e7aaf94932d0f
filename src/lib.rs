//! Verify ES256 and RS256 JSON Web Tokens, and decide whether *this* tenant on *this* plan may make *this* request.
//!
//! Three rules hold everywhere. This crate decides and never does I/O: time, keys and random bytes are arguments. Keys
//! choose the algorithm; the token never does. An unverified claim has no type that can be read by accident.
//!
//! Start at [`Gate`], or at [`Verifier`] for tokens alone.

#[cfg(feature = "schema")]
pub mod config;
#[cfg(not(feature = "schema"))]
mod config;
pub mod limits;

mod base64url;
mod cache;
mod claims;
mod cors;
mod credentials;
#[cfg(any(feature = "worker", test))]
mod crossing;
mod crypto;
mod decision;
mod error;
mod explain;
mod gate;
mod identity;
#[cfg(feature = "js")]
mod js;
mod json;
mod jwk;
mod keyset;
#[cfg(feature = "mint")]
pub mod mint;
mod policy;
mod request;
#[cfg(feature = "mint")]
pub mod rotation;
mod route;
mod tenant;
#[cfg(test)]
mod testing;
mod texts;
mod token;
#[cfg(feature = "mint")]
pub mod tokens;
mod verifier;
#[cfg(feature = "worker")]
pub mod worker;

pub use claims::Principal;
pub use config::{Config, PrincipalKind, VerifierConfig};
#[cfg(feature = "mint")]
pub use config::{TokenService, TokensConfig};
#[cfg(fuzzing)]
pub use crypto::fuzzing;
pub use crypto::{Kernel, limit_tables};
pub use decision::{Allow, Answer, Decision};
pub use error::Error;
pub use explain::{Check, CheckOutcome};
pub use gate::{Checked, Explanation, Gate};
pub use jwk::{Algorithm, Jwks, Key, SkippedKey};
pub use keyset::{FetchStart, KeySet, Lookup};
pub use request::Request;
pub use token::{Jws, UntrustedToken, Verified, VerifiedJws};
#[cfg(feature = "mint")]
pub use tokens::{Step, Tokens};
pub use verifier::{FetchOutcome, TokenExplanation, Try, Verification, Verifier};
