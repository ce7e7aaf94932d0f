//! The `tokens` member: a service that issues tokens. Its shape, and what its values may be; it reads no key and no secret.

#[cfg(feature = "schema")]
use schemars::JsonSchema;

use super::{Cors, Credentials, Defaulted, Faults, Field, Members, OneOrMany, Path, Read, Tenant, read_members};
use crate::base64url;
use crate::error::Error;
use crate::json::Value;
use crate::limits::{
    DEFAULT_ACCESS_TOKEN_SECONDS, DEFAULT_ENTITLEMENTS_TIMEOUT_MILLISECONDS, DEFAULT_FAMILY_SECONDS,
    DEFAULT_GRACE_SECONDS, MAX_ACCESS_TOKEN_SECONDS, MAX_CLIENT_ID_BYTES, MAX_CLIENT_SECRET_HASHES,
    MAX_ENTITLEMENTS_TIMEOUT_MILLISECONDS, MAX_FAMILY_SECONDS, MAX_GRACE_SECONDS, MAX_KEYS_DOCUMENTS,
    MAX_PREFIX_SEGMENTS, MIN_ACCESS_TOKEN_SECONDS, MIN_ENTITLEMENTS_TIMEOUT_MILLISECONDS, MIN_FAMILY_SECONDS,
};
use crate::request::is_secure_url;

/// What the token service reads of the whole document. The other members are the gate's.
#[derive(Debug, Clone)]
pub struct TokensConfig {
    /// The token service.
    pub tokens: TokenService,
    /// Where a request carries its token: the cookie form exists when `cookie` is there.
    pub credentials: Credentials,
    /// What a tenant id looks like.
    pub tenant: Tenant,
    /// Which browser origins may call.
    pub cors: Option<Cors>,
}

/// A service that issues access tokens and rotates refresh tokens.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct TokenService {
    /// The `iss` of its tokens: an https URL (http only to loopback) without a final slash, a query or a fragment.
    pub issuer: String,
    /// The `aud` of its access tokens.
    pub audience: OneOrMany,
    /// The path below which its endpoints are: 1 to 4 segments of `a-z`, `0-9`, `_` and `-`. Default: `/auth`.
    #[cfg_attr(feature = "schema", schemars(default = "default_prefix"))]
    pub prefix: String,
    /// How long an access token lasts, in seconds: 60 to 3600. Default: 900.
    #[cfg_attr(feature = "schema", schemars(default = "default_access_token_seconds"))]
    pub access_token_seconds: u32,
    /// How long a log-in lasts at most, in seconds: 300 to 34560000. Default: 2592000, 30 days.
    #[cfg_attr(feature = "schema", schemars(default = "default_family_seconds"))]
    pub family_seconds: u32,
    /// How long it lasts without a refresh, in seconds; more than `accessTokenSeconds`. Default: no limit of its own.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub idle_seconds: Option<u32>,
    /// How long a refresh token that was just used is answered with the same successor, in seconds: 0 to 60. Default: 10.
    #[cfg_attr(feature = "schema", schemars(default = "default_grace_seconds"))]
    pub grace_seconds: u32,
    /// In a Worker: the names of the secrets that hold the signing keys, 1 to 8. Default: `["TOLLGATE_KEYS"]`.
    #[cfg_attr(feature = "schema", schemars(default = "default_keys"))]
    pub keys: Vec<String>,
    /// In a Worker: where the families are kept. Default: the Durable Objects of the binding `TOLLGATE_FAMILIES`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub store: StoreBinding,
    /// Who says what a user may do in a tenant, asked at each issue and refresh. Compulsory: null for nobody, and then
    /// every user is a member of every tenant, without plan and permissions.
    #[cfg_attr(feature = "schema", schemars(required, with = "Option<EntitlementsHook>"))]
    pub entitlements: Option<Option<EntitlementsHook>>,
    /// The programs that may ask for tokens. At least one.
    pub clients: Vec<TokenClient>,
}

/// Where a Worker keeps the families.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct StoreBinding {
    /// The name of a binding of Durable Objects of the class `Families`.
    pub durable_object: String,
}

impl Default for StoreBinding {
    fn default() -> Self {
        Self { durable_object: "TOLLGATE_FAMILIES".to_owned() }
    }
}

/// Who says what a user may do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct EntitlementsHook {
    /// In a Worker: the name of a service binding. Elsewhere the host gives a function.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub service: Option<String>,
    /// How long its answer is waited for, in milliseconds: 100 to 10000. Default: 2000.
    #[cfg_attr(feature = "schema", schemars(default = "default_timeout"))]
    pub timeout_milliseconds: u32,
}

/// A program that may ask for tokens, and proves itself with a secret (RFC 6749 section 2.3.1).
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct TokenClient {
    /// Its id: 1 to 64 letters, digits and `._~-`, which mean the same percent-encoded and not.
    pub id: String,
    /// What its secrets hash to, 1 to 4: `sha256:` and 43 characters of base64url. `npm run keys -- client` makes both.
    pub secret_hashes: Vec<String>,
    /// Its families may be refreshed by cookie. Default: false.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub cookies: bool,
    /// It may end all families of a user or a tenant. Default: false.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub revoke_all: bool,
    /// The tenants that it may ask for. Default: any.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub tenants: Option<Vec<String>>,
}

impl TokenService {
    /// The `aud` of its refresh tokens: the endpoint that takes them.
    pub(crate) fn refresh_audience(&self) -> String {
        format!("{}{}/token", self.issuer, self.prefix)
    }

    /// Checks what the values mean.
    ///
    /// # Errors
    /// [`Error::Config`], naming the member.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.check_names()?;
        self.check_lives()?;
        self.check_bindings()?;
        if self.clients.is_empty() {
            return Err(Error::config("tokens.clients", "expected at least one client"));
        }
        for (index, client) in self.clients.iter().enumerate() {
            let at = format!("tokens.clients[{index}]");
            client.check(&at)?;
            if self.clients.iter().take(index).any(|other| other.id == client.id) {
                return Err(Error::config(format!("{at}.id"), "is another client's id too"));
            }
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), Error> {
        // With a query or a fragment, or a second slash, the endpoints' addresses would be others.
        if !is_secure_url(&self.issuer) || self.issuer.ends_with('/') || self.issuer.contains(['?', '#']) {
            return Err(Error::config(
                "tokens.issuer",
                "expected an https URL (http only to loopback) without a final slash, a query or a fragment",
            ));
        }
        let is_segment = |segment: &str| {
            !segment.is_empty() && segment.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
        };
        let segments: Vec<&str> = self.prefix.split('/').skip(1).collect();
        if !self.prefix.starts_with('/')
            || segments.len() > MAX_PREFIX_SEGMENTS
            || !segments.iter().all(|segment| is_segment(segment))
        {
            return Err(Error::config("tokens.prefix", "expected / and 1 to 4 segments of a-z, 0-9, _ and -"));
        }
        let audience = self.audience.as_slice();
        if audience.is_empty() || audience.iter().any(String::is_empty) {
            return Err(Error::config("tokens.audience", "expected at least one text, none of them empty"));
        }
        // What is meant for the refresh endpoint must never be taken for an access token.
        if audience.contains(&self.refresh_audience()) {
            return Err(Error::config("tokens.audience", "expected another than that of refresh tokens"));
        }
        Ok(())
    }

    fn check_lives(&self) -> Result<(), Error> {
        let expected =
            |member: &str, range: &str| Err(Error::config(format!("tokens.{member}"), format!("expected {range}")));
        if !(MIN_ACCESS_TOKEN_SECONDS..=MAX_ACCESS_TOKEN_SECONDS).contains(&self.access_token_seconds) {
            return expected("accessTokenSeconds", "60 to 3600");
        }
        if !(MIN_FAMILY_SECONDS..=MAX_FAMILY_SECONDS).contains(&self.family_seconds) {
            return expected("familySeconds", "300 to 34560000");
        }
        if self.family_seconds <= self.access_token_seconds {
            return expected("familySeconds", "more than accessTokenSeconds");
        }
        if self.idle_seconds.is_some_and(|idle| idle <= self.access_token_seconds || idle > self.family_seconds) {
            return expected("idleSeconds", "more than accessTokenSeconds, and at most familySeconds");
        }
        if self.grace_seconds > MAX_GRACE_SECONDS {
            return expected("graceSeconds", "0 to 60");
        }
        Ok(())
    }

    fn check_bindings(&self) -> Result<(), Error> {
        if self.keys.is_empty() || self.keys.len() > MAX_KEYS_DOCUMENTS || !self.keys.iter().all(|name| is_name(name)) {
            return Err(Error::config("tokens.keys", "expected the names of 1 to 8 secrets, not the keys"));
        }
        if self.keys.iter().enumerate().any(|(index, name)| self.keys.iter().take(index).any(|other| other == name)) {
            return Err(Error::config("tokens.keys", "expected each name once"));
        }
        if !is_name(&self.store.durable_object) {
            return Err(Error::config("tokens.store.durableObject", "expected the name of a binding"));
        }
        let Some(stated) = &self.entitlements else {
            return Err(Error::config(
                "tokens.entitlements",
                "is missing; null says that every user is a member of every tenant",
            ));
        };
        let Some(hook) = stated else { return Ok(()) };
        if hook.service.as_ref().is_some_and(|service| !is_name(service)) {
            return Err(Error::config("tokens.entitlements.service", "expected the name of a service binding"));
        }
        let range = MIN_ENTITLEMENTS_TIMEOUT_MILLISECONDS..=MAX_ENTITLEMENTS_TIMEOUT_MILLISECONDS;
        if !range.contains(&hook.timeout_milliseconds) {
            return Err(Error::config("tokens.entitlements.timeoutMilliseconds", "expected 100 to 10000"));
        }
        Ok(())
    }
}

impl TokenClient {
    /// What its secrets hash to.
    pub fn hashes(&self) -> impl Iterator<Item = [u8; 32]> {
        self.secret_hashes.iter().filter_map(|hash| secret_hash(hash))
    }

    fn check(&self, at: &str) -> Result<(), Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
        if self.id.is_empty() || self.id.len() > MAX_CLIENT_ID_BYTES || !self.id.bytes().all(is_plain) {
            return Err(Error::config(format!("{at}.id"), "expected 1 to 64 letters, digits, . _ ~ and -"));
        }
        let hashes = &self.secret_hashes;
        if hashes.is_empty() || hashes.len() > MAX_CLIENT_SECRET_HASHES {
            return Err(Error::config(format!("{at}.secretHashes"), "expected 1 to 4 hashes"));
        }
        for (index, hash) in hashes.iter().enumerate() {
            if secret_hash(hash).is_none() {
                return Err(Error::config(
                    format!("{at}.secretHashes[{index}]"),
                    "expected sha256: and 43 characters of base64url, as `npm run keys -- client` prints them",
                ));
            }
        }
        if self.tenants.as_ref().is_some_and(|tenants| tenants.is_empty() || tenants.iter().any(String::is_empty)) {
            return Err(Error::config(format!("{at}.tenants"), "expected at least one text, none of them empty"));
        }
        Ok(())
    }
}

/// The SHA-256 of a client's secret, from its text in `secretHashes`.
fn secret_hash(text: &str) -> Option<[u8; 32]> {
    base64url::decode(text.strip_prefix("sha256:")?).ok()?.try_into().ok()
}

/// What a binding or a secret can be called.
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

read_members! {
    TokenService {
        issuer: "issuer",
        audience: "audience",
        prefix: "prefix" or default_prefix(),
        access_token_seconds: "accessTokenSeconds" or default_access_token_seconds(),
        family_seconds: "familySeconds" or default_family_seconds(),
        idle_seconds: "idleSeconds",
        grace_seconds: "graceSeconds" or default_grace_seconds(),
        keys: "keys" or default_keys(),
        store: "store" or StoreBinding::default(),
        entitlements: "entitlements" stated,
        clients: "clients",
    }
    StoreBinding {
        durable_object: "durableObject",
    }
    EntitlementsHook {
        service: "service",
        timeout_milliseconds: "timeoutMilliseconds" or default_timeout(),
    }
    TokenClient {
        id: "id",
        secret_hashes: "secretHashes",
        cookies: "cookies" or false,
        revoke_all: "revokeAll" or false,
        tenants: "tenants",
    }
}

impl Read for TokensConfig {
    fn read(value: Value<'_>, at: &Path<'_>, faults: &mut Faults) -> Self {
        let names = ["tokens", "credentials", "tenant", "cors"];
        let gates = ["issuers", "clockToleranceSeconds", "rules", "identity", "upstream"];
        let mut read = Self {
            tokens: Read::stand_in(),
            credentials: Credentials::default(),
            tenant: Tenant::default(),
            cors: None,
        };
        let fields: &mut [&mut dyn Field] = &mut [
            &mut read.tokens,
            &mut Defaulted(&mut read.credentials),
            &mut Defaulted(&mut read.tenant),
            &mut read.cors,
        ];
        Members::of(value, at, &[names.as_slice(), &gates].concat(), faults).fill(&names, fields, faults);
        read
    }
}

fn default_prefix() -> String {
    "/auth".to_owned()
}

const fn default_access_token_seconds() -> u32 {
    DEFAULT_ACCESS_TOKEN_SECONDS
}

const fn default_family_seconds() -> u32 {
    DEFAULT_FAMILY_SECONDS
}

const fn default_grace_seconds() -> u32 {
    DEFAULT_GRACE_SECONDS
}

fn default_keys() -> Vec<String> {
    vec!["TOLLGATE_KEYS".to_owned()]
}

const fn default_timeout() -> u32 {
    DEFAULT_ENTITLEMENTS_TIMEOUT_MILLISECONDS
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
