//! One request's way from step to step, and the argument for its safety: a store is asked for a token that was verified only,
//! nothing is signed that was not read strongly after the last wait, and what cannot be known is a 503.

use super::answer::{Pair, Problem, Reply, fits_cookie};
use super::client::Client;
use super::event::{self, Because, Event};
use super::record::{Loaded, Owner, Record, Written, mark};
use super::request::Asked;
use super::state::{OTHER_CLIENT, State, Wait};
use super::{Question, Reason, Step, Target, Tokens, Work, entitlements};
use crate::base64url;
use crate::error::Error;
use crate::json::{Object, Value};
use crate::limits::{MAX_ROTATION_ROUNDS, MAX_UNTRIED_ENTITLEMENTS_BYTES};
use crate::mint::Entitlements;
use crate::rotation::{Family, Marks, Presented, Verdict, begin, judge};

/// One step of one request.
pub(super) struct Turn<'t> {
    pub(super) tokens: &'t Tokens,
    pub(super) now_ms: u64,
    /// 128 random bits of this step alone: the id of what is made, a family or an access token.
    pub(super) id: &'t [u8; 16],
    /// As many more: by which the writer of a record knows it again.
    pub(super) write: &'t [u8; 16],
    pub(super) state: State,
}

/// An answer that is no success: what the client learns, and what the event hook does.
#[derive(Debug)]
pub(super) struct Fault {
    problem: Problem,
    event: Option<(&'static str, Because)>,
}

/// What becomes of a step.
type Next = Result<Step, Fault>;

impl Fault {
    fn unavailable() -> Self {
        Self { problem: Problem::Unavailable, event: None }
    }

    /// Nobody can know, and the hook is told what is in the way.
    fn told(kind: &'static str, because: Because) -> Self {
        Self { problem: Problem::Unavailable, event: Some((kind, because)) }
    }

    /// Nothing can be made of what the entitlements hook said.
    fn of_hook(reason: &'static str) -> Self {
        Self::told("entitlements_failed", Some(("reason", reason)))
    }

    /// No token can be made, because of keys, of time, or of what the hook said.
    fn of_mint(error: &Error) -> Self {
        match error {
            Error::Expired => Self::refused("expired"),
            Error::SigningKeyMissing => Self::told("signing_keys_failed", Some(("reason", "missing"))),
            error => Self::of_hook(error.code()),
        }
    }

    /// The session is over, or there is none.
    fn refused(why: &'static str) -> Self {
        Self { problem: Problem::InvalidGrant, event: Some(("session_refused", Some(("why", why)))) }
    }
}

impl Turn<'_> {
    /// The first step for what is asked.
    pub(super) fn begin(mut self, asked: Asked<'_>) -> Step {
        let next = match asked {
            Asked::Session { client, user, tenant } => {
                self.state.owner = Owner { user, tenant, client: client.id.clone(), ..Owner::default() };
                Ok(self.issue())
            }
            Asked::RevokeAll { client, user, tenant } => {
                self.state.owner = Owner { user, tenant, client: client.id.clone(), ..Owner::default() };
                Ok(self.revoke_all())
            }
            Asked::Refresh { token: None, .. } => Err(Fault { problem: Problem::InvalidGrant, event: None }),
            Asked::Refresh { client, token: Some(token) } => {
                self.state.owner.client = client.map(|client| client.id.clone()).unwrap_or_default();
                self.refresh(client, &token)
            }
            Asked::Revoke { client, token } => Ok(self.revoke(client, token.as_deref())),
        };
        self.answered_by(next)
    }

    /// A new session: the marks first, then its entitlements, then its record, then the marks once more.
    fn issue(&mut self) -> Step {
        self.state.owner.family = base64url::encode(self.id);
        self.state.wait = Wait::IssueLoad;
        let Owner { user, tenant, .. } = self.state.owner.clone();
        self.work(Work::Load { family: None, user, tenant })
    }

    /// A token's successor. Rubbish ends here, and no store hears of it.
    fn refresh(&mut self, client: Option<&Client>, token: &str) -> Next {
        let token = match self.tokens.mint.verify_refresh(token, self.now_ms) {
            Ok(token) => token,
            Err(error) => return Err(Fault::refused(error.code())),
        };
        self.state.owner = Owner { family: token.family, user: token.user, tenant: token.tenant, client: token.client };
        self.state.presented = Some(token.presented);
        if client.is_some_and(|client| client.id != self.state.owner.client) {
            // Who holds another's token has it from a leak.
            return Ok(self.revoke_breached(OTHER_CLIENT));
        }
        let Some(own) = self.tokens.clients.find(&self.state.owner.client) else {
            return Err(Fault::refused("unknown_client"));
        };
        // As the configuration stands now.
        if !own.is_for(&self.state.owner.tenant) || (client.is_none() && !own.cookies) {
            return Err(Fault { problem: Problem::UnauthorizedClient, event: None });
        }
        self.state.wait = Wait::RefreshLoad;
        Ok(self.load())
    }

    /// The end of a family. A token that is not good for its client leads to nothing, and the answer is the same.
    fn revoke(&mut self, client: Option<&Client>, token: Option<&str>) -> Step {
        let Some(Ok(token)) = token.map(|token| self.tokens.mint.verify_refresh(token, self.now_ms)) else {
            return self.done(Vec::new());
        };
        if client.is_some_and(|client| client.id != token.client) {
            return self.done(Vec::new());
        }
        self.state.owner = Owner { family: token.family, user: token.user, tenant: token.tenant, client: token.client };
        self.state.presented = Some(token.presented);
        self.state.wait = Wait::Revoke;
        self.work_revoke()
    }

    /// The end of all families of a user or a tenant.
    fn revoke_all(&mut self) -> Step {
        self.state.wait = Wait::RevokeAll;
        let Owner { user, tenant, .. } = self.state.owner.clone();
        let target = if tenant.is_empty() { Target::User(user) } else { Target::Tenant(tenant) };
        let now_ms = self.now_ms;
        self.work(Work::RevokeAll { target, now_ms })
    }

    /// Goes on with what became of the last step: one member, named after what was done.
    pub(super) fn go_on(mut self, outcome: Object<'_>) -> Step {
        let mut members = outcome.iter();
        let (Some((name, value)), None) = (members.next(), members.next()) else {
            return self.answered_by(Err(Fault::unavailable()));
        };
        let next = match (self.state.wait, name, value) {
            (Wait::IssueEntitle | Wait::RefreshEntitle, "failed", _) => Err(Fault::of_hook("unavailable")),
            // The host has told of the store's failure itself: it knows the reason.
            (_, "failed", _) => Err(Fault::unavailable()),
            (Wait::IssueLoad, "loaded", loaded) => self.issue_loaded(loaded),
            (Wait::RefreshLoad, "loaded", loaded) => self.refresh_loaded(loaded),
            (Wait::RefreshRepeat, "loaded", loaded) => self.repeat_loaded(loaded),
            (Wait::IssueEntitle | Wait::RefreshEntitle, "entitlements", answer) => self.answered(answer),
            (Wait::IssueCreate, "written", written) => self.created(written),
            (Wait::RefreshRotate, "written", written) => self.rotated(written),
            (Wait::RefreshRevoke, "revoked", revoked) => self.breached(revoked),
            (Wait::Revoke, "revoked", revoked) => self.revoked(revoked),
            (Wait::RevokeAll, "marked", marked) => self.marked(marked),
            _ => Err(Fault::unavailable()),
        };
        self.answered_by(next)
    }

    /// The step, or the answer that a fault comes to.
    fn answered_by(&self, next: Next) -> Step {
        next.unwrap_or_else(|fault| {
            let events = fault.event.map(|(kind, because)| self.event(kind, because)).into_iter().collect();
            Step::Answer { answer: self.reply(fault.problem), events }
        })
    }

    fn issue_loaded(&mut self, loaded: Value<'_>) -> Next {
        let loaded = self.loaded(loaded)?;
        self.state.marks = Some(loaded.marks);
        self.state.wait = Wait::IssueEntitle;
        self.entitle(Reason::Issue)
    }

    fn refresh_loaded(&mut self, loaded: Value<'_>) -> Next {
        let loaded = self.loaded(loaded)?;
        match self.judge(&loaded, None, self.now_ms)? {
            Verdict::Rotate(_) | Verdict::Repeat => {}
            Verdict::Revoke(replay) => return Ok(self.revoke_breached(event::replay(replay))),
            Verdict::Refuse(refusal) => return Err(Fault::refused(event::refusal(refusal))),
            Verdict::Retry => return Err(Fault::unavailable()),
        }
        self.state.judged_ms = Some(self.now_ms);
        self.state.marks = Some(loaded.marks);
        self.state.record = loaded.record;
        self.state.wait = Wait::RefreshEntitle;
        self.entitle(Reason::Refresh)
    }

    /// Asks the hook; where there is none, everyone is a member of every tenant.
    fn entitle(&mut self, reason: Reason) -> Next {
        if !self.tokens.has_hook {
            return self.entitled();
        }
        let Owner { user, tenant, client, .. } = self.state.owner.clone();
        Ok(self.work(Work::Entitle(Question { user, tenant, client, reason })))
    }

    fn answered(&mut self, answer: Value<'_>) -> Next {
        match answer {
            Value::String(text) => self.state.entitlements = Some(text.to_owned()),
            Value::Null => return Err(Fault::refused("not_a_member")),
            _ => return Err(Fault::unavailable()),
        }
        self.entitled()
    }

    /// The hook has answered, and that took time: whatever the first reading said is judged again.
    fn entitled(&mut self) -> Next {
        let entitlements = self.entitlements()?;
        if self.state.wait == Wait::IssueEntitle {
            return self.create(&entitlements);
        }
        let loaded = Loaded { record: self.state.record.clone(), marks: self.expected(self.state.marks)? };
        let judged_ms = self.expected(self.state.judged_ms)?;
        if self.judge(&loaded, None, judged_ms)? == Verdict::Repeat {
            self.state.wait = Wait::RefreshRepeat;
            return Ok(self.load());
        }
        match self.judge(&loaded, None, self.now_ms)? {
            Verdict::Rotate(family) => self.rotate(family, &entitlements),
            Verdict::Refuse(refusal) => Err(Fault::refused(event::refusal(refusal))),
            Verdict::Repeat | Verdict::Revoke(_) | Verdict::Retry => Err(Fault::unavailable()),
        }
    }

    fn create(&mut self, entitlements: &Entitlements) -> Next {
        let marks = self.expected(self.state.marks)?;
        let kid = self.refresh_kid()?;
        let family = begin(&marks, self.now_ms, &self.tokens.rules, self.tokens.family_seconds, kid);
        let record = self.record(family);
        self.try_to_sign(&record, entitlements)?;
        self.state.record = Some(record.clone());
        self.state.wait = Wait::IssueCreate;
        Ok(self.work(Work::Create(record)))
    }

    fn created(&mut self, written: Value<'_>) -> Next {
        let record = self.expected(self.state.record.clone())?;
        match self.written(written)? {
            Written::Done(marks) => self.confirm(&record, &marks, "session_issued"),
            Written::Not(loaded) => match loaded.record {
                Some(own) if own.write == record.write => self.confirm(&own, &loaded.marks, "session_issued"),
                // Another family of this id: 128 random bits say that there is none.
                _ => Err(Fault::unavailable()),
            },
        }
    }

    /// Writes the successor's record in place of the one that was judged.
    fn rotate(&mut self, family: Family, entitlements: &Entitlements) -> Next {
        // Each write adds 1.
        let expected = family.version.saturating_sub(1);
        let record = self.record(family);
        self.try_to_sign(&record, entitlements)?;
        self.state.record = Some(record.clone());
        self.state.rounds = self.state.rounds.saturating_add(1);
        self.state.wait = Wait::RefreshRotate;
        Ok(self.work(Work::Rotate { expected, record }))
    }

    fn rotated(&mut self, written: Value<'_>) -> Next {
        let record = self.expected(self.state.record.clone())?;
        let loaded = match self.written(written)? {
            Written::Done(marks) => return self.confirm(&record, &marks, "session_rotated"),
            Written::Not(loaded) => loaded,
        };
        if let Some(own) = loaded.record.as_ref().filter(|there| there.write == record.write) {
            // It was written after all, and only the answer got lost.
            return self.confirm(own, &loaded.marks, "session_rotated");
        }
        // Someone was faster. What is there now was read after the hook's answer, so it needs no second look.
        let seen = self.expected(self.state.presented)?.seq;
        match self.judge(&loaded, Some(seen), self.now_ms)? {
            Verdict::Rotate(family) if self.state.rounds < MAX_ROTATION_ROUNDS => {
                let entitlements = self.entitlements()?;
                self.rotate(family, &entitlements)
            }
            Verdict::Repeat => self.repeat(&loaded),
            Verdict::Refuse(refusal) => Err(Fault::refused(event::refusal(refusal))),
            // A lost race is no replay. A replay shows at the next request's first reading.
            Verdict::Rotate(_) | Verdict::Revoke(_) | Verdict::Retry => Err(Fault::unavailable()),
        }
    }

    /// The same successor once more. It was granted at the first reading, so a slow hook does not close the window; whether
    /// the family lives is for this reading to say.
    fn repeat_loaded(&mut self, loaded: Value<'_>) -> Next {
        let loaded = self.loaded(loaded)?;
        let judged_ms = self.expected(self.state.judged_ms)?;
        match self.judge(&loaded, None, judged_ms)? {
            Verdict::Repeat => self.repeat(&loaded),
            Verdict::Refuse(refusal) => Err(Fault::refused(event::refusal(refusal))),
            Verdict::Rotate(_) | Verdict::Revoke(_) | Verdict::Retry => Err(Fault::unavailable()),
        }
    }

    fn repeat(&mut self, loaded: &Loaded) -> Next {
        let record = self.expected(loaded.record.clone())?;
        self.sign(&record, "session_repeated")
    }

    /// Judges what was just written with the marks that were read after it: its own token must be good to rotate.
    fn confirm(&mut self, record: &Record, marks: &Marks, kind: &'static str) -> Next {
        let own = Presented { seq: record.family.seq, exp: record.family.successor_exp };
        let kid = self.refresh_kid()?;
        match judge(Some(&record.family), marks, &own, None, self.now_ms, &self.tokens.rules, kid) {
            Verdict::Rotate(_) => self.sign(record, kind),
            Verdict::Refuse(refusal) => Err(Fault::refused(event::refusal(refusal))),
            Verdict::Repeat | Verdict::Revoke(_) | Verdict::Retry => Err(Fault::unavailable()),
        }
    }

    fn breached(&mut self, revoked: Value<'_>) -> Next {
        let is_first = self.first(revoked)?;
        let why = self.expected(self.state.breach)?;
        let kind = match (is_first, why) {
            // It was over before.
            (false, _) => "session_refused",
            (true, OTHER_CLIENT) => "session_revoked",
            (true, _) => "session_replayed",
        };
        let events = vec![self.event(kind, Some(("why", why)))];
        Ok(Step::Answer { answer: self.reply(Problem::InvalidGrant), events })
    }

    fn revoked(&mut self, revoked: Value<'_>) -> Next {
        let is_first = self.first(revoked)?;
        Ok(self.done(if is_first { vec![self.event("session_revoked", None)] } else { Vec::new() }))
    }

    fn marked(&mut self, marked: Value<'_>) -> Next {
        self.expected(mark(marked))?;
        Ok(self.done(vec![self.event("sessions_revoked", None)]))
    }

    /// Makes both tokens, last of all.
    fn sign(&mut self, record: &Record, kind: &'static str) -> Next {
        let entitlements = self.entitlements()?;
        let pair = self.pair(record, &entitlements).map_err(|error| Fault::of_mint(&error))?;
        let Some(answer) = self.state.manner.tokens(&pair, self.tokens.cookie.as_deref()) else {
            return Err(Fault::of_hook("cookie_too_large"));
        };
        let mut event = self.event(kind, None);
        event.seq = Some(record.family.seq);
        Ok(Step::Answer { answer, events: vec![event] })
    }

    fn pair(&self, record: &Record, entitlements: &Entitlements) -> Result<Pair, Error> {
        let (mint, session, family) = (&self.tokens.mint, record.owner.session(), &record.family);
        let access = mint.access_token(&session, family, entitlements, self.now_ms, self.id)?;
        Ok(Pair {
            access_token: access.token,
            expires_in: access.expires_in,
            refresh_token: mint.refresh_token(&session, family)?,
            refresh_expires_in: family.successor_exp.saturating_sub(self.now_ms / 1000),
        })
    }

    /// Makes an access token and throws it away, where it could turn out that none can be made of what the hook said: that
    /// must show before anything is written.
    fn try_to_sign(&self, record: &Record, entitlements: &Entitlements) -> Result<(), Fault> {
        let length = self.state.entitlements.as_ref().map_or(0, String::len);
        if length <= MAX_UNTRIED_ENTITLEMENTS_BYTES && entitlements.claims.is_empty() {
            return Ok(());
        }
        let (mint, session) = (&self.tokens.mint, record.owner.session());
        let access = mint
            .access_token(&session, &record.family, entitlements, self.now_ms, self.id)
            .map_err(|error| Fault::of_mint(&error))?;
        let cookie = self.tokens.cookie.as_ref().filter(|_| self.state.manner.cookies);
        if cookie.is_some_and(|name| !fits_cookie(name, &access.token, access.expires_in)) {
            return Err(Fault::of_hook("cookie_too_large"));
        }
        Ok(())
    }

    fn judge(&self, loaded: &Loaded, seen: Option<u64>, at_ms: u64) -> Result<Verdict, Fault> {
        let presented = self.expected(self.state.presented)?;
        let family = loaded.record.as_ref().map(|record| &record.family);
        let kid = self.refresh_kid()?;
        Ok(judge(family, &loaded.marks, &presented, seen, at_ms, &self.tokens.rules, kid))
    }

    fn refresh_kid(&self) -> Result<&str, Fault> {
        self.tokens.mint.refresh_kid(self.now_ms).map_err(|error| Fault::of_mint(&error))
    }

    /// What the hook said, read again.
    fn entitlements(&self) -> Result<Entitlements, Fault> {
        let Some(text) = &self.state.entitlements else {
            return if self.tokens.has_hook { Err(Fault::unavailable()) } else { Ok(Entitlements::default()) };
        };
        match entitlements::read(text) {
            Ok(Some(entitlements)) => Ok(entitlements),
            Ok(None) => Err(Fault::refused("not_a_member")),
            Err(_) => Err(Fault::of_hook("unreadable")),
        }
    }

    /// A record to be written, with a mark by which its writer knows it again.
    fn record(&self, family: Family) -> Box<Record> {
        // Twelve bytes are 16 characters.
        let write = base64url::encode(self.write.get(..12).unwrap_or_default());
        Box::new(Record { owner: self.state.owner.clone(), family, write })
    }

    fn load(&self) -> Step {
        let Owner { family, user, tenant, .. } = self.state.owner.clone();
        self.work(Work::Load { family: Some(family), user, tenant })
    }

    fn revoke_breached(&mut self, why: &'static str) -> Step {
        self.state.breach = Some(why);
        self.state.wait = Wait::RefreshRevoke;
        self.work_revoke()
    }

    fn work_revoke(&self) -> Step {
        let Owner { family, user, .. } = self.state.owner.clone();
        self.work(Work::Revoke { family, user, now_ms: self.now_ms })
    }

    fn work(&self, work: Work) -> Step {
        Step::Work { work, state: self.state.to_text(), events: Vec::new() }
    }

    fn loaded(&self, value: Value<'_>) -> Result<Loaded, Fault> {
        let read = Loaded::read(value, &self.state.owner);
        read.ok_or_else(|| Fault::told("record_unreadable", None))
    }

    fn written(&self, value: Value<'_>) -> Result<Written, Fault> {
        let read = Written::read(value, &self.state.owner);
        read.ok_or_else(|| Fault::told("record_unreadable", None))
    }

    fn first(&self, revoked: Value<'_>) -> Result<bool, Fault> {
        let Value::Object(revoked) = revoked else { return Err(Fault::unavailable()) };
        match revoked.get("first") {
            Some(Value::Bool(first)) => Ok(first),
            _ => Err(Fault::unavailable()),
        }
    }

    /// What a state of this step holds, or it is none.
    fn expected<T>(&self, part: Option<T>) -> Result<T, Fault> {
        part.ok_or_else(Fault::unavailable)
    }

    fn done(&self, events: Vec<Event>) -> Step {
        Step::Answer { answer: self.state.manner.done(self.tokens.cookie.as_deref()), events }
    }

    fn reply(&self, problem: Problem) -> Reply {
        self.state.manner.problem(problem, self.tokens.cookie.as_deref())
    }

    fn event(&self, kind: &'static str, because: Because) -> Event {
        let (owner, seq) = (self.state.owner.clone(), self.state.presented.map(|presented| presented.seq));
        Event { kind, time_ms: self.now_ms, owner, seq, because }
    }
}
