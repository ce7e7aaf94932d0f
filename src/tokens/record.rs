//! A family's record and the marks, as stores keep them and hosts hand them over. Judges nothing: what is not of the known
//! schema, or belongs to someone else, is unreadable.

use crate::json::write::{Write, Writer};
use crate::json::{Object, Value};
use crate::mint::Session;
use crate::rotation::{Family, Mark, Marks};

/// The one schema that is read. Another has members that mean more than is known here.
const SCHEMA: u64 = 1;

/// Whose session it is. A text is empty where it is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owner {
    /// The family's id.
    pub family: String,
    /// The user.
    pub user: String,
    /// The tenant.
    pub tenant: String,
    /// The client that asked for the session.
    pub client: String,
}

/// A family's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose it is.
    pub owner: Owner,
    /// What decides.
    pub family: Family,
    /// Who wrote it: 16 random characters of each write.
    pub write: String,
}

/// What a store read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loaded {
    pub(super) record: Option<Box<Record>>,
    pub(super) marks: Marks,
}

/// What became of a conditional write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    Done(Marks),
    /// Nothing was written. This is there instead.
    Not(Loaded),
}

impl Owner {
    pub(super) fn session(&self) -> Session<'_> {
        Session { family: &self.family, user: &self.user, tenant: &self.tenant, client: &self.client }
    }

    pub(super) fn read(object: Object<'_>) -> Option<Self> {
        let text = |name| text(object, name).map(str::to_owned);
        Some(Self { family: text("fam")?, user: text("user")?, tenant: text("tenant")?, client: text("client")? })
    }

    pub(super) fn write_members(&self, to: &mut Writer) {
        to.member("fam", &self.family);
        to.member("user", &self.user);
        to.member("tenant", &self.tenant);
        to.member("client", &self.client);
    }
}

impl Record {
    /// Reads a record. None when it is of another schema, lacks a member, or contradicts itself.
    pub(super) fn read(value: Value<'_>) -> Option<Self> {
        let Value::Object(object) = value else { return None };
        if integer(object, "schema")? != SCHEMA {
            return None;
        }
        let family = Family {
            version: integer(object, "version")?,
            seq: integer(object, "seq")?,
            created_at: integer(object, "created_at")?,
            rotated_at: integer(object, "rotated_at_ms")?,
            successor_exp: integer(object, "successor_exp")?,
            absolute_exp: integer(object, "absolute_exp")?,
            idle_exp: optional(object, "idle_exp")?,
            kid: text(object, "kid")?.to_owned(),
            revoked_at: optional(object, "revoked_at")?,
            user_epoch: integer(object, "user_epoch")?,
            tenant_epoch: integer(object, "tenant_epoch")?,
        };
        // Each number has been written once at least, and no token lasts longer than its family.
        let holds = family.seq >= 1 && family.version >= family.seq && family.successor_exp <= family.absolute_exp;
        let owner = Owner::read(object)?;
        let write = text(object, "write")?.to_owned();
        holds.then_some(Self { owner, family, write })
    }
}

impl Write for Record {
    fn write(&self, to: &mut Writer) {
        let family = &self.family;
        to.object();
        to.member("schema", &SCHEMA);
        self.owner.write_members(to);
        to.member("version", &family.version);
        to.member("seq", &family.seq);
        to.member("created_at", &family.created_at);
        to.member("rotated_at_ms", &family.rotated_at);
        to.member("successor_exp", &family.successor_exp);
        to.member("absolute_exp", &family.absolute_exp);
        to.member("idle_exp", &family.idle_exp);
        to.member("kid", &family.kid);
        to.member("user_epoch", &family.user_epoch);
        to.member("tenant_epoch", &family.tenant_epoch);
        to.member("revoked_at", &family.revoked_at);
        to.member("write", &self.write);
        to.end_object();
    }
}

impl Loaded {
    /// Reads what a store loaded for this owner. None when the record is not readable or another's.
    pub(super) fn read(value: Value<'_>, owner: &Owner) -> Option<Self> {
        let Value::Object(object) = value else { return None };
        let record = match object.get("family")? {
            Value::Null => None,
            family => Some(Box::new(Record::read(family).filter(|record| record.owner == *owner)?)),
        };
        Some(Self { record, marks: marks(object)? })
    }
}

impl Written {
    pub(super) fn read(value: Value<'_>, owner: &Owner) -> Option<Self> {
        let Value::Object(object) = value else { return None };
        match object.get("done")? {
            Value::Bool(true) => marks(object).map(Self::Done),
            Value::Bool(false) => Loaded::read(object.get("loaded")?, owner).map(Self::Not),
            _ => None,
        }
    }
}

/// The marks among the members of an object.
pub(super) fn marks(object: Object<'_>) -> Option<Marks> {
    Some(Marks { user: mark(object.get("user")?)?, tenant: mark(object.get("tenant")?)? })
}

pub(super) fn mark(value: Value<'_>) -> Option<Mark> {
    let Value::Object(object) = value else { return None };
    Some(Mark { epoch: integer(object, "epoch")?, not_before: integer(object, "not_before")? })
}

pub(super) fn write_marks(marks: &Marks, to: &mut Writer) {
    to.object();
    for (name, mark) in [("user", marks.user), ("tenant", marks.tenant)] {
        to.name(name);
        to.object();
        to.member("epoch", &mark.epoch);
        to.member("not_before", &mark.not_before);
        to.end_object();
    }
    to.end_object();
}

pub(super) fn text<'d>(object: Object<'d>, name: &str) -> Option<&'d str> {
    if let Some(Value::String(text)) = object.get(name) { Some(text) } else { None }
}

pub(super) fn integer(object: Object<'_>, name: &str) -> Option<u64> {
    if let Some(Value::Number(number)) = object.get(name) { number.to_u64() } else { None }
}

/// An integer or null. An absent member is neither.
pub(super) fn optional(object: Object<'_>, name: &str) -> Option<Option<u64>> {
    match object.get(name)? {
        Value::Null => Some(None),
        Value::Number(number) => number.to_u64().map(Some),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::{Value as Json, json};

    use super::*;
    use crate::json::Document;

    fn record() -> Json {
        json!({
            "schema": 1, "fam": "f", "user": "u", "tenant": "t", "client": "c", "version": 4, "seq": 3,
            "created_at": 1_767_225_600_000_u64, "rotated_at_ms": 1_767_225_700_000_u64, "successor_exp": 1_769_817_600,
            "absolute_exp": 1_769_817_600, "idle_exp": null, "kid": "k", "user_epoch": 1, "tenant_epoch": 0,
            "revoked_at": null, "write": "wwwwwwwwwwwwwwww",
        })
    }

    fn owner() -> Owner {
        let text = str::to_owned;
        Owner { family: text("f"), user: text("u"), tenant: text("t"), client: text("c") }
    }

    fn read(json: &Json) -> Option<Record> {
        Record::read(Document::parse(json.to_string().into_bytes()).unwrap().value())
    }

    fn loaded(json: &Json) -> Option<Loaded> {
        Loaded::read(Document::parse(json.to_string().into_bytes()).unwrap().value(), &owner())
    }

    // catalogue: R04
    #[test]
    fn writes_a_record_as_it_was_read() {
        for (idle, revoked) in [(json!(null), json!(null)), (json!(1_769_000_000), json!(1_767_225_800_000_u64))] {
            let mut json = record();
            json["idle_exp"] = idle;
            json["revoked_at"] = revoked;
            let written = Writer::text_of(&read(&json).unwrap());
            assert_eq!(serde_json::from_str::<Json>(&written).unwrap(), json);
        }
    }

    // catalogue: R12
    #[test]
    fn reads_no_record_that_lacks_a_member_or_has_one_of_another_type() {
        for name in record().as_object().unwrap().keys() {
            let mut json = record();
            json.as_object_mut().unwrap().remove(name);
            assert_eq!(read(&json), None, "without {name}");
            for wrong in [json!(true), json!([1]), json!(-1), json!(1.5), json!({})] {
                json[name] = wrong.clone();
                assert_eq!(read(&json), None, "{name} of {wrong}");
            }
        }
        for json in [json!(null), json!([]), json!("x")] {
            assert_eq!(read(&json), None, "{json}");
        }
    }

    // catalogue: R12
    #[test]
    fn reads_no_record_of_another_schema_or_that_contradicts_itself() {
        for (name, wrong) in [
            ("schema", json!(2)),
            ("schema", json!(0)),
            ("schema", json!("1")),
            ("seq", json!(0)),
            ("seq", json!(5)),
            ("successor_exp", json!(1_769_817_601)),
        ] {
            let mut json = record();
            json[name] = wrong;
            assert_eq!(read(&json), None, "{json}");
        }
        let mut json = record();
        json["ttl"] = json!(1);
        assert!(read(&json).is_some(), "a store may keep members of its own");
    }

    #[test]
    fn reads_no_record_of_another_owner() {
        let mark = json!({ "epoch": 0, "not_before": 0 });
        assert!(loaded(&json!({ "family": record(), "user": mark, "tenant": mark })).is_some());
        for name in ["fam", "user", "tenant", "client"] {
            let mut other = record();
            other[name] = json!("other");
            assert_eq!(loaded(&json!({ "family": other, "user": mark, "tenant": mark })), None, "{name}");
        }
    }

    #[test]
    fn takes_no_absent_mark_for_one_that_was_never_set() {
        let mark = json!({ "epoch": 0, "not_before": 0 });
        assert!(loaded(&json!({ "family": null, "user": mark, "tenant": mark })).is_some());
        for json in [
            json!({ "user": mark, "tenant": mark }),
            json!({ "family": null, "tenant": mark }),
            json!({ "family": null, "user": mark, "tenant": null }),
            json!({ "family": null, "user": mark, "tenant": {} }),
            json!({ "family": null, "user": mark, "tenant": { "epoch": 0 } }),
            json!({ "family": null, "user": mark, "tenant": { "epoch": "0", "not_before": 0 } }),
            json!(null),
        ] {
            assert_eq!(loaded(&json), None, "{json}");
        }
    }
}
