//! What a presented refresh token means, given the record of its family: one of five verdicts, and nothing else decides.
//! Pure: it reads no clock and no store, verifies no signature, and never lets rotation extend a family's absolute end.
//!
//! A family is one log-in: refresh tokens numbered in turn, of which only the latest is current. The one before it is
//! answered with the same successor for a few seconds, because an answer can get lost; every older one is a replay, and
//! ends the family for the thief and the victim alike. Both hold one successor if both repeat within the window; the
//! second to use it after that ends the family. Two who each come within the window of the other, every time, are not told
//! from two tabs of one user.
//!
//! Times are milliseconds since 1970, and where an `exp` is meant, seconds.

/// The record of a family: all that decides, and nothing from which a token can be made without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Grows by 1 with each write.
    pub version: u64,
    /// The number of the current token, from 1.
    pub seq: u64,
    /// When the family began, in milliseconds: the time of the log-in.
    pub created_at: u64,
    /// When the current token was made, in milliseconds. The window for its predecessor starts here.
    pub rotated_at: u64,
    /// `exp` of the current token, in seconds.
    pub successor_exp: u64,
    /// From this second on the family is over, whatever was rotated.
    pub absolute_exp: u64,
    /// From this second on it is over unless it is rotated before; `None` for no such limit.
    pub idle_exp: Option<u64>,
    /// The id of the key that signs the current token, so that it can be signed again to the byte.
    pub kid: String,
    /// When it was revoked, in milliseconds. Nothing unsets it.
    pub revoked_at: Option<u64>,
    /// The user's [`Mark::epoch`] when the family began.
    pub user_epoch: u64,
    /// The tenant's [`Mark::epoch`] when the family began.
    pub tenant_epoch: u64,
}

/// What ends all families of a user or a tenant at once. The default is that of one who never had a family ended.
///
/// The time alone does not do: a family made by a host whose clock is ahead would outlive a mark set by a right one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// How often that was done. A family of another epoch is over.
    pub epoch: u64,
    /// A family that began at this millisecond or before is over.
    pub not_before: u64,
}

/// The marks that a family is held against, both read from the store and never from a copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// Of the family's user.
    pub user: Mark,
    /// Of its tenant.
    pub tenant: Mark,
}

/// A refresh token whose signature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presented {
    /// Its number within the family.
    pub seq: u64,
    /// Its `exp`, in seconds.
    pub exp: u64,
}

/// What is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long a token that was just replaced is answered with the same successor, in milliseconds; 0 for never.
    pub grace_ms: u64,
    /// How long a family lasts without being rotated, in seconds; `None` for as long as it lasts at all.
    pub idle_seconds: Option<u64>,
}

/// What is to be done about a presented token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Write this record in place of the one that was judged, if that is still there; then sign its token.
    Rotate(Family),
    /// Write nothing, and sign the current token of the record once more.
    Repeat,
    /// Revoke the family: the token was used before, or was never made.
    Revoke(Replay),
    /// Do nothing; the family is over or unknown.
    Refuse(Refusal),
    /// Another request was faster, and the window for this one has passed meanwhile: let the client ask again.
    Retry,
}

/// Why a family is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// The token was replaced, and the window for a lost answer has passed.
    AfterGrace,
    /// The token's successor was replaced too, so that its answer was not lost.
    Ancestor,
    /// The record has not got as far: an older state of the store was restored.
    Ahead,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such family.
    Unknown,
    /// The token or the family has come to its end.
    Expired,
    /// The family was not used for too long.
    Idle,
    /// The family was revoked.
    Revoked,
    /// All families of the user were.
    UserRevoked,
    /// All families of the tenant were.
    TenantRevoked,
}

/// Judges a presented token at `now_ms`.
///
/// `seen` is the number that an earlier reading in the same request found to be current: a request that lost a race for it
/// replays nothing. `kid` is the id of the key that signs new refresh tokens.
///
/// ```
/// use tollgate::rotation::{Marks, Presented, Rules, Verdict, begin, judge};
/// let (rules, marks, now_ms) = (Rules { grace_ms: 10_000, idle_seconds: None }, Marks::default(), 1_767_225_600_000);
/// let family = begin(&marks, now_ms, &rules, 2_592_000, "k1");
/// let first = Presented { seq: 1, exp: family.successor_exp };
/// let Verdict::Rotate(rotated) = judge(Some(&family), &marks, &first, None, now_ms, &rules, "k1") else { panic!() };
/// assert_eq!(judge(Some(&rotated), &marks, &first, None, now_ms + 9_999, &rules, "k1"), Verdict::Repeat);
/// assert!(matches!(judge(Some(&rotated), &marks, &first, None, now_ms + 10_000, &rules, "k1"), Verdict::Revoke(_)));
/// ```
pub fn judge(
    family: Option<&Family>,
    marks: &Marks,
    presented: &Presented,
    seen: Option<u64>,
    now_ms: u64,
    rules: &Rules,
    kid: &str,
) -> Verdict {
    let Some(family) = family else { return Verdict::Refuse(Refusal::Unknown) };
    if let Some(refusal) = family.is_over(marks, now_ms) {
        return Verdict::Refuse(refusal);
    }
    // A token that has expired proves nothing any more: it is refused, and ends no family.
    if seconds(now_ms) >= presented.exp {
        return Verdict::Refuse(Refusal::Expired);
    }
    let is_predecessor = presented.seq.checked_add(1) == Some(family.seq);
    // A clock that stepped back finds no time passed.
    let is_in_grace = now_ms.saturating_sub(family.rotated_at) < rules.grace_ms;
    if presented.seq == family.seq {
        Verdict::Rotate(family.rotated(now_ms, rules, kid))
    } else if presented.seq > family.seq {
        Verdict::Revoke(Replay::Ahead)
    } else if !is_predecessor {
        Verdict::Revoke(Replay::Ancestor)
    } else if is_in_grace {
        Verdict::Repeat
    } else if seen == Some(presented.seq) {
        Verdict::Retry
    } else {
        Verdict::Revoke(Replay::AfterGrace)
    }
}

/// The record of a new family, whose first token is number 1. `family_seconds` is its life, in seconds.
///
/// It begins after what the marks end, so that nobody is locked out by a clock that was ahead when they were set; its life
/// is counted from `now_ms` all the same.
///
/// ```
/// use tollgate::rotation::{Marks, Rules, begin};
/// let family = begin(&Marks::default(), 1_767_225_600_000, &Rules { grace_ms: 0, idle_seconds: None }, 300, "k1");
/// assert_eq!((family.seq, family.absolute_exp), (1, 1_767_225_900));
/// ```
pub fn begin(marks: &Marks, now_ms: u64, rules: &Rules, family_seconds: u64, kid: &str) -> Family {
    let after_marks = marks.user.not_before.max(marks.tenant.not_before).saturating_add(1);
    let first = Family {
        version: 0,
        seq: 0,
        created_at: now_ms.max(after_marks),
        rotated_at: now_ms,
        successor_exp: 0,
        absolute_exp: seconds(now_ms).saturating_add(family_seconds),
        idle_exp: None,
        kid: String::new(),
        revoked_at: None,
        user_epoch: marks.user.epoch,
        tenant_epoch: marks.tenant.epoch,
    };
    first.rotated(now_ms, rules, kid)
}

impl Family {
    /// Why the family is over, if it is.
    fn is_over(&self, marks: &Marks, now_ms: u64) -> Option<Refusal> {
        if self.revoked_at.is_some() {
            Some(Refusal::Revoked)
        } else if marks.user.ends(self.user_epoch, self.created_at) {
            Some(Refusal::UserRevoked)
        } else if marks.tenant.ends(self.tenant_epoch, self.created_at) {
            Some(Refusal::TenantRevoked)
        } else if seconds(now_ms) >= self.absolute_exp {
            Some(Refusal::Expired)
        } else if self.idle_exp.is_some_and(|idle_exp| seconds(now_ms) >= idle_exp) {
            Some(Refusal::Idle)
        } else {
            None
        }
    }

    /// The record after the next token was made. Numbers stay below 2^53 for as long as any host runs.
    fn rotated(&self, now_ms: u64, rules: &Rules, kid: &str) -> Self {
        let idle_exp = rules.idle_seconds.map(|idle_seconds| seconds(now_ms).saturating_add(idle_seconds));
        Self {
            version: self.version.saturating_add(1),
            seq: self.seq.saturating_add(1),
            rotated_at: now_ms,
            successor_exp: idle_exp.map_or(self.absolute_exp, |idle_exp| idle_exp.min(self.absolute_exp)),
            idle_exp,
            kid: kid.to_owned(),
            ..*self
        }
    }
}

impl Mark {
    /// Whether this ends a family of `epoch` that began at `created_at`.
    const fn ends(self, epoch: u64, created_at: u64) -> bool {
        self.epoch != epoch || created_at <= self.not_before
    }
}

const fn seconds(ms: u64) -> u64 {
    ms / 1000
}

#[cfg(test)]
mod tests;
