//! One error, with stable codes. No message holds a token, a key or the value of an unverified claim.

use std::fmt;

/// Why a token, a key, a request or a configuration was refused.
///
/// [`Error::code`] is stable and meant for programs; the `Display` text is for people and may change.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The token is longer than [`MAX_TOKEN_BYTES`](crate::limits::MAX_TOKEN_BYTES).
    TokenTooLarge,
    /// The encoded header is longer than [`MAX_HEADER_PART_BYTES`](crate::limits::MAX_HEADER_PART_BYTES).
    HeaderTooLarge,
    /// Not three dot-separated parts (RFC 7515 section 7.1), or a part is empty.
    MalformedToken,
    /// Five parts: an encrypted token (RFC 7516), which is not supported.
    JweNotSupported,
    /// A part is not canonical, unpadded base64url (RFC 7515 section 2, RFC 4648 section 3.5).
    MalformedBase64url,
    /// A part is not a strict JSON object (RFC 8259, no duplicate members); says what was expected.
    MalformedJson(&'static str),
    /// A header parameter has the wrong type or length.
    MalformedHeader {
        /// The parameter's name.
        member: &'static str,
    },
    /// A header parameter that this verifier must not process is present: `b64`, `zip`, `enc`.
    HeaderNotSupported {
        /// The parameter's name.
        member: &'static str,
    },
    /// `crit` is present (RFC 7515 section 4.1.11): no extension is understood, so none may be critical.
    CritNotSupported,
    /// `alg` is not one that this issuer's keys may use.
    AlgNotAllowed,
    /// `typ` is not in the issuer's list.
    TypNotAllowed,
    /// `iss` names no configured issuer.
    UnknownIssuer,
    /// No key of the issuer has this `kid` and algorithm.
    UnknownKey,
    /// Two different keys of one algorithm share this `kid`.
    AmbiguousKey,
    /// The token has no `kid` and more than one key fits.
    KidRequired,
    /// The signature does not verify.
    SignatureInvalid,

    /// A compulsory claim is absent.
    ClaimMissing {
        /// The claim's name, or the configured name of its role.
        claim: &'static str,
    },
    /// A claim has the wrong type, or a value outside its range.
    ClaimMalformed {
        /// The claim's name, or the configured name of its role.
        claim: &'static str,
    },
    /// The token's `exp` is not after the verification time.
    Expired,
    /// The token's `nbf` is after the verification time.
    NotYetValid,
    /// The token's `iat` is after the verification time.
    IssuedInFuture,
    /// The token is older than the configured maximum age.
    TooOld,
    /// `nbf` or `iat` is after `exp`.
    TimesContradict,
    /// `aud` holds none of the configured audiences.
    AudienceMismatch,
    /// `client_id` or `azp` is not a configured client, or the two disagree.
    ClientMismatch,
    /// `token_use` is not one of the configured uses.
    TokenUseMismatch,
    /// The token is bound to a key (`cnf`, RFC 7800); using it as a bearer token is refused.
    SenderConstrained,
    /// The time given is not a plausible Unix time in seconds.
    ClockInvalid,

    /// The key set must be fetched before this can be decided.
    KeysDue {
        /// Position of the issuer in the configuration.
        issuer: usize,
    },
    /// There is no usable key set, and none can be fetched now.
    KeysUnavailable {
        /// Seconds until asking again makes sense, at least 1.
        retry_after_seconds: u32,
    },
    /// A JWK can't be used; says why.
    KeyNotUsable(&'static str),
    /// A key set is not one (RFC 7517 section 5); says what was expected.
    JwksMalformed(&'static str),
    /// A key set holds no usable key.
    JwksNoUsableKey,

    /// The request target is longer than [`MAX_TARGET_BYTES`](crate::limits::MAX_TARGET_BYTES).
    TargetTooLong,
    /// Too many header fields, too long a `Cookie` line, or too long a token.
    HeaderFieldsTooLarge,
    /// The method or a header field is not HTTP.
    BadRequest(&'static str),
    /// The path can't be judged; says why.
    BadPath(&'static str),
    /// The host can't be judged; says why.
    BadHost(&'static str),
    /// The request carries no credential.
    NoCredential,
    /// The credential is not of the form that RFC 6750 section 2.1 asks for.
    MalformedCredential,
    /// The request carries two different credentials.
    SeveralCredentials,
    /// A cookie credential on a request that another site may have caused.
    CrossSite,
    /// No rule matches the path and method.
    NoRule,

    /// The token names no tenant.
    TenantMissing,
    /// The token's tenant is not of the configured pattern.
    TenantMalformed,
    /// The issuer may not speak for this tenant.
    TenantNotOfIssuer,
    /// The request names no tenant where one is asked for.
    TenantNotRequested,
    /// The request asks for another tenant than the token's.
    TenantMismatch,
    /// A user where a client is asked for, or the other way round.
    PrincipalKind,
    /// The plan is not one of those that the rule asks for.
    PlanRequired,
    /// A permission that the rule asks for is missing.
    PermissionRequired,
    /// A group that the rule asks for is missing.
    GroupRequired,
    /// A scope that the rule asks for is missing.
    InsufficientScope,
    /// The principal can't be written as header fields; says why.
    UnsendableIdentity(&'static str),

    /// No signing key's time has come, or the one that is asked for is gone.
    #[cfg(feature = "mint")]
    SigningKeyMissing,
    /// A claim of the caller's has a name that the token service gives a meaning.
    #[cfg(feature = "mint")]
    ClaimReserved {
        /// The claim's name.
        claim: &'static str,
    },

    /// The configuration can't be right.
    Config {
        /// Path of the member, as in `rules[2].path`; empty for the document.
        member: String,
        /// What is wrong there, and what was expected.
        problem: String,
    },
}

impl Error {
    /// The stable code, for programs and logs.
    ///
    /// ```
    /// assert_eq!(tollgate::Error::Expired.code(), "token_expired");
    /// ```
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TokenTooLarge => "token_too_large",
            Self::HeaderTooLarge => "header_too_large",
            Self::MalformedToken => "malformed_token",
            Self::JweNotSupported => "jwe_not_supported",
            Self::MalformedBase64url => "malformed_base64url",
            Self::MalformedJson(_) => "malformed_json",
            Self::MalformedHeader { .. } => "malformed_header",
            Self::HeaderNotSupported { .. } => "header_not_supported",
            Self::CritNotSupported => "crit_not_supported",
            Self::AlgNotAllowed => "alg_not_allowed",
            Self::TypNotAllowed => "typ_not_allowed",
            Self::UnknownIssuer => "unknown_issuer",
            Self::UnknownKey => "unknown_key",
            Self::AmbiguousKey => "ambiguous_key",
            Self::KidRequired => "kid_required",
            Self::SignatureInvalid => "signature_invalid",
            Self::ClaimMissing { .. } => "claim_missing",
            Self::ClaimMalformed { .. } => "claim_malformed",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
            Self::TooOld => "token_too_old",
            Self::TimesContradict => "times_contradict",
            Self::AudienceMismatch => "audience_mismatch",
            Self::ClientMismatch => "client_mismatch",
            Self::TokenUseMismatch => "token_use_mismatch",
            Self::SenderConstrained => "sender_constrained",
            Self::ClockInvalid => "clock_invalid",
            Self::KeysDue { .. } => "keys_due",
            Self::KeysUnavailable { .. } => "keys_unavailable",
            Self::KeyNotUsable(_) => "key_not_usable",
            Self::JwksMalformed(_) => "jwks_malformed",
            Self::JwksNoUsableKey => "jwks_no_usable_key",
            Self::TargetTooLong => "target_too_long",
            Self::HeaderFieldsTooLarge => "header_fields_too_large",
            Self::BadRequest(_) => "bad_request",
            Self::BadPath(_) => "bad_path",
            Self::BadHost(_) => "bad_host",
            Self::NoCredential => "no_credential",
            Self::MalformedCredential => "malformed_credential",
            Self::SeveralCredentials => "several_credentials",
            Self::CrossSite => "cross_site",
            Self::NoRule => "no_rule",
            Self::TenantMissing => "tenant_missing",
            Self::TenantMalformed => "tenant_malformed",
            Self::TenantNotOfIssuer => "tenant_not_of_issuer",
            Self::TenantNotRequested => "tenant_not_requested",
            Self::TenantMismatch => "tenant_mismatch",
            Self::PrincipalKind => "principal_kind",
            Self::PlanRequired => "plan_required",
            Self::PermissionRequired => "permission_required",
            Self::GroupRequired => "group_required",
            Self::InsufficientScope => "insufficient_scope",
            Self::UnsendableIdentity(_) => "unsendable_identity",
            #[cfg(feature = "mint")]
            Self::SigningKeyMissing => "signing_key_missing",
            #[cfg(feature = "mint")]
            Self::ClaimReserved { .. } => "claim_reserved",
            Self::Config { .. } => "config_invalid",
        }
    }

    /// A configuration error at `member`.
    #[cold]
    #[inline(never)]
    pub(crate) fn config(member: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Config { member: member.into(), problem: problem.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::TokenTooLarge => "the token is longer than 8192 bytes",
            Self::HeaderTooLarge => "the token's header part is longer than 2048 bytes",
            Self::MalformedToken => "expected three non-empty parts separated by dots",
            Self::JweNotSupported => "encrypted tokens (five parts) are not supported",
            Self::MalformedBase64url => "expected canonical base64url without padding",
            Self::MalformedJson(expected) => return write!(f, "expected {expected}"),
            Self::MalformedHeader { member } => {
                return write!(f, "the header parameter {member} is not of the expected form");
            }
            Self::HeaderNotSupported { member } => {
                return write!(f, "the header parameter {member} is not supported");
            }
            Self::CritNotSupported => "no critical header extension is supported",
            Self::AlgNotAllowed => "alg is not one that this issuer's keys may use",
            Self::TypNotAllowed => "typ is not in the issuer's list",
            Self::UnknownIssuer => "iss names no configured issuer",
            Self::UnknownKey => "no key of the issuer has this kid and algorithm",
            Self::AmbiguousKey => "two different keys of one algorithm share this kid",
            Self::KidRequired => "expected a kid, because more than one key fits",
            Self::SignatureInvalid => "the signature does not verify",
            Self::ClaimMissing { claim } => return write!(f, "the claim {claim} is missing"),
            Self::ClaimMalformed { claim } => {
                return write!(f, "the claim {claim} is not of the expected type or range");
            }
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::IssuedInFuture => "the token was issued in the future",
            Self::TooOld => "the token is older than the configured maximum age",
            Self::TimesContradict => "nbf or iat is after exp",
            Self::AudienceMismatch => "aud holds none of the configured audiences",
            Self::ClientMismatch => "client_id or azp is not a configured client",
            Self::TokenUseMismatch => "token_use is not one of the configured uses",
            Self::SenderConstrained => "the token is bound to a key and can't be used as a bearer token",
            Self::ClockInvalid => "expected the time as Unix seconds, more than 0 and at most 253402300799",
            Self::KeysDue { .. } => "the issuer's key set must be fetched first",
            Self::KeysUnavailable { .. } => "the issuer's key set is not available",
            Self::KeyNotUsable(why) => return write!(f, "the key can't be used: {why}"),
            Self::JwksMalformed(expected) => return write!(f, "the key set is malformed: expected {expected}"),
            Self::JwksNoUsableKey => "the key set holds no usable key",
            Self::TargetTooLong => "the request target is longer than 8192 bytes",
            Self::HeaderFieldsTooLarge => "the request's header fields are too many or too long",
            Self::BadRequest(why) => return write!(f, "the request is not HTTP: {why}"),
            Self::BadPath(why) => return write!(f, "the path can't be judged: {why}"),
            Self::BadHost(why) => return write!(f, "the host can't be judged: {why}"),
            Self::NoCredential => "the request carries no credential",
            Self::MalformedCredential => "expected `Bearer`, one space and a token",
            Self::SeveralCredentials => "the request carries different credentials",
            Self::CrossSite => "a cookie credential needs a same-origin or listed Origin here",
            Self::NoRule => "no rule matches the path and method",
            Self::TenantMissing => "the token names no tenant",
            Self::TenantMalformed => "the token's tenant is not of the configured pattern",
            Self::TenantNotOfIssuer => "the issuer may not speak for this tenant",
            Self::TenantNotRequested => "the request names no tenant",
            Self::TenantMismatch => "the request asks for another tenant than the token's",
            Self::PrincipalKind => "this kind of principal is not let through here",
            Self::PlanRequired => "another plan is required",
            Self::PermissionRequired => "a permission is missing",
            Self::GroupRequired => "a group is missing",
            Self::InsufficientScope => "a scope is missing",
            Self::UnsendableIdentity(why) => {
                return write!(f, "the principal can't be written as header fields: {why}");
            }
            #[cfg(feature = "mint")]
            Self::SigningKeyMissing => "no signing key is active, or the one that is asked for is gone",
            #[cfg(feature = "mint")]
            Self::ClaimReserved { claim } => return write!(f, "the claim {claim} is the token service's own"),
            Self::Config { member, problem } if member.is_empty() => {
                return write!(f, "configuration: {problem}");
            }
            Self::Config { member, problem } => {
                return write!(f, "configuration: {member}: {problem}");
            }
        };
        f.write_str(text)
    }
}

impl std::error::Error for Error {}
