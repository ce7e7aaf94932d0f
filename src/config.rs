//! The configuration document: its shape, and nothing else. What a member means is checked where it is used,
//! so that a value which can't be right stops the gate from starting. Unknown members are errors.

use std::collections::BTreeMap;
use std::fmt;

#[cfg(feature = "schema")]
use schemars::JsonSchema;

use crate::error::Error;
use crate::json::write::{Write, Writer};
use crate::limits::{
    DEFAULT_CACHE_BYTES, DEFAULT_CACHE_ENTRIES, DEFAULT_CACHE_SECONDS, DEFAULT_CLOCK_TOLERANCE_SECONDS,
    DEFAULT_PREFLIGHT_SECONDS,
};

mod issuers;
mod read;
#[cfg(feature = "mint")]
mod tokens;

#[cfg(feature = "schema")]
pub use issuers::*;
#[cfg(not(feature = "schema"))]
pub(crate) use issuers::{AlgorithmName, ClaimNames, GateIssuers, Issuer, KeySetText, OwnIssuer, OwnPreset, Preset};
#[cfg(all(test, feature = "schema"))]
pub(crate) use read::Listed;
#[cfg(test)]
pub(crate) use read::from_value;
pub(crate) use read::{Defaulted, Field, Stated, parse};
#[cfg(feature = "mint")]
pub(crate) use read::{Faults, Members, Path, Read, read_members};
#[cfg(feature = "schema")]
pub use tokens::{EntitlementsHook, StoreBinding, TokenClient};
#[cfg(feature = "mint")]
pub use tokens::{TokenService, TokensConfig};

/// What is wrong with a member. Out of line, with all that puts it into words: engines compile the functions that a good
/// configuration runs through, too.
#[cold]
#[inline(never)]
pub(crate) fn fault(member: fmt::Arguments<'_>, problem: &str) -> Error {
    Error::config(member.to_string(), problem)
}

/// The whole configuration of a gate.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Config {
    /// Who may issue tokens. At least one.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<GateIssuer>"))]
    pub issuers: GateIssuers,
    /// How far clocks may disagree, in seconds: 0 to 300.
    #[cfg_attr(feature = "schema", schemars(default = "default_tolerance"))]
    pub clock_tolerance_seconds: u32,
    /// Keeps tokens that were verified, so that their signatures are not checked again for a while. Default: none is kept.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub verified_token_cache: Option<VerifiedTokenCache>,
    /// Where a request carries its token. Default: the `Authorization` header only.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub credentials: Credentials,
    /// Which tenant a request asks for. Default: every token must name a tenant, and nothing is compared.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub tenant: Tenant,
    /// Which browser origins may call. Without it, preflights pass to the origin and no CORS header is set.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub cors: Option<Cors>,
    /// What each path asks for. A path that no rule matches is denied.
    pub rules: Vec<Rule>,
    /// What the origin is told.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub identity: Identity,
    /// Where allowed requests go. Needed by hosts that forward, such as the Worker.
    #[cfg_attr(feature = "schema", schemars(default, extend("default" = null)))]
    pub upstream: Option<Upstream>,
    /// What the Worker tells about its decisions, and to whom, beside its log.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub observe: Observe,
    /// The token service of the same host, whose tokens the preset `tollgate` takes.
    #[cfg_attr(feature = "schema", schemars(default, with = "Option<TokenService>", extend("default" = null)))]
    pub tokens: Option<ServiceNames>,
}

/// What a gate reads of its host's own token service: whose tokens they are. The service reads the rest.
#[derive(Debug, Clone)]
pub struct ServiceNames {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `aud` of its access tokens.
    pub audience: OneOrMany,
}

/// The configuration of a verifier that has no gate around it.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct VerifierConfig {
    /// Who may issue tokens. At least one.
    pub issuers: Vec<Issuer>,
    /// How far clocks may disagree, in seconds: 0 to 300.
    #[cfg_attr(feature = "schema", schemars(default = "default_tolerance"))]
    pub clock_tolerance_seconds: u32,
    /// Keeps tokens that were verified, so that their signatures are not checked again for a while. Default: none is kept.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub verified_token_cache: Option<VerifiedTokenCache>,
}

/// How many verified tokens are kept, and for how long.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct VerifiedTokenCache {
    /// Tokens kept at most: 1 to 100000. Default: 1000.
    #[cfg_attr(feature = "schema", schemars(default = "default_cache_entries"))]
    pub entries: u32,
    /// What they and their claims may take in the module's memory, in bytes: 65536 to 33554432. Default: 4194304.
    #[cfg_attr(feature = "schema", schemars(default = "default_cache_bytes"))]
    pub bytes: u32,
    /// How long a signature once checked is taken for good, in seconds: 1 to 3600. Default: 60.
    #[cfg_attr(feature = "schema", schemars(default = "default_cache_seconds"))]
    pub seconds: u32,
}

/// One string, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(untagged))]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The strings, in their order.
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    pub(crate) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// Where a request carries its token.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Credentials {
    /// Read `Authorization: Bearer`. Default: true.
    #[cfg_attr(feature = "schema", schemars(default = "default_true"))]
    pub header: bool,
    /// Read a cookie. Default: none.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub cookie: Option<Cookie>,
}

impl Default for Credentials {
    fn default() -> Self {
        Self { header: true, cookie: None }
    }
}

/// A cookie that carries the token.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Cookie {
    /// Its name, compared exactly. Should start with `__Host-`.
    pub name: String,
    /// What happens to a request that another site may have caused. Default: it is refused.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub cross_site: CrossSite,
    /// Other origins that may use the cookie on unsafe methods, such as `https://app.example.com`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub origins: Vec<String>,
}

/// What happens to a cookie credential on a request that another site may have caused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "lowercase"))]
pub enum CrossSite {
    /// Refused with 403 `cross_site`.
    #[default]
    Refuse,
    /// Let through: the origin has its own defence against request forgery.
    Allow,
}

/// Which tenant a request asks for, and what a tenant id looks like.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Tenant {
    /// Refuse tokens that name no tenant. Default: true.
    #[cfg_attr(feature = "schema", schemars(default = "default_true"))]
    pub required: bool,
    /// Where the request says which tenant it asks for; it must equal the token's. Default: nowhere.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub from: Option<TenantFrom>,
    /// A regular expression that a whole tenant id must match. Default: `[a-z0-9][a-z0-9_-]{0,63}`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub pattern: Option<String>,
}

impl Default for Tenant {
    fn default() -> Self {
        Self { required: true, from: None, pattern: None }
    }
}

/// Where a request says which tenant it asks for: by host, by path or by header.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct TenantFrom {
    /// A host with one label `{tenant}`, such as `{tenant}.api.example.com`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub host: Option<String>,
    /// Hosts that belong to one tenant each, such as `{"api.acme.com": "acme"}`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub hosts: BTreeMap<String, String>,
    /// The rule's own `{tenant}` segment.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub path: bool,
    /// A header's name.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub header: Option<String>,
}

/// Which browser origins may call (Fetch standard, CORS protocol).
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Cors {
    /// Exact origins, such as `https://app.example.com`, or `["*"]` without `credentials`.
    pub origins: Vec<String>,
    /// Allow cookies. Default: false.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub credentials: bool,
    /// Response headers that the page may read.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub expose_headers: Vec<String>,
    /// How long a browser may keep a preflight answer, in seconds: 0 to 86400. Default: 600.
    #[cfg_attr(feature = "schema", schemars(default = "default_preflight"))]
    pub max_age_seconds: u32,
}

/// What one path shape asks for.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Rule {
    /// Literal segments, `{name}` for one segment, and `{*rest}` at the end for any number.
    pub path: String,
    /// The methods it covers (`GET` includes `HEAD`). Default: all.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub methods: Option<Vec<String>>,
    /// No credential is read, and no identity sent. Default: false.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub public: bool,
    /// `"any"`: the tenant asked for is not compared with the token's.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub tenant: Option<TenantRule>,
    /// The kinds of principal let through. Default: `["user"]`.
    #[cfg_attr(feature = "schema", schemars(default, extend("default" = null)))]
    pub principals: Option<Vec<PrincipalKind>>,
    /// The plans let through, compared exactly. Default: all.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub plans: Option<Vec<String>>,
    /// Permissions asked for.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub permissions: Option<Requirement>,
    /// Groups asked for.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub groups: Option<Requirement>,
    /// Scopes asked for.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub scopes: Option<Requirement>,
    /// `"pass"`: `%2F` may stand in the path. Only on a rule that ends in `{*rest}`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub encoded_slash: Option<EncodedSlash>,
}

/// How a rule treats the tenant asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "lowercase"))]
pub enum TenantRule {
    /// It is not compared with the token's.
    Any,
}

/// How a rule treats an encoded slash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "lowercase"))]
pub enum EncodedSlash {
    /// It may stand in the path.
    Pass,
}

/// Who a token speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "lowercase"))]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A program with a credential of its own (RFC 6749 section 4.4).
    Client,
}

/// A set of strings that the token must hold: all of `all`, and one of `any`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Requirement {
    /// Every one of these.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub all: Vec<String>,
    /// At least one of these.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub any: Vec<String>,
}

/// What the origin is told.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Identity {
    /// The members of the principal that are sent. Default: user, tenant, plan, permissions.
    #[cfg_attr(feature = "schema", schemars(default = "default_send"))]
    pub send: Vec<Sent>,
}

impl Default for Identity {
    fn default() -> Self {
        Self { send: default_send() }
    }
}

/// A member of the principal that can be sent to the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "lowercase"))]
pub enum Sent {
    /// `x-tollgate-user`, or `x-tollgate-client` for a client.
    User,
    /// `x-tollgate-tenant`.
    Tenant,
    /// `x-tollgate-plan`.
    Plan,
    /// `x-tollgate-permissions`.
    Permissions,
    /// `x-tollgate-email`.
    Email,
    /// `x-tollgate-groups`.
    Groups,
}

/// What the Worker tells about its decisions.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Observe {
    /// Put the time that a decision waited for into a `Server-Timing` field of each answer. Default: false.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub server_timing: bool,
    /// The name of an Analytics Engine binding that events are written to. Default: none.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub analytics: Option<String>,
}

impl Write for Observe {
    fn write(&self, to: &mut Writer) {
        to.object();
        to.member("serverTiming", &self.server_timing);
        to.member("analytics", &self.analytics);
        to.end_object();
    }
}

/// Where allowed requests go: a service binding or a URL.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Upstream {
    /// The name of a service binding.
    #[cfg_attr(feature = "schema", schemars(default, skip_serializing_if = "Option::is_none"))]
    pub service: Option<String>,
    /// An https URL without path (http only to loopback).
    #[cfg_attr(feature = "schema", schemars(default, skip_serializing_if = "Option::is_none"))]
    pub url: Option<String>,
    /// With `url`: the name of the variable that holds the secret sent as `x-tollgate-proof`; null for none.
    #[cfg_attr(
        feature = "schema",
        schemars(default, with = "Option<String>", skip_serializing_if = "Option::is_none")
    )]
    pub secret: Option<Option<String>>,
    /// Let the origin see the credential. Default: false.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub forward_credentials: bool,
}

impl Write for Upstream {
    fn write(&self, to: &mut Writer) {
        to.object();
        if let Some(service) = &self.service {
            to.member("service", service);
        }
        if let Some(url) = &self.url {
            to.member("url", url);
        }
        if let Some(secret) = &self.secret {
            to.member("secret", secret);
        }
        to.member("forwardCredentials", &self.forward_credentials);
        to.end_object();
    }
}

impl PrincipalKind {
    /// As the configuration writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Client => "client",
        }
    }
}

impl Write for PrincipalKind {
    fn write(&self, to: &mut Writer) {
        to.string(self.name());
    }
}

#[cfg(feature = "schema")]
const fn default_true() -> bool {
    true
}

const fn default_tolerance() -> u32 {
    DEFAULT_CLOCK_TOLERANCE_SECONDS
}

const fn default_cache_entries() -> u32 {
    DEFAULT_CACHE_ENTRIES
}

const fn default_cache_bytes() -> u32 {
    DEFAULT_CACHE_BYTES
}

const fn default_cache_seconds() -> u32 {
    DEFAULT_CACHE_SECONDS
}

const fn default_preflight() -> u32 {
    DEFAULT_PREFLIGHT_SECONDS
}

fn default_send() -> Vec<Sent> {
    vec![Sent::User, Sent::Tenant, Sent::Plan, Sent::Permissions]
}
