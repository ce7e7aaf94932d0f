//! What the host is to do: forward, answer, or answer that keys are missing. The client learns the coarse reason, the
//! event hook the exact code; no body or header holds a token, a key or an unverified claim.

#[cfg(feature = "schema")]
use schemars::JsonSchema;

use crate::claims::Principal;
use crate::error::Error;
use crate::json::write::Writer;
use crate::limits::MAX_NAMED_TEXTS;
use crate::policy::Policy;

/// What a gate decides about one request.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one is made a request, and the large variant is the common one")]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(tag = "outcome", rename_all = "lowercase"))]
pub enum Decision {
    /// Forward it.
    Allow(Allow),
    /// Answer it; the origin never sees it.
    Deny(Answer),
    /// Answer that it can't be decided now: no usable key set.
    Unavailable(Answer),
}

/// How to forward an allowed request: delete `removeHeaders`, then set `setHeaders`.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase"))]
pub struct Allow {
    /// Who is calling; null behind a public rule and on a preflight.
    pub principal: Option<Principal>,
    /// The path template of the rule that let it through; null on a preflight.
    pub rule: Option<String>,
    /// Request headers to set, after the removal.
    pub set_headers: Vec<(String, String)>,
    /// Request headers to delete, in lower case.
    pub remove_headers: Vec<String>,
    /// With `cors`: headers for the origin's answer. Its own `access-control-allow-origin`, `-allow-credentials` and
    /// `-expose-headers` are dropped, these are set, and `vary` is appended.
    #[cfg_attr(feature = "schema", schemars(skip_serializing_if = "Option::is_none"))]
    pub response_headers: Option<Vec<(String, String)>>,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "schema", derive(JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase"))]
pub struct Answer {
    /// The exact, stable reason ([`Error::code`]), or `preflight`. For hooks and logs, not for the client.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// The response headers.
    pub headers: Vec<(String, String)>,
    /// The response body: RFC 9457 problem details, or empty.
    pub body: String,
}

/// The coarse reasons that a client may learn. Each is the last part of a problem `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    InvalidRequest,
    TargetTooLong,
    HeadersTooLarge,
    BadPath,
    BadHost,
    Unauthenticated,
    InvalidToken,
    InsufficientScope,
    CrossSite,
    NoRule,
    Tenant,
    Principal,
    Plan,
    Permission,
    Group,
    Identity,
    Unavailable,
}

impl Reason {
    /// Maps each exact error to what the client may know. Exhaustive, so that a new error is thought about here.
    const fn of(error: &Error) -> Self {
        match error {
            Error::NoCredential => Self::Unauthenticated,
            Error::MalformedCredential | Error::SeveralCredentials | Error::BadRequest(_) => Self::InvalidRequest,
            Error::TargetTooLong => Self::TargetTooLong,
            Error::HeaderFieldsTooLarge => Self::HeadersTooLarge,
            Error::BadPath(_) => Self::BadPath,
            Error::BadHost(_) => Self::BadHost,
            Error::CrossSite => Self::CrossSite,
            Error::NoRule => Self::NoRule,
            Error::TenantMissing
            | Error::TenantMalformed
            | Error::TenantNotOfIssuer
            | Error::TenantNotRequested
            | Error::TenantMismatch => Self::Tenant,
            Error::PrincipalKind => Self::Principal,
            Error::PlanRequired => Self::Plan,
            Error::PermissionRequired => Self::Permission,
            Error::GroupRequired => Self::Group,
            Error::InsufficientScope => Self::InsufficientScope,
            Error::UnsendableIdentity(_) => Self::Identity,
            Error::KeysDue { .. } | Error::KeysUnavailable { .. } | Error::ClockInvalid => Self::Unavailable,
            #[cfg(feature = "mint")]
            Error::SigningKeyMissing | Error::ClaimReserved { .. } => Self::Unavailable,
            Error::TokenTooLarge
            | Error::HeaderTooLarge
            | Error::MalformedToken
            | Error::JweNotSupported
            | Error::MalformedBase64url
            | Error::MalformedJson(_)
            | Error::MalformedHeader { .. }
            | Error::HeaderNotSupported { .. }
            | Error::CritNotSupported
            | Error::AlgNotAllowed
            | Error::TypNotAllowed
            | Error::UnknownIssuer
            | Error::UnknownKey
            | Error::AmbiguousKey
            | Error::KidRequired
            | Error::SignatureInvalid
            | Error::ClaimMissing { .. }
            | Error::ClaimMalformed { .. }
            | Error::Expired
            | Error::NotYetValid
            | Error::IssuedInFuture
            | Error::TooOld
            | Error::TimesContradict
            | Error::AudienceMismatch
            | Error::ClientMismatch
            | Error::TokenUseMismatch
            | Error::SenderConstrained
            | Error::KeyNotUsable(_)
            | Error::JwksMalformed(_)
            | Error::JwksNoUsableKey
            | Error::Config { .. } => Self::InvalidToken,
        }
    }

    /// Status, problem type and title.
    const fn public(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::InvalidRequest => (400, "invalid_request", "The request is malformed"),
            Self::TargetTooLong => (414, "target_too_long", "The request target is too long"),
            Self::HeadersTooLarge => (431, "headers_too_large", "The request headers are too large"),
            Self::BadPath => (400, "bad_path", "The path is ambiguous"),
            Self::BadHost => (400, "bad_host", "The host is ambiguous"),
            Self::Unauthenticated => (401, "unauthenticated", "A token is required"),
            Self::InvalidToken => (401, "invalid_token", "The token is not valid"),
            Self::InsufficientScope => (403, "insufficient_scope", "The token lacks a scope"),
            Self::CrossSite => (403, "cross_site", "The cookie can't be used from another site"),
            Self::NoRule => (403, "no_rule", "Nothing is served here"),
            Self::Tenant => (403, "tenant", "The token is not for this tenant"),
            Self::Principal => (403, "principal", "This kind of caller is not let through here"),
            Self::Plan => (403, "plan_required", "Another plan is required"),
            Self::Permission => (403, "permission_required", "A permission is missing"),
            Self::Group => (403, "group_required", "A group is missing"),
            Self::Identity => (403, "identity", "The token's identity can't be passed on"),
            Self::Unavailable => (503, "unavailable", "The request can't be authenticated right now"),
        }
    }

    /// Tells what the policy that refused asks for.
    #[inline(never)]
    fn tell(self, policy: &Policy, plan: Option<&str>, headers: &mut Vec<(String, String)>, body: &mut Writer) {
        match self {
            Self::InsufficientScope => {
                let scopes = policy.scopes.as_ref().and_then(|scopes| named(scopes.texts()));
                let scope = scopes.map_or_else(String::new, |scopes| format!(", scope=\"{}\"", scopes.join(" ")));
                headers.push(challenge(&[", error=\"insufficient_scope\"", &scope].concat()));
            }
            Self::Plan => {
                let plans = policy.plans.as_ref().map(|plans| plans.as_slice().iter().map(String::as_str));
                body.member("required_plans", &plans.and_then(named));
                body.member("current_plan", &plan);
            }
            Self::Permission => {
                body.member(
                    "required_permissions",
                    &policy.permissions.as_ref().and_then(|asked| named(asked.texts())),
                );
            }
            Self::Group => {
                body.member("required_groups", &policy.groups.as_ref().and_then(|asked| named(asked.texts())));
            }
            _ => {}
        }
    }
}

/// The field that says how to authenticate (RFC 6750 section 3), with these parameters after the realm.
fn challenge(parameters: &str) -> (String, String) {
    ("www-authenticate".to_owned(), ["Bearer realm=\"api\"", parameters].concat())
}

impl Decision {
    /// The decision that an error comes to. `policy` is that of the rule that refused and `plan` that of the
    /// principal, when it got that far; `cors` are the headers that let a browser page read the answer.
    pub(crate) fn refuse(
        error: &Error,
        policy: Option<&Policy>,
        plan: Option<&str>,
        cors: Vec<(String, String)>,
    ) -> Self {
        let reason = Reason::of(error);
        let (status, kind, title) = reason.public();
        let mut body = Writer::default();
        body.object();
        body.member("type", &["urn:tollgate:", kind].concat());
        body.member("title", title);
        body.member("status", &u32::from(status));
        let mut headers = vec![
            ("content-type".to_owned(), "application/problem+json".to_owned()),
            ("cache-control".to_owned(), "no-store".to_owned()),
        ];
        match (reason, policy) {
            (Reason::Unauthenticated, _) => headers.push(challenge("")),
            (Reason::InvalidToken | Reason::InvalidRequest, _) => {
                headers.push(challenge(&[", error=\"", kind, "\""].concat()));
            }
            (_, Some(policy)) => reason.tell(policy, plan, &mut headers, &mut body),
            _ => {}
        }
        if reason == Reason::Unavailable {
            let seconds = match error {
                Error::KeysUnavailable { retry_after_seconds } => (*retry_after_seconds).max(1),
                _ => 1,
            };
            headers.push(("retry-after".to_owned(), seconds.to_string()));
        }
        headers.extend(cors);
        body.end_object();
        let answer = Answer { code: error.code().to_owned(), status, headers, body: body.finish() };
        if reason == Reason::Unavailable { Self::Unavailable(answer) } else { Self::Deny(answer) }
    }

    /// A preflight, answered.
    pub(crate) fn preflight(mut headers: Vec<(String, String)>) -> Self {
        headers.push(("cache-control".to_owned(), "no-store".to_owned()));
        Self::Deny(Answer { code: "preflight".to_owned(), status: 204, headers, body: String::new() })
    }
}

/// What an answer names of the texts that a rule asks for: all, or none where there are too many to tell each caller.
fn named<'t>(texts: impl Iterator<Item = &'t str>) -> Option<Vec<&'t str>> {
    let texts: Vec<&str> = texts.take(MAX_NAMED_TEXTS + 1).collect();
    (texts.len() <= MAX_NAMED_TEXTS).then_some(texts)
}

impl Decision {
    /// The decision as JSON, with the members that the schema describes.
    ///
    /// ```
    /// # let gate = tollgate::Gate::from_json(r#"{
    /// #     "issuers": [{ "issuer": "https://issuer.example", "audience": "orders", "algorithms": ["ES256"],
    /// #                   "jwksUri": "https://issuer.example/jwks.json" }],
    /// #     "rules": [{ "path": "/{*rest}" }] }"#)?;
    /// # let request = tollgate::Request { method: "GET", url: "/orders", headers: &[] };
    /// let decision = gate.check(&request, 1_767_225_600.0, tollgate::Try::Last).decision;
    /// assert!(decision.to_json().starts_with(r#"{"outcome":"deny","code":"no_credential","status":401,"#));
    /// # Ok::<(), tollgate::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        let mut json = Writer::default();
        json.object();
        self.write_members(&mut json);
        json.end_object();
        json.finish()
    }

    /// Writes the members of the decision into an object that is open.
    pub(crate) fn write_members(&self, to: &mut Writer) {
        let (outcome, answer) = match self {
            Self::Allow(allow) => {
                to.member("outcome", "allow");
                to.member("principal", &allow.principal);
                to.member("rule", &allow.rule);
                to.member("setHeaders", &allow.set_headers);
                to.member("removeHeaders", &allow.remove_headers);
                if let Some(headers) = &allow.response_headers {
                    to.member("responseHeaders", headers);
                }
                return;
            }
            Self::Deny(answer) => ("deny", answer),
            Self::Unavailable(answer) => ("unavailable", answer),
        };
        to.member("outcome", outcome);
        to.member("code", &answer.code);
        to.member("status", &u32::from(answer.status));
        to.member("headers", &answer.headers);
        to.member("body", &answer.body);
    }
}
