// `tollgate/worker` alone: its gate of the bindings, its other handlers, and what it leaves to the handler.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createGate } from "tollgate";
import { protect } from "tollgate/worker";
import { keyServer } from "../node/support/key-server.mjs";
import { gateConfig, issuerConfig, makeKey, NOW, token } from "../node/support/tokens.mjs";

const key = makeKey("ES256", "one");
const hooks = { now: () => NOW };
const context = { waitUntil() {} };
const ask = (worker, headers = {}, env = {}) => {
  const fields = { authorization: `Bearer ${token(key)}`, ...headers };
  return worker.fetch(new Request("https://acme.api.example.com/reports/1", { headers: fields }), env, context);
};
const fetch = () => new Response("ok");

test("a function of the bindings gives the gate, once, at the first request", async () => {
  const envs = [];
  for (const make of [(env) => env.CONFIG, async (env) => createGate(env.CONFIG, hooks)]) {
    const policy = (env) => {
      envs.push(env);
      return make(env);
    };
    const asked = envs.length;
    const worker = protect(policy, { fetch }, ...(make.constructor.name === "AsyncFunction" ? [] : [hooks]));
    assert.equal(envs.length, asked, "not before a request");
    const env = { CONFIG: gateConfig([key]) };
    const answers = await Promise.all([ask(worker, {}, env), ask(worker, {}, env)]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    );
    assert.deepEqual(envs.slice(asked), [env]);
  }
});

test("while that function fails, requests are refused, the operator is told, and no message of a stranger is", async () => {
  const said = mock.method(console, "error", () => {});
  let fails = true;
  const failures = [new TypeError("secret"), undefined];
  const policy = () => {
    if (fails) throw failures.shift();
    return gateConfig([key]);
  };
  const worker = protect(policy, { fetch }, hooks);
  assert.equal((await ask(worker)).status, 503);
  assert.equal((await ask(worker)).status, 503);
  fails = false;
  assert.equal((await ask(worker)).status, 200, "it is asked again");
  assert.equal((await ask(protect(() => ({ ...gateConfig([key]), rules: [] }), { fetch }, hooks))).status, 503);
  said.mock.restore();
  const lines = said.mock.calls.map(({ arguments: [line] }) => line);
  assert.equal(lines.length, 3);
  assert.match(lines[0], /TypeError/);
  assert.ok(!lines.join().includes("secret"));
  assert.match(lines[2], /rules/, "a wrong configuration is named");
});

test("other handlers stay as they are, and fetch is the guarded one", async () => {
  const scheduled = () => {};
  const queue = async () => {};
  const worker = protect(gateConfig([key]), { scheduled, fetch, queue }, hooks);
  assert.deepEqual([worker.scheduled, worker.queue], [scheduled, queue]);
  assert.notEqual(worker.fetch, fetch);
  assert.equal((await ask(worker, { authorization: "" })).status, 401);
});

test("the handler is called with bindings and context, and its own this", async () => {
  const env = { A: 1 };
  const handlers = {
    greeting: "hello",
    fetch(request, given, itsContext, principal) {
      assert.deepEqual([given, itsContext], [env, context]);
      return new Response(`${this.greeting} ${principal.userId} ${request.headers.get("x-tollgate-user")}`);
    },
  };
  assert.equal(await (await ask(protect(gateConfig([key]), handlers, hooks), {}, env)).text(), 'hello user-1 "user-1"');
});

test("what the handler throws is thrown, and no 503 of the gate's", async () => {
  for (const thrower of [
    () => {
      throw new Error("mine");
    },
    async () => {
      throw new Error("mine");
    },
  ]) {
    await assert.rejects(ask(protect(gateConfig([key]), { fetch: thrower }, hooks)), { message: "mine" });
  }
});

test("the client's address comes from Cloudflare's field, and not from the client's", async () => {
  const handler = (request) => new Response(request.headers.get("x-forwarded-for"));
  const worker = protect(gateConfig([key]), { fetch: handler }, hooks);
  const text = async (headers) => (await ask(worker, headers)).text();
  assert.equal(await text({ "cf-connecting-ip": "192.0.2.1", "x-forwarded-for": "6.6.6.6" }), "192.0.2.1");
  assert.equal(await text({ "x-forwarded-for": "6.6.6.6" }), "");
});

test("fields of one connection end at the gate, in both directions", async () => {
  const seen = [];
  const handler = (request) => {
    seen.push(...request.headers.keys());
    return new Response("ok", {
      headers: { connection: "x-mine", "x-mine": "1", "keep-alive": "timeout=5", "x-kept": "1" },
    });
  };
  const answer = await ask(protect(gateConfig([key]), { fetch: handler }, hooks), { te: "trailers" });
  assert.ok(!seen.includes("te"), seen.join());
  assert.deepEqual(
    ["connection", "x-mine", "keep-alive", "x-kept"].map((name) => answer.headers.has(name)),
    [false, false, false, true],
  );
});

test("a WebSocket's answer is handed on as it is", async () => {
  // Node makes no such Response.
  const opened = Object.freeze({ status: 101 });
  assert.equal(await ask(protect(gateConfig([key]), { fetch: () => opened }, hooks)), opened);
});

test("a fetch of keys is kept alive by the Worker's context", async () => {
  const server = await keyServer([key]);
  const issuers = [issuerConfig([], { jwks: undefined, jwksUri: server.jwksUri })];
  const worker = protect(gateConfig([], { issuers }), { fetch }, hooks);
  const works = [];
  const request = new Request("https://acme.api.example.com/reports/1", {
    headers: { authorization: `Bearer ${token(key)}` },
  });
  assert.equal((await worker.fetch(request, {}, { waitUntil: (work) => works.push(work) })).status, 200);
  assert.ok(works.length > 0);
  await server.stop();
});
