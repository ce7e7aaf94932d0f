//! What a verifier's checks ask of a token, and what they found. Decides nothing, and shows no claim before the signature holds.

use std::sync::Arc;

use super::{Issuer, Signed, Try, Types, Verification, Verifier};
use crate::error::Error;
use crate::explain::{Check, Checks, End, NOTHING, Named, Step, counted, joined};
use crate::json::write::Writer;
use crate::token::{UntrustedToken, has_good_header};

/// Why a token is taken or refused.
#[derive(Debug)]
pub struct TokenExplanation {
    /// A verifier's checks, in the order in which they are made.
    pub checks: Vec<Check>,
    /// What [`Verifier::verify`] says of the token.
    pub verification: Result<Verification, Error>,
}

/// What there is to see of a token, beside its verdict.
pub(crate) struct Sight<'v> {
    verifier: &'v Verifier,
    text: &'v str,
    now: f64,
    token: Option<UntrustedToken<'v>>,
    issuer: Option<&'v Issuer>,
    signed: Option<&'v Signed<'v>>,
    /// The checks before this one have passed.
    pub(crate) reached: Step,
}

impl Verifier {
    /// Verifies a token as [`Verifier::verify`] does, and tells check by check what was expected and found. For people who ask why;
    /// it takes longer.
    ///
    /// ```
    /// use tollgate::{CheckOutcome, Try, Verifier};
    ///
    /// let verifier = Verifier::from_json(r#"{ "issuers": [{
    ///     "issuer": "https://issuer.example", "audience": "https://api.example",
    ///     "algorithms": ["ES256"], "jwksUri": "https://issuer.example/jwks.json" }] }"#)?;
    /// // The header is {"alg":"none"}.
    /// let explanation = verifier.explain("eyJhbGciOiJub25lIn0.e30.AA", 1_767_225_600.0, Try::Last);
    /// let failed = explanation.checks.iter().find(|check| check.outcome == CheckOutcome::Fail).unwrap();
    /// assert_eq!((failed.name, failed.code), ("algorithm", Some("alg_not_allowed")));
    /// assert_eq!(failed.found.as_deref(), Some("none"));
    /// assert_eq!(explanation.verification.unwrap_err().code(), "alg_not_allowed");
    /// # Ok::<(), tollgate::Error>(())
    /// ```
    pub fn explain(&self, token: &str, now: f64, attempt: Try) -> TokenExplanation {
        let signed = self.verify_signature(token.as_bytes(), now, attempt);
        let judged = signed.as_ref().map_err(Error::clone).and_then(|signed| Ok((signed, signed.judge()?)));
        let verification = judged.map(|(signed, judged)| Verification {
            token: Arc::clone(&signed.token),
            principal: judged.principal.into_owned(),
            issuer: signed.index,
            cached: signed.was_cached(),
        });
        let checks = self.look(token, now, signed.as_ref().ok()).checks(verification.as_ref().err());
        TokenExplanation { checks, verification }
    }

    /// Looks at a token; `signed` is what [`Verifier::verify_signature`] made of it.
    pub(crate) fn look<'v>(&'v self, text: &'v str, now: f64, signed: Option<&'v Signed<'v>>) -> Sight<'v> {
        let token = UntrustedToken::parse(text).ok();
        let asserted = token.as_ref().and_then(|token| self.find(token.asserted_issuer().ok()?));
        let reached = match (&token, signed) {
            (_, Some(_)) => Step::Dates,
            (Some(token), None) if token.algorithm().is_some() => Step::Issuer,
            (Some(_), None) => Step::Algorithm,
            (None, None) if has_good_header(text) => Step::TokenPayload,
            (None, None) => Step::Clock,
        };
        Sight {
            verifier: self,
            text,
            now,
            token,
            issuer: asserted.and_then(|at| self.issuers.get(at)),
            signed,
            reached,
        }
    }
}

impl Sight<'_> {
    /// A verifier's checks, of a verdict that ended with `error`.
    pub(crate) fn checks(&self, error: Option<&Error>) -> Vec<Check> {
        let end = error.map(|error| self.end(error));
        let mut checks = Checks::new(&|step| Step::Clock <= step && step < Step::Tenant, end.as_ref());
        self.tell(&mut checks);
        checks.finish()
    }

    /// Writes what js/checks.ts makes the checks of: at which the verdict ended, and what its words are about. The words are
    /// JavaScript's, because the module of those who only verify has no room for them.
    #[cfg(all(feature = "js", not(any(feature = "js-tokens", feature = "worker"))))]
    pub(crate) fn write(&self, error: Option<&Error>, to: &mut Writer) {
        to.member("at", &error.map(|error| self.step(error).of_verifier()));
        let signed = self.signed.map(|signed| &*signed.token);
        to.name("header");
        to.json(self.token.as_ref().map_or("null", UntrustedToken::header_json));
        to.name("claims");
        to.json(signed.map_or("null", |token| token.claims_json()));
        to.member("issuers", &self.issuers_said());
        if let Some(issuer) = self.issuer {
            to.member("algorithms", &issuer.algorithms_said());
            to.member("types", &issuer.types_said());
            to.member("keys", &self.keys_said(issuer));
            to.member("tolerance", &self.verifier.tolerance);
            issuer.claims.write_asked(to);
        }
    }

    /// The check that `error` ended.
    pub(crate) fn end(&self, error: &Error) -> End {
        End::with(error, self.step(error))
    }

    fn step(&self, error: &Error) -> Step {
        let by_client = self.issuer.is_some_and(|issuer| issuer.claims.finds_client_by_use());
        match error {
            Error::ClaimMalformed { claim: "token_use" } if by_client => Step::Client,
            _ => Step::ended_by(error, self.reached),
        }
    }

    /// Notes what the checks of a verifier ask of the token, and what they found.
    pub(crate) fn tell(&self, checks: &mut Checks) {
        let now = self.now.is_finite().then(|| Writer::text_of(&self.now.floor()));
        checks.note(Step::Clock, "Unix seconds", now.as_deref());
        let parts = counted(self.text.bytes().filter(|byte| *byte == b'.').count() + 1, "part");
        let form = joined(&[&parts, ", ", &counted(self.text.len(), "byte")]);
        checks.note(Step::TokenForm, "3 parts, none empty, and at most 8192 bytes", Some(&form));
        checks.note(Step::TokenHeader, "strict JSON in base64url, with alg and without crit, b64, zip and enc", None);
        checks.note(Step::TokenPayload, "strict JSON in base64url, as the signature is base64url", None);
        let token = self.token.as_ref();
        let alg = token.and_then(UntrustedToken::alg);
        checks.note(Step::Algorithm, "ES256, RS256", alg);
        // `iss` is a claim as others are: it is shown where the signature holds.
        checks.note(Step::Issuer, &self.issuers_said(), self.signed.map(|signed| signed.issuer.name.as_str()));
        let Some(issuer) = self.issuer else { return };
        checks.note(Step::IssuerAlgorithm, &issuer.algorithms_said(), alg);
        checks.note(Step::Type, &issuer.types_said(), Some(token.and_then(UntrustedToken::typ).unwrap_or(NOTHING)));
        self.tell_key(issuer, checks);
        checks.note(Step::Signature, "one by that key, over header and payload", None);
        let claims = self.signed.map(|signed| signed.token.claims());
        issuer.claims.explain(claims, self.now, self.verifier.tolerance, checks);
    }

    /// The ids of the keys at hand, and the token's, unless it is the key set that is wanting.
    fn tell_key(&self, issuer: &Issuer, checks: &mut Checks) {
        if matches!(checks.code_of(Step::Key), Some("keys_due" | "keys_unavailable")) {
            checks.note(Step::Key, "a key of the issuer", None);
        } else {
            let kid = self.token.as_ref().and_then(UntrustedToken::kid);
            checks.note(Step::Key, &self.keys_said(issuer), Some(kid.unwrap_or(NOTHING)));
        }
    }

    fn keys_said(&self, issuer: &Issuer) -> String {
        let mut ids = Named::default();
        if let Some(algorithm) = self.token.as_ref().and_then(UntrustedToken::algorithm) {
            issuer.keys.ids(algorithm).for_each(|id| ids.add(id));
        }
        ids.finish()
    }

    fn issuers_said(&self) -> String {
        let mut names = Named::default();
        for issuer in &self.verifier.issuers {
            names.add(&issuer.name);
        }
        names.finish()
    }
}

impl Issuer {
    fn algorithms_said(&self) -> String {
        let mut names = Named::default();
        for algorithm in &self.algorithms {
            names.add(algorithm.name());
        }
        names.finish()
    }

    fn types_said(&self) -> String {
        let mut said = Named::default();
        match &self.types {
            Types::Usual(types) => types.iter().for_each(|typ| said.add(typ.unwrap_or(NOTHING))),
            Types::Own(types) => types.iter().for_each(|typ| said.add(typ.as_deref().unwrap_or(NOTHING))),
        }
        said.finish()
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
