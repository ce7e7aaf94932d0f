// A configuration that can't be right keeps the gate from starting, and names the member. No request is ever served by
// half a gate.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { StartError } from "../../demo/workerd.mjs";
import { configuration, example, orders, reader, startGate, startIssuer, stopAfter } from "./support/gate.mjs";
import { bearer, send } from "./support/http.mjs";

const keep = stopAfter(after);
let issuer;
let config;

before(async () => {
  issuer = keep(await startIssuer());
  config = configuration(issuer);
});

const ordersBinding = { ORDERS: { service: "orders" } };
const start = (text, bindings = ordersBinding) => startGate(text, { bindings, behind: [orders()] });

/** Asserts that the gate does not start with this, and says `words`. */
async function refusesToStart(words, text, bindings) {
  await assert.rejects(
    async () => keep(await start(text, bindings)),
    (error) => {
      assert.ok(error instanceof StartError, String(error));
      assert.match(error.message, /tollgate: /);
      assert.match(error.message, words);
      return true;
    },
  );
}

const changed = (change) => {
  const copy = structuredClone(config);
  change(copy);
  return copy;
};

const BAD = [
  [/issuers\[0\]\.algorithms/, (bad) => delete bad.issuers[0].algorithms],
  [/issuers\[0\]\.algorithms/, (bad) => (bad.issuers[0].algorithms = [])],
  [/issuers\[0\]\.algorithms\[0\]/, (bad) => (bad.issuers[0].algorithms = ["HS256"])],
  [/issuers\[0\]\.jwksUri/, (bad) => (bad.issuers[0].jwksUri = "http://keys.example/jwks.json")],
  [/issuers/, (bad) => (bad.issuers = [])],
  [/rules\[2\]\.path/, (bad) => (bad.rules[2].path = "reports")],
  [/rules\[2\]\.plan\b|plan/, (bad) => (bad.rules[2].plan = ["pro"])],
  [/rules/, (bad) => bad.rules.push({ path: "/{*other}" })],
  [/clockToleranceSeconds/, (bad) => (bad.clockToleranceSeconds = 301)],
  [/tenant/, (bad) => (bad.tenant.from = { host: "api.localhost" })],
  [/cors\.origins/, (bad) => (bad.cors.origins = ["*"])],
  [/upstream/, (bad) => (bad.upstream = { url: "https://a.example/path", secret: null })],
  [/upstream\.secret/, (bad) => (bad.upstream = { url: "https://a.example" })],
  [/identity\.send/, (bad) => (bad.identity.send = ["password"])],
  [/extra/, (bad) => (bad.extra = 1)],
];

for (const [index, [words, change]] of BAD.entries()) {
  test(`a configuration that can't be right refuses to start and names the member: ${words} (${index + 1})`, async () => {
    await refusesToStart(words, changed(change));
  });
}

test("text that is no JSON, and a member that stands twice, refuse to start", async () => {
  await refusesToStart(/configuration/, "{");
  await refusesToStart(/configuration/, JSON.stringify(config).replace("{", '{"clockToleranceSeconds":30,'));
});

test("an upstream whose binding is missing refuses to start", async () => {
  await refusesToStart(/upstream\.service: expected a service binding named ORDERS/, config, {});
  const url = { ...config, upstream: { url: "https://origin.example", secret: "ORIGIN_PROOF" } };
  await refusesToStart(/upstream\.secret: expected a secret named ORIGIN_PROOF/, url, {});
  await refusesToStart(/upstream\.secret/, url, { ORIGIN_PROOF: "" });
  await refusesToStart(/upstream\.secret/, url, { ORIGIN_PROOF: "two words" });
});

test("TOLLGATE_CONFIG above 5 KB refuses to start", async () => {
  const rules = Array.from({ length: 300 }, (_, index) => ({ path: `/a/${index}` }));
  await refusesToStart(/TOLLGATE_CONFIG: expected at most 5 KB/, { ...config, rules });
});

test("TOLLGATE_CONFIG may be an object, as wrangler writes one", async () => {
  const gate = keep(await start(undefined, { ...ordersBinding, TOLLGATE_CONFIG: { ...config, service: undefined } }));
  const answer = await send(gate.port, { target: "/orders", headers: [bearer(issuer.token(reader()))] });
  assert.equal(answer.status, 200);
});

test("without the variable the bundled tollgate.json holds", async () => {
  const gate = keep(await start(undefined, { [example.upstream.secret]: "s3cret" }));
  const ask = (target, host) => send(gate.port, { target, host });
  assert.equal((await ask("/orders", "acme.api.example.com")).status, 401);
  assert.equal((await ask("/Reports/x", "acme.api.example.com")).status, 400);
  const cors = await send(gate.port, {
    method: "OPTIONS",
    target: "/orders",
    headers: [
      ["origin", example.cors.origins[0]],
      ["access-control-request-method", "GET"],
    ],
  });
  assert.equal(cors.header("access-control-allow-origin"), example.cors.origins[0]);
  await refusesToStart(/upstream\.secret: expected a secret named ORIGIN_PROOF/, undefined, {});
});
