//! Verify ES256 and RS256 JSON Web Tokens, and decide whether *this* tenant on *this* plan may make *this* request.

#![allow(dead_code)] // Until the layers above use all of it.

pub mod limits;

mod base64url;
mod crypto;
mod error;
mod json;
mod jwk;
mod keyset;
#[cfg(test)]
mod testing;
mod token;

pub use error::Error;
pub use jwk::{Algorithm, Jwks, Key, SkippedKey};
pub use keyset::{FetchStart, KeySet, Lookup};
pub use token::{Jws, UntrustedToken, Verified, VerifiedJws};
