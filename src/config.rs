//! The configuration document: its shape, and nothing else. What a member means is checked where it is used,
//! so that a value which can't be right stops the gate from starting. Unknown members are errors.

use std::collections::BTreeMap;
use std::fmt;

#[cfg(feature = "schema")]
use schemars::JsonSchema;
use serde::de::{self, DeserializeOwned, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::json;
use crate::limits::{DEFAULT_CLOCK_TOLERANCE_SECONDS, DEFAULT_PREFLIGHT_SECONDS};

/// The whole configuration of a gate.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct Config {
    /// Who may issue tokens. At least one.
    pub issuers: Vec<Issuer>,
    /// How far clocks may disagree, in seconds: 0 to 300.
    #[serde(default = "default_tolerance")]
    pub clock_tolerance_seconds: u32,
    /// Where a request carries its token. Default: the `Authorization` header only.
    #[serde(default)]
    pub credentials: Credentials,
    /// Which tenant a request asks for. Default: every token must name a tenant, and nothing is compared.
    #[serde(default)]
    pub tenant: Tenant,
    /// Which browser origins may call. Without it, preflights pass to the origin and no CORS header is set.
    #[serde(default)]
    pub cors: Option<Cors>,
    /// What each path asks for. A path that no rule matches is denied.
    pub rules: Vec<Rule>,
    /// What the origin is told.
    #[serde(default)]
    pub identity: Identity,
    /// Where allowed requests go. Needed by hosts that forward, such as the Worker.
    #[serde(default)]
    pub upstream: Option<Upstream>,
}

/// The configuration of a verifier that has no gate around it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct VerifierConfig {
    /// Who may issue tokens. At least one.
    pub issuers: Vec<Issuer>,
    /// How far clocks may disagree, in seconds: 0 to 300.
    #[serde(default = "default_tolerance")]
    pub clock_tolerance_seconds: u32,
}

/// One issuer, its keys, and what its tokens must say.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct Issuer {
    /// Fills in `issuer`, `jwksUri`, `algorithms` and claim names for a known provider.
    #[serde(default)]
    pub preset: Option<Preset>,
    /// With the preset `cognito`: the AWS region, such as `eu-west-1`.
    #[serde(default)]
    pub region: Option<String>,
    /// With the preset `cognito`: the user pool's id, such as `eu-west-1_Ab12`.
    #[serde(default)]
    pub user_pool_id: Option<String>,
    /// With the preset `auth0`: the tenant's domain, such as `example.eu.auth0.com`.
    #[serde(default)]
    pub domain: Option<String>,
    /// The exact `iss` of its tokens: an https URL (http only to loopback).
    #[serde(default)]
    pub issuer: Option<String>,
    /// The signature algorithms its keys may use.
    #[serde(default)]
    pub algorithms: Option<Vec<AlgorithmName>>,
    /// Its key set, given here. Exclusive with `jwksUri`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<JwksDocument>"))]
    pub jwks: Option<Box<serde_json::value::RawValue>>,
    /// Where its key set is fetched from: an https URL (http only to loopback).
    #[serde(default)]
    pub jwks_uri: Option<String>,
    /// The audiences of which `aud` must hold one; null for none, and then `clientIds` is compulsory.
    #[serde(default)]
    pub audience: Option<OneOrMany>,
    /// The clients of which `client_id`, else `azp`, must be one.
    #[serde(default)]
    pub client_ids: Option<Vec<String>>,
    /// The `typ` header values allowed, compared without case and `application/`; null means none.
    /// Default: `["JWT", "at+jwt", null]`.
    #[serde(default)]
    pub types: Option<Vec<Option<String>>>,
    /// The `token_use` values allowed (Cognito). Default: not looked at; with the preset `cognito`, `["access"]`.
    #[serde(default)]
    pub token_use: Option<Vec<String>>,
    /// The tenants this issuer may speak for. Default: any.
    #[serde(default)]
    pub tenants: Option<Vec<String>>,
    /// Oldest token accepted, in seconds since `iat`, which then is compulsory. Default: no limit.
    #[serde(default)]
    pub max_age_seconds: Option<u32>,
    /// Where the principal's members are found among the claims.
    #[serde(default)]
    pub claims: ClaimNames,
}

/// A provider whose settings are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub enum Preset {
    /// Amazon Cognito user pools.
    Cognito,
    /// Auth0.
    Auth0,
}

/// A signature algorithm, in the spelling of RFC 7518 section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub enum AlgorithmName {
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
}

/// The shape of a JSON Web Key Set, for the schema only.
#[cfg(feature = "schema")]
#[derive(JsonSchema)]
#[allow(dead_code)]
pub struct JwksDocument {
    /// The keys (RFC 7517 section 5).
    keys: Vec<BTreeMap<String, serde_json::Value>>,
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
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Strings;
        impl<'de> Visitor<'de> for Strings {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings")
            }

            fn visit_str<E: de::Error>(self, one: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(one.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut many = Vec::new();
                while let Some(one) = seq.next_element()? {
                    many.push(one);
                }
                Ok(OneOrMany::Many(many))
            }
        }
        deserializer.deserialize_any(Strings)
    }
}

/// Where the principal's members are found: a claim's name, or the path to a nested one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct ClaimNames {
    /// Default: `tenant_id` (preset `auth0`: `org_id`).
    #[serde(default)]
    pub tenant: Option<OneOrMany>,
    /// Default: `plan`.
    #[serde(default)]
    pub plan: Option<OneOrMany>,
    /// Default: `groups` (preset `cognito`: `cognito:groups`).
    #[serde(default)]
    pub groups: Option<OneOrMany>,
    /// Default: `permissions`.
    #[serde(default)]
    pub permissions: Option<OneOrMany>,
    /// Default: `email`.
    #[serde(default)]
    pub email: Option<OneOrMany>,
}

/// Where a request carries its token.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct Credentials {
    /// Read `Authorization: Bearer`. Default: true.
    #[serde(default = "default_true")]
    pub header: bool,
    /// Read a cookie. Default: none.
    #[serde(default)]
    pub cookie: Option<Cookie>,
}

impl Default for Credentials {
    fn default() -> Self {
        Self { header: true, cookie: None }
    }
}

/// A cookie that carries the token.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct Cookie {
    /// Its name, compared exactly. Should start with `__Host-`.
    pub name: String,
    /// What happens to a request that another site may have caused. Default: it is refused.
    #[serde(default)]
    pub cross_site: CrossSite,
    /// Other origins that may use the cookie on unsafe methods, such as `https://app.example.com`.
    #[serde(default)]
    pub origins: Vec<String>,
}

/// What happens to a cookie credential on a request that another site may have caused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub enum CrossSite {
    /// Refused with 403 `cross_site`.
    #[default]
    Refuse,
    /// Let through: the origin has its own defence against request forgery.
    Allow,
}

/// Which tenant a request asks for, and what a tenant id looks like.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct Tenant {
    /// Refuse tokens that name no tenant. Default: true.
    #[serde(default = "default_true")]
    pub required: bool,
    /// Where the request says which tenant it asks for; it must equal the token's. Default: nowhere.
    #[serde(default)]
    pub from: Option<TenantFrom>,
    /// A regular expression that a whole tenant id must match. Default: `[a-z0-9][a-z0-9_-]{0,63}`.
    #[serde(default)]
    pub pattern: Option<String>,
}

impl Default for Tenant {
    fn default() -> Self {
        Self { required: true, from: None, pattern: None }
    }
}

/// Where a request says which tenant it asks for: by host, by path or by header.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct TenantFrom {
    /// A host with one label `{tenant}`, such as `{tenant}.api.example.com`.
    #[serde(default)]
    pub host: Option<String>,
    /// Hosts that belong to one tenant each, such as `{"api.acme.com": "acme"}`.
    #[serde(default)]
    pub hosts: BTreeMap<String, String>,
    /// The rule's own `{tenant}` segment.
    #[serde(default)]
    pub path: bool,
    /// A header's name.
    #[serde(default)]
    pub header: Option<String>,
}

/// Which browser origins may call (Fetch standard, CORS protocol).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct Cors {
    /// Exact origins, such as `https://app.example.com`, or `["*"]` without `credentials`.
    pub origins: Vec<String>,
    /// Allow cookies. Default: false.
    #[serde(default)]
    pub credentials: bool,
    /// Response headers that the page may read.
    #[serde(default)]
    pub expose_headers: Vec<String>,
    /// How long a browser may keep a preflight answer, in seconds: 0 to 86400. Default: 600.
    #[serde(default = "default_preflight")]
    pub max_age_seconds: u32,
}

/// What one path shape asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct Rule {
    /// Literal segments, `{name}` for one segment, and `{*rest}` at the end for any number.
    pub path: String,
    /// The methods it covers (`GET` includes `HEAD`). Default: all.
    #[serde(default)]
    pub methods: Option<Vec<String>>,
    /// No credential is read, and no identity sent. Default: false.
    #[serde(default)]
    pub public: bool,
    /// `"any"`: the tenant asked for is not compared with the token's.
    #[serde(default)]
    pub tenant: Option<TenantRule>,
    /// The kinds of principal let through. Default: `["user"]`.
    #[serde(default)]
    pub principals: Option<Vec<PrincipalKind>>,
    /// The plans let through, compared exactly. Default: all.
    #[serde(default)]
    pub plans: Option<Vec<String>>,
    /// Permissions asked for.
    #[serde(default)]
    pub permissions: Option<Requirement>,
    /// Groups asked for.
    #[serde(default)]
    pub groups: Option<Requirement>,
    /// Scopes asked for.
    #[serde(default)]
    pub scopes: Option<Requirement>,
    /// `"pass"`: `%2F` may stand in the path. Only on a rule that ends in `{*rest}`.
    #[serde(default)]
    pub encoded_slash: Option<EncodedSlash>,
}

/// How a rule treats the tenant asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub enum TenantRule {
    /// It is not compared with the token's.
    Any,
}

/// How a rule treats an encoded slash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub enum EncodedSlash {
    /// It may stand in the path.
    Pass,
}

/// Who a token speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A program with a credential of its own (RFC 6749 section 4.4).
    Client,
}

/// A set of strings that the token must hold: all of `all`, and one of `any`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct Requirement {
    /// Every one of these.
    #[serde(default)]
    pub all: Vec<String>,
    /// At least one of these.
    #[serde(default)]
    pub any: Vec<String>,
}

/// What the origin is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct Identity {
    /// The members of the principal that are sent. Default: user, tenant, plan, permissions.
    #[serde(default = "default_send")]
    pub send: Vec<Sent>,
}

impl Default for Identity {
    fn default() -> Self {
        Self { send: default_send() }
    }
}

/// A member of the principal that can be sent to the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
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

/// Where allowed requests go: a service binding or a URL.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
pub struct Upstream {
    /// The name of a service binding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// An https URL without path (http only to loopback).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// With `url`: the name of the variable that holds the secret sent as `x-tollgate-proof`; null for none.
    #[serde(default, deserialize_with = "stated", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub secret: Option<Option<String>>,
    /// Let the origin see the credential. Default: false.
    #[serde(default)]
    pub forward_credentials: bool,
}

/// Tells a stated null from an absent member.
fn stated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

const fn default_true() -> bool {
    true
}

const fn default_tolerance() -> u32 {
    DEFAULT_CLOCK_TOLERANCE_SECONDS
}

const fn default_preflight() -> u32 {
    DEFAULT_PREFLIGHT_SECONDS
}

fn default_send() -> Vec<Sent> {
    vec![Sent::User, Sent::Tenant, Sent::Plan, Sent::Permissions]
}

/// Reads a configuration document.
///
/// # Errors
/// [`Error::Config`] with the path of the first member that is unknown, missing or of the wrong type.
pub(crate) fn parse<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        // A `?` stands for a member that could not be read as far as its name.
        let path = error.path().to_string();
        Error::config(path.trim_end_matches(['.', '?']), error.inner().to_string())
    })?;
    deserializer.end().map_err(|error| Error::config("", format!("expected one JSON document: {error}")))?;
    // Stricter than the reader above, which lets the last of two equal names in a map win.
    json::parse(json.as_bytes()).map_err(|error| Error::config("", error.to_string()))?;
    Ok(parsed)
}
