//! Which checks a request meets, what they ask for and what they found. Decides nothing: the decision is that of [`Gate::check`],
//! and its error says which check ended it.

use super::{Checked, Gate, Rule, Telling};
use crate::claims::{PrincipalRef, Texts};
use crate::cors::is_preflight;
use crate::credentials::Credential;
use crate::decision::Decision;
use crate::error::Error;
use crate::explain::{ANYTHING, Check, Checks, End, NOTHING, Named, Step, counted, named};
use crate::policy::Requirement;
use crate::request::{Judged, Request, split_url};
use crate::route::Path;
use crate::tenant::Asked;
use crate::verifier::Try;

/// A decision, and how it came about.
#[derive(Debug)]
pub struct Explanation {
    /// The checks, in the order in which they are made. A preflight, and a request behind a public rule, have those only that
    /// they meet.
    pub checks: Vec<Check>,
    /// What [`Gate::check`] says of the request.
    pub checked: Checked,
}

/// What there is to see of a request, beside its decision.
struct View<'v> {
    gate: &'v Gate,
    request: &'v Request<'v>,
    judged: Option<&'v Judged<'v>>,
    path: Option<Path<'v>>,
    is_preflight: bool,
    /// The rule that it meets, and the path's tenant.
    rule: Option<(&'v Rule, Option<&'v str>)>,
}

impl Gate {
    /// Decides a request as [`Gate::check`] does, and tells check by check what was expected and found. For people who ask why; it
    /// takes longer.
    ///
    /// ```
    /// use tollgate::{CheckOutcome, Gate, Request, Try};
    ///
    /// let gate = Gate::from_json(r#"{
    ///     "issuers": [{ "issuer": "https://issuer.example", "audience": "orders", "algorithms": ["ES256"],
    ///                   "jwksUri": "https://issuer.example/jwks.json" }],
    ///     "rules": [{ "path": "/{*rest}" }] }"#)?;
    /// let request = Request { method: "GET", url: "https://api.example/orders", headers: &[] };
    /// let explanation = gate.explain(&request, 1_767_225_600.0, Try::Last);
    /// let failed = explanation.checks.iter().find(|check| check.outcome == CheckOutcome::Fail).unwrap();
    /// assert_eq!((failed.name, failed.code), ("credential", Some("no_credential")));
    /// assert_eq!(failed.expected.as_deref(), Some("Authorization: Bearer"));
    /// # Ok::<(), tollgate::Error>(())
    /// ```
    pub fn explain(&self, request: &Request<'_>, now: f64, attempt: Try) -> Explanation {
        let decided = self.decided(request, now, attempt, Telling::Everything);
        // The decision keeps its code alone.
        let error = decided.as_ref().err().map(|refused| refused.refusal.error.clone());
        let checked = decided.unwrap_or_else(|refused| refused.answer());
        let judged = request.judge().ok();
        let view = View::of(self, request, judged.as_ref());
        let credential = view.credential();
        let token = credential.as_ref().map(|credential| credential.token.as_str());
        let signed = token.and_then(|token| self.verifier.verify_signature(token.as_bytes(), now, attempt).ok());
        let mut sight = token.map(|token| self.verifier.look(token, now, signed.as_ref()));
        let told = signed.as_ref().and_then(|signed| signed.judge().ok());
        if let (Some(sight), Some(_)) = (&mut sight, &told) {
            sight.reached = Step::Tenant;
        }
        let end = match (&error, &checked.decision) {
            (Some(error), _) => Some(match &sight {
                Some(sight) => sight.end(error),
                None => End::with(error, Step::ended_by(error, view.reached())),
            }),
            (None, Decision::Allow(_)) => None,
            // What is answered for no error is a preflight.
            (None, _) => Some(End { step: Step::Preflight, code: "preflight", reason: None }),
        };
        let mut checks = Checks::new(&|step| view.meets(step), end.as_ref());
        view.tell_form(error.as_ref(), &mut checks);
        view.tell_way(error.as_ref(), &mut checks);
        view.tell_credential(credential.as_ref(), &mut checks);
        if let Some(sight) = &sight {
            sight.tell(&mut checks);
        }
        view.tell_rights(told.as_ref().map(|told| &told.principal), &mut checks);
        Explanation { checks: checks.finish(), checked }
    }
}

impl<'v> View<'v> {
    fn of(gate: &'v Gate, request: &'v Request<'v>, judged: Option<&'v Judged<'v>>) -> Self {
        let path = judged.and_then(|judged| Path::judge(judged.path).ok());
        let is_preflight = judged.is_some_and(is_preflight);
        let found = path.filter(|_| !is_preflight).and_then(|path| gate.router.find(request.method, &path).ok());
        let rule = found.and_then(|found| Some((gate.rules.get(found.rule)?, found.tenant)));
        Self { gate, request, judged, path, is_preflight, rule }
    }

    /// Whether it passes without a credential.
    fn is_open(&self) -> bool {
        self.is_preflight || self.rule.is_some_and(|(rule, _)| rule.policy.public)
    }

    fn credential(&self) -> Option<Credential> {
        self.rule.filter(|_| !self.is_open())?;
        self.gate.places.find(self.judged?).ok()
    }

    /// Whether it meets a check, or would have.
    fn meets(&self, step: Step) -> bool {
        match step {
            Step::Preflight => self.is_preflight,
            _ => !self.is_open() || step < Step::Credential || step == Step::Identity,
        }
    }

    /// The check before which all have passed, of a request without a credential.
    fn reached(&self) -> Step {
        let Some(path) = self.path else {
            return if self.judged.is_some() { Step::Path } else { Step::RequestForm };
        };
        let is_known = if self.is_preflight { self.gate.router.knows(&path).is_ok() } else { self.rule.is_some() };
        match is_known {
            false => Step::Preflight,
            true if self.is_open() => Step::Identity,
            true => Step::Credential,
        }
    }

    /// Size, method, header fields, URL and host.
    fn tell_form(&self, error: Option<&Error>, checks: &mut Checks) {
        let fields = counted(self.request.headers.len(), "header field");
        let form = [self.request.method, ", ", &fields].concat();
        let form = checks.code_of(Step::RequestForm).is_none().then_some(form.as_str());
        checks.note(Step::RequestForm, "a method, and at most 128 header fields, all as HTTP has them", form);
        let bytes = counted(self.request.url.len(), "byte");
        let bytes = checks.code_of(Step::Target).is_none().then_some(bytes.as_str());
        checks.note(Step::Target, "an http(s) URL, or a target that starts with /, of at most 8192 bytes", bytes);
        let host = match self.judged {
            Some(judged) => judged.authority.as_deref().unwrap_or(NOTHING).to_owned(),
            None => {
                let authority = split_url(self.request.url).ok().and_then(|(_, authority, _)| authority);
                let fields = self.request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host"));
                with_reason(&named_of(authority.into_iter().chain(fields.map(|(_, host)| *host))), error)
            }
        };
        checks.note(Step::Host, "one host, or none", Some(&host));
    }

    /// Path, preflight and rule.
    fn tell_way(&self, error: Option<&Error>, checks: &mut Checks) {
        let Some(judged) = self.judged else { return };
        let path = if self.path.is_some() { judged.path.to_owned() } else { with_reason(judged.path, error) };
        checks.note(Step::Path, "one reading: no dot or empty segment, no escape of what needs none", Some(&path));
        let asks = [judged.single("access-control-request-method"), judged.single("origin")];
        let asks = named_of(asks.into_iter().flatten());
        let preflight = if self.gate.cors.is_some() { "none: the gate answers it" } else { ANYTHING };
        checks.note(Step::Preflight, preflight, Some(&asks));
        let found = match (self.rule, checks.code_of(Step::Rule)) {
            (Some((rule, _)), _) if rule.policy.public => Some([&rule.path, ", public"].concat()),
            (Some((rule, _)), _) => Some(rule.path.clone()),
            (None, Some("bad_path")) => Some(with_reason(judged.path, error)),
            (None, _) => None,
        };
        let rule = if self.is_preflight { "one for this path" } else { "one for this method and path" };
        checks.note(Step::Rule, rule, found.as_deref());
    }

    /// Where a credential is looked for and was found; never the credential.
    fn tell_credential(&self, found: Option<&Credential>, checks: &mut Checks) {
        let Some(judged) = self.judged else { return };
        let places = &self.gate.places;
        let (is_header_read, cookie) = places.named();
        let cookie = cookie.map(|name| ["the cookie ", name].concat());
        let header = is_header_read.then_some("Authorization: Bearer");
        let expected = named_of(header.into_iter().chain(cookie.as_deref()));
        let is_ambient = found.is_some_and(|credential| credential.ambient);
        let place = if is_ambient { cookie.as_deref() } else { Some("Authorization") };
        checks.note(Step::Credential, &expected, found.and(place));
        let is_guarded = is_ambient && places.refuses_cross_site();
        let guard = if is_guarded { "a safe method, or a same-origin or listed caller" } else { ANYTHING };
        let caller = [judged.single("sec-fetch-site"), judged.single("origin")];
        checks.note(Step::CrossSite, guard, Some(&named_of(caller.into_iter().flatten())));
    }

    /// What the rule asks of whoever asks.
    fn tell_rights(&self, principal: Option<&PrincipalRef<'_>>, checks: &mut Checks) {
        checks.note(Step::Identity, "what header fields can carry, in at most 6144 bytes", None);
        let (Some((rule, segment)), Some(judged)) = (self.rule, self.judged) else { return };
        let policy = &rule.policy;
        let tenants = &self.gate.tenants;
        let tenant = match (checks.code_of(Step::Tenant), tenants.asked(judged, segment, policy.any_tenant)) {
            (Some("tenant_malformed"), _) => tenants.pattern(),
            (_, Asked::Of(tenant)) => tenant,
            (_, Asked::Unknown) => "the one that the request asks for",
            (_, Asked::Any) => "a tenant",
            (_, Asked::Nothing) => ANYTHING,
        };
        // Where the request does not say which, it is the request that is wanting.
        let is_asked = !matches!(checks.code_of(Step::Tenant), Some("tenant_not_requested" | "bad_host"));
        let held = principal.map(|principal| principal.tenant_id.unwrap_or(NOTHING));
        checks.note(Step::Tenant, tenant, held.filter(|_| is_asked));
        let kinds = named_of(policy.principals.iter().map(|kind| kind.name()));
        checks.note(Step::Principal, &kinds, principal.map(|principal| principal.kind.name()));
        let plans = policy.plans.as_ref().map(|plans| named(plans.as_slice()));
        let held = principal.map(|principal| principal.plan.unwrap_or(NOTHING));
        checks.note(Step::Plan, plans.as_deref().unwrap_or(ANYTHING), held);
        let mut note = |step, asked, held: Option<&Texts<'_>>| {
            let held = held.map(|held| named_of(held.iter().map(|text| &**text)));
            checks.note(step, &required(asked), held.as_deref());
        };
        note(Step::Permissions, policy.permissions.as_ref(), principal.map(|principal| &principal.permissions));
        note(Step::Groups, policy.groups.as_ref(), principal.map(|principal| &principal.groups));
        note(Step::Scopes, policy.scopes.as_ref(), principal.map(|principal| &principal.scopes));
    }
}

fn named_of<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut names = Named::default();
    texts.for_each(|text| names.add(text));
    names.finish()
}

/// A path or host, and what is wrong with it.
fn with_reason(found: &str, error: Option<&Error>) -> String {
    match error {
        Some(Error::BadPath(why) | Error::BadHost(why)) => [found, ": ", why].concat(),
        _ => found.to_owned(),
    }
}

fn required(requirement: Option<&Requirement>) -> String {
    let Some(Requirement { all, any }) = requirement else { return ANYTHING.to_owned() };
    let all = (!all.is_empty()).then(|| ["all of ", &named(all)].concat());
    let any = (!any.is_empty()).then(|| ["one of ", &named(any.as_slice())].concat());
    all.into_iter().chain(any).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
