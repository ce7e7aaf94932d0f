//! Access and refresh tokens: their claims, their keys and their signatures. Decides nothing about a session, reads no clock
//! and makes no randomness; whatever a caller hands over, no registered claim is overridden.

mod keys;

use crate::config::TokenService;
use crate::error::Error;
use crate::rotation::{Family, Presented};

pub use keys::Keys;

/// Makes the tokens of one service, and knows its refresh tokens again.
#[derive(Debug)]
pub struct Mint {
    keys: Keys,
}

/// Whose session it is: what its tokens say beside what [`Family`] decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session<'s> {
    /// The family's id: `fam` of refresh tokens, `sid` of access tokens.
    pub family: &'s str,
    /// The user: `sub`.
    pub user: &'s str,
    /// The tenant: `tid`.
    pub tenant: &'s str,
    /// The client that asked for the session: `client_id`.
    pub client: &'s str,
}

/// What the user may do now, as it was read for this very token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entitlements {
    /// `plan`; left out when there is none.
    pub plan: Option<String>,
    /// `permissions`.
    pub permissions: Vec<String>,
    /// `groups`.
    pub groups: Vec<String>,
    /// `email`; left out when there is none.
    pub email: Option<String>,
    /// More claims: names, and values as JSON text, each strict and whole.
    pub claims: Vec<(String, String)>,
}

/// A token that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The compact form.
    pub token: String,
    /// Its life, in seconds.
    pub expires_in: u64,
}

/// What a refresh token says whose signature, type, issuer, audience and time hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// `fam`.
    pub family: String,
    /// `sub`.
    pub user: String,
    /// `tid`.
    pub tenant: String,
    /// `client_id`.
    pub client: String,
    /// `seq` and `exp`, which are judged with the record.
    pub presented: Presented,
}

impl Mint {
    /// Builds a mint. `keys` is the keys document, or an array of several, as JSON text.
    ///
    /// # Errors
    /// [`Error::Config`], naming the member; no message holds a part of a key.
    pub fn new(config: &TokenService, keys: &str) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { keys: Keys::from_json(keys, config.access_token_seconds, config.family_seconds)? })
    }

    /// The public keys of access tokens at `now_ms`, as the JSON text of a JWK set: those to come, the active one, and the
    /// retired ones whose tokens may still be valid. Never a key of refresh tokens.
    pub fn key_set(&self, now_ms: u64) -> String {
        self.keys.key_set(now_ms)
    }

    /// The id of the key that signs new refresh tokens at `now_ms`.
    ///
    /// # Errors
    /// [`Error::SigningKeyMissing`] when no key's time has come.
    pub fn refresh_kid(&self, now_ms: u64) -> Result<&str, Error> {
        self.keys.refresh_kid(now_ms)
    }

    /// An access token (RFC 9068). `random` becomes its `jti`.
    ///
    /// # Errors
    /// [`Error::ClaimReserved`] when an extra claim has a name that this module gives a meaning;
    /// [`Error::TokenTooLarge`]; [`Error::SigningKeyMissing`].
    pub fn access_token(
        &self,
        _session: &Session<'_>,
        _family: &Family,
        _entitlements: &Entitlements,
        _now_ms: u64,
        _random: &[u8; 16],
    ) -> Result<AccessToken, Error> {
        Err(Error::SigningKeyMissing)
    }

    /// The current refresh token of a family: the same bytes each time, because it is a function of the record.
    ///
    /// # Errors
    /// [`Error::SigningKeyMissing`] when the record's key is no longer there; [`Error::TokenTooLarge`].
    pub fn refresh_token(&self, _session: &Session<'_>, _family: &Family) -> Result<String, Error> {
        Err(Error::SigningKeyMissing)
    }

    /// Knows a refresh token again: signature, `typ`, `iss`, `aud` and `exp`. Touches no store, so that rubbish costs none.
    ///
    /// # Errors
    /// Those of a token's form; [`Error::UnknownKey`], [`Error::SignatureInvalid`], [`Error::TypNotAllowed`],
    /// [`Error::UnknownIssuer`], [`Error::AudienceMismatch`], [`Error::Expired`], [`Error::ClaimMissing`],
    /// [`Error::ClaimMalformed`].
    pub fn verify_refresh(&self, _token: &str, _now_ms: u64) -> Result<RefreshToken, Error> {
        Err(Error::UnknownKey)
    }
}
