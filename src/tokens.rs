//! The token service as steps: what the host must read, ask, write or answer next. Does none of it itself: random bytes and
//! time are arguments, and what is remembered between two steps is text that the host carries and does not read.
//!
//! # Steps
//!
//! A host hands a request to [`Tokens::begin`] and does what the [`Step`] says; then it hands what became of that to
//! [`Tokens::next`], with the step's state, until a step is an answer. As JSON, a step is one of
//!
//! ```json
//! {"do":"pass"}
//! {"do":"answer","answer":{"status":200,"headers":[["name","value"]],"body":"text"},"events":[]}
//! {"do":"load","at":{"family":"id or null","user":"u","tenant":"t"},"state":"text","events":[]}
//! {"do":"entitle","ask":{"user":"u","tenant":"t","clientId":"c","reason":"issue or refresh"},"state":"text","events":[]}
//! {"do":"create","record":{},"state":"text","events":[]}
//! {"do":"rotate","expected":1,"record":{},"state":"text","events":[]}
//! {"do":"revoke","at":{"family":"id","user":"u"},"nowMs":0,"state":"text","events":[]}
//! {"do":"revokeAll","target":{"user":"u"},"nowMs":0,"state":"text","events":[]}
//! ```
//!
//! and what became of it is an object of exactly one member:
//!
//! ```json
//! {"loaded":{"family":null,"user":{"epoch":0,"not_before":0},"tenant":{"epoch":0,"not_before":0}}}
//! {"entitlements":"the hook's answer, as text; null for no member"}
//! {"written":{"done":true,"user":{"epoch":0,"not_before":0},"tenant":{"epoch":0,"not_before":0}}}
//! {"written":{"done":false,"loaded":{}}}
//! {"revoked":{"first":true}}
//! {"marked":{"epoch":1,"not_before":0}}
//! {"failed":"store, entitlements or busy"}
//! ```
//!
//! A host asks [`Tokens::serves`] first, which costs next to nothing: the body of a request to elsewhere is not its to read.
//! Of one to here it reads at most one byte more than `MAX_FORM_BYTES`, and hands that over for a longer body. Where no hook
//! is configured, no step asks one. What no step expects, a state that is none, a clock that is off: all are answered with
//! 503, and nothing was written by that answer.
//!
//! # Events
//!
//! `type`, `time` in Unix seconds, and `family`, `user`, `tenant`, `client` and `seq` as far as they are known. Who presents a
//! token that does not verify is unknown: such an event names at most the client that proved itself.
//!
//! | type | more | when |
//! |---|---|---|
//! | `session_issued`, `session_rotated`, `session_repeated` | | a pair of tokens was made; `seq` is the refresh token's |
//! | `session_replayed` | `why`: `after_grace`, `ancestor`, `ahead` | this request ended the family |
//! | `session_revoked` | `why`: `other_client`, or none where its holder asked | this request ended the family |
//! | `sessions_revoked` | | with `user` or `tenant`, and the client that asked |
//! | `session_refused` | `why`: `unknown`, `expired`, `idle`, `revoked`, `user_revoked`, `tenant_revoked`, `not_a_member`, `unknown_client`, one of a replay where the family was over before, or the code of an [`Error`] | `invalid_grant` was answered |
//! | `entitlements_failed` | `reason`: `unavailable`, `unreadable`, `cookie_too_large`, or the code of an [`Error`] | 503 was answered |
//! | `record_unreadable` | | 503 was answered |
//! | `signing_keys_failed` | `reason`: `missing` | 503 was answered |
//!
//! A store's failure is the host's to tell: it alone knows the reason.
//!
//! # What is not in the standards
//!
//! `/refresh` without a cookie is `invalid_grant`: there is no session. `/revoke` without `Authorization` is the cookie form,
//! unless it has a `token`: a client that forgot to prove itself must not believe that its token was revoked.

mod answer;
mod client;
mod entitlements;
mod event;
mod form;
mod record;
mod request;
mod state;
mod turn;

use crate::config::{self, TokensConfig};
use crate::cors::{Cors, is_preflight};
use crate::credentials::Places;
use crate::error::Error;
use crate::json::Document;
use crate::json::write::{Write, Writer};
use crate::limits::MAX_UNIX_TIME_SECONDS;
use crate::mint::Mint;
use crate::request::Request;
use crate::rotation::Rules;
use crate::tenant::TenantRules;

use answer::{Manner, Problem};
use client::Clients;
use request::{Endpoint, judged};
use state::{State, Wait};
use turn::Turn;

pub use answer::Reply;
pub use event::Event;
pub use record::{Owner, Record};

/// A token service. Every question about a request is answered with a [`Step`].
#[derive(Debug)]
pub struct Tokens {
    mint: Mint,
    rules: Rules,
    family_seconds: u64,
    prefix: String,
    clients: Clients,
    has_hook: bool,
    /// The access cookie's name, where there is one.
    cookie: Option<String>,
    places: Places,
    tenants: TenantRules,
    cors: Option<Cors>,
}

/// What the host does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The request is not for the token service.
    Pass,
    /// Answer it.
    Answer {
        /// The answer.
        answer: Reply,
        /// What to tell the event hook.
        events: Vec<Event>,
    },
    /// Do something, and ask again.
    Work {
        /// What to do.
        work: Work,
        /// What to hand back with its outcome.
        state: String,
        /// What to tell the event hook.
        events: Vec<Event>,
    },
}

/// What the host is to do for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Read the record, if one is named, and both marks.
    Load {
        /// The family's id; none for the marks alone.
        family: Option<String>,
        /// Its user.
        user: String,
        /// Its tenant.
        tenant: String,
    },
    /// Ask what the user may do.
    Entitle(Question),
    /// Write the record of a new family, and read both marks.
    Create(Box<Record>),
    /// Write the record in place of one of the version `expected` that is not revoked, and read both marks.
    Rotate {
        /// The version that must be there.
        expected: u64,
        /// What takes its place.
        record: Box<Record>,
    },
    /// Revoke a family.
    Revoke {
        /// Its id.
        family: String,
        /// Its user.
        user: String,
        /// The time, in milliseconds since 1970.
        now_ms: u64,
    },
    /// Revoke all families of a user or a tenant.
    RevokeAll {
        /// Whose.
        target: Target,
        /// The time, in milliseconds since 1970.
        now_ms: u64,
    },
}

/// Whose families all end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A user's.
    User(String),
    /// A tenant's.
    Tenant(String),
}

/// What the entitlements hook is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The user.
    pub user: String,
    /// The tenant.
    pub tenant: String,
    /// The client that the tokens are for.
    pub client: String,
    /// Why.
    pub reason: Reason,
}

/// Why the entitlements hook is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A session begins.
    Issue,
    /// A session goes on.
    Refresh,
}

impl Tokens {
    /// Reads the configuration and the keys: a document, or an array of several.
    ///
    /// # Errors
    /// [`Error::Config`], naming the member.
    pub fn from_json(config: &str, keys: &str) -> Result<Self, Error> {
        let config: TokensConfig = config::parse(config)?;
        let service = &config.tokens;
        Ok(Self {
            mint: Mint::new(service, keys)?,
            rules: Rules {
                grace_ms: u64::from(service.grace_seconds) * 1000,
                idle_seconds: service.idle_seconds.map(u64::from),
            },
            family_seconds: u64::from(service.family_seconds),
            prefix: service.prefix.clone(),
            clients: Clients::compile(service),
            has_hook: matches!(service.entitlements, Some(Some(_))),
            cookie: config.credentials.cookie.as_ref().map(|cookie| cookie.name.clone()),
            places: Places::compile(&config.credentials)?,
            // The gate's rules are not read here: whatever they say of a path, a tenant's id looks the same.
            tenants: TenantRules::compile(&config::Tenant { from: None, ..config.tenant }, &[])?,
            cors: config.cors.as_ref().map(Cors::compile).transpose()?,
        })
    }

    /// The published keys at `now`, in Unix seconds, as the JSON text of a JWK set.
    pub fn key_set(&self, now: f64) -> String {
        self.mint.key_set(milliseconds(now).unwrap_or(0))
    }

    /// Whether a URL, or a raw target, is one of the service's own: [`Tokens::begin`] passes all others.
    pub fn serves(&self, url: &str) -> bool {
        self.endpoint(url).is_some()
    }

    /// Takes a request and its body at `now`, in Unix seconds. `random` is used for this step alone.
    pub fn begin(&self, request: &Request<'_>, body: &[u8], now: f64, random: &[u8; 32]) -> Step {
        let Some(endpoint) = self.endpoint(request.url) else { return Step::Pass };
        let mut manner = Manner::default();
        let refused = |manner: &Manner, problem: Problem| Step::answer(manner.problem(problem, self.cookie.as_deref()));
        let judged = match judged(request) {
            Ok(judged) => judged,
            Err(problem) => return refused(&manner, problem),
        };
        if endpoint == Endpoint::KeySet {
            return match (request.method, milliseconds(now)) {
                ("GET", Some(now_ms)) => Step::answer(Manner::key_set(self.mint.key_set(now_ms))),
                ("HEAD", Some(_)) => Step::answer(Manner::key_set(String::new())),
                ("GET" | "HEAD", None) => refused(&manner, Problem::Unavailable),
                _ => refused(&manner, Problem::MethodNotAllowed("GET, HEAD")),
            };
        }
        if let Some(cors) = &self.cors {
            if is_preflight(&judged) {
                return Step::answer(Manner::preflight(cors.preflight(&judged)));
            }
            manner.cors = cors.headers(&judged);
        }
        if request.method != "POST" {
            return refused(&manner, Problem::MethodNotAllowed("POST"));
        }
        manner.cookies = self.is_cookie_form(endpoint, &judged);
        let asked = match self.asked(endpoint, request.url, &judged, body, &manner) {
            Ok(asked) => asked,
            Err(problem) => return refused(&manner, problem),
        };
        // What is waited for is set by what is asked.
        let state = State::new(Wait::RefreshLoad, manner.clone(), Owner::default());
        match self.turn(state, now, random) {
            Some(turn) => turn.begin(asked),
            None => refused(&manner, Problem::Unavailable),
        }
    }

    /// Goes on after the host did what the last step said. `state` is that step's, `outcome` the JSON text of one member that
    /// names what was done: `loaded`, `entitlements`, `written`, `revoked`, `marked` or `failed`.
    pub fn next(&self, state: &str, outcome: &str, now: f64, random: &[u8; 32]) -> Step {
        let unavailable = |manner: &Manner| Step::answer(manner.problem(Problem::Unavailable, None));
        let Some(state) = State::read(state) else { return unavailable(&Manner::default()) };
        let manner = state.manner.clone();
        let Ok(outcome) = Document::parse_object(outcome.as_bytes().to_vec()) else { return unavailable(&manner) };
        match self.turn(state, now, random) {
            Some(turn) => turn.go_on(outcome.object()),
            None => unavailable(&manner),
        }
    }

    /// None when the clock is off.
    fn turn<'t>(&'t self, state: State, now: f64, random: &'t [u8; 32]) -> Option<Turn<'t>> {
        let (id, rest) = random.split_first_chunk()?;
        Some(Turn { tokens: self, now_ms: milliseconds(now)?, id, write: rest.first_chunk()?, state })
    }
}

impl Step {
    fn answer(answer: Reply) -> Self {
        Self::Answer { answer, events: Vec::new() }
    }
}

impl Write for Step {
    fn write(&self, to: &mut Writer) {
        to.object();
        match self {
            Self::Pass => to.member("do", "pass"),
            Self::Answer { answer, events } => {
                to.member("do", "answer");
                to.member("answer", answer);
                to.member("events", events);
            }
            Self::Work { work, state, events } => {
                work.write_members(to);
                to.member("state", state);
                to.member("events", events);
            }
        }
        to.end_object();
    }
}

impl Work {
    fn write_members(&self, to: &mut Writer) {
        match self {
            Self::Load { family, user, tenant } => {
                to.member("do", "load");
                to.name("at");
                to.object();
                to.member("family", family);
                to.member("user", user);
                to.member("tenant", tenant);
                to.end_object();
            }
            Self::Entitle(question) => {
                to.member("do", "entitle");
                to.member("ask", question);
            }
            Self::Create(record) => {
                to.member("do", "create");
                to.member("record", &**record);
            }
            Self::Rotate { expected, record } => {
                to.member("do", "rotate");
                to.member("expected", expected);
                to.member("record", &**record);
            }
            Self::Revoke { family, user, now_ms } => {
                to.member("do", "revoke");
                to.name("at");
                to.object();
                to.member("family", family);
                to.member("user", user);
                to.end_object();
                to.member("nowMs", now_ms);
            }
            Self::RevokeAll { target, now_ms } => {
                to.member("do", "revokeAll");
                to.name("target");
                to.object();
                match target {
                    Target::User(user) => to.member("user", user),
                    Target::Tenant(tenant) => to.member("tenant", tenant),
                }
                to.end_object();
                to.member("nowMs", now_ms);
            }
        }
    }
}

impl Write for Question {
    fn write(&self, to: &mut Writer) {
        to.object();
        to.member("user", &self.user);
        to.member("tenant", &self.tenant);
        to.member("clientId", &self.client);
        to.member(
            "reason",
            match self.reason {
                Reason::Issue => "issue",
                Reason::Refresh => "refresh",
            },
        );
        to.end_object();
    }
}

/// Milliseconds since 1970; none for what is no plausible time in Unix seconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range that is checked")]
fn milliseconds(now: f64) -> Option<u64> {
    (now > 0.0 && now <= MAX_UNIX_TIME_SECONDS).then_some((now * 1000.0) as u64)
}

#[cfg(test)]
mod tests;
