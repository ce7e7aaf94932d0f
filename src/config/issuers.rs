//! The configuration's issuers: whose tokens are taken, by which keys, and where the claims are.

#[cfg(feature = "schema")]
use std::collections::BTreeMap;

#[cfg(feature = "schema")]
use schemars::JsonSchema;

use super::OneOrMany;

/// Whose tokens a gate takes.
#[derive(Debug, Clone)]
pub struct GateIssuers {
    /// The token service of the same host, and its position among them all.
    pub own: Option<(usize, OwnIssuer)>,
    /// The others, in their order.
    pub others: Vec<Issuer>,
}

/// The shape of one of them, for the schema only.
#[cfg(feature = "schema")]
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, clippy::large_enum_variant)]
pub enum GateIssuer {
    /// The token service of the same host.
    Own(OwnIssuer),
    /// Another.
    Other(Issuer),
}

/// The token service of the same host: `issuer` and `audience` are those of `tokens`, and its keys come from memory.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct OwnIssuer {
    /// `tollgate`.
    pub preset: OwnPreset,
    /// The clients of which `client_id` must be one. Default: any of the service's.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub client_ids: Option<Vec<String>>,
    /// The tenants whose tokens are taken. Default: any.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub tenants: Option<Vec<String>>,
}

/// What marks the token service of the same host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "lowercase"))]
pub enum OwnPreset {
    /// This package's own.
    Tollgate,
}

/// One issuer, its keys, and what its tokens must say.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct Issuer {
    /// Fills in `issuer`, `jwksUri`, `algorithms` and claim names for a known provider.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub preset: Option<Preset>,
    /// With the preset `cognito`: the AWS region, such as `eu-west-1`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub region: Option<String>,
    /// With the preset `cognito`: the user pool's id, such as `eu-west-1_Ab12`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub user_pool_id: Option<String>,
    /// With the preset `auth0`: the tenant's domain, such as `example.eu.auth0.com`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub domain: Option<String>,
    /// The exact `iss` of its tokens: an https URL (http only to loopback).
    #[cfg_attr(feature = "schema", schemars(default))]
    pub issuer: Option<String>,
    /// The signature algorithms its keys may use.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub algorithms: Option<Vec<AlgorithmName>>,
    /// Its key set, given here. Exclusive with `jwksUri`.
    #[cfg_attr(feature = "schema", schemars(default, with = "Option<JwksDocument>", extend("default" = null)))]
    pub jwks: Option<KeySetText>,
    /// Where its key set is fetched from: an https URL (http only to loopback).
    #[cfg_attr(feature = "schema", schemars(default))]
    pub jwks_uri: Option<String>,
    /// The audiences of which `aud` must hold one; null for none, and then `clientIds` is compulsory.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub audience: Option<OneOrMany>,
    /// The clients of which `client_id`, else `azp`, must be one.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub client_ids: Option<Vec<String>>,
    /// The `typ` header values allowed, compared without case and `application/`; null means none.
    /// Default: `["JWT", "at+jwt", null]`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub types: Option<Vec<Option<String>>>,
    /// The `token_use` values allowed (Cognito). Default: not looked at; with the preset `cognito`, `["access"]`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub token_use: Option<Vec<String>>,
    /// The tenants this issuer may speak for. Default: any.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub tenants: Option<Vec<String>>,
    /// Oldest token accepted, in seconds since `iat`, which then is compulsory. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub max_age_seconds: Option<u32>,
    /// Where the principal's members are found among the claims.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub claims: ClaimNames,
}

/// A provider whose settings are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "lowercase"))]
pub enum Preset {
    /// Amazon Cognito user pools.
    Cognito,
    /// Auth0.
    Auth0,
}

/// A signature algorithm, in the spelling of RFC 7518 section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// The JSON text of a key set, read when the issuer's algorithms are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySetText(pub(crate) String);

/// Where the principal's members are found: a claim's name, or the path to a nested one.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub struct ClaimNames {
    /// Default: `tenant_id` (preset `auth0`: `org_id`).
    #[cfg_attr(feature = "schema", schemars(default))]
    pub tenant: Option<OneOrMany>,
    /// Default: `plan`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub plan: Option<OneOrMany>,
    /// Default: `groups` (preset `cognito`: `cognito:groups`).
    #[cfg_attr(feature = "schema", schemars(default))]
    pub groups: Option<OneOrMany>,
    /// Default: `permissions`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub permissions: Option<OneOrMany>,
    /// Default: `email`.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub email: Option<OneOrMany>,
}
