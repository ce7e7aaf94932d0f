//! What the host's event hook is told, after the fact. An event holds no token and no key, and of a token only what its
//! signature vouches for.

use super::record::Owner;
use crate::json::write::{Write, Writer};
use crate::rotation::{Refusal, Replay};

/// `why` or `reason`, and a few fixed words.
pub(super) type Because = Option<(&'static str, &'static str)>;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: &'static str,
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// To whom, as far as it is known.
    pub owner: Owner,
    /// The number of the refresh token that was made or presented.
    pub seq: Option<u64>,
    /// `why` or `reason`, and a few fixed words.
    pub because: Because,
}

impl Write for Event {
    fn write(&self, to: &mut Writer) {
        let owner = &self.owner;
        to.object();
        to.member("type", self.kind);
        to.name("time");
        to.json(&format!("{}.{:03}", self.time_ms / 1000, self.time_ms % 1000));
        let known =
            [("family", &owner.family), ("user", &owner.user), ("tenant", &owner.tenant), ("client", &owner.client)];
        for (name, text) in known.into_iter().filter(|(_, text)| !text.is_empty()) {
            to.member(name, text);
        }
        if let Some(seq) = self.seq {
            to.member("seq", &seq);
        }
        if let Some((name, words)) = self.because {
            to.member(name, words);
        }
        to.end_object();
    }
}

/// A replay, in an event's words.
pub(super) const fn replay(replay: Replay) -> &'static str {
    match replay {
        Replay::AfterGrace => "after_grace",
        Replay::Ancestor => "ancestor",
        Replay::Ahead => "ahead",
    }
}

/// A refusal, in an event's words.
pub(super) const fn refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Unknown => "unknown",
        Refusal::Expired => "expired",
        Refusal::Idle => "idle",
        Refusal::Revoked => "revoked",
        Refusal::UserRevoked => "user_revoked",
        Refusal::TenantRevoked => "tenant_revoked",
    }
}
