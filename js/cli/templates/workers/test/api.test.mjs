// What the gate lets through, and what it refuses. Needs no account and no network.

import assert from "node:assert/strict";
import { test } from "node:test";
import { protect } from "tollgate/worker";
import { api } from "../src/api.js";
import config from "../tollgate.json" with { type: "json" };
import { tokenFor, withTestKey } from "./issuer.mjs";

const worker = protect(withTestKey(config), api);

async function ask(path, { token, method = "GET", headers = {} } = {}) {
  const sent = token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
  const request = new Request(`https://api.example.com${path}`, { method, headers: sent });
  return worker.fetch(request, {}, { waitUntil() {} });
}

test("the public path is open", async () => {
  assert.equal((await ask("/health")).status, 200);
});

test("without a token, or with a wrong one, nobody gets in", async () => {
  assert.equal((await ask("/t/acme/orders/7")).status, 401);
  assert.equal((await ask("/t/acme/orders/7", { token: "a.b.c" })).status, 401);
  const expired = tokenFor(config, { iat: 1_767_225_600, exp: 1_767_225_900 });
  assert.equal((await ask("/t/acme/orders/7", { token: expired })).status, 401);
});

test("a user reads their tenant's orders, and the API is told who asks", async () => {
  const answer = await ask("/t/acme/orders/7", { token: tokenFor(config) });
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { path: "/t/acme/orders/7", user: "ada", tenant: "acme", plan: "pro" });
});

test("another tenant's orders are closed", async () => {
  assert.equal((await ask("/t/globex/orders/7", { token: tokenFor(config) })).status, 403);
});

test("writing takes the permission, reports take the plan", async () => {
  const reader = tokenFor(config, { plan: "free" });
  const writer = tokenFor(config, { permissions: ["orders:write"] });
  assert.equal((await ask("/t/acme/orders/7", { token: reader, method: "POST" })).status, 403);
  assert.equal((await ask("/t/acme/orders/7", { token: writer, method: "POST" })).status, 200);
  assert.equal((await ask("/t/acme/reports/7", { token: reader })).status, 403);
  assert.equal((await ask("/t/acme/reports/7", { token: writer })).status, 200);
});

test("a path that no rule names is closed", async () => {
  assert.equal((await ask("/admin", { token: tokenFor(config) })).status, 403);
});
