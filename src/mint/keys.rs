//! Signing keys and their life: to come, active, retired, gone, all computed from one date in each, so that all hosts agree
//! without asking each other. Reads no clock, makes no key, and lets no private part out.
//!
//! A key is dated with `from`. The active one is that of the latest date that has come; the one before it is retired: it
//! signs no more, and counts for as long as something it signed may be valid.

use jsonwebtoken::crypto::JwtSigner;
use jsonwebtoken::signature;
use p256::ecdsa::Signature;
use p256::ecdsa::signature::Signer as _;
use sha2::{Digest, Sha256};

use crate::base64url;
use crate::config::{self, Faults, Members, Path, Read, read_members};
use crate::error::Error;
use crate::json::Value;
use crate::json::write::Writer;
use crate::jwk::{Algorithm, Key};
use crate::limits::{MAX_SIGNING_KEYS, MAX_UNIX_TIME_SECONDS, RETIRED_KEY_SECONDS};

/// The signing keys of a service: those of access tokens, which are published, and those of refresh tokens, which never are.
#[derive(Debug)]
pub struct Keys {
    access: Ring,
    refresh: Ring,
}

/// The keys of one use.
#[derive(Debug)]
struct Ring {
    /// By their dates, the earliest first.
    keys: Vec<SigningKey>,
    /// How long a retired key counts after its successor's date, in seconds.
    retired_seconds: u64,
}

/// A private key with its public half, its id and its date.
pub(super) struct SigningKey {
    pub(super) kid: String,
    from: u64,
    signer: Es256,
    public: Key,
    /// The public half as JSON text.
    jwk: String,
    /// Where it stands in the document.
    at: String,
}

/// ES256 for jsonwebtoken's trait, held as it is: jsonwebtoken's own `encode` asks for a backend of the whole process.
struct Es256(p256::ecdsa::SigningKey);

impl signature::Signer<Vec<u8>> for Es256 {
    /// `r` then `s`, 32 bytes each (RFC 7518 section 3.4). Deterministic (RFC 6979): no two messages share a nonce, and one
    /// message has one signature.
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let signature: Signature = self.0.try_sign(message).map_err(|_| signature::Error::new())?;
        Ok(signature.to_bytes().to_vec())
    }
}

impl JwtSigner for Es256 {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        jsonwebtoken::Algorithm::ES256
    }
}

impl Keys {
    /// Reads a keys document, or an array of several: `{"access":[{"from":…,"jwk":{…}}],"refresh":[…]}`, with dates in Unix
    /// seconds and private JWKs (RFC 7518 section 6.2). Ids are computed, never read.
    ///
    /// # Errors
    /// [`Error::Config`], naming the member below `keys`; no message holds a part of a key.
    pub fn from_json(json: &str, access_token_seconds: u32, family_seconds: u32) -> Result<Self, Error> {
        let Documents(documents) = config::parse(json).map_err(|error| match error {
            Error::Config { member, problem } => Error::config(below("keys", &member), problem),
            other => other,
        })?;
        let mut keys = Self {
            access: Ring::new(u64::from(access_token_seconds) + RETIRED_KEY_SECONDS),
            refresh: Ring::new(u64::from(family_seconds)),
        };
        let many = documents.len() > 1;
        for (index, document) in documents.iter().enumerate() {
            let at = if many { format!("keys[{index}]") } else { "keys".to_owned() };
            for (position, dated) in document.access.iter().enumerate() {
                keys.access.keys.push(SigningKey::new(dated, format!("{at}.access[{position}]"))?);
            }
            for (position, dated) in document.refresh.iter().enumerate() {
                keys.refresh.keys.push(SigningKey::new(dated, format!("{at}.refresh[{position}]"))?);
            }
        }
        keys.check_once()?;
        keys.access.arrange("keys.access")?;
        keys.refresh.arrange("keys.refresh")?;
        Ok(keys)
    }

    /// See [`Mint::key_set`](super::Mint::key_set).
    pub fn key_set(&self, now_ms: u64) -> String {
        let mut set = Writer::default();
        set.object();
        set.name("keys");
        set.array();
        for key in self.access.current(now_ms) {
            set.json(&key.jwk);
        }
        set.end_array();
        set.end_object();
        set.finish()
    }

    /// See [`Mint::refresh_kid`](super::Mint::refresh_kid).
    ///
    /// # Errors
    /// [`Error::SigningKeyMissing`].
    pub fn refresh_kid(&self, now_ms: u64) -> Result<&str, Error> {
        self.refresh.active(now_ms).map(|key| key.kid.as_str())
    }

    /// The key that signs access tokens.
    pub(super) fn active_access(&self, now_ms: u64) -> Result<&SigningKey, Error> {
        self.access.active(now_ms)
    }

    /// The refresh key of this id, whatever its age: what it signed before it must sign again to the byte.
    pub(super) fn refresh(&self, kid: &str) -> Result<&SigningKey, Error> {
        self.refresh.keys.iter().find(|key| key.kid == kid).ok_or(Error::SigningKeyMissing)
    }

    /// What verifies refresh tokens of this key id, while any of them may be valid.
    pub(super) fn refresh_verifier(&self, kid: &str, now_ms: u64) -> Option<&Key> {
        self.refresh.current(now_ms).find(|key| key.kid == kid).map(|key| &key.public)
    }

    /// One key in two places could be published in one of them and trusted for refresh tokens in the other.
    fn check_once(&self) -> Result<(), Error> {
        let all: Vec<&SigningKey> = self.access.keys.iter().chain(&self.refresh.keys).collect();
        for (index, key) in all.iter().enumerate() {
            if let Some(first) = all.iter().take(index).find(|other| other.kid == key.kid) {
                return Err(Error::config(format!("{}.jwk", key.at), format!("is the same key as {}", first.at)));
            }
        }
        Ok(())
    }
}

impl Ring {
    const fn new(retired_seconds: u64) -> Self {
        Self { keys: Vec::new(), retired_seconds }
    }

    /// Sorts the keys by their dates.
    fn arrange(&mut self, at: &str) -> Result<(), Error> {
        if self.keys.is_empty() || self.keys.len() > MAX_SIGNING_KEYS {
            return Err(Error::config(at, "expected 1 to 16 keys"));
        }
        self.keys.sort_by_key(|key| key.from);
        let twin = self.keys.windows(2).find_map(|pair| match pair {
            [one, other] if one.from == other.from => Some((one, other)),
            _ => None,
        });
        match twin {
            None => Ok(()),
            // Which of them signs would be left to chance.
            Some((one, other)) => {
                Err(Error::config(format!("{}.from", other.at), format!("is the date of {} too", one.at)))
            }
        }
    }

    /// The key of the latest date that has come.
    fn active(&self, now_ms: u64) -> Result<&SigningKey, Error> {
        self.keys.iter().rev().find(|key| key.from <= now_ms / 1000).ok_or(Error::SigningKeyMissing)
    }

    /// All but those that have been retired for so long that nothing of theirs is valid any more.
    fn current(&self, now_ms: u64) -> impl Iterator<Item = &SigningKey> {
        let successors = self.keys.iter().skip(1).map(|key| Some(key.from)).chain([None]);
        self.keys.iter().zip(successors).filter_map(move |(key, successor)| {
            let is_gone = successor.is_some_and(|from| now_ms / 1000 >= from.saturating_add(self.retired_seconds));
            (!is_gone).then_some(key)
        })
    }
}

impl SigningKey {
    fn new(dated: &DatedKey, at: String) -> Result<Self, Error> {
        let wrong = |member: &str, problem: &str| Error::config(format!("{at}.{member}"), problem);
        if dated.from as f64 > MAX_UNIX_TIME_SECONDS {
            return Err(wrong("from", "expected a date in seconds since 1970"));
        }
        let PrivateJwk { kty, crv, x, y, d } = &dated.jwk;
        if kty != "EC" || crv != "P-256" {
            return Err(wrong("jwk", "expected kty EC and crv P-256"));
        }
        let secret = base64url::decode(d).ok().filter(|secret| secret.len() == 32);
        let secret = secret.ok_or_else(|| wrong("jwk.d", "expected 32 bytes in base64url"))?;
        let signer = p256::ecdsa::SigningKey::from_slice(&secret)
            .map_err(|_| wrong("jwk.d", "expected a number from 1 to the order of P-256 less 1"))?;
        let point = signer.verifying_key().to_sec1_point(false);
        let (Some(own_x), Some(own_y)) = (point.x(), point.y()) else {
            return Err(wrong("jwk.d", "expected a key with a public point"));
        };
        if *x != base64url::encode(own_x) || *y != base64url::encode(own_y) {
            return Err(wrong("jwk", "expected x and y to be the point of d"));
        }
        let members = format!(r#""crv":"P-256","kty":"EC","x":"{x}","y":"{y}""#);
        let kid = thumbprint(&format!("{{{members}}}"));
        let jwk = format!(r#"{{{members},"use":"sig","alg":"ES256","kid":"{kid}"}}"#);
        let public = Key::parse(jwk.as_bytes(), &[Algorithm::Es256])?;
        Ok(Self { kid, from: dated.from, signer: Es256(signer), public, jwk, at })
    }

    /// A token in compact form (RFC 7515 section 7.1).
    ///
    /// # Errors
    /// [`Error::SigningKeyMissing`] when the signer gives none, which has no input that is known.
    pub(super) fn sign(&self, typ: &str, claims: &str) -> Result<String, Error> {
        let mut header = Writer::default();
        header.object();
        header.member("alg", Algorithm::Es256.name());
        header.member("typ", typ);
        header.member("kid", &self.kid);
        header.end_object();
        let header = base64url::encode(header.finish().as_bytes());
        let signing_input = format!("{header}.{}", base64url::encode(claims.as_bytes()));
        let signature = self.signer().try_sign(signing_input.as_bytes()).map_err(|_| Error::SigningKeyMissing)?;
        Ok(format!("{signing_input}.{}", base64url::encode(&signature)))
    }

    /// What makes the signatures.
    pub(super) fn signer(&self) -> &dyn JwtSigner {
        &self.signer
    }
}

/// A log must not hold a private key.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).field("from", &self.from).finish_non_exhaustive()
    }
}

/// A key's id (RFC 7638): the hash of its required public members, sorted, without white space.
fn thumbprint(canonical: &str) -> String {
    base64url::encode(&Sha256::digest(canonical.as_bytes()))
}

/// The path of a member below another.
fn below(outer: &str, member: &str) -> String {
    if member.is_empty() || member.starts_with('[') { format!("{outer}{member}") } else { format!("{outer}.{member}") }
}

/// One keys document or several: a host with one secret has one, and a secret that can't be read back is joined by another.
struct Documents(Vec<KeysDocument>);

struct KeysDocument {
    access: Vec<DatedKey>,
    refresh: Vec<DatedKey>,
}

struct DatedKey {
    from: u64,
    jwk: PrivateJwk,
}

struct PrivateJwk {
    kty: String,
    crv: String,
    x: String,
    y: String,
    d: String,
}

impl Read for Documents {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        match value {
            Value::Array(_) => Self(Read::read(value, at, faults)),
            _ => Self(vec![Read::read(value, at, faults)]),
        }
    }
}

/// The public members that others write beside the five are let stand, and never read.
impl Read for PrivateJwk {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        let known = ["kty", "crv", "x", "y", "d", "kid", "use", "alg", "key_ops", "ext"];
        let members = Members::of(value, at, &known, faults);
        Self {
            kty: members.take("kty", faults),
            crv: members.take("crv", faults),
            x: members.take("x", faults),
            y: members.take("y", faults),
            d: members.take("d", faults),
        }
    }
}

read_members! {
    KeysDocument {
        access: "access" or Vec::new(),
        refresh: "refresh" or Vec::new(),
    }
    DatedKey {
        from: "from",
        jwk: "jwk",
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
