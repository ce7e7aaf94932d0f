// The suite's own judges, before they judge: a service that keeps the rules passes, and each fault that is planted in it is
// found. Tests nothing of Tollgate.

import assert from "node:assert/strict";
import { test } from "node:test";
import { History, RULES, world } from "./support/histories.mjs";
import { Model, Violation } from "./support/model.mjs";
import { Random } from "./support/random.mjs";
import { referenceDriver, referenceStore, SERVICE_FAULTS, STORE_FAULTS } from "./support/reference.mjs";

const error = (operation, reason) => new Error(`${operation}: ${reason}`);

/** Plays histories on the reference until one has a violation; resolves to it, and to how much was played. */
async function play(count, planted) {
  const counts = {};
  for (let seed = 1; seed <= count; seed += 1) {
    const rules = RULES[seed % RULES.length];
    const { store, now, entitlements } = world(referenceStore(planted), error);
    const history = new History(seed, rules);
    await history.play(referenceDriver({ store, now, entitlements, rules, planted }));
    for (const [name, value] of Object.entries(history.counts)) counts[name] = (counts[name] ?? 0) + value;
    if (history.violations.length > 0) return { seed, violations: history.violations, log: history.log, counts };
  }
  return { violations: [], counts };
}

test("5,000 histories of a service that keeps the rules have no violation, and are not idle", async () => {
  const { seed, violations, log, counts } = await play(5_000);
  assert.deepEqual(violations, [], `seed ${seed}\n${log?.join("\n")}`);
  for (const [name, least] of Object.entries({
    answers: 30_000,
    repeats: 200,
    replays: 200,
    faults: 5_000,
    races: 5_000,
  })) {
    assert.ok(counts[name] >= least, `${counts[name]} ${name}, and ${least} are wanted`);
  }
});

for (const planted of [...STORE_FAULTS, ...SERVICE_FAULTS]) {
  test(`finds what was planted: ${planted}`, async () => {
    const { violations } = await play(3_000, planted);
    assert.ok(violations.length > 0);
  });
}

test("one seed is one history, also with what races in it", async () => {
  const logs = [];
  for (const _ of [1, 2]) {
    const rules = RULES[0];
    const { store, now, entitlements } = world(referenceStore(), error);
    const history = new History(4_711, rules);
    await history.play(referenceDriver({ store, now, entitlements, rules }));
    // Family ids are random bytes of the service's, and no seed's.
    const families = [...history.model.families.keys()];
    logs.push(history.log.map((line) => families.reduce((text, fam, at) => text.replaceAll(fam, `family${at}`), line)));
  }
  assert.ok(logs[0].length > 4);
  assert.deepEqual(logs[0], logs[1]);
});

test("the model refuses a rotation that extends, skips or renames", () => {
  const first = { schema: 1, fam: "f", user: "ann", tenant: "acme", client: "web", version: 1, seq: 1, created_at: 5 };
  const more = { rotated_at_ms: 5, successor_exp: 9, absolute_exp: 9, idle_exp: null, kid: "one", user_epoch: 0 };
  const record = { ...first, ...more, tenant_epoch: 0, revoked_at: null, write: "a" };
  const next = { ...record, version: 2, seq: 2, write: "b" };
  for (const wrong of [{ absolute_exp: 10 }, { successor_exp: 10 }, { seq: 3 }, { version: 3 }, { user: "bob" }]) {
    const model = new Model({ graceMs: 0 });
    assert.equal(model.create(record).done, true);
    assert.throws(() => model.rotate(1, { ...next, ...wrong }), Violation);
  }
});

test("chance repeats itself, and is spread", () => {
  const draw = (seed) => Array.from({ length: 1_000 }, () => seed.whole(0, 9));
  const drawn = draw(new Random(7));
  assert.deepEqual(drawn, draw(new Random(7)));
  assert.notDeepEqual(drawn, draw(new Random(8)));
  for (let value = 0; value < 10; value += 1) assert.ok(drawn.filter((other) => other === value).length > 50);
});
