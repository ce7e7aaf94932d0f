//! The checks of a verdict, one by one: which passed, which ended it, which were not reached. Decides nothing: it is given the
//! error of a real verdict, and says to which check that belongs.

use std::cmp::Ordering;

use crate::error::Error;
use crate::json::write::{Write, Writer};
use crate::limits::MAX_NAMED_TEXTS;

/// What came of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    /// It held.
    Pass,
    /// It did not hold, and that ended the verdict.
    Fail,
    /// An earlier one had ended the verdict.
    NotReached,
}

/// One check of a verdict. What it says is for people and may change; its name, outcome and code are stable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The check's name, such as `signature`.
    pub name: &'static str,
    /// What came of it.
    pub outcome: CheckOutcome,
    /// Of a check that failed, the exact code: [`Error::code`], or `preflight`.
    pub code: Option<&'static str>,
    /// What had to be there, as far as that is known; `anything` where nothing is asked for.
    pub expected: Option<String>,
    /// What was there, or why it would not do. None where it was not looked at, and where it is part of a token whose
    /// signature does not hold: of such a token, `alg`, `kid` and `typ` are shown and no more.
    pub found: Option<String>,
}

/// What is expected where nothing is asked for.
pub(crate) const ANYTHING: &str = "anything";
/// What is found where nothing is.
pub(crate) const NOTHING: &str = "nothing";

/// A check, in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    RequestForm,
    Target,
    Host,
    Path,
    Preflight,
    Rule,
    Credential,
    CrossSite,
    Clock,
    TokenForm,
    TokenHeader,
    TokenPayload,
    Algorithm,
    Issuer,
    IssuerAlgorithm,
    Type,
    Key,
    Signature,
    Dates,
    Expiry,
    DateOrder,
    NotBefore,
    IssuedAt,
    Age,
    Audience,
    Client,
    TokenUse,
    SenderConstrained,
    TokenId,
    Subject,
    IssuerTenants,
    Claims,
    Tenant,
    Principal,
    Plan,
    Permissions,
    Groups,
    Scopes,
    Identity,
}

impl Step {
    const ALL: [Self; Self::Identity as usize + 1] = [
        Self::RequestForm,
        Self::Target,
        Self::Host,
        Self::Path,
        Self::Preflight,
        Self::Rule,
        Self::Credential,
        Self::CrossSite,
        Self::Clock,
        Self::TokenForm,
        Self::TokenHeader,
        Self::TokenPayload,
        Self::Algorithm,
        Self::Issuer,
        Self::IssuerAlgorithm,
        Self::Type,
        Self::Key,
        Self::Signature,
        Self::Dates,
        Self::Expiry,
        Self::DateOrder,
        Self::NotBefore,
        Self::IssuedAt,
        Self::Age,
        Self::Audience,
        Self::Client,
        Self::TokenUse,
        Self::SenderConstrained,
        Self::TokenId,
        Self::Subject,
        Self::IssuerTenants,
        Self::Claims,
        Self::Tenant,
        Self::Principal,
        Self::Plan,
        Self::Permissions,
        Self::Groups,
        Self::Scopes,
        Self::Identity,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::RequestForm => "request_form",
            Self::Target => "target",
            Self::Host => "host",
            Self::Path => "path",
            Self::Preflight => "preflight",
            Self::Rule => "rule",
            Self::Credential => "credential",
            Self::CrossSite => "cross_site",
            Self::Clock => "clock",
            Self::TokenForm => "token_form",
            Self::TokenHeader => "token_header",
            Self::TokenPayload => "token_payload",
            Self::Algorithm => "algorithm",
            Self::Issuer => "issuer",
            Self::IssuerAlgorithm => "issuer_algorithm",
            Self::Type => "type",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Dates => "dates",
            Self::Expiry => "expiry",
            Self::DateOrder => "date_order",
            Self::NotBefore => "not_before",
            Self::IssuedAt => "issued_at",
            Self::Age => "age",
            Self::Audience => "audience",
            Self::Client => "client",
            Self::TokenUse => "token_use",
            Self::SenderConstrained => "sender_constrained",
            Self::TokenId => "token_id",
            Self::Subject => "subject",
            Self::IssuerTenants => "issuer_tenants",
            Self::Claims => "claims",
            Self::Tenant => "tenant",
            Self::Principal => "principal",
            Self::Plan => "plan",
            Self::Permissions => "permissions",
            Self::Groups => "groups",
            Self::Scopes => "scopes",
            Self::Identity => "identity",
        }
    }

    /// Its place among a verifier's checks.
    #[cfg(all(feature = "js", not(any(feature = "js-tokens", feature = "worker"))))]
    pub(crate) const fn of_verifier(self) -> u32 {
        (self as u32).saturating_sub(Self::Clock as u32)
    }

    /// The check that an error ends: exhaustive, so that a new error has its place. An error that several checks can end with
    /// belongs to the first of them from `reached` on: the checks before that one are known to have passed.
    pub(crate) fn ended_by(error: &Error, reached: Self) -> Self {
        let first = |one, other| if reached <= one { one } else { other };
        match error {
            Error::BadRequest(_) => Self::RequestForm,
            Error::HeaderFieldsTooLarge => first(Self::RequestForm, first(Self::Credential, Self::Identity)),
            Error::TargetTooLong => Self::Target,
            Error::BadPath(_) => first(Self::Target, first(Self::Path, Self::Rule)),
            Error::BadHost(_) => first(Self::Host, Self::Tenant),
            Error::NoRule => Self::Rule,
            Error::NoCredential | Error::MalformedCredential | Error::SeveralCredentials => Self::Credential,
            Error::CrossSite => Self::CrossSite,
            Error::ClockInvalid => Self::Clock,
            Error::TokenTooLarge | Error::JweNotSupported => Self::TokenForm,
            // Of three parts, the payload is empty.
            Error::MalformedToken => first(Self::TokenForm, Self::TokenPayload),
            Error::HeaderTooLarge
            | Error::CritNotSupported
            | Error::HeaderNotSupported { .. }
            | Error::MalformedHeader { .. } => Self::TokenHeader,
            Error::MalformedBase64url | Error::MalformedJson(_) => first(Self::TokenHeader, Self::TokenPayload),
            Error::AlgNotAllowed => first(Self::Algorithm, Self::IssuerAlgorithm),
            Error::UnknownIssuer => Self::Issuer,
            Error::TypNotAllowed => Self::Type,
            Error::KeysDue { .. }
            | Error::KeysUnavailable { .. }
            | Error::UnknownKey
            | Error::AmbiguousKey
            | Error::KidRequired => Self::Key,
            Error::SignatureInvalid => Self::Signature,
            // Only a maximum age makes it compulsory.
            Error::ClaimMissing { claim: "iat" } => Self::Age,
            Error::ClaimMissing { claim } | Error::ClaimMalformed { claim } => Self::of_claim(claim),
            Error::Expired => Self::Expiry,
            Error::TimesContradict => Self::DateOrder,
            Error::NotYetValid => Self::NotBefore,
            Error::IssuedInFuture => Self::IssuedAt,
            Error::TooOld => Self::Age,
            Error::AudienceMismatch => Self::Audience,
            Error::ClientMismatch => Self::Client,
            Error::TokenUseMismatch => Self::TokenUse,
            Error::SenderConstrained => Self::SenderConstrained,
            Error::TenantNotOfIssuer => Self::IssuerTenants,
            Error::TenantMalformed => first(Self::IssuerTenants, Self::Tenant),
            Error::TenantMissing | Error::TenantNotRequested | Error::TenantMismatch => Self::Tenant,
            Error::PrincipalKind => Self::Principal,
            Error::PlanRequired => Self::Plan,
            Error::PermissionRequired => Self::Permissions,
            Error::GroupRequired => Self::Groups,
            Error::InsufficientScope => Self::Scopes,
            Error::UnsendableIdentity(_) => Self::Identity,
            // With these a configuration, a key set or a token service ends, and never a verdict.
            Error::KeyNotUsable(_) | Error::JwksMalformed(_) | Error::JwksNoUsableKey | Error::Config { .. } => {
                Self::Key
            }
            #[cfg(feature = "mint")]
            Error::SigningKeyMissing | Error::ClaimReserved { .. } => Self::Key,
        }
    }

    /// The check that judges the type of a claim, and whether it is there.
    fn of_claim(claim: &str) -> Self {
        match claim {
            "iss" => Self::Issuer,
            "exp" | "nbf" | "iat" => Self::Dates,
            "aud" => Self::Audience,
            "client_id" | "azp" => Self::Client,
            "token_use" => Self::TokenUse,
            "jti" => Self::TokenId,
            "sub" | "gty" => Self::Subject,
            _ => Self::Claims,
        }
    }
}

/// What ended a verdict.
pub(crate) struct End {
    pub(crate) step: Step,
    pub(crate) code: &'static str,
    /// Said of what was found where nothing better is known.
    pub(crate) reason: Option<String>,
}

impl End {
    /// With an error.
    pub(crate) fn with(error: &Error, step: Step) -> Self {
        Self { step, code: error.code(), reason: Some(error.to_string()) }
    }
}

/// An explanation in the making.
pub(crate) struct Checks(Vec<Check>);

impl Checks {
    /// The checks that `is_one` names, of a verdict that ended so, or with none of them failing.
    pub(crate) fn new(is_one: &dyn Fn(Step) -> bool, end: Option<&End>) -> Self {
        let mut checks = Vec::with_capacity(Step::ALL.len());
        for step in Step::ALL {
            if !is_one(step) {
                continue;
            }
            let (outcome, code, reason) = match end.map(|end| (step.cmp(&end.step), end)) {
                None | Some((Ordering::Less, _)) => (CheckOutcome::Pass, None, None),
                Some((Ordering::Equal, end)) => (CheckOutcome::Fail, Some(end.code), end.reason.clone()),
                Some((Ordering::Greater, _)) => (CheckOutcome::NotReached, None, None),
            };
            checks.push(Check { name: step.name(), outcome, code, expected: None, found: reason });
        }
        Self(checks)
    }

    /// Notes what a check expects, and what it found if it was reached.
    #[inline(never)]
    pub(crate) fn note(&mut self, step: Step, expected: &str, found: Option<&str>) {
        let Some(check) = self.0.iter_mut().find(|check| check.name == step.name()) else { return };
        check.expected = Some(expected.to_owned());
        if let (true, Some(found)) = (check.outcome != CheckOutcome::NotReached, found) {
            check.found = Some(found.to_owned());
        }
    }

    /// The code with which a check failed, if it failed.
    pub(crate) fn code_of(&self, step: Step) -> Option<&'static str> {
        self.0.iter().find(|check| check.name == step.name())?.code
    }

    pub(crate) fn finish(self) -> Vec<Check> {
        self.0
    }
}

/// Texts, one after the other; of very many, how many there are. A loop fills it, because iterators would each be code of their own.
#[derive(Default)]
pub(crate) struct Named {
    said: String,
    count: usize,
}

impl Named {
    #[inline(never)]
    pub(crate) fn add(&mut self, text: &str) {
        if self.count < MAX_NAMED_TEXTS {
            if self.count > 0 {
                self.said.push_str(", ");
            }
            self.said.push_str(text);
        }
        self.count += 1;
    }

    #[inline(never)]
    pub(crate) fn finish(self) -> String {
        match self.count {
            0 => NOTHING.to_owned(),
            1..=MAX_NAMED_TEXTS => self.said,
            count => counted(count, "text"),
        }
    }
}

/// The texts of a list.
#[inline(never)]
pub(crate) fn named(list: &[String]) -> String {
    let mut names = Named::default();
    for text in list {
        names.add(text);
    }
    names.finish()
}

/// So many of something.
#[inline(never)]
pub(crate) fn counted(count: usize, what: &str) -> String {
    joined(&[&Writer::text_of(&count), " ", what, if count == 1 { "" } else { "s" }])
}

#[inline(never)]
pub(crate) fn joined(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

impl Write for Check {
    fn write(&self, to: &mut Writer) {
        to.object();
        to.member("name", self.name);
        to.member(
            "outcome",
            match self.outcome {
                CheckOutcome::Pass => "pass",
                CheckOutcome::Fail => "fail",
                CheckOutcome::NotReached => "not_reached",
            },
        );
        to.member("code", &self.code);
        to.member("expected", &self.expected);
        to.member("found", &self.found);
        to.end_object();
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
