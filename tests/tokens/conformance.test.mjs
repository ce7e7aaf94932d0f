// The cases of refresh rotation and of failing stores, the same on each store, through the service's own HTTP. What many at
// once do is in race.test.mjs, what chance does in histories.test.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { faulty } from "./support/faults.mjs";
import { START } from "./support/histories.mjs";
import { claims, header, post } from "./support/http.mjs";
import { keysDocument } from "./support/keys.mjs";
import { fresh, makeService, spied } from "./support/service.mjs";
import { forEachStore, storeError } from "./support/stores.mjs";

const REFUSED = { status: 400, error: "invalid_grant" };
const RETRY = { status: 503, error: "temporarily_unavailable" };
const outcome = ({ status, error }) => (error === undefined ? { status } : { status, error });

async function refused(answer) {
  assert.deepEqual(outcome(await answer), REFUSED);
}
async function granted(answer) {
  const given = await answer;
  assert.deepEqual(outcome(given), { status: 200 });
  return given;
}

/** The calls that would change something. */
const writes = (calls) => calls.filter(({ name }) => name !== "load").map(({ name }) => name);

forEachStore((name, opened) => {
  const service = (more = {}) => makeService({ store: opened().store, ...more });
  /** A service whose store fails as `plan.next` says, once, at that operation. */
  const failing = (more = {}) => {
    const plan = { operation: undefined, fault: undefined };
    const store = faulty(
      opened().store,
      (operation) => {
        if (operation !== plan.operation) return undefined;
        plan.operation = undefined;
        return plan.fault;
      },
      { error: storeError },
    );
    const fail = (operation, fault) => Object.assign(plan, { operation, fault });
    return { ...makeService({ store, ...more }), fail };
  };

  // catalogue: Q01, Q18
  test("a refresh gives a new pair; the old token gives no second one", async () => {
    const { driver, login, clock, typesOf } = service();
    const { refresh, access, user, tenant } = await login();
    clock.now += 60_000;
    const second = await granted(driver.refresh(refresh));
    const { fam, seq, exp, iat, jti } = claims(second.refresh);
    assert.equal(fam, claims(refresh).fam);
    assert.deepEqual([seq, exp, iat, jti], [2, claims(refresh).exp, (START + 60_000) / 1000, `${fam}.2`]);
    const { sub, tid, sid, auth_time, jti: id } = claims(second.access);
    assert.deepEqual([sub, tid, sid, auth_time], [user, tenant, fam, START / 1000]);
    assert.notEqual(id, claims(access).jti);
    assert.deepEqual(typesOf(), ["session_issued", "session_rotated"]);
  });

  // catalogue: Q02, Q18
  test("a replay after the window ends the family, for the thief and for the victim", async () => {
    const { driver, login, clock, typesOf, calls } = service();
    const { refresh: stolen } = await login();
    const { refresh: victims } = await granted(driver.refresh(stolen));
    clock.now += 10_000;
    await refused(driver.refresh(stolen));
    for (const token of [victims, stolen]) await refused(driver.refresh(token));
    assert.deepEqual(typesOf().slice(0, 3), ["session_issued", "session_rotated", "session_replayed"]);
    assert.equal(typesOf().filter((type) => type === "session_replayed").length, 1);
    assert.equal(writes(calls).filter((call) => call === "revoke").length, 1);
  });

  // catalogue: Q04, Q08
  test("an answer that was lost is given again, to the byte, up to the last millisecond of the window", async () => {
    const { driver, login, clock, typesOf } = service();
    const { refresh } = await login();
    const lost = await granted(driver.refresh(refresh));
    for (const now of [START, START + 1, START + 9_999, START - 3_600_000]) {
      clock.now = now;
      assert.equal((await granted(driver.refresh(refresh))).refresh, lost.refresh);
    }
    assert.equal(typesOf().filter((type) => type === "session_repeated").length, 4);
    assert.equal(typesOf().filter((type) => type === "session_rotated").length, 1);
    clock.now = START + 10_000;
    await refused(driver.refresh(refresh));
    await refused(driver.refresh(lost.refresh));
  });

  // catalogue: Q04
  test("the successor is the same to the byte when the active keys changed in between", async () => {
    const keys = keysDocument([0, START / 1000 + 5]);
    const { driver, login, clock } = service({ keys });
    const { refresh } = await login();
    clock.now = START + 4_000;
    const lost = await granted(driver.refresh(refresh));
    clock.now = START + 6_000;
    const again = await granted(driver.refresh(refresh));
    assert.equal(again.refresh, lost.refresh);
    // The access token is a new one, of the new key.
    assert.notEqual(header(again.access).kid, header(lost.access).kid);
    const third = await granted(driver.refresh(again.refresh));
    assert.notEqual(header(third.refresh).kid, header(again.refresh).kid);
  });

  // catalogue: Q05
  test("the window is the immediate predecessor's: a grandparent within it ends the family", async () => {
    const { driver, login } = service();
    const { refresh: first } = await login();
    const { refresh: second } = await granted(driver.refresh(first));
    const { refresh: third } = await granted(driver.refresh(second));
    await refused(driver.refresh(first));
    for (const token of [second, third]) await refused(driver.refresh(token));
  });

  // catalogue: Q03
  test("a refresh that two rotations overtook asks again, and ends no family", async () => {
    for (const graceSeconds of [10, 0]) {
      const { driver, login, hook, typesOf } = service({ config: { graceSeconds } });
      const { refresh } = await login();
      const everyone = hook.ask;
      let release;
      const asked = new Promise((isAsked) => {
        hook.ask = () =>
          new Promise((go) => {
            release = () => go({ member: true });
            isAsked();
          });
      });
      const slow = driver.refresh(refresh);
      await asked;
      hook.ask = everyone;
      const second = await granted(driver.refresh(refresh));
      const third = await granted(driver.refresh(second.refresh));
      release();
      assert.deepEqual(outcome(await slow), RETRY);
      assert.ok(!typesOf().includes("session_replayed"));
      await granted(driver.refresh(third.refresh));
    }
  });

  // catalogue: Q06
  test("a thief and a victim within the window hold one successor, and the second to use it after that ends it", async () => {
    const { driver, login, clock } = service();
    const { refresh } = await login();
    const thief = await granted(driver.refresh(refresh));
    clock.now += 5_000;
    const victim = await granted(driver.refresh(refresh));
    assert.equal(thief.refresh, victim.refresh);
    const next = await granted(driver.refresh(thief.refresh));
    clock.now += 10_000;
    await refused(driver.refresh(victim.refresh));
    await refused(driver.refresh(next.refresh));
  });

  // catalogue: Q07
  test("a thief and a victim can't take turns: of two that use one token in turn, one is caught", async () => {
    const { driver, login, clock } = service();
    let { refresh } = await login();
    // Each uses what the other did just before, within the window: both get one successor, and rotation goes on.
    for (let step = 0; step < (name === "memory" ? 1_000 : 30); step += 1) {
      clock.now += 1_000;
      const thief = await granted(driver.refresh(refresh));
      const victim = await granted(driver.refresh(refresh));
      assert.equal(thief.refresh, victim.refresh);
      assert.equal(claims(thief.refresh).seq, step + 2);
      ({ refresh } = thief);
    }
    // But whoever is one step behind ends it, window or not.
    const { refresh: next } = await granted(driver.refresh(refresh));
    const { refresh: last } = await granted(driver.refresh(next));
    await refused(driver.refresh(refresh));
    await refused(driver.refresh(last));
  });

  // catalogue: R08
  test("a service and a store that were started again know what they knew", async () => {
    const { login, driver, keys, clock } = service();
    const { refresh } = await login();
    const lost = await granted(driver.refresh(refresh));
    await opened().restart?.();
    const { driver: another } = service({ keys, clock });
    assert.equal((await granted(another.refresh(refresh))).refresh, lost.refresh);
    clock.now += 10_000;
    await refused(another.refresh(refresh));
    await opened().restart?.();
    await refused(service({ keys, clock }).driver.refresh(lost.refresh));
  });

  // catalogue: Q08
  test("without a window the predecessor is a replay at once", async () => {
    const { driver, login } = service({ config: { graceSeconds: 0 } });
    const { refresh } = await login();
    const { refresh: second } = await granted(driver.refresh(refresh));
    await refused(driver.refresh(refresh));
    await refused(driver.refresh(second));
  });

  // catalogue: Q09
  test("after a replay, a log-out or the end nothing comes back", async () => {
    for (const end of ["revoke", "expiry"]) {
      const { driver, login, clock, calls } = service({ config: { familySeconds: 1_000 } });
      const { refresh } = await login();
      const { refresh: second } = await granted(driver.refresh(refresh));
      if (end === "revoke") assert.equal((await driver.revoke(second)).status, 200);
      else clock.now += 1_000_000;
      calls.length = 0;
      for (const token of [refresh, second, refresh]) await refused(driver.refresh(token));
      assert.deepEqual(writes(calls), []);
      assert.equal((await driver.revoke(second)).status, 200);
    }
  });

  // catalogue: Q10
  test("a revocation between any two steps of a refresh lets no token out", async () => {
    for (const isRepeat of [false, true]) {
      for (let step = 0; step < 5; step += 1) {
        const plain = service();
        const { refresh, user, tenant } = await plain.login();
        if (isRepeat) await granted(plain.driver.refresh(refresh));
        for (const target of [{ user }, { tenant }, "family"]) {
          const { fam } = claims(refresh);
          let steps = 0;
          const revoke = async () => {
            if (steps++ !== step) return;
            if (target === "family") await opened().store.revoke({ family: fam, user }, START);
            else await opened().store.revokeAll(target, START);
          };
          // Before each call of the store, and while the hook is asked.
          const store = faulty(opened().store, () => undefined, { error: storeError, turn: revoke });
          const { driver } = makeService({
            store,
            keys: plain.keys,
            entitlements: () => revoke().then(() => ({ member: true })),
          });
          const answer = await driver.refresh(refresh);
          // The last step is the delivery of the last answer: what was committed after that reading may be too late.
          if (steps > step + 1) assert.notEqual(answer.status, 200, `step ${step} of ${steps}`);
          if (steps > step) await refused(driver.refresh(refresh));
        }
      }
    }
  });

  // catalogue: Q11
  test("rotation never moves the end, and nothing outlives it", async () => {
    const { driver, login, clock } = service({ config: { familySeconds: 1_000 } });
    let { refresh } = await login();
    const { exp } = claims(refresh);
    assert.equal(exp, START / 1000 + 1_000);
    for (let times = 1; times <= 9; times += 1) {
      clock.now = START + times * 100_000;
      ({ refresh } = await granted(driver.refresh(refresh)));
      assert.equal(claims(refresh).exp, exp);
    }
    clock.now = START + 999_999;
    ({ refresh } = await granted(driver.refresh(refresh)));
    clock.now = START + 1_000_000;
    await refused(driver.refresh(refresh));
  });

  // catalogue: Q11
  test("a family that is idle for too long is over; each rotation moves that end, and not past the absolute one", async () => {
    const { driver, login, clock } = service({ config: { familySeconds: 2_000, idleSeconds: 1_000 } });
    let { refresh } = await login();
    clock.now = START + 999_000;
    ({ refresh } = await granted(driver.refresh(refresh)));
    assert.equal(claims(refresh).exp, START / 1000 + 1_999);
    clock.now = START + 1_500_000;
    ({ refresh } = await granted(driver.refresh(refresh)));
    assert.equal(claims(refresh).exp, START / 1000 + 2_000);
    const idle = service({ config: { familySeconds: 2_000, idleSeconds: 1_000 } });
    const { refresh: unused } = await idle.login();
    idle.clock.now = START + 1_000_000;
    await refused(idle.driver.refresh(unused));
  });

  // catalogue: Q12
  test("another client's token is refused and its family ends: it has leaked", async () => {
    const { tokens, driver, login, other } = service();
    const { refresh } = await login();
    const body = { grant_type: "refresh_token", refresh_token: refresh };
    const { status, json } = await post(tokens, "/auth/token", { client: other, body });
    assert.deepEqual([status, json.error], [400, "invalid_grant"]);
    await refused(driver.refresh(refresh));
  });

  // catalogue: Q13
  test("what the user may do is asked at each refresh: a plan that fell shows at once", async () => {
    const { driver, login, hook } = service();
    const { refresh, access } = await login();
    assert.deepEqual([claims(access).plan, claims(access).permissions], ["pro", ["reports:read"]]);
    hook.ask = () => ({ member: true, plan: "free", permissions: [] });
    const { access: later } = await granted(driver.refresh(refresh));
    assert.equal(claims(later).plan, "free");
    assert.notDeepEqual(claims(later).permissions, ["reports:read"]);
  });

  // catalogue: Q13
  test("who left the tenant gets no token, and nothing is written", async () => {
    const { driver, login, hook, calls } = service();
    const { refresh } = await login();
    calls.length = 0;
    for (const answer of [null, { member: false }]) {
      hook.ask = () => answer;
      await refused(driver.refresh(refresh));
    }
    assert.deepEqual(writes(calls), []);
    hook.ask = () => ({ member: true });
    await granted(driver.refresh(refresh));
  });

  // catalogue: Q13
  test("a hook that is down costs a 503 and nothing else", async () => {
    const { driver, login, hook, calls, typesOf } = service({ config: { entitlements: { timeoutMilliseconds: 100 } } });
    const { refresh } = await login();
    calls.length = 0;
    const down = [() => Promise.reject(new Error("down")), () => new Promise(() => {}), () => ({ member: "yes" })];
    for (const ask of down) {
      hook.ask = ask;
      assert.deepEqual(outcome(await driver.refresh(refresh)), RETRY);
    }
    assert.deepEqual(writes(calls), []);
    assert.equal(typesOf().filter((type) => type === "entitlements_failed").length, 3);
    hook.ask = () => ({ member: true });
    await granted(driver.refresh(refresh));
  });

  // catalogue: Q17
  test("all families of a user or of a tenant end at once, and only theirs; a new one begins", async () => {
    const { driver, login, clock } = service();
    const [user, tenant, otherUser, otherTenant] = ["ann", "acme", "bob", "ying"].map(fresh);
    for (const kind of ["user", "tenant"]) {
      const mine = await login({ user, tenant });
      const also = await login(kind === "user" ? { user, tenant: otherTenant } : { user: otherUser, tenant });
      const others = await login({ user: otherUser, tenant: otherTenant });
      // A clock that is behind must not spare anybody.
      clock.now -= 3_600_000;
      assert.equal((await driver.revokeAll(kind === "user" ? { user } : { tenant })).status, 200);
      await refused(driver.refresh(mine.refresh));
      await refused(driver.refresh(also.refresh));
      await granted(driver.refresh(others.refresh));
      const { refresh } = await login({ user, tenant });
      await granted(driver.refresh(refresh));
      clock.now += 3_600_000;
    }
  });

  // catalogue: Q18
  test("one event for each issue, rotation, repetition, replay and revocation, and no token in any", async () => {
    const { driver, login, clock, events, typesOf } = service();
    const { refresh, user, access } = await login();
    const second = await granted(driver.refresh(refresh));
    await granted(driver.refresh(refresh));
    clock.now += 10_000;
    await refused(driver.refresh(refresh));
    await refused(driver.refresh(second.refresh));
    const third = await login({ user, tenant: fresh("acme") });
    await driver.revoke(third.refresh);
    await driver.revoke(third.refresh);
    await driver.revokeAll({ user });
    const wanted = ["issued", "rotated", "repeated", "replayed", "refused", "issued", "revoked"];
    assert.deepEqual(typesOf(), [...wanted.map((word) => `session_${word}`), "sessions_revoked"]);
    const text = JSON.stringify(events);
    for (const token of [refresh, access, second.refresh, second.access, third.refresh]) {
      for (const part of token.split(".")) assert.ok(!text.includes(part));
      assert.ok(!/^[A-Za-z0-9_-]{22}$/.test(claims(token).jti) || !text.includes(claims(token).jti));
    }
    for (const event of events) assert.equal(typeof event.time, "number");
  });

  // catalogue: R01, R02, R09
  test("a store that fails costs a 503, and the same token then works: applied or not", async () => {
    for (const graceSeconds of [10, 0]) {
      for (const operation of ["load", "rotate"]) {
        for (const fault of ["before", "throttle", "hang", "after"]) {
          const { driver, login, fail, typesOf } = failing({ config: { graceSeconds } });
          const { refresh } = await login();
          fail(operation, fault);
          const answer = await driver.refresh(refresh);
          assert.deepEqual(outcome(answer), RETRY);
          assert.equal(typesOf().filter((type) => type === "store_failed").length, 1);
          const isApplied = operation === "rotate" && fault === "after";
          // Without a window there is nothing to repeat an answer in that was lost.
          if (isApplied && graceSeconds === 0) continue;
          const second = await granted(driver.refresh(refresh));
          assert.equal(claims(second.refresh).seq, 2);
          await granted(driver.refresh(second.refresh));
        }
      }
    }
  });

  // catalogue: R03
  test("a process that ends at any step of a refresh or of a revocation leaves a family that holds together", async () => {
    for (const operation of ["load", "rotate", "revoke"]) {
      for (const fault of ["crash-before", "crash-after"]) {
        const { driver, login, fail, keys } = failing();
        const { refresh } = await login();
        fail(operation, fault);
        // Its caller never hears of it.
        void (operation === "revoke" ? driver.revoke(refresh) : driver.refresh(refresh));
        await new Promise((wake) => setTimeout(wake, 100));
        if (opened().restart && operation === "rotate") await opened().restart();
        const { driver: another, web } = service({ keys });
        assert.equal(typeof web.secret, "string");
        if (operation === "revoke" && fault === "crash-after") await refused(another.refresh(refresh));
        else assert.equal(claims((await granted(another.refresh(refresh))).refresh).seq, 2);
      }
    }
  });

  // catalogue: R03, R09
  test("a revocation that failed is answered 503, and holds when it is tried again", async () => {
    for (const operation of ["revoke", "revokeAll"]) {
      for (const fault of ["before", "throttle", "hang", "after"]) {
        const { driver, login, fail } = failing();
        const { refresh, user } = await login();
        const end = () => (operation === "revoke" ? driver.revoke(refresh) : driver.revokeAll({ user }));
        fail(operation, fault);
        assert.deepEqual(outcome(await end()), RETRY);
        assert.equal((await end()).status, 200);
        await refused(driver.refresh(refresh));
      }
    }
  });

  // catalogue: R06, R07
  test("a record that is there after its end gives nothing, and one that is gone is unknown", async () => {
    const { driver, login, clock } = service({ config: { familySeconds: 1_000 } });
    const { refresh } = await login();
    clock.now += 1_000_000;
    await refused(driver.refresh(refresh));
    if (name !== "dynamodb") return;
    const { client, table } = opened();
    const Key = { pk: { S: `f#${claims(refresh).fam}` } };
    const { Item } = await client.getItem({ TableName: table, Key, ConsistentRead: true });
    assert.ok(Number(Item.ttl.N) >= Number(Item.absolute_exp.N), "deleted before its end, a replay would be unknown");
    clock.now = START;
    await client.deleteItem({ TableName: table, Key });
    await refused(driver.refresh(refresh));
  });

  // catalogue: R12
  test("a record that this version can't read costs a 503, for that family only", async () => {
    for (const wrong of [{ schema: 2 }, { seq: 1.5 }, { kid: undefined }, { version: -1 }, { created_at: "now" }]) {
      const { driver, login, typesOf, calls } = service({ store: spoiled(opened().store, wrong) });
      const { refresh } = await login();
      calls.length = 0;
      assert.deepEqual(outcome(await driver.refresh(refresh)), RETRY, JSON.stringify(wrong));
      assert.ok(typesOf().includes("record_unreadable"));
      assert.deepEqual(writes(calls), []);
    }
  });

  // catalogue: R13
  test("a record is as large after 50 rotations as after one", async () => {
    const { driver, login, calls } = service();
    let { refresh } = await login();
    for (let times = 0; times < 50; times += 1) ({ refresh } = await granted(driver.refresh(refresh)));
    const records = calls.filter((call) => call.name === "rotate").map(({ args }) => JSON.stringify(args[1]));
    assert.equal(records.length, 50);
    // Two numbers with one digit at first.
    assert.ok(records.at(-1).length - records[0].length <= 4);
    assert.ok(records.at(-1).length < 600);
  });

  // catalogue: R14
  test("a token that is ahead of a restored store ends the family, and the next epoch ends all", async () => {
    const { driver, login, events } = service({ store: rewound(opened().store) });
    const { refresh } = await login();
    const { refresh: second } = await granted(driver.refresh(refresh));
    const { refresh: third } = await granted(driver.refresh(second));
    rewind = true;
    try {
      await refused(driver.refresh(third));
    } finally {
      rewind = false;
    }
    assert.equal(events.at(-1).type, "session_replayed");
    await refused(driver.refresh(third));
  });
});

let rewind = false;

/** What an older state of the store shows: the family as it was at first. */
const rewound = (store) => misread(store, (family) => (rewind ? { ...family, seq: 1, version: 1 } : family));

/** A store whose records are read with other members. */
const spoiled = (store, wrong) => misread(store, (family) => ({ ...family, ...wrong }));

function misread(store, change) {
  const load = async (at) => {
    const loaded = await store.load(at);
    return loaded.family ? { ...loaded, family: change(loaded.family) } : loaded;
  };
  const { store: same } = spied(store);
  return { ...same, load };
}
