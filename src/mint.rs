//! Access and refresh tokens: their claims, their keys and their signatures. Decides nothing about a session, reads no clock
//! and makes no randomness; whatever a caller hands over, no registered claim is overridden.

mod keys;

use crate::base64url;
use crate::config::{OneOrMany, TokenService};
use crate::error::Error;
use crate::json::write::Writer;
use crate::json::{Document, Object, Value};
use crate::limits::MAX_TOKEN_BYTES;
use crate::rotation::{Family, Presented};
use crate::token::UntrustedToken;

pub use keys::Keys;

/// `typ` of an access token (RFC 9068 section 2.1).
const ACCESS_TYPE: &str = "at+jwt";
/// `typ` of a refresh token. No verifier of access tokens knows it, and none is given its key.
const REFRESH_TYPE: &str = "refresh+jwt";

/// The claims that have a meaning here or in a gate. None can be set by a caller, because two readers of a token that take
/// one claim from different hands are an attack.
const RESERVED: [&str; 26] = [
    "iss",
    "aud",
    "sub",
    "client_id",
    "iat",
    "exp",
    "jti",
    "auth_time",
    "sid",
    "tid",
    "plan",
    "permissions",
    "groups",
    "email",
    "nbf",
    "cnf",
    "act",
    "scope",
    "azp",
    "token_use",
    "acr",
    "amr",
    "fam",
    "seq",
    "gty",
    "email_verified",
];

/// Makes the tokens of one service, and knows its refresh tokens again.
#[derive(Debug)]
pub struct Mint {
    issuer: String,
    audience: OneOrMany,
    refresh_audience: String,
    access_token_seconds: u64,
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

/// What the user may do now, as it was read for this very token. No text is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entitlements {
    /// `plan`; left out when there is none.
    pub plan: Option<String>,
    /// `permissions`; left out when there are none.
    pub permissions: Vec<String>,
    /// `groups`; left out when there are none.
    pub groups: Vec<String>,
    /// `email`; left out when there is none.
    pub email: Option<String>,
    /// More claims: names, and values as JSON text.
    pub claims: Vec<(String, String)>,
}

/// An access token that was just made.
#[derive(Clone, PartialEq, Eq)]
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
        Ok(Self {
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            refresh_audience: config.refresh_audience(),
            access_token_seconds: u64::from(config.access_token_seconds),
            keys: Keys::from_json(keys, config.access_token_seconds, config.family_seconds)?,
        })
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

    /// An access token (RFC 9068), which does not outlive the family. `random` becomes its `jti`.
    ///
    /// # Errors
    /// [`Error::ClaimReserved`] when an extra claim has a name that means something here; [`Error::MalformedJson`] when one
    /// is not one strict JSON value or stands there twice; [`Error::TokenTooLarge`]; [`Error::SigningKeyMissing`] when no
    /// key's time has come; [`Error::Expired`] when the family's end has.
    pub fn access_token(
        &self,
        session: &Session<'_>,
        family: &Family,
        entitlements: &Entitlements,
        now_ms: u64,
        random: &[u8; 16],
    ) -> Result<AccessToken, Error> {
        let now = now_ms / 1000;
        let exp = now.saturating_add(self.access_token_seconds).min(family.absolute_exp);
        let expires_in = exp.checked_sub(now).filter(|seconds| *seconds > 0).ok_or(Error::Expired)?;
        let mut claims = Writer::default();
        claims.object();
        claims.member("iss", &self.issuer);
        claims.name("aud");
        match &self.audience {
            OneOrMany::One(one) => claims.string(one),
            OneOrMany::Many(many) => claims.value(many),
        }
        claims.member("sub", session.user);
        claims.member("client_id", session.client);
        claims.member("iat", &now);
        claims.member("exp", &exp);
        claims.member("jti", &base64url::encode(random));
        claims.member("auth_time", &(family.created_at / 1000));
        claims.member("sid", session.family);
        claims.member("tid", session.tenant);
        entitlements.write_members(&mut claims)?;
        claims.end_object();
        let claims = claims.finish();
        if !entitlements.claims.is_empty() {
            // No claim twice, and nothing nested so deep that a verifier would refuse it.
            Document::parse_object(claims.clone().into_bytes())?;
        }
        let token = self.keys.active_access(now_ms)?.sign(ACCESS_TYPE, &claims)?;
        Ok(AccessToken { token: fitting(token)?, expires_in })
    }

    /// The current refresh token of a family: the same bytes each time, because it is a function of the record.
    ///
    /// # Errors
    /// [`Error::SigningKeyMissing`] when the record's key is no longer there; [`Error::TokenTooLarge`].
    pub fn refresh_token(&self, session: &Session<'_>, family: &Family) -> Result<String, Error> {
        let mut claims = Writer::default();
        claims.object();
        claims.member("iss", &self.issuer);
        claims.member("aud", &self.refresh_audience);
        claims.member("client_id", session.client);
        claims.member("sub", session.user);
        claims.member("tid", session.tenant);
        claims.member("fam", session.family);
        claims.member("seq", &family.seq);
        claims.member("jti", &format!("{}.{}", session.family, family.seq));
        claims.member("iat", &(family.rotated_at / 1000));
        claims.member("exp", &family.successor_exp);
        claims.end_object();
        fitting(self.keys.refresh(&family.kid)?.sign(REFRESH_TYPE, &claims.finish())?)
    }

    /// Knows a refresh token again: signature, `typ`, `iss`, `aud` and `exp`. Touches no store, so that rubbish costs none.
    ///
    /// There is no tolerance and no look at `iat`: only this service's clocks made the times, and one that steps back must
    /// log nobody out.
    ///
    /// # Errors
    /// Those of [`UntrustedToken::parse`]; [`Error::KidRequired`], [`Error::UnknownKey`], [`Error::TypNotAllowed`],
    /// [`Error::AlgNotAllowed`], [`Error::SignatureInvalid`], [`Error::UnknownIssuer`], [`Error::AudienceMismatch`],
    /// [`Error::ClaimMissing`], [`Error::ClaimMalformed`], [`Error::Expired`].
    pub fn verify_refresh(&self, token: &str, now_ms: u64) -> Result<RefreshToken, Error> {
        let token = UntrustedToken::parse(token)?;
        let kid = token.kid().ok_or(Error::KidRequired)?;
        let key = self.keys.refresh_verifier(kid, now_ms).ok_or(Error::UnknownKey)?;
        if token.typ() != Some(REFRESH_TYPE) {
            return Err(Error::TypNotAllowed);
        }
        let token = token.verify(key)?;
        let claims = token.claims();
        if text(claims, "iss")? != self.issuer {
            return Err(Error::UnknownIssuer);
        }
        if text(claims, "aud")? != self.refresh_audience {
            return Err(Error::AudienceMismatch);
        }
        let presented = Presented { seq: integer(claims, "seq")?, exp: integer(claims, "exp")? };
        if now_ms / 1000 >= presented.exp {
            return Err(Error::Expired);
        }
        Ok(RefreshToken {
            family: text(claims, "fam")?.to_owned(),
            user: text(claims, "sub")?.to_owned(),
            tenant: text(claims, "tid")?.to_owned(),
            client: text(claims, "client_id")?.to_owned(),
            presented,
        })
    }
}

impl Entitlements {
    fn write_members(&self, claims: &mut Writer) -> Result<(), Error> {
        if let Some(plan) = &self.plan {
            claims.member("plan", plan);
        }
        for (name, list) in [("permissions", &self.permissions), ("groups", &self.groups)] {
            if !list.is_empty() {
                claims.member(name, list);
            }
        }
        if let Some(email) = &self.email {
            claims.member("email", email);
        }
        for (name, json) in &self.claims {
            if let Some(claim) = RESERVED.into_iter().find(|reserved| reserved == name) {
                return Err(Error::ClaimReserved { claim });
            }
            // On its own, because a text that goes on after its value would bring in a claim.
            Document::parse(json.clone().into_bytes())?;
            claims.any_name(name);
            claims.json(json);
        }
        Ok(())
    }
}

/// A log must not hold a token.
impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// A token that no verifier of ours would refuse for its length.
fn fitting(token: String) -> Result<String, Error> {
    if token.len() > MAX_TOKEN_BYTES { Err(Error::TokenTooLarge) } else { Ok(token) }
}

/// A compulsory claim that is a text and not empty.
fn text<'c>(claims: Object<'c>, claim: &'static str) -> Result<&'c str, Error> {
    match claims.get(claim) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(_) => Err(Error::ClaimMalformed { claim }),
        None => Err(Error::ClaimMissing { claim }),
    }
}

/// A compulsory claim that is a plain integer.
fn integer(claims: Object<'_>, claim: &'static str) -> Result<u64, Error> {
    match claims.get(claim) {
        Some(Value::Number(number)) => number.to_u64().ok_or(Error::ClaimMalformed { claim }),
        Some(_) => Err(Error::ClaimMalformed { claim }),
        None => Err(Error::ClaimMissing { claim }),
    }
}

#[cfg(test)]
mod tests;
