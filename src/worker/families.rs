//! The Durable Object `Families`: what `js/tokens/durable.ts` asks of it, as SQLite does it. It compares and writes; it
//! holds no rule of rotation, judges no end but that of what it deletes, and sees no token and no key.
//!
//! An object holds a user's families and mark, or a tenant's mark. Each operation is one `POST` of JSON text, which SQLite
//! itself reads, and ONE statement that writes: a statement that fails, or a trap, undoes nothing that an earlier one of
//! the same request wrote. Nothing awaits between reading and writing, so no other request comes between. The runtime holds
//! an answer back until what was written is durable.
#![expect(missing_docs, reason = "what the macro makes for the runtime has none")]

use std::cell::Cell;

use worker::{
    Date, DurableObject, Env, Method, Request, Response, Result, ScheduledTime, SqlStorage, SqlStorageValue, State,
    durable_object, js_sys,
};

use crate::json::{Document, Object, Value};

/// A family is deleted this many seconds after its end: no clock that judges it is as far behind.
const KEPT_SECONDS: i64 = 86_400;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS families (fam TEXT PRIMARY KEY, schema INTEGER NOT NULL, version INTEGER NOT NULL,
  seq INTEGER NOT NULL, user TEXT NOT NULL, tenant TEXT NOT NULL, client TEXT NOT NULL, created_at INTEGER NOT NULL,
  rotated_at_ms INTEGER NOT NULL, successor_exp INTEGER NOT NULL, absolute_exp INTEGER NOT NULL, idle_exp INTEGER,
  kid TEXT NOT NULL, user_epoch INTEGER NOT NULL, tenant_epoch INTEGER NOT NULL, revoked_at INTEGER,
  write TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (id INTEGER PRIMARY KEY CHECK (id = 0), epoch INTEGER NOT NULL,
  not_before INTEGER NOT NULL) STRICT;";

/// The last that [`TABLES`] makes.
const HAS_TABLES: &str = "SELECT 'yes' FROM sqlite_master WHERE type = 'table' AND name = 'mark'";

// `?1` is the request's body. A member that is absent is NULL, which no column takes that needs it; STRICT takes no other
// type than the column's.

const CREATE: &str = "
INSERT INTO families (fam, schema, version, seq, user, tenant, client, created_at, rotated_at_ms, successor_exp,
  absolute_exp, idle_exp, kid, user_epoch, tenant_epoch, revoked_at, write)
VALUES (?1 ->> '$.record.fam', ?1 ->> '$.record.schema', ?1 ->> '$.record.version', ?1 ->> '$.record.seq',
  ?1 ->> '$.record.user', ?1 ->> '$.record.tenant', ?1 ->> '$.record.client', ?1 ->> '$.record.created_at',
  ?1 ->> '$.record.rotated_at_ms', ?1 ->> '$.record.successor_exp', ?1 ->> '$.record.absolute_exp',
  ?1 ->> '$.record.idle_exp', ?1 ->> '$.record.kid', ?1 ->> '$.record.user_epoch', ?1 ->> '$.record.tenant_epoch',
  ?1 ->> '$.record.revoked_at', ?1 ->> '$.record.write')
ON CONFLICT (fam) DO NOTHING";

/// What the rotation of a family never changes is not here: its owner, its beginning, its end and its epochs.
const ROTATE: &str = "
UPDATE families SET version = version + 1, seq = ?1 ->> '$.record.seq', rotated_at_ms = ?1 ->> '$.record.rotated_at_ms',
  successor_exp = ?1 ->> '$.record.successor_exp', idle_exp = ?1 ->> '$.record.idle_exp', kid = ?1 ->> '$.record.kid',
  write = ?1 ->> '$.record.write'
WHERE fam = ?1 ->> '$.record.fam' AND version = ?1 ->> '$.expected' AND schema = ?1 ->> '$.record.schema'
  AND revoked_at IS NULL";

/// Whether the caller's write is what stands there: it was applied, now or by an earlier try whose answer was lost.
const IS_WRITTEN: &str = "
SELECT 'yes' FROM families
WHERE fam = ?1 ->> '$.record.fam' AND write = ?1 ->> '$.record.write' AND revoked_at IS NULL";

const REVOKE: &str = "
UPDATE families SET version = version + 1, revoked_at = ?1 ->> '$.now'
WHERE fam = ?1 ->> '$.family' AND revoked_at IS NULL
RETURNING 'yes'";

const REVOKE_ALL: &str = "
INSERT INTO mark VALUES (0, 1, ?1 ->> '$.now')
ON CONFLICT (id) DO UPDATE SET epoch = epoch + 1, not_before = max(not_before, excluded.not_before)
RETURNING json_object('epoch', epoch, 'not_before', not_before)";

const FAMILY: &str = "
SELECT json_object('schema', schema, 'fam', fam, 'user', user, 'tenant', tenant, 'client', client, 'version', version,
  'seq', seq, 'created_at', created_at, 'rotated_at_ms', rotated_at_ms, 'successor_exp', successor_exp,
  'absolute_exp', absolute_exp, 'idle_exp', idle_exp, 'kid', kid, 'user_epoch', user_epoch,
  'tenant_epoch', tenant_epoch, 'revoked_at', revoked_at, 'write', write)
FROM families WHERE fam = coalesce(?1 ->> '$.record.fam', ?1 ->> '$.family')";

const MARK: &str = "SELECT json_object('epoch', epoch, 'not_before', not_before) FROM mark WHERE id = 0";
/// Of one whose families were never ended all at once.
const NO_MARK: &str = r#"{"epoch":0,"not_before":0}"#;

const DELETE_ENDED: &str = "DELETE FROM families WHERE absolute_exp + ?1 < ?2";
const NEXT_END: &str = "SELECT CAST(min(absolute_exp) AS TEXT) FROM families HAVING count(*) > 0";

/// One user's families and mark, or one tenant's mark. Its name is `user:` or `tenant:` and the id.
#[durable_object(alarm)]
#[derive(Debug)]
pub struct Families {
    state: State,
    sql: SqlStorage,
    has_tables: Cell<bool>,
}

impl DurableObject for Families {
    fn new(state: State, _env: Env) -> Self {
        let sql = state.storage().sql();
        Self { state, sql, has_tables: Cell::new(false) }
    }

    /// Answers 200 and JSON to what it did, 400 to what it refused untouched, and 500 where it cannot know.
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if request.method() != Method::Post {
            return Response::error("expected POST", 405);
        }
        let operation = request.path();
        let Ok(body) = request.text().await else { return Response::error("expected text", 400) };
        // From here on nothing awaits until all is read and written.
        if !self.is_own(&body) {
            return Response::error("meant for another object", 400);
        }
        // SQLite's words may hold what it was given, so they are not passed on.
        let answer = match self.operate(&operation, &body) {
            Ok(Some(answer)) => answer,
            Ok(None) => return Response::error("no such operation", 400),
            Err(_) => return Response::error("the storage failed", 500),
        };
        if operation == "/create" {
            self.wake_at_next_end().await?;
        }
        Response::ok(answer)
    }

    /// Deletes families that ended long ago. Late, twice or with nothing to do, it does no harm.
    async fn alarm(&self) -> Result<Response> {
        if !self.finds_tables()? {
            return Response::empty();
        }
        let now = i64::try_from(Date::now().as_millis() / 1000).unwrap_or_default();
        self.sql.exec(DELETE_ENDED, vec![KEPT_SECONDS.into(), now.into()])?;
        self.wake_at_next_end().await?;
        Response::empty()
    }
}

impl Families {
    /// Whether the request is about the user or tenant whose object this is: a caller that mixed two up changes nothing.
    fn is_own(&self, body: &str) -> bool {
        let Ok(document) = Document::parse_object(body.as_bytes().to_vec()) else { return false };
        let Some(owner) = owner(document.object()) else { return false };
        self.state.id().name() == Some(owner)
    }

    /// Does what is asked in one event, and answers JSON; `None` where it knows no such operation.
    fn operate(&self, operation: &str, body: &str) -> Result<Option<String>> {
        Ok(match operation {
            "/load" => Some(format!("{{{}}}", self.loaded(body)?)),
            "/create" => Some(self.write(CREATE, body)?),
            "/rotate" => Some(self.write(ROTATE, body)?),
            "/revoke" => Some(format!(r#"{{"first":{}}}"#, self.change(REVOKE, body)?.is_some())),
            "/revokeAll" => self.change(REVOKE_ALL, body)?,
            _ => None,
        })
    }

    /// Writes if the condition holds. Answers the mark, and where the write is not what stands there, that.
    fn write(&self, statement: &str, body: &str) -> Result<String> {
        self.change(statement, body)?;
        let done = self.ask(IS_WRITTEN, body)?.is_some();
        Ok(format!(r#"{{"done":{done},{}}}"#, self.loaded(body)?))
    }

    /// The family that the body names, and the mark. Of whom nothing was ever written, nothing is by being looked at.
    fn loaded(&self, body: &str) -> Result<String> {
        let (family, mark) = match self.finds_tables()? {
            true => (self.ask(FAMILY, body)?, self.ask(MARK, None)?),
            false => (None, None),
        };
        let (family, mark) = (family.as_deref().unwrap_or("null"), mark.as_deref().unwrap_or(NO_MARK));
        Ok(format!(r#""family":{family},"mark":{mark}"#))
    }

    /// Has the alarm come when the next family has been ended for long enough, unless it comes earlier anyway.
    async fn wake_at_next_end(&self) -> Result<()> {
        let Some(next_end) = self.ask(NEXT_END, None)?.and_then(|text| text.parse::<i64>().ok()) else { return Ok(()) };
        let at = next_end.saturating_add(KEPT_SECONDS + 1).saturating_mul(1000);
        let storage = self.state.storage();
        if storage.get_alarm().await?.is_some_and(|set| set <= at) {
            return Ok(());
        }
        storage.set_alarm(ScheduledTime::new(js_sys::Date::new(&js_sys::Number::from(at as f64)))).await
    }

    /// Runs a statement to its end. Answers the text of its first row, if it has one.
    fn ask<'b>(&self, statement: &str, body: impl Into<Option<&'b str>>) -> Result<Option<String>> {
        let bindings = body.into().map(|body| vec![SqlStorageValue::from(body)]);
        let mut first = None;
        for row in self.sql.exec(statement, bindings)?.raw() {
            if let Some(SqlStorageValue::String(text)) = row?.into_iter().next() {
                first.get_or_insert(text);
            }
        }
        Ok(first)
    }

    /// Runs a statement that writes. What makes the tables beside it can be done any number of times.
    fn change(&self, statement: &str, body: &str) -> Result<Option<String>> {
        if !self.has_tables.get() {
            self.sql.exec(TABLES, None)?;
            self.has_tables.set(true);
        }
        self.ask(statement, body)
    }

    fn finds_tables(&self) -> Result<bool> {
        if !self.has_tables.get() {
            self.has_tables.set(self.ask(HAS_TABLES, None)?.is_some());
        }
        Ok(self.has_tables.get())
    }
}

/// The name of the object that holds what the body is about.
fn owner(body: Object<'_>) -> Option<String> {
    let about = match body.get("record") {
        Some(Value::Object(record)) => record,
        Some(_) => return None,
        None => body,
    };
    match (about.get("user"), about.get("tenant")) {
        (Some(Value::String(user)), _) => Some(format!("user:{user}")),
        (None, Some(Value::String(tenant))) => Some(format!("tenant:{tenant}")),
        _ => None,
    }
}
