// What the authorizer lets through, and what it refuses. Needs no account and no network.

import assert from "node:assert/strict";
import { test } from "node:test";
import config from "../tollgate.json" with { type: "json" };
import { gateway } from "./gateway.mjs";
import { tokenFor } from "./issuer.mjs";

const ask = gateway(config);

test("the public path is open", async () => {
  assert.equal((await ask("GET", "/health")).statusCode, 200);
});

test("without a token, or with a wrong one, nobody gets in", async () => {
  const expired = tokenFor(config, { iat: 1_767_225_600, exp: 1_767_225_900 });
  for (const token of [undefined, "a.b.c", expired]) {
    const { statusCode } = await ask("GET", "/t/acme/orders/7", token).catch(unauthorized);
    assert.ok(statusCode === 401 || statusCode === 403, String(statusCode));
  }
});

/** API Gateway answers 401 when an authorizer throws this very word. */
function unauthorized(error) {
  assert.equal(error.message ?? error, "Unauthorized");
  return { statusCode: 401 };
}

test("a user reads their tenant's orders, and the handler knows who asks", async () => {
  const answer = await ask("GET", "/t/acme/orders/7", tokenFor(config));
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(JSON.parse(answer.body), { path: "/t/acme/orders/7", user: "ada", tenant: "acme", plan: "pro" });
});

test("another tenant's orders are closed", async () => {
  assert.equal((await ask("GET", "/t/globex/orders/7", tokenFor(config))).statusCode, 403);
});

test("writing takes the permission, reports take the plan", async () => {
  const reader = tokenFor(config, { plan: "free" });
  const writer = tokenFor(config, { permissions: ["orders:write"] });
  assert.equal((await ask("POST", "/t/acme/orders/7", reader)).statusCode, 403);
  assert.equal((await ask("POST", "/t/acme/orders/7", writer)).statusCode, 200);
  assert.equal((await ask("GET", "/t/acme/reports/7", reader)).statusCode, 403);
  assert.equal((await ask("GET", "/t/acme/reports/7", writer)).statusCode, 200);
});
