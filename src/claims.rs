//! Claim rules, and the principal they yield. Pure: time is an argument, and an absent clock cannot be guessed.
//! A claim of the wrong type is an error, never absent.

mod explain;

use std::borrow::Cow;
use std::fmt;

#[cfg(feature = "schema")]
use schemars::JsonSchema;

use crate::config::{self, OneOrMany, Preset, PrincipalKind};
use crate::error::Error;
use crate::json::write::{Write, Writer};
use crate::json::{Array, Document, Object, Value};
use crate::limits::MAX_UNIX_TIME_SECONDS;
use crate::texts::TextSet;

/// Who a verified token speaks for.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase"))]
pub struct Principal {
    /// A person or a program.
    pub kind: PrincipalKind,
    /// `sub` of a user; null for a client.
    pub user_id: Option<String>,
    /// `client_id`, else `azp`: the program that asked for the token.
    pub client_id: Option<String>,
    /// The tenant, from the configured claim.
    pub tenant_id: Option<String>,
    /// The plan, from the configured claim.
    pub plan: Option<String>,
    /// The email, from the configured claim; null when `email_verified` is false.
    pub email: Option<String>,
    /// The groups, from the configured claim.
    pub groups: Vec<String>,
    /// The permissions, from the configured claim.
    pub permissions: Vec<String>,
    /// `scope`, split (RFC 6749 section 3.3).
    pub scopes: Vec<String>,
    /// `iss`.
    pub issuer: String,
    /// `exp`, in Unix seconds.
    pub expires_at: f64,
}

#[cfg(test)]
impl Principal {
    pub(crate) fn borrowed(&self) -> PrincipalRef<'_> {
        fn texts(texts: &[String]) -> Texts<'_> {
            texts.iter().map(|text| Cow::Borrowed(text.as_str())).collect()
        }
        PrincipalRef {
            kind: self.kind,
            user_id: self.user_id.as_deref(),
            client_id: self.client_id.as_deref(),
            tenant_id: self.tenant_id.as_deref(),
            plan: self.plan.as_deref(),
            email: self.email.as_deref(),
            groups: texts(&self.groups),
            permissions: texts(&self.permissions),
            scopes: texts(&self.scopes),
            issuer: &self.issuer,
            times: Times { exp: self.expires_at, nbf: None, iat: None },
        }
    }
}

impl Write for Principal {
    fn write(&self, to: &mut Writer) {
        to.object();
        to.member("kind", &self.kind);
        to.member("userId", &self.user_id);
        to.member("clientId", &self.client_id);
        to.member("tenantId", &self.tenant_id);
        to.member("plan", &self.plan);
        to.member("email", &self.email);
        to.member("groups", &self.groups);
        to.member("permissions", &self.permissions);
        to.member("scopes", &self.scopes);
        to.member("issuer", &self.issuer);
        to.member("expiresAt", &self.expires_at);
        to.end_object();
    }
}

/// A [`Principal`] that borrows from the claims and their rules what it says, so that reading it copies nothing.
#[derive(Debug)]
pub(crate) struct PrincipalRef<'c> {
    pub(crate) kind: PrincipalKind,
    pub(crate) user_id: Option<&'c str>,
    pub(crate) client_id: Option<&'c str>,
    pub(crate) tenant_id: Option<&'c str>,
    pub(crate) plan: Option<&'c str>,
    pub(crate) email: Option<&'c str>,
    pub(crate) groups: Texts<'c>,
    pub(crate) permissions: Texts<'c>,
    pub(crate) scopes: Texts<'c>,
    issuer: &'c str,
    times: Times,
}

/// Those that a JSON array in a text holds are the only ones to be copied.
pub(crate) type Texts<'c> = Vec<Cow<'c, str>>;

impl PrincipalRef<'_> {
    /// Writes the values alone, which js/verifier.ts names: they are items of an array, and read in half the time.
    #[cfg(feature = "js")]
    pub(crate) fn write_values(&self, to: &mut Writer) {
        self.kind.write(to);
        self.user_id.write(to);
        self.client_id.write(to);
        self.tenant_id.write(to);
        self.plan.write(to);
        self.email.write(to);
        self.groups.write(to);
        self.permissions.write(to);
        self.scopes.write(to);
        self.issuer.write(to);
        self.times.exp.write(to);
    }

    #[inline(never)]
    pub(crate) fn into_owned(self) -> Principal {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let texts = |texts: Texts<'_>| texts.into_iter().map(Cow::into_owned).collect();
        Principal {
            kind: self.kind,
            user_id: text(self.user_id),
            client_id: text(self.client_id),
            tenant_id: text(self.tenant_id),
            plan: text(self.plan),
            email: text(self.email),
            groups: texts(self.groups),
            permissions: texts(self.permissions),
            scopes: texts(self.scopes),
            issuer: self.issuer.to_owned(),
            expires_at: self.times.exp,
        }
    }

    /// When the token is good.
    pub(crate) const fn times(&self) -> Times {
        self.times
    }
}

/// When a token is good, by its claims and in Unix seconds: all that a clock has a say in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
}

impl Times {
    /// `exp`, `nbf` and `iat` (RFC 7519 sections 4.1.4 to 4.1.6).
    pub(crate) fn of(claims: Object<'_>) -> Result<Self, Error> {
        let exp = numeric_date(claims, "exp")?.ok_or(Error::ClaimMissing { claim: "exp" })?;
        Ok(Self { exp, nbf: numeric_date(claims, "nbf")?, iat: numeric_date(claims, "iat")? })
    }
}

/// What the tokens of one issuer must say.
#[derive(Debug)]
pub(crate) struct ClaimRules {
    issuer: String,
    audience: Option<TextSet>,
    client_ids: Option<TextSet>,
    token_use: Option<Vec<String>>,
    tenants: Option<TextSet>,
    max_age_seconds: Option<f64>,
    cognito: bool,
    tenant: ClaimPath,
    plan: ClaimPath,
    groups: ClaimPath,
    permissions: ClaimPath,
    email: ClaimPath,
}

/// A claim's name, or the way to a nested one.
#[derive(Debug)]
enum ClaimPath {
    /// Shared by all issuers that say nothing else.
    Usual(&'static str),
    Own(Vec<String>),
}

impl ClaimRules {
    /// Compiles the claim members of an issuer; `at` names it in errors.
    #[inline(never)]
    pub(crate) fn compile(
        at: impl fmt::Display + Copy,
        issuer: String,
        config: &mut config::Issuer,
    ) -> Result<Self, Error> {
        Self::check_members(at, config)?;
        let cognito = config.preset == Some(Preset::Cognito);
        let auth0 = config.preset == Some(Preset::Auth0);
        let names = &mut config.claims;
        Ok(Self {
            issuer,
            audience: config.audience.take().map(|audience| TextSet::new(audience.into_vec())),
            client_ids: config.client_ids.take().map(TextSet::new),
            token_use: config.token_use.take().or_else(|| cognito.then(|| vec!["access".to_owned()])),
            tenants: config.tenants.take().map(TextSet::new),
            max_age_seconds: config.max_age_seconds.map(f64::from),
            cognito,
            tenant: ClaimPath::of(&mut names.tenant, if auth0 { "org_id" } else { "tenant_id" }),
            plan: ClaimPath::of(&mut names.plan, "plan"),
            groups: ClaimPath::of(&mut names.groups, if cognito { "cognito:groups" } else { "groups" }),
            permissions: ClaimPath::of(&mut names.permissions, "permissions"),
            email: ClaimPath::of(&mut names.email, "email"),
        })
    }

    /// Refuses what cannot be. Holds nothing that would have to be dropped at each of the ways out.
    fn check_members(at: impl fmt::Display + Copy, config: &config::Issuer) -> Result<(), Error> {
        for (member, list) in [
            ("audience", config.audience.as_ref().map(OneOrMany::as_slice)),
            ("clientIds", config.client_ids.as_deref()),
            ("tokenUse", config.token_use.as_deref()),
            ("tenants", config.tenants.as_deref()),
        ] {
            if list.is_some_and(says_nothing) {
                return Err(config::fault(
                    format_args!("{at}.{member}"),
                    "expected at least one text, none of them empty",
                ));
            }
        }
        if config.audience.is_none() && config.client_ids.is_none() {
            return Err(config::fault(
                format_args!("{at}.audience"),
                "expected audience, clientIds or both, so that tokens made for other services are refused",
            ));
        }
        if config.max_age_seconds == Some(0) {
            return Err(config::fault(format_args!("{at}.maxAgeSeconds"), "expected more than 0 seconds"));
        }
        let config::ClaimNames { tenant, plan, groups, permissions, email } = &config.claims;
        for (member, path) in
            [("tenant", tenant), ("plan", plan), ("groups", groups), ("permissions", permissions), ("email", email)]
        {
            let path = path.as_ref().map(OneOrMany::as_slice);
            if path.is_some_and(says_nothing) {
                return Err(config::fault(
                    format_args!("{at}.claims.{member}"),
                    "expected a claim's name, or the names on the way to a nested one",
                ));
            }
        }
        Ok(())
    }

    /// Judges verified claims at `now`, both in Unix seconds.
    pub(crate) fn check<'c>(&'c self, claims: Object<'c>, now: f64, tolerance: f64) -> Result<PrincipalRef<'c>, Error> {
        let times = Times::of(claims)?;
        self.check_times(times, now, tolerance)?;
        self.check_audience(claims)?;
        let client = self.check_client(claims)?;
        self.check_token_use(claims)?;
        if claims.get("cnf").is_some() {
            return Err(Error::SenderConstrained);
        }
        optional_text(claims, "jti")?;
        let subject = optional_text(claims, "sub")?.ok_or(Error::ClaimMissing { claim: "sub" })?;
        let is_client = client == Some(subject) || optional_text(claims, "gty")? == Some("client-credentials");
        let kind = if is_client { PrincipalKind::Client } else { PrincipalKind::User };
        let mut principal = PrincipalRef {
            kind,
            user_id: (!is_client).then_some(subject),
            client_id: client.or_else(|| is_client.then_some(subject)),
            tenant_id: self.tenant_of(claims)?,
            plan: text_at(&self.plan, claims, "plan")?,
            email: self.email_of(claims)?,
            groups: Texts::new(),
            permissions: Texts::new(),
            scopes: Texts::new(),
            issuer: &self.issuer,
            times,
        };
        self.read_lists(claims, &mut principal)?;
        Ok(principal)
    }

    fn read_lists<'c>(&self, claims: Object<'c>, principal: &mut PrincipalRef<'c>) -> Result<(), Error> {
        list_at(&self.groups, claims, "groups", &mut principal.groups)?;
        list_at(&self.permissions, claims, "permissions", &mut principal.permissions)?;
        scopes(claims, &mut principal.scopes)
    }

    /// Judges the times, and the maximum age: the only part of [`ClaimRules::check`] whose outcome `now` can change.
    pub(crate) fn check_times(&self, times: Times, now: f64, tolerance: f64) -> Result<(), Error> {
        let Times { exp, nbf, iat } = times;
        if now >= exp + tolerance {
            return Err(Error::Expired);
        }
        if nbf.is_some_and(|nbf| nbf > exp) || iat.is_some_and(|iat| iat > exp) {
            return Err(Error::TimesContradict);
        }
        if nbf.is_some_and(|nbf| nbf > now + tolerance) {
            return Err(Error::NotYetValid);
        }
        if iat.is_some_and(|iat| iat > now + tolerance) {
            return Err(Error::IssuedInFuture);
        }
        if let Some(max_age) = self.max_age_seconds {
            let iat = iat.ok_or(Error::ClaimMissing { claim: "iat" })?;
            if now >= iat + max_age + tolerance {
                return Err(Error::TooOld);
            }
        }
        Ok(())
    }

    /// `aud` (RFC 7519 section 4.1.3): a text or an array of texts, of which one is ours.
    fn check_audience(&self, claims: Object<'_>) -> Result<(), Error> {
        let malformed = || Error::ClaimMalformed { claim: "aud" };
        let is_ours = |held: &str| self.audience.as_ref().is_none_or(|ours| ours.contains(held));
        let ours = match claims.get("aud") {
            None if self.audience.is_none() => true,
            None => return Err(Error::ClaimMissing { claim: "aud" }),
            Some(Value::String(one)) if !one.is_empty() => is_ours(one),
            Some(Value::Array(many)) if !many.is_empty() => {
                let mut ours = false;
                for held in many.iter() {
                    // Judged to the end: one that is no text is malformed behind one of ours, too.
                    ours |= is_ours(text_of(held).ok_or_else(malformed)?);
                }
                ours
            }
            Some(_) => return Err(malformed()),
        };
        if ours { Ok(()) } else { Err(Error::AudienceMismatch) }
    }

    /// The client that asked for the token: `client_id` (RFC 9068), else `azp` (OpenID Connect), else, for Cognito
    /// ID tokens, `aud`. Two that are present must agree.
    fn check_client<'c>(&self, claims: Object<'c>) -> Result<Option<&'c str>, Error> {
        let client_id = optional_text(claims, "client_id")?;
        let azp = optional_text(claims, "azp")?;
        let cognito_id = self.cognito && optional_text(claims, "token_use")? == Some("id");
        let aud = if cognito_id { claims.get("aud").and_then(text_of) } else { None };
        if client_id.is_some() && azp.is_some() && client_id != azp {
            return Err(Error::ClientMismatch);
        }
        let client = client_id.or(azp).or(aud);
        if let Some(allowed) = &self.client_ids {
            let client = client.ok_or(Error::ClaimMissing { claim: "client_id" })?;
            if !allowed.contains(client) {
                return Err(Error::ClientMismatch);
            }
        }
        Ok(client)
    }

    fn check_token_use(&self, claims: Object<'_>) -> Result<(), Error> {
        let held = optional_text(claims, "token_use")?;
        let Some(allowed) = &self.token_use else { return Ok(()) };
        let held = held.ok_or(Error::ClaimMissing { claim: "token_use" })?;
        if allowed.iter().any(|allowed| allowed == held) { Ok(()) } else { Err(Error::TokenUseMismatch) }
    }

    /// The tenant, which the issuer must be allowed to speak for.
    fn tenant_of<'c>(&self, claims: Object<'c>) -> Result<Option<&'c str>, Error> {
        let tenant = match self.tenant.find(claims) {
            None => return Ok(None),
            Some(Value::String(tenant)) if !tenant.is_empty() => tenant,
            Some(_) => return Err(Error::TenantMalformed),
        };
        if self.tenants.as_ref().is_some_and(|allowed| !allowed.contains(tenant)) {
            return Err(Error::TenantNotOfIssuer);
        }
        Ok(Some(tenant))
    }

    /// The email, unless the issuer says that it is unverified.
    fn email_of<'c>(&self, claims: Object<'c>) -> Result<Option<&'c str>, Error> {
        let email = text_at(&self.email, claims, "email")?;
        let unverified = match claims.get("email_verified") {
            None | Some(Value::Bool(true)) => false,
            Some(Value::Bool(false)) => true,
            // Cognito writes booleans as texts in some tokens.
            Some(Value::String("true")) => false,
            Some(Value::String("false")) => true,
            Some(_) => return Err(Error::ClaimMalformed { claim: "email_verified" }),
        };
        Ok(email.filter(|_| !unverified))
    }
}

impl ClaimPath {
    /// The configured one, taken out of the configuration, or the usual one.
    fn of(given: &mut Option<OneOrMany>, usual: &'static str) -> Self {
        given.take().map_or(Self::Usual(usual), |given| Self::Own(given.into_vec()))
    }

    fn find<'c>(&self, claims: Object<'c>) -> Option<Value<'c>> {
        let path = match self {
            Self::Usual(name) => return claims.get(name),
            Self::Own(path) => path,
        };
        let (last, way) = path.split_last()?;
        let mut object = claims;
        for name in way {
            object = match object.get(name) {
                Some(Value::Object(inner)) => inner,
                _ => return None,
            };
        }
        object.get(last)
    }
}

/// Whether a list is empty, or one of its texts.
#[inline(never)]
fn says_nothing(list: &[String]) -> bool {
    list.is_empty() || list.iter().any(String::is_empty)
}

/// A `NumericDate` (RFC 7519 section 2) within the years that a clock can show.
fn numeric_date(claims: Object<'_>, claim: &'static str) -> Result<Option<f64>, Error> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::Number(date)) => match date.to_f64() {
            Some(date) if date.abs() <= MAX_UNIX_TIME_SECONDS => Ok(Some(date)),
            _ => Err(Error::ClaimMalformed { claim }),
        },
        Some(_) => Err(Error::ClaimMalformed { claim }),
    }
}

fn text_of(value: Value<'_>) -> Option<&str> {
    if let Value::String(text) = value { Some(text) } else { None }
}

/// A claim that is a non-empty text when present.
fn optional_text<'c>(claims: Object<'c>, claim: &'static str) -> Result<Option<&'c str>, Error> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(Error::ClaimMalformed { claim }),
    }
}

fn text_at<'c>(path: &ClaimPath, claims: Object<'c>, claim: &'static str) -> Result<Option<&'c str>, Error> {
    match path.find(claims) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(Error::ClaimMalformed { claim }),
    }
}

/// Reads a list of texts: an array, a space-separated text, or a JSON array in a text (Cognito's V1 triggers set only texts).
fn list_at<'c>(path: &ClaimPath, claims: Object<'c>, claim: &'static str, list: &mut Texts<'c>) -> Result<(), Error> {
    let is_read = match path.find(claims) {
        None => true,
        Some(Value::Array(values)) => read_array(values, list),
        Some(Value::String(text)) if text.starts_with('[') => read_array_in_text(text, list),
        Some(Value::String(text)) => split_spaces(text, list),
        Some(_) => false,
    };
    if is_read { Ok(()) } else { Err(Error::ClaimMalformed { claim }) }
}

/// Takes the items of an array; false when one is no text or empty.
fn read_array<'c>(values: Array<'c>, list: &mut Texts<'c>) -> bool {
    for value in values.iter() {
        match text_of(value) {
            Some(text) if !text.is_empty() => list.push(Cow::Borrowed(text)),
            _ => return false,
        }
    }
    true
}

#[inline(never)]
fn read_array_in_text(text: &str, list: &mut Texts<'_>) -> bool {
    let Ok(document) = Document::parse(text.as_bytes().to_vec()) else { return false };
    let Value::Array(values) = document.value() else { return false };
    let mut borrowed = Texts::new();
    let is_read = read_array(values, &mut borrowed);
    list.extend(borrowed.into_iter().map(|text| Cow::Owned(text.into_owned())));
    is_read
}

/// `scope` (RFC 6749 section 3.3).
fn scopes<'c>(claims: Object<'c>, list: &mut Texts<'c>) -> Result<(), Error> {
    let is_read = match claims.get("scope") {
        None => true,
        Some(Value::String(text)) => split_spaces(text, list) && list.iter().all(|scope| is_scope(scope)),
        Some(_) => false,
    };
    if is_read { Ok(()) } else { Err(Error::ClaimMalformed { claim: "scope" }) }
}

/// A scope token (RFC 6749 section 3.3).
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// Splits at single spaces; false when one is doubled, leading or trailing. The empty text is the empty list.
fn split_spaces<'c>(text: &'c str, list: &mut Texts<'c>) -> bool {
    if text.is_empty() {
        return true;
    }
    for part in text.split(' ') {
        if part.is_empty() {
            return false;
        }
        list.push(Cow::Borrowed(part));
    }
    true
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
