// What an adapter does when something fails around the gate: it refuses. And what it takes for a gate.

import assert from "node:assert/strict";
import { test } from "node:test";
import connect from "connect";
import express from "express";
import { Hono } from "hono";
import { createGate } from "tollgate";
import { tollgate as forExpress } from "tollgate/express";
import { tollgate as forHono } from "tollgate/hono";
import { protect } from "tollgate/worker";
import { gateConfig, makeKey, NOW, token } from "../node/support/tokens.mjs";
import { send } from "../workerd/support/http.mjs";
import { listening } from "./support/hosts.mjs";

const key = makeKey("ES256", "one");
const config = gateConfig([key]);
const hooks = { now: () => NOW };
const URL_OF_ACME = "https://acme.api.example.com/reports/1";
const good = () => new Request(URL_OF_ACME, { headers: { authorization: `Bearer ${token(key)}` } });
const context = { waitUntil() {} };

/** Each adapter over a policy: `ask()` makes one good request, and says the status and whether the handler was called. */
const ADAPTERS = {
  express: (policy, ...more) => onNode(express(), policy, more),
  connect: (policy, ...more) => onNode(connect(), policy, more),
  hono: (policy, ...more) => {
    const app = new Hono();
    let called = false;
    app.use(forHono(policy, ...more));
    app.get("*", (c) => {
      called = true;
      return c.text("ok");
    });
    return async () => ({ ...(await seen(await app.fetch(good()))), called });
  },
  worker: (policy, ...more) => {
    let called = false;
    const fetch = () => {
      called = true;
      return new Response("ok");
    };
    const worker = protect(policy, { fetch }, ...more);
    return async () => ({ ...(await seen(await worker.fetch(good(), {}, context))), called });
  },
};

const seen = async (answer) => ({ status: answer.status, text: await answer.text() });

function onNode(app, policy, more) {
  const middleware = forExpress(policy, ...more);
  return async () => {
    let called = false;
    app.use(middleware).use((_request, response) => {
      called = true;
      response.end("ok");
    });
    const server = await listening(app);
    try {
      const headers = [["authorization", `Bearer ${token(key)}`]];
      const { status, text } = await send(server.port, { target: "/reports/1", host: "acme.api.example.com", headers });
      return { status, text, called };
    } finally {
      await server.stop();
    }
  };
}

const closed = () => {
  const gate = createGate(config, hooks);
  gate.close();
  return gate;
};
const BROKEN = {
  "a gate that was closed": closed,
  "a gate that throws": () => ({
    check: () => {
      throw new Error("secret");
    },
  }),
  "a gate that rejects": () => ({ check: () => Promise.reject(new Error("secret")) }),
  "a gate that says nothing": () => ({ check: async () => undefined }),
  "a gate that lets through without saying how": () => ({ check: async () => ({ outcome: "allow" }) }),
};

for (const [name, ask] of Object.entries(ADAPTERS)) {
  test(`${name}: takes a configuration and hooks, and a gate that was made already`, async () => {
    for (const made of [ask(config, hooks), ask(createGate(config, hooks))]) {
      assert.deepEqual(await made(), { status: 200, text: "ok", called: true });
    }
    // The hooks are the gate's own: without the clock of these tests, the token has expired or is not valid yet.
    assert.equal((await ask(config)()).status, 401);
  });

  test(`${name}: refuses to start with what can't be right, and names the member`, () => {
    assert.throws(() => ask({ ...config, rules: [] }), { code: "config_invalid", member: "rules" });
    assert.throws(() => ask({ ...config, surplus: 1 }), { code: "config_invalid", member: "surplus" });
    for (const wrong of [undefined, null, 1, "text", []]) assert.throws(() => ask(wrong), { code: "config_invalid" });
    assert.throws(() => ask(config, { onEvents() {} }), { code: "config_invalid", member: "hooks.onEvents" });
    assert.throws(() => ask(createGate(config), hooks), { code: "config_invalid", member: "hooks" });
  });

  for (const [what, make] of Object.entries(BROKEN)) {
    test(`${name}: ${what} lets nothing through`, async () => {
      const { status, text, called } = await ask(make())();
      assert.deepEqual([status, called], [503, false], text);
      assert.equal(JSON.parse(text).type, "urn:tollgate:unavailable");
      assert.ok(!text.includes("secret"));
    });
  }
}
