//! Verify ES256 and RS256 JSON Web Tokens, and decide whether *this* tenant on *this* plan may make *this* request.

pub mod limits;

mod error;

pub use error::Error;
