// Many refreshes of one token at once, on each store, with real concurrency. What a single thread can show, histories do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { claims } from "./support/http.mjs";
import { makeService } from "./support/service.mjs";
import { forEachStore } from "./support/stores.mjs";

const RETRYABLE = 503;
const pause = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));

/** Answers by status, each of which must be among `allowed`. */
function byStatus(answers, allowed) {
  const counts = {};
  for (const { status } of answers) {
    assert.ok(allowed.includes(status), `answered ${status}`);
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

/** Asks once more as long as the answer says that it may. */
async function patiently(ask) {
  for (let times = 0; times < 50; times += 1) {
    const answer = await ask();
    if (answer.status !== RETRYABLE) return answer;
    await pause(20);
  }
  throw new Error("only 503 in 50 answers");
}

forEachStore((_name, opened) => {
  for (const many of [2, 10, 1_000]) {
    // catalogue: Q03, R10
    test(`${many} refreshes of one token at once have one successor`, async () => {
      const { driver, login, typesOf, events } = makeService({ store: opened().store });
      const { refresh } = await login();
      const answers = await Promise.all(Array.from({ length: many }, () => driver.refresh(refresh)));
      byStatus(answers, [200, RETRYABLE]);
      const successors = new Set(answers.filter(({ status }) => status === 200).map((answer) => answer.refresh));
      if (successors.size === 0) successors.add((await patiently(() => driver.refresh(refresh))).refresh);
      assert.equal(successors.size, 1);
      const [successor] = successors;
      assert.equal(claims(successor).seq, 2);
      // Who was told to ask again gets that very one.
      assert.equal((await patiently(() => driver.refresh(refresh))).refresh, successor);
      assert.ok(!typesOf().includes("session_replayed"));
      assert.ok(events.filter(({ type }) => type === "session_rotated").length <= 1);
      // And the family lives.
      const after = await patiently(() => driver.refresh(successor));
      assert.equal(after.status, 200);
      assert.equal(claims(after.refresh).seq, 3);
    });
  }

  // catalogue: Q03, Q16
  test("without a window, of 16 that raced one gets the successor, the others ask again, the next one is turned away", async () => {
    const { driver, login, hook, calls, typesOf } = makeService({ store: opened().store, config: { graceSeconds: 0 } });
    const { refresh } = await login();
    let release;
    const held = new Promise((go) => {
      release = () => go({ member: true });
    });
    let waiting = 0;
    hook.ask = () => {
      waiting += 1;
      return held;
    };
    const raced = Array.from({ length: 16 }, () => driver.refresh(refresh));
    // All have read the token as the current one.
    while (waiting < 16) await pause(5);
    const before = calls.length;
    assert.equal((await driver.refresh(refresh)).status, RETRYABLE);
    assert.equal(calls.length, before, "the seventeenth in flight touched the store");
    release();
    const answers = await Promise.all(raced);
    assert.deepEqual(byStatus(answers, [200, RETRYABLE]), { 200: 1, [RETRYABLE]: 15 });
    assert.ok(!typesOf().includes("session_replayed"));
    const { refresh: successor } = answers.find(({ status }) => status === 200);
    assert.equal((await patiently(() => driver.refresh(successor))).status, 200);
  });

  // catalogue: Q17
  test("a revocation of all against 1,000 refreshes leaves nothing alive", async () => {
    const { driver, login } = makeService({ store: opened().store });
    const { refresh, user } = await login();
    const refreshes = Array.from({ length: 500 }, () => driver.refresh(refresh));
    const revocation = patiently(() => driver.revokeAll({ user }));
    const more = Array.from({ length: 500 }, () => driver.refresh(refresh));
    const answers = await Promise.all([...refreshes, ...more]);
    assert.equal((await revocation).status, 200);
    byStatus(answers, [200, 400, RETRYABLE]);
    const got = new Set([refresh, ...answers.filter(({ status }) => status === 200).map((answer) => answer.refresh)]);
    for (const token of got) {
      assert.deepEqual((await patiently(() => driver.refresh(token))).error, "invalid_grant");
    }
  });
});
