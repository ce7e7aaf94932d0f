//! What is remembered between two steps, as text that the host carries. It holds no token and no key, so a host that keeps or
//! logs it gives no session away; and what is no state, or one of another version, is none.

use super::answer::Manner;
use super::record::{Owner, Record, integer, marks, optional, text, write_marks};
use crate::json::write::Writer;
use crate::json::{Document, Object, Value};
use crate::rotation::{Marks, Presented};

/// Grows when a member means something else than before.
const VERSION: u64 = 1;

/// What is being waited for, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// The marks, for a new session.
    IssueLoad,
    /// Its entitlements.
    IssueEntitle,
    /// Its record, written.
    IssueCreate,
    /// The record and marks of a presented token.
    RefreshLoad,
    /// Its user's entitlements.
    RefreshEntitle,
    /// Its successor's record, written.
    RefreshRotate,
    /// The record and marks once more, before the same successor is given again.
    RefreshRepeat,
    /// The end of a family whose token was replayed or has leaked.
    RefreshRevoke,
    /// The end of a family, as its holder asked.
    Revoke,
    /// The end of all families of a user or a tenant.
    RevokeAll,
}

/// Each of them with its name.
pub(super) const WAITS: [(Wait, &str); 10] = [
    (Wait::IssueLoad, "issue_load"),
    (Wait::IssueEntitle, "issue_entitle"),
    (Wait::IssueCreate, "issue_create"),
    (Wait::RefreshLoad, "refresh_load"),
    (Wait::RefreshEntitle, "refresh_entitle"),
    (Wait::RefreshRotate, "refresh_rotate"),
    (Wait::RefreshRepeat, "refresh_repeat"),
    (Wait::RefreshRevoke, "refresh_revoke"),
    (Wait::Revoke, "revoke"),
    (Wait::RevokeAll, "revoke_all"),
];

/// Why a family may be revoked that nobody asked to revoke.
const BREACHES: [&str; 4] = ["after_grace", "ancestor", "ahead", OTHER_CLIENT];
/// A client presented another client's token.
pub(super) const OTHER_CLIENT: &str = "other_client";

/// A request on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) wait: Wait,
    pub(super) manner: Manner,
    pub(super) owner: Owner,
    /// The token that was presented; it was verified.
    pub(super) presented: Option<Presented>,
    /// When the first reading was judged, in milliseconds.
    pub(super) judged_ms: Option<u64>,
    /// How many writes were tried.
    pub(super) rounds: u64,
    /// The record as it was read, or as it shall be written.
    pub(super) record: Option<Box<Record>>,
    pub(super) marks: Option<Marks>,
    /// The hook's answer, word for word.
    pub(super) entitlements: Option<String>,
    pub(super) breach: Option<&'static str>,
}

impl State {
    pub(super) const fn new(wait: Wait, manner: Manner, owner: Owner) -> Self {
        Self {
            wait,
            manner,
            owner,
            presented: None,
            judged_ms: None,
            rounds: 0,
            record: None,
            marks: None,
            entitlements: None,
            breach: None,
        }
    }

    pub(super) fn to_text(&self) -> String {
        let mut to = Writer::default();
        to.object();
        to.member("v", &VERSION);
        to.member("wait", WAITS.iter().find(|(wait, _)| *wait == self.wait).map_or("", |(_, name)| name));
        to.member("cookies", &self.manner.cookies);
        to.member("cors", &self.manner.cors);
        self.owner.write_members(&mut to);
        to.member("seq", &self.presented.map(|presented| presented.seq));
        to.member("exp", &self.presented.map(|presented| presented.exp));
        to.member("judged_ms", &self.judged_ms);
        to.member("rounds", &self.rounds);
        to.member("record", &self.record.as_deref());
        if let Some(marks) = &self.marks {
            to.name("marks");
            write_marks(marks, &mut to);
        }
        to.member("entitlements", &self.entitlements);
        to.member("breach", &self.breach);
        to.end_object();
        to.finish()
    }

    /// None when it is no state.
    pub(super) fn read(state: &str) -> Option<Self> {
        let document = Document::parse_object(state.as_bytes().to_vec()).ok()?;
        let object = document.object();
        if integer(object, "v")? != VERSION {
            return None;
        }
        let name = text(object, "wait")?;
        let cookies = if let Value::Bool(cookies) = object.get("cookies")? { cookies } else { return None };
        let presented = match (optional(object, "seq")?, optional(object, "exp")?) {
            (Some(seq), Some(exp)) => Some(Presented { seq, exp }),
            (None, None) => None,
            _ => return None,
        };
        let owner = Owner::read(object)?;
        let record = match object.get("record")? {
            Value::Null => None,
            record => Some(Box::new(Record::read(record).filter(|record| record.owner == owner)?)),
        };
        let marks = match object.get("marks") {
            None => None,
            Some(Value::Object(read)) => Some(marks(read)?),
            Some(_) => return None,
        };
        let breach = match optional_text(object, "breach")? {
            None => None,
            Some(words) => Some(BREACHES.into_iter().find(|breach| *breach == words)?),
        };
        Some(Self {
            wait: WAITS.iter().find(|(_, other)| *other == name).map(|(wait, _)| *wait)?,
            manner: Manner { cookies, cors: pairs(object, "cors")? },
            owner,
            presented,
            judged_ms: optional(object, "judged_ms")?,
            rounds: integer(object, "rounds")?,
            record,
            marks,
            entitlements: optional_text(object, "entitlements")?.map(str::to_owned),
            breach,
        })
    }
}

/// A text or null. An absent member is neither.
fn optional_text<'d>(object: Object<'d>, name: &str) -> Option<Option<&'d str>> {
    match object.get(name)? {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text)),
        _ => None,
    }
}

/// An array of arrays of two texts.
fn pairs(object: Object<'_>, name: &str) -> Option<Vec<(String, String)>> {
    let pair = |value: Value<'_>| {
        let Value::Array(two) = value else { return None };
        let mut texts =
            two.iter().map(|text| if let Value::String(text) = text { Some(text.to_owned()) } else { None });
        match (texts.next(), texts.next(), texts.next()) {
            (Some(Some(first)), Some(Some(second)), None) => Some((first, second)),
            _ => None,
        }
    };
    let Value::Array(pairs) = object.get(name)? else { return None };
    pairs.iter().map(pair).collect()
}
