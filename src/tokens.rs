//! The token service as steps: what the host must read, ask, write or answer next. Does none of it itself: random bytes and
//! time are arguments, and what is remembered between two steps is text that the host carries and does not read.

use crate::config::{self, TokensConfig};
use crate::error::Error;
use crate::json::write::{Write, Writer};
use crate::mint::Mint;
use crate::request::Request;

/// A token service. Every question about a request is answered with a [`Step`].
#[derive(Debug)]
pub struct Tokens {
    mint: Mint,
}

/// What the host does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The request is not for the token service.
    Pass,
}

impl Tokens {
    /// Reads the configuration and the keys: a document, or an array of several.
    ///
    /// # Errors
    /// [`Error::Config`], naming the member.
    pub fn from_json(config: &str, keys: &str) -> Result<Self, Error> {
        let config: TokensConfig = config::parse(config)?;
        Ok(Self { mint: Mint::new(&config.tokens, keys)? })
    }

    /// The published keys at `now`, in Unix seconds, as the JSON text of a JWK set.
    pub fn key_set(&self, now: f64) -> String {
        self.mint.key_set(milliseconds(now))
    }

    /// Takes a request and its body at `now`, in Unix seconds. `random` is used for this step alone.
    pub fn begin(&self, _request: &Request<'_>, _body: &[u8], _now: f64, _random: &[u8; 32]) -> Step {
        Step::Pass
    }

    /// Goes on after the host did what the last step said. `state` is that step's, `outcome` the JSON text of one member that
    /// names what was done: `loaded`, `entitlements`, `written`, `revoked`, `marked` or `failed`.
    pub fn next(&self, _state: &str, _outcome: &str, _now: f64, _random: &[u8; 32]) -> Step {
        Step::Pass
    }
}

impl Write for Step {
    fn write(&self, to: &mut Writer) {
        to.object();
        match self {
            Self::Pass => to.member("do", "pass"),
        }
        to.end_object();
    }
}

/// What is no time becomes 0, at which no key is active.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and NaN is 0")]
const fn milliseconds(now: f64) -> u64 {
    (now * 1000.0) as u64
}
