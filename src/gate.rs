//! Decides one request, top-down. This file reads as the security argument: one line a check, in the order in which
//! they happen, and nothing is allowed that did not pass them all.

mod explain;
mod own;

use crate::claims::PrincipalRef;
use crate::config::{self, Config};
use crate::cors::{Cors, is_preflight};
use crate::credentials::{CookieLine, Places};
use crate::decision::{Allow, Decision};
use crate::error::Error;
use crate::identity;
use crate::policy::Policy;
use crate::request::{Judged, Request, is_origin, is_secure_url, is_token};
use crate::route::{Path, Router};
use crate::tenant::TenantRules;
use crate::verifier::{Try, Verifier};

pub use explain::Explanation;

/// Decides whether *this* tenant on *this* plan may make *this* request.
///
/// ```
/// use tollgate::{Decision, Gate, Request, Try};
///
/// let gate = Gate::from_json(r#"{
///     "issuers": [{ "issuer": "https://issuer.example", "audience": "orders", "algorithms": ["ES256"],
///                   "jwksUri": "https://issuer.example/jwks.json" }],
///     "rules": [{ "path": "/health", "public": true }, { "path": "/{*rest}" }] }"#)?;
/// let request = Request { method: "GET", url: "https://api.example/orders", headers: &[] };
/// let Decision::Deny(answer) = gate.check(&request, 1_767_225_600.0, Try::Last).decision else { panic!() };
/// assert_eq!((answer.status, answer.code.as_str()), (401, "no_credential"));
/// # Ok::<(), tollgate::Error>(())
/// ```
#[derive(Debug)]
pub struct Gate {
    verifier: Verifier,
    router: Router,
    rules: Vec<Rule>,
    places: Places,
    tenants: TenantRules,
    cors: Option<Cors>,
    identity: config::Identity,
    upstream: Option<config::Upstream>,
    observe: config::Observe,
}

#[derive(Debug)]
struct Rule {
    path: String,
    policy: Policy,
}

/// A decision, and the issuer whose keys it rests on.
#[derive(Debug)]
pub struct Checked {
    /// The decision.
    pub decision: Decision,
    /// Position of the issuer whose key set was used, or is due.
    pub issuer: Option<usize>,
    /// Whether fetching that key set and asking again could change the decision.
    pub keys_due: bool,
    /// Whether the token's signature was checked earlier, as `verifiedTokenCache` allows.
    pub cached: bool,
}

/// What a decision rests on.
#[derive(Default)]
struct Grounds {
    issuer: Option<usize>,
    cached: bool,
}

/// A refusal on its way to becoming a [`Decision`], with what its answer needs.
struct Refusal<'g> {
    error: Error,
    policy: Option<&'g Policy>,
    /// The principal's.
    plan: Option<String>,
}

/// How much of an [`Allow`] somebody will read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Telling {
    /// All of it.
    Everything,
    /// All but who asks.
    #[cfg(any(feature = "worker", test))]
    Fields,
    /// Neither who asks nor what the origin is told: there is no origin.
    #[cfg(any(feature = "worker", test))]
    Verdict,
}

impl From<Error> for Refusal<'_> {
    fn from(error: Error) -> Self {
        Self { error, policy: None, plan: None }
    }
}

impl Gate {
    /// Reads a gate's configuration.
    ///
    /// # Errors
    /// [`Error::Config`], naming the member.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        Self::new(config::parse(json)?, None)
    }

    /// Reads the configuration of a gate beside a token service, whose published keys `own_keys` is, as the JSON text of a JWK
    /// set. The preset `tollgate` takes them; without that they are not looked at.
    ///
    /// # Errors
    /// [`Error::Config`], naming the member.
    pub fn from_json_with_own_keys(json: &str, own_keys: &str) -> Result<Self, Error> {
        Self::new(config::parse(json)?, Some(own_keys))
    }

    /// Builds a gate; `own_keys` is as in [`Gate::from_json_with_own_keys`].
    ///
    /// # Errors
    /// [`Error::Config`], naming the member.
    pub fn new(mut config: Config, own_keys: Option<&str>) -> Result<Self, Error> {
        Self::compile(&mut config, own_keys)
    }

    /// Takes out of the configuration what is kept. What it borrows need not be dropped at each of the ways out.
    #[inline(never)]
    fn compile(config: &mut Config, own_keys: Option<&str>) -> Result<Self, Error> {
        if config.rules.is_empty() {
            return Err(config::fault(
                format_args!("rules"),
                "expected at least one rule; without one, everything is denied",
            ));
        }
        if let Some(upstream) = &config.upstream {
            check_upstream(upstream)?;
        }
        if config.observe.analytics.as_ref().is_some_and(String::is_empty) {
            return Err(config::fault(
                format_args!("observe.analytics"),
                "expected the name of an Analytics Engine binding",
            ));
        }
        if config.issuers.own.is_some() || config.tokens.is_some() {
            own::fill_in(&mut config.issuers, config.tokens.as_ref(), own_keys)?;
        }
        let issuers = &mut config.issuers.others;
        Ok(Self {
            verifier: Verifier::compile(issuers, config.clock_tolerance_seconds, config.verified_token_cache.as_ref())?,
            router: Router::compile(&config.rules)?,
            rules: compile_rules(&config.rules)?,
            places: Places::compile(&config.credentials)?,
            tenants: TenantRules::compile(&config.tenant, &config.rules)?,
            cors: config.cors.as_ref().map(Cors::compile).transpose()?,
            identity: config::Identity { send: std::mem::take(&mut config.identity.send) },
            upstream: config.upstream.take(),
            observe: std::mem::take(&mut config.observe),
        })
    }

    /// The verifier inside, for key fetching.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The verifier inside, for key fetching.
    pub fn verifier_mut(&mut self) -> &mut Verifier {
        &mut self.verifier
    }

    /// The configured upstream.
    pub fn upstream(&self) -> Option<&config::Upstream> {
        self.upstream.as_ref()
    }

    /// What the host is asked to tell.
    pub fn observe(&self) -> &config::Observe {
        &self.observe
    }

    /// Decides a request at `now`, in Unix seconds.
    pub fn check(&self, request: &Request<'_>, now: f64, attempt: Try) -> Checked {
        self.decided(request, now, attempt, Telling::Everything).unwrap_or_else(|refused| refused.answer())
    }

    /// [`Gate::check`] for a host that forwards by itself: nobody reads who asks, and nothing is told where there is no upstream.
    ///
    /// # Errors
    /// The position of the issuer whose keys are due: no answer is made that nobody sends.
    #[cfg(any(feature = "worker", test))]
    pub(crate) fn check_forwarding(&self, request: &Request<'_>, now: f64, attempt: Try) -> Result<Checked, usize> {
        let telling = if self.upstream.is_some() { Telling::Fields } else { Telling::Verdict };
        self.decided(request, now, attempt, telling).or_else(|refused| match refused.refusal.error {
            Error::KeysDue { issuer } => Err(issuer),
            _ => Ok(refused.answer()),
        })
    }

    fn decided(
        &self,
        request: &Request<'_>,
        now: f64,
        attempt: Try,
        telling: Telling,
    ) -> Result<Checked, Box<Refused<'_>>> {
        let mut grounds = Grounds::default();
        let judged = match request.judge() {
            Ok(judged) => judged,
            Err(error) => return Err(Box::new(Refused { refusal: error.into(), cors: Vec::new(), grounds })),
        };
        let cors = self.cors.as_ref().map(|cors| cors.headers(&judged));
        match self.decide(&judged, now, attempt, telling, cors.as_ref(), &mut grounds) {
            Ok(decision) => Ok(Checked { decision, issuer: grounds.issuer, keys_due: false, cached: grounds.cached }),
            Err(refusal) => Err(Box::new(Refused { refusal, cors: cors.unwrap_or_default(), grounds })),
        }
    }

    fn decide(
        &self,
        request: &Judged<'_>,
        now: f64,
        attempt: Try,
        telling: Telling,
        cors: Option<&Vec<(String, String)>>,
        grounds: &mut Grounds,
    ) -> Result<Decision, Refusal<'_>> {
        let path = Path::judge(request.path)?;
        if is_preflight(request) {
            return Ok(self.preflight(request, &path, telling)?);
        }
        let found = self.router.find(request.method, &path)?;
        let rule = self.rules.get(found.rule).ok_or(Error::NoRule)?;
        let policy = &rule.policy;
        if policy.public {
            return Ok(Decision::Allow(self.allow(request, Some(rule), None, telling, cors)?));
        }
        let credential = self.places.find(request)?;
        self.places.check_cross_site(&credential, request)?;
        let signed = self.verifier.verify_signature(credential.token.as_bytes(), now, attempt);
        let signed = signed.inspect_err(|error| {
            if let Error::KeysDue { issuer: due } = error {
                grounds.issuer = Some(*due);
            }
        })?;
        let principal = signed.judge()?.principal;
        *grounds = Grounds { issuer: Some(signed.index), cached: signed.was_cached() };
        let checked = self
            .tenants
            .check(principal.tenant_id, request, found.tenant, policy.any_tenant)
            .and_then(|()| policy.check_kind(&principal))
            .and_then(|()| policy.check(&principal))
            .and_then(|()| self.allow(request, Some(rule), Some(&principal), telling, cors));
        match checked {
            Ok(allow) => {
                let principal = (telling == Telling::Everything).then(|| principal.into_owned());
                Ok(Decision::Allow(Allow { principal, ..allow }))
            }
            Err(error) => Err(Refusal { error, policy: Some(policy), plan: principal.plan.map(str::to_owned) }),
        }
    }

    /// A preflight carries no credential by design: it is answered, or passed on without any identity.
    #[inline(never)]
    fn preflight(&self, request: &Judged<'_>, path: &Path<'_>, telling: Telling) -> Result<Decision, Error> {
        match &self.cors {
            Some(cors) => Ok(Decision::preflight(cors.preflight(request))),
            None => {
                self.router.knows(path)?;
                let mut allow = self.allow(request, None, None, telling, None)?;
                if request.has("authorization") && !allow.remove_headers.iter().any(|name| name == "authorization") {
                    allow.remove_headers.push("authorization".to_owned());
                }
                if request.has("cookie") {
                    allow.set_headers.retain(|(name, _)| name != "cookie");
                    allow.remove_headers.push("cookie".to_owned());
                }
                Ok(Decision::Allow(allow))
            }
        }
    }

    /// What the origin is told, after everything that it must not hear from the client is stripped. Whoever asks is to be
    /// filled in.
    fn allow(
        &self,
        request: &Judged<'_>,
        rule: Option<&Rule>,
        principal: Option<&PrincipalRef<'_>>,
        telling: Telling,
        cors: Option<&Vec<(String, String)>>,
    ) -> Result<Allow, Error> {
        let mut allow = Allow {
            principal: None,
            rule: rule.map(|rule| rule.path.clone()),
            set_headers: Vec::new(),
            remove_headers: Vec::new(),
            response_headers: cors.cloned(),
        };
        match telling {
            #[cfg(any(feature = "worker", test))]
            Telling::Verdict => {}
            _ => self.tell(request, principal, &mut allow)?,
        }
        Ok(allow)
    }

    /// Fills in the headers to set and to remove.
    #[inline(never)]
    fn tell(
        &self,
        request: &Judged<'_>,
        principal: Option<&PrincipalRef<'_>>,
        Allow { set_headers, remove_headers, .. }: &mut Allow,
    ) -> Result<(), Error> {
        *remove_headers = identity::stripped(request);
        *set_headers = identity::forwarded(request);
        if let Some(principal) = principal {
            set_headers.extend(identity::fields(&self.identity, principal)?);
        }
        let forward = self.upstream.as_ref().is_some_and(|upstream| upstream.forward_credentials);
        let cleaned = self.places.cleaned(request, forward)?;
        if cleaned.remove_authorization {
            remove_headers.push("authorization".to_owned());
        }
        match cleaned.cookie {
            CookieLine::Unchanged => {}
            CookieLine::Gone => remove_headers.push("cookie".to_owned()),
            CookieLine::Kept(line) => {
                remove_headers.push("cookie".to_owned());
                set_headers.push(("cookie".to_owned(), line));
            }
        }
        Ok(())
    }
}

/// A refusal, and what else its answer holds.
struct Refused<'g> {
    refusal: Refusal<'g>,
    cors: Vec<(String, String)>,
    grounds: Grounds,
}

impl Refused<'_> {
    /// Turns it into the answer for the client.
    #[inline(never)]
    fn answer(self) -> Checked {
        let Self { refusal, cors, grounds } = self;
        let decision = Decision::refuse(&refusal.error, refusal.policy, refusal.plan.as_deref(), cors);
        let keys_due = matches!(refusal.error, Error::KeysDue { .. });
        Checked { decision, issuer: grounds.issuer, keys_due, cached: grounds.cached }
    }
}

fn compile_rules(rules: &[config::Rule]) -> Result<Vec<Rule>, Error> {
    let mut compiled = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        compiled.push(Rule { policy: Policy::compile(index, rule)?, path: rule.path.clone() });
    }
    Ok(compiled)
}

/// Checks the `upstream` member.
#[inline(never)]
fn check_upstream(upstream: &config::Upstream) -> Result<(), Error> {
    match (&upstream.service, &upstream.url) {
        (Some(_), Some(_)) | (None, None) => {
            Err(config::fault(format_args!("upstream"), "expected one of service and url"))
        }
        (Some(service), None) if service.is_empty() => {
            Err(config::fault(format_args!("upstream.service"), "expected the name of a service binding"))
        }
        (Some(_), None) if upstream.secret.is_some() => {
            Err(config::fault(format_args!("upstream.secret"), "goes with upstream.url; a service binding needs none"))
        }
        (Some(_), None) => Ok(()),
        (None, Some(url)) if !is_origin(url) || !is_secure_url(url) => Err(config::fault(
            format_args!("upstream.url"),
            "expected https://host or https://host:port (http only to loopback)",
        )),
        (None, Some(_)) => match &upstream.secret {
            None => Err(config::fault(
                format_args!("upstream.secret"),
                "expected the name of a secret variable, so that the origin can tell that the gate was passed; null for none",
            )),
            Some(Some(name)) if !is_token(name) => Err(config::fault(
                format_args!("upstream.secret"),
                "expected the name of a secret variable, not the secret",
            )),
            Some(_) => Ok(()),
        },
    }
}

#[cfg(test)]
#[path = "gate_attack_tests.rs"]
mod attack_tests;
#[cfg(test)]
mod forwarding_tests;
#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
