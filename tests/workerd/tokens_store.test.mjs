// The store of Durable Objects keeps its promise in real workerd, also through kills and traps. What tokens are made of what
// it keeps is tested elsewhere.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { trapsAtStep } from "./support/fault.mjs";
import { stopAfter } from "./support/gate.mjs";
import { pause } from "./support/http.mjs";
import { firstRecord, rotated, startStore, storageFolder } from "./support/store.mjs";

const keep = stopAfter(after);
const NO_MARK = { epoch: 0, not_before: 0 };
const NO_MARKS = { user: NO_MARK, tenant: NO_MARK };

let store;
before(async () => {
  store = keep(await startStore());
});

const at = ({ fam, user, tenant }) => ({ family: fam, user, tenant });
const standing = async (record, from = store) => (await from.load(at(record))).family;

test("what was never written is no family and no mark", async () => {
  assert.deepEqual(await store.load(at(firstRecord())), { family: null, ...NO_MARKS });
  assert.deepEqual(await store.load({ ...at(firstRecord()), family: null }), { family: null, ...NO_MARKS });
});

test("looking writes nothing", async () => {
  const { folder } = keep(storageFolder());
  const own = keep(await startStore({ storage: folder }));
  const record = firstRecord();
  const tables = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1"))
      .flatMap((text) => text.match(/CREATE TABLE (?:families|mark)\b/g) ?? []);
  await own.load(at(record));
  assert.deepEqual(tables(), []);
  await own.revokeAll({ tenant: record.tenant }, 5);
  assert.deepEqual([...new Set(tables())].sort(), ["CREATE TABLE families", "CREATE TABLE mark"]);
});

test("a record comes back as it was written, whatever its texts hold", async () => {
  const odd = { user: "a\"b'c\\ü 💥 -- $.x", tenant: "t?1;%", client: "web.~-1", idle_exp: 1_800_000_000 };
  const record = firstRecord(odd);
  assert.deepEqual(await store.create(record), { done: true, ...NO_MARKS });
  assert.deepEqual(await store.load(at(record)), { family: record, ...NO_MARKS });
});

test("a family is created once: another writer of its id gets what stands there", async () => {
  const record = firstRecord();
  await store.create(record);
  const second = { ...record, client: "other", write: "another" };
  assert.deepEqual(await store.create(second), { done: false, loaded: { family: record, ...NO_MARKS } });
  assert.deepEqual(await standing(record), record);
});

test("a write whose answer was lost is done when it is tried again", async () => {
  const record = firstRecord();
  const next = rotated(record);
  for (let times = 0; times < 2; times += 1) {
    assert.deepEqual(await store.create(record), { done: true, ...NO_MARKS });
  }
  for (let times = 0; times < 2; times += 1) {
    assert.deepEqual(await store.rotate(1, next), { done: true, ...NO_MARKS });
  }
  assert.deepEqual(await standing(record), next);
});

test("a rotation of another version changes nothing and shows what stands there", async () => {
  const record = firstRecord();
  await store.create(record);
  const next = rotated(record);
  await store.rotate(1, next);
  for (const expected of [0, 1, 3]) {
    assert.deepEqual(await store.rotate(expected, rotated(record)), {
      done: false,
      loaded: { family: next, ...NO_MARKS },
    });
  }
  const unknown = firstRecord({ user: record.user });
  assert.deepEqual(await store.rotate(1, unknown), { done: false, loaded: { family: null, ...NO_MARKS } });
});

test("a rotation moves neither the owner, the beginning, the end nor the epochs of a family", async () => {
  const record = firstRecord();
  await store.create(record);
  const fixed = { client: "other", created_at: 1, absolute_exp: 4_000_000_000, user_epoch: 9, tenant_epoch: 9 };
  const next = rotated(record, { idle_exp: 1_900_000_000 });
  assert.equal((await store.rotate(1, { ...next, ...fixed, revoked_at: 5 })).done, true);
  assert.deepEqual(await standing(record), next);
});

test("a record of another schema is not rotated", async () => {
  const record = firstRecord({ schema: 2 });
  await store.create(record);
  assert.equal((await store.rotate(1, rotated(record, { schema: 1 }))).done, false);
  assert.deepEqual(await standing(record), record);
});

test("a record that lacks a member or has one of another type is refused, and nothing is written", async () => {
  const { kid: _, ...lacking } = firstRecord();
  for (const bad of [lacking, firstRecord({ seq: 1.5 }), firstRecord({ version: "one" }), firstRecord({ kid: null })]) {
    await assert.rejects(store.create(bad), { name: "StoreError", operation: "create", reason: "status_500" });
    assert.equal(await standing(bad), null);
  }
});

// catalogue: R10
test("of 1,000 racing rotations one wins, and all others see its record", async () => {
  const record = firstRecord();
  await store.create(record);
  const writers = Array.from({ length: 1_000 }, () => rotated(record));
  const outcomes = await store.all(writers.map((next) => ["rotate", 1, next]));
  const winners = writers.filter((_, index) => outcomes[index].value.done);
  assert.equal(winners.length, 1);
  for (const { value } of outcomes) if (!value.done) assert.deepEqual(value.loaded.family, winners[0]);
  assert.deepEqual(await standing(record), winners[0]);
});

test("a revocation is the first once, creates nothing, and stays", async () => {
  const record = firstRecord();
  const { fam: family, user } = record;
  assert.deepEqual(await store.revoke({ family, user }, 5), { first: false });
  assert.equal(await standing(record), null);
  await store.create(record);
  assert.deepEqual(await store.revoke({ family, user }, 5), { first: true });
  assert.deepEqual(await store.revoke({ family, user }, 6), { first: false });
  const revoked = { ...record, version: 2, revoked_at: 5 };
  assert.deepEqual(await standing(record), revoked);
  // The version may be right: revoked is revoked.
  for (const expected of [1, 2]) {
    assert.deepEqual(await store.rotate(expected, rotated(record)), {
      done: false,
      loaded: { family: revoked, ...NO_MARKS },
    });
  }
});

test("what was written and then revoked is not done when it is tried again", async () => {
  const record = firstRecord();
  const next = rotated(record);
  await store.create(record);
  await store.rotate(1, next);
  await store.revoke({ family: record.fam, user: record.user }, 5);
  assert.equal((await store.rotate(1, next)).done, false);
  assert.equal((await store.create(next)).done, false);
});

// catalogue: R10
test("a revocation among racing rotations wins: nothing is rotated after it", async () => {
  for (let round = 0; round < 20; round += 1) {
    const record = firstRecord();
    await store.create(record);
    const revoke = ["revoke", { family: record.fam, user: record.user }, 5];
    const rotations = Array.from({ length: 20 }, () => ["rotate", 1, rotated(record)]);
    const outcomes = await store.all(rotations.toSpliced(round, 0, revoke));
    assert.deepEqual(outcomes[round].value, { first: true });
    const { revoked_at, version } = await standing(record);
    assert.equal(revoked_at, 5);
    assert.equal((await store.rotate(version, rotated(record))).done, false);
  }
});

test("a mark counts how often all was ended, and its time never goes back", async () => {
  const record = firstRecord();
  await store.create(record);
  for (const of of ["user", "tenant"]) {
    const target = { [of]: record[of] };
    assert.deepEqual(await store.revokeAll(target, 1_000), { epoch: 1, not_before: 1_000 });
    assert.deepEqual(await store.revokeAll(target, 500), { epoch: 2, not_before: 1_000 });
    assert.deepEqual(await store.revokeAll(target, 2_000), { epoch: 3, not_before: 2_000 });
  }
  const mark = { epoch: 3, not_before: 2_000 };
  assert.deepEqual(await store.load(at(record)), { family: record, user: mark, tenant: mark });
  assert.deepEqual(await store.rotate(1, rotated(record)), { done: true, user: mark, tenant: mark });
});

test("who rotates after all was ended gets a mark that says so", async () => {
  for (const of of ["user", "tenant"]) {
    const record = firstRecord();
    await store.create(record);
    const rotations = Array.from({ length: 50 }, () => ["rotate", 1, rotated(record)]);
    const outcomes = await store.all([...rotations, ["revokeAll", { [of]: record[of] }, 1_000], ...rotations]);
    const late = await store.rotate(2, rotated(rotated(record)));
    assert.equal(late[of].epoch, 1);
    assert.ok(outcomes.every(({ error }) => error === undefined));
  }
});

test("families of a user and of another with the same family id have nothing in common", async () => {
  const record = firstRecord();
  const other = { ...firstRecord(), fam: record.fam };
  await store.create(record);
  await store.create(other);
  await store.revoke({ family: record.fam, user: other.user }, 5);
  assert.deepEqual(await standing(record), record);
});

// catalogue: R08
test("what was answered survives a kill, and so do marks", async () => {
  const { folder } = keep(storageFolder());
  const first = keep(await startStore({ storage: folder }));
  const record = firstRecord();
  const next = rotated(record);
  await first.create(record);
  await first.rotate(1, next);
  await first.revokeAll({ tenant: record.tenant }, 7);
  await first.kill();
  const second = keep(await startStore({ storage: folder }));
  const tenant = { epoch: 1, not_before: 7 };
  assert.deepEqual(await second.load(at(record)), { family: next, user: NO_MARK, tenant });
  await second.revoke({ family: record.fam, user: record.user }, 5);
  await second.kill();
  const third = keep(await startStore({ storage: folder }));
  assert.equal((await standing(record, third)).revoked_at, 5);
});

// catalogue: R08
test("killed in the middle of rotations, the store has the last that was answered, or one more", async () => {
  const { folder } = keep(storageFolder());
  let record = firstRecord();
  let running = keep(await startStore({ storage: folder }));
  await running.create(record);
  for (let round = 0; round < 3; round += 1) {
    let answered = record.version;
    const rotating = (async () => {
      for (;;) {
        record = rotated(record);
        await running.rotate(record.version - 1, record);
        answered = record.version;
      }
    })();
    await pause(300);
    await Promise.all([running.kill(), assert.rejects(rotating)]);
    running = keep(await startStore({ storage: folder }));
    const { version } = await standing(record, running);
    assert.ok(answered > round && (version === answered || version === answered + 1), `${version}, ${answered}`);
    record = await standing(record, running);
  }
});

test("a trap in an object ends in a timeout, and the next call is served", async () => {
  const { directory } = keep(trapsAtStep(20));
  const trapping = keep(await startStore({ directory }));
  const revoke = ["revoke", { family: "none", user: firstRecord().user }, 5];
  const results = [];
  for (let calls = 0; calls < 24; calls += 1) {
    const started = performance.now();
    const [{ value, error }] = await trapping.all([revoke]);
    const took = performance.now() - started;
    results.push(value ? "served" : error.reason);
    if (error) assert.ok(error.name === "StoreError" && took < 2_500, `${error.name} after ${took} ms`);
    else assert.ok(took < 1_000, `${took} ms`);
  }
  const text = results.join(" ");
  assert.match(text, /^served .*timeout served .*timeout served/);
  assert.doesNotMatch(text, /timeout timeout|network/);
});

/** Waits until the family is gone. */
async function assertDeleted(from, record) {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await standing(record, from)) === null) return;
    await pause(100);
  }
  assert.fail("it was not deleted");
}

/** An end after which a family is kept for `seconds` from now. */
const endedLongAgo = (seconds) => ({ absolute_exp: Math.floor(Date.now() / 1000) - 86_400 + seconds });

test("families are deleted a day after their end, one alarm after the other, and no others", async () => {
  const user = firstRecord().user;
  const [soon, later, living] = [endedLongAgo(0), endedLongAgo(2), {}].map((end) => firstRecord({ user, ...end }));
  await store.create(living);
  await store.create(later);
  await store.create(soon);
  const { fam: family } = living;
  await store.revokeAll({ user }, 3);
  await assertDeleted(store, soon);
  await assertDeleted(store, later);
  assert.deepEqual(await standing(living), living);
  // What is ended is remembered for as long as the object is.
  assert.deepEqual((await store.load({ family, user, tenant: "t" })).user, { epoch: 1, not_before: 3 });
});

// catalogue: R08
test("an alarm that comes late, after a restart, deletes all the same", async () => {
  const { folder } = keep(storageFolder());
  const first = keep(await startStore({ storage: folder }));
  const ended = firstRecord(endedLongAgo(1));
  await first.create(ended);
  await first.kill();
  await pause(2_500);
  const second = keep(await startStore({ storage: folder }));
  await assertDeleted(second, ended);
});
