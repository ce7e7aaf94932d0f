// The loop of the token service under a core whose steps the tests write: each step is done as it says, and what can't be
// done is told to the core or answered 503.

import assert from "node:assert/strict";
import { test } from "node:test";
import { core } from "./support/scripted-core.mjs";
import { client, form, keysDocument, NOW, record, tokensConfig } from "./support/token-service.mjs";

const { createTokens, memoryStore, StoreError, TollgateError } = await import("tollgate/tokens");

const web = client("web");
const keys = keysDocument();
const at = { family: "f1", user: "ann", tenant: "acme" };
const question = { user: "ann", tenant: "acme", clientId: "web", reason: "refresh" };
const done = (body = "{}") => ({ do: "answer", answer: { status: 200, headers: [], body } });

/** A service, and what it told. */
function service({ config = {}, ...options } = {}) {
  const events = [];
  const tokens = createTokens(tokensConfig([web], { tokens: config }), {
    keys,
    store: memoryStore(),
    entitlements: null,
    now: () => NOW,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { tokens, events };
}

/** Lets the core say `step`, and gives what it was told became of it. */
async function outcomeOf(step, options) {
  const { tokens, events } = service(options);
  const told = [];
  core.begin = () => ({ ...step, state: "s\n\u00e9\u{1f600}" });
  core.next = (asked) => {
    told.push(asked);
    return done();
  };
  const response = await tokens.handle(form("/auth/token", {}));
  assert.equal(response.status, 200);
  assert.equal(told.length, 1);
  assert.equal(told[0].state, "s\n\u00e9\u{1f600}");
  assert.equal(told[0].now, NOW);
  return { outcome: told[0].outcome, events };
}

/** A store that answers everything with `answer`, and remembers what it was asked. */
function spy(answer) {
  const calls = [];
  const method =
    (name) =>
    async (...given) => {
      calls.push([name, ...given]);
      return answer;
    };
  const names = ["load", "create", "rotate", "revoke", "revokeAll"];
  return { calls, ...Object.fromEntries(names.map((name) => [name, method(name)])) };
}

/** Lets others work until `holds`, or until they have nothing left to do. */
async function until(holds) {
  for (let turn = 0; turn < 1_000 && !holds(); turn += 1) await new Promise(setImmediate);
}

async function assertUnavailable(response) {
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "1");
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.deepEqual(await response.json(), { error: "temporarily_unavailable" });
}

test("a request that is not for the service gives null, and its body stays unread", async () => {
  const store = spy({});
  const { tokens, events } = service({ store });
  const asked = [];
  core.serves = (url) => {
    asked.push(url);
    return false;
  };
  core.begin = () => assert.fail("nothing more is asked");
  const request = form("/orders", { a: "b" });
  assert.equal(await tokens.handle(request), null);
  core.serves = () => true;
  assert.equal(request.bodyUsed, false);
  assert.equal(await request.text(), "a=b");
  assert.deepEqual(asked, ["https://api.example.com/orders"]);
  assert.deepEqual([store.calls, events], [[], []]);
});

test("the core is given method, url, header fields, body and time as they are", async () => {
  const { tokens } = service();
  const asked = [];
  core.begin = (request) => {
    asked.push(request);
    return done();
  };
  await tokens.handle(form("/auth/token?x=%2F", { a: "\u00e9" }, { "x-a": "1" }));
  const { method, url, headers, count, body, now } = asked.at(-1);
  assert.deepEqual([method, url, now], ["POST", "https://api.example.com/auth/token?x=%2F", NOW]);
  assert.deepEqual(headers, ["content-type", "application/x-www-form-urlencoded", "x-a", "1"]);
  assert.deepEqual([count, asked.length], [2, 1]);
  assert.equal(new TextDecoder().decode(body), "a=%C3%A9");
});

test("a body is read up to one byte past 16 KiB, whatever its chunks are", async () => {
  const { tokens } = service();
  let body;
  core.begin = (request) => {
    body = request.body;
    return done();
  };
  for (const [size, expected] of [
    [16_384, 16_384],
    [16_385, 16_385],
    [16_386, 16_385],
    [1_048_576, 16_385],
  ]) {
    for (const chunk of [1_000, 16_384, 16_385, size]) {
      let sent = 0;
      const stream = new ReadableStream({
        pull(controller) {
          const bytes = new Uint8Array(Math.min(chunk, size - sent)).fill(0x61);
          sent += bytes.length;
          controller.enqueue(bytes);
          if (sent === size) controller.close();
        },
      });
      const request = new Request("https://a.example/", { method: "POST", body: stream, duplex: "half" });
      await tokens.handle(request);
      assert.equal(body.length, expected, `${size} bytes in chunks of ${chunk}`);
      assert.ok(body.every((byte) => byte === 0x61));
      assert.ok(sent <= Math.max(16_385, chunk) + 2 * chunk, `read ${sent} of ${size} bytes in chunks of ${chunk}`);
    }
  }
});

test("an answer becomes a response: status, every Set-Cookie, no body where there is none", async () => {
  const { tokens } = service();
  const headers = [
    ["set-cookie", "a=1; Path=/"],
    ["set-cookie", "b=2; Path=/"],
    ["cache-control", "no-store"],
  ];
  core.begin = () => ({ do: "answer", answer: { status: 204, headers, body: "" } });
  const response = await tokens.handle(form("/auth/refresh", {}));
  assert.equal(response.status, 204);
  assert.equal(response.body, null);
  assert.deepEqual(response.headers.getSetCookie(), ["a=1; Path=/", "b=2; Path=/"]);
  assert.equal(response.headers.get("cache-control"), "no-store");
});

test("each step of the store is done with what it says, and its result told in one member", async () => {
  const loaded = { family: record, user: { epoch: 1, not_before: 2 }, tenant: { epoch: 3, not_before: 4 } };
  const written = { done: true, user: loaded.user, tenant: loaded.tenant };
  const target = { tenant: "acme" };
  const rows = [
    [{ do: "load", at }, loaded, ["load", at], { loaded }],
    [{ do: "create", record }, written, ["create", record], { written }],
    [{ do: "rotate", expected: 7, record }, written, ["rotate", 7, record], { written }],
    [{ do: "revoke", at, nowMs: 5 }, { first: true }, ["revoke", at, 5], { revoked: { first: true } }],
    [{ do: "revokeAll", target, nowMs: 6 }, loaded.user, ["revokeAll", target, 6], { marked: loaded.user }],
  ];
  for (const [step, result, call, expected] of rows) {
    const store = spy(result);
    const { outcome, events } = await outcomeOf(step, { store });
    assert.deepEqual(store.calls, [call]);
    assert.deepEqual(outcome, expected);
    assert.deepEqual(events, []);
  }
});

test("a store that fails, throws anything or answers what is no JSON is told as failed, with an event that says why", async () => {
  const rows = [
    [() => Promise.reject(new StoreError("load", "throttled", { cause: new Error("ann acme") })), "throttled"],
    [() => Promise.reject(new TypeError("ann")), "unexpected"],
    [() => Promise.reject(), "unexpected"],
    [
      () => {
        throw new Error("ann");
      },
      "unexpected",
    ],
    [async () => 1n, "unexpected"],
  ];
  for (const [load, reason] of rows) {
    const { outcome, events } = await outcomeOf({ do: "load", at }, { store: { ...spy({}), load } });
    assert.deepEqual(outcome, { failed: "store" });
    assert.deepEqual(events, [{ type: "store_failed", time: NOW, operation: "load", reason }]);
  }
});

test("a store that says nothing for 5 s is down", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let isAsked = false;
  const asked = () => {
    isAsked = true;
  };
  const store = { ...spy({}), rotate: () => new Promise(asked) };
  let isTold = false;
  const told = outcomeOf({ do: "rotate", expected: 1, record }, { store }).finally(() => {
    isTold = true;
  });
  await until(() => isAsked);
  t.mock.timers.tick(4_999);
  await new Promise(setImmediate);
  assert.equal(isTold, false);
  t.mock.timers.tick(1);
  const { outcome, events } = await told;
  assert.deepEqual(outcome, { failed: "store" });
  assert.deepEqual(events, [{ type: "store_failed", time: NOW, operation: "rotate", reason: "timeout" }]);
});

const hooked = (entitlements, timeoutMilliseconds = 2_000) => ({
  entitlements,
  config: { entitlements: { timeoutMilliseconds } },
});

test("the entitlements are asked with the question and told as JSON text", async () => {
  const asked = [];
  const answers = [
    [{ member: true, plan: "pro", claims: { a: [1, null] } }, '{"member":true,"plan":"pro","claims":{"a":[1,null]}}'],
    [{ member: false }, '{"member":false}'],
    [null, null],
  ];
  for (const [answer, text] of answers) {
    for (const given of [answer, Promise.resolve(answer)]) {
      const { outcome } = await outcomeOf(
        { do: "entitle", ask: question },
        hooked((...question) => {
          asked.push(question);
          return given;
        }),
      );
      assert.deepEqual(outcome, { entitlements: text });
    }
  }
  const [first, { signal }] = asked[0];
  assert.deepEqual(first, question);
  assert.ok(signal instanceof AbortSignal);
  assert.equal(signal.aborted, false);
});

test("entitlements that throw, reject, or give what is no JSON are told as failed", async () => {
  const cycle = {};
  cycle.cycle = cycle;
  const broken = [
    () => {
      throw new Error("ann");
    },
    () => Promise.reject(new Error("ann")),
    () => undefined,
    () => "member",
    () => true,
    () => [],
    () => ({ member: true, plan: () => "pro" }),
    () => ({ member: true, claims: { at: new Date(Number.NaN), n: Number.NaN } }),
    () => cycle,
  ];
  for (const entitlements of broken) {
    const { outcome } = await outcomeOf({ do: "entitle", ask: question }, hooked(entitlements));
    assert.deepEqual(outcome, { failed: "entitlements" }, String(entitlements));
  }
});

test("entitlements later than configured are told as failed, and the question is aborted", async () => {
  let signal;
  const late = (_question, options) => {
    signal = options.signal;
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  };
  const started = performance.now();
  const { outcome } = await outcomeOf({ do: "entitle", ask: question }, hooked(late, 100));
  assert.deepEqual(outcome, { failed: "entitlements" });
  assert.equal(signal.aborted, true);
  const waited = performance.now() - started;
  assert.ok(waited > 90 && waited < 1_500, `${waited} ms`);
});

/** A store whose loading waits until it is let go. */
function gatedStore() {
  const waiting = [];
  const load = () => new Promise((resolve) => waiting.push(() => resolve({ family: null })));
  return { ...spy({}), load, waiting };
}

test("[Q16] the 17th refresh of one family at a time is told busy; another family's is not, and a place gets free", async () => {
  const store = gatedStore();
  const { tokens } = service({ store });
  const load = (family, state) => ({ do: "load", at: { ...at, family }, state });
  // Each reads its family twice, and keeps its place.
  core.begin = ({ url }) => load(new URL(url).searchParams.get("f"), new URL(url).searchParams.get("f"));
  core.next = ({ state, outcome }) =>
    state === "" || outcome.failed ? done(JSON.stringify(outcome)) : load(state, "");
  const ask = async (family) => (await tokens.handle(form(`/auth/token?f=${family}`, {}))).json();
  const loaded = async (count) => {
    await until(() => store.waiting.length >= count);
    assert.equal(store.waiting.length, count);
    return () => {
      for (const letGo of store.waiting.splice(0)) letGo();
    };
  };
  const first = Array.from({ length: 16 }, () => ask("f1"));
  await loaded(16);
  assert.deepEqual(await ask("f1"), { failed: "busy" });
  const all = [...first, ask("f2")];
  (await loaded(17))();
  (await loaded(17))();
  for (const answer of await Promise.all(all)) assert.deepEqual(answer, { loaded: { family: null } });
  const again = Array.from({ length: 16 }, () => ask("f1"));
  await loaded(16);
  assert.deepEqual(await ask("f1"), { failed: "busy" });
  (await loaded(16))();
  (await loaded(16))();
  await Promise.all(again);
});

test("[Q16] a request that reads its family twice has one place, and so has one that fails", async () => {
  const { tokens } = service({ store: spy({ family: null }) });
  core.begin = () => ({ do: "load", at, state: "0" });
  core.next = ({ state, outcome }) => {
    assert.deepEqual(outcome, { loaded: { family: null } });
    if (state === "9") throw new WebAssembly.RuntimeError("unreachable");
    return { do: "load", at, state: String(Number(state) + 1) };
  };
  for (let count = 0; count < 20; count += 1) await assertUnavailable(await tokens.handle(form("/auth/token", {})));
  core.next = ({ outcome }) => done(JSON.stringify(outcome));
  const response = await tokens.handle(form("/auth/token", {}));
  assert.deepEqual(await response.json(), { loaded: { family: null } });
});

test("reading marks alone takes no place", async () => {
  const store = gatedStore();
  const { tokens } = service({ store });
  core.begin = () => ({ do: "load", at: { ...at, family: null }, state: "" });
  core.next = () => done();
  const all = Array.from({ length: 20 }, () => tokens.handle(form("/auth/token", {})));
  await new Promise(setImmediate);
  assert.equal(store.waiting.length, 20);
  for (const letGo of store.waiting) letGo();
  for (const response of await Promise.all(all)) assert.equal(response.status, 200);
});

test("[N06] a trap at any step is answered 503, told as an event, and the next request finds a core made anew", async () => {
  const { tokens, events } = service({ store: spy({ family: null }) });
  const trap = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  const script = () => {
    core.serves = () => true;
    core.begin = () => ({ do: "load", at, state: "" });
    core.next = () => done();
  };
  for (const question of ["serves", "begin", "next"]) {
    script();
    core[question] = trap;
    const { made, instances } = core;
    await assertUnavailable(await tokens.handle(form("/auth/token", {})));
    assert.deepEqual(events.splice(0), [{ type: "tokens_failed", time: NOW }]);
    assert.equal(core.instances, instances + 1);
    script();
    assert.equal((await tokens.handle(form("/auth/token", {}))).status, 200);
    assert.equal(core.made, made + 1);
  }
});

test("[N06] a request whose core trapped for another one goes on where it was", async () => {
  const store = gatedStore();
  const { tokens } = service({ store });
  core.begin = () => ({ do: "load", at, state: "mine" });
  core.next = ({ state }) => done(state);
  const going = tokens.handle(form("/auth/token", {}));
  await new Promise(setImmediate);
  core.begin = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  await assertUnavailable(await tokens.handle(form("/auth/token", {})));
  store.waiting[0]();
  const response = await going;
  assert.equal(await response.text(), "mine");
});

test("a step that is unknown or no JSON, and steps without an end, are answered 503", async () => {
  const { tokens, events } = service({ store: spy({ family: null }) });
  let steps = 0;
  const load = () => ({ do: "load", at, state: "" });
  for (const next of [() => ({ do: "sign", state: "" }), () => undefined, () => null, load]) {
    core.begin = load;
    core.next = () => {
      steps += 1;
      return next();
    };
    await assertUnavailable(await tokens.handle(form("/auth/token", {})));
    assert.deepEqual(events.splice(0), [{ type: "tokens_failed", time: NOW }]);
  }
  assert.ok(steps < 100, `${steps} steps`);
});

test("a client that goes away with half of its body ends nothing but its own request", async () => {
  const { tokens, events } = service();
  core.begin = () => done();
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
  const request = new Request("https://a.example/", { method: "POST", body, duplex: "half" });
  await assertUnavailable(await tokens.handle(request));
  assert.deepEqual(events, []);
});

test("events are told once, in their order, and a listener that throws changes nothing", async () => {
  const told = [];
  const { tokens } = service({
    store: spy({ first: true }),
    onEvent: (event) => {
      told.push(event);
      throw new Error("listener");
    },
  });
  const event = (type) => ({ type, time: NOW, family: "f1", user: "ann", tenant: "acme", client: "web", seq: 1 });
  core.begin = () => ({ do: "revoke", at, nowMs: 1, state: "", events: [event("a")] });
  core.next = () => ({ ...done(), events: [event("b"), event("c")] });
  assert.equal((await tokens.handle(form("/auth/token", { a: "b" }))).status, 200);
  assert.deepEqual(told, [event("a"), event("b"), event("c")]);
});

test("a clock that throws is told to the core as no time", async () => {
  const { tokens } = service({
    now: () => {
      throw new Error("no clock");
    },
  });
  core.begin = ({ now }) => done(String(now));
  assert.equal(await (await tokens.handle(form("/auth/token", {}))).text(), "NaN");
});

test("after close every call is refused with closed", async () => {
  const { tokens } = service();
  core.begin = () => done();
  tokens.close();
  tokens.close();
  const isClosed = (error) => error instanceof TollgateError && error.code === "closed";
  await assert.rejects(tokens.handle(form("/auth/token", {})), isClosed);
  await assert.rejects(tokens.keySet(), isClosed);
});

test("options that can't be right are refused, naming the member", () => {
  const good = { keys, store: memoryStore(), entitlements: null };
  const hook = async () => null;
  const rows = [
    [undefined, "options"],
    [{ ...good, keys: undefined }, "options.keys"],
    [{ ...good, keys: ["a"] }, "options.keys"],
    [{ ...good, store: {} }, "options.store"],
    [{ ...good, store: { ...spy({}), revokeAll: undefined } }, "options.store"],
    [{ keys, store: memoryStore() }, "options.entitlements"],
    [{ ...good, entitlements: hook }, "options.entitlements"],
    [{ ...good, now: 5 }, "options.now"],
    [{ ...good, onEvent: {} }, "options.onEvent"],
    [{ ...good, onevent: () => {} }, "options.onevent"],
  ];
  for (const [options, member] of rows) {
    assert.throws(
      () => createTokens(tokensConfig([web]), options),
      (error) => error instanceof TollgateError && error.code === "config_invalid" && error.member === member,
      member,
    );
  }
  const asked = tokensConfig([web], { tokens: { entitlements: {} } });
  assert.throws(() => createTokens(asked, good), { code: "config_invalid", member: "options.entitlements" });
  createTokens(asked, { ...good, entitlements: hook });
});

test("a body that was read before is the caller's mistake", async () => {
  const { tokens } = service();
  core.begin = () => done();
  const request = form("/auth/token", { a: "b" });
  await request.text();
  await assert.rejects(tokens.handle(request), { code: "config_invalid", member: "request.body" });
});

test("keys from a function: read at first use, another text makes another core, the same one does not", async () => {
  const { made } = core;
  let text = keys;
  const { tokens, events } = service({ keys: async () => text });
  assert.equal(core.made, made);
  core.begin = () => done();
  const ask = async () => (await tokens.handle(form("/auth/token", {}))).status;
  for (let count = 0; count < 3; count += 1) assert.equal(await ask(), 200);
  assert.equal(core.made, made + 1);
  text = keysDocument();
  assert.equal(await ask(), 200);
  assert.equal(core.made, made + 2);
  assert.deepEqual(events, []);
});

test("keys that can't be had: 503 where there are none, and those at hand where there are", async () => {
  let read = () => Promise.reject(new Error("secret"));
  const { tokens, events } = service({ keys: () => read() });
  core.begin = () => done();
  const failed = [{ type: "signing_keys_failed", time: NOW, reason: "unavailable" }];
  await assertUnavailable(await tokens.handle(form("/auth/token", {})));
  assert.deepEqual(events.splice(0), failed);
  await assert.rejects(tokens.keySet(), { code: "keys_unavailable", retryAfterSeconds: 1 });
  assert.deepEqual(events.splice(0), failed);
  read = () => keys;
  assert.equal((await tokens.handle(form("/auth/token", {}))).status, 200);
  for (const broken of [() => Promise.reject(new Error("secret")), () => undefined]) {
    read = broken;
    assert.equal((await tokens.handle(form("/auth/token", {}))).status, 200);
    assert.deepEqual(events.splice(0), failed);
  }
});
