// The authorizer from its zip alone, in AWS's runtime client under both of Lambda's Nodes, on the events of each kind: what is let
// through, what is denied, and the very words that are thrown.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createGuards } from "tollgate/api-gateway";
import { answer, keyServer, serve } from "../node/support/key-server.mjs";
import { gateConfig, issuerConfig, makeKey, token as signedToken } from "../node/support/tokens.mjs";
import { functions } from "./support/functions.mjs";
import { EVENTS, proxyV2 } from "./support/gateway-events.mjs";
import { MEMORY_MB, missing, NODES } from "./support/ric.mjs";

const { zip, start } = functions(after);
const es = makeKey("ES256", "es-1");
const now = () => Math.floor(Date.now() / 1000);
/** The function reads the machine's clock. */
const bearer = (changes = {}, key = es) => [
  "Authorization",
  `Bearer ${signedToken(key, { iat: now() - 10, exp: now() + 600, ...changes })}`,
];

const config = gateConfig([es], {
  tenant: {},
  rules: [
    { path: "/reports/{*rest}", plans: ["enterprise"] },
    { path: "/$connect", plans: ["pro"] },
    { path: "/{*rest}" },
  ],
});

/** A started authorizer for each kind of event, under each Node. */
const started = {};
before(async () => {
  if (missing) return;
  for (const event of Object.keys(EVENTS)) {
    const file = await zip("authorizer", config, { options: { event } });
    for (const node of Object.keys(NODES)) started[`${event} ${node}`] = await start(file, { node });
  }
});

const isAllowed = (result) => result.isAuthorized ?? result.policyDocument.Statement[0].Effect === "Allow";

for (const node of Object.keys(NODES)) {
  for (const [kind, event] of Object.entries(EVENTS)) {
    test(`${kind}: allows, denies and throws as API Gateway wants it (Node ${node}) [O03]`, {
      skip: missing,
    }, async () => {
      const { invoke, output, peakMemoryMb } = started[`${kind} ${node}`];
      const result = await invoke(event({ sent: [bearer()] }));
      assert.ok(isAllowed(result));
      assert.deepEqual(
        [result.context.userId, result.context.tenantId, result.context.plan],
        ["user-1", "acme", "pro"],
      );
      for (const value of Object.values(result.context)) assert.equal(typeof value, "string");

      const wrong = [
        bearer({ exp: now() - 60 }),
        bearer({}, makeKey("ES256", "es-1")),
        bearer({ aud: "other" }),
        ["Authorization", "Bearer junk"],
        ["Authorization", "Bearer"],
        ["Authorization", "Bearer a b"],
      ];
      for (const field of wrong) {
        const unauthorized = { phase: "invoke", errorMessage: "Unauthorized" };
        await assert.rejects(invoke(event({ sent: [field] })), unauthorized);
      }
      await assert.rejects(invoke(event()), { phase: "invoke", errorMessage: "Unauthorized" });

      const denied = await invoke(event({ path: "/reports/1", sent: [bearer({ plan: "free" })] }));
      assert.equal(isAllowed(denied), false);
      assert.deepEqual(denied.context, { code: "plan_required" });
      const homeless = await invoke(event({ sent: [bearer({ tenant_id: undefined })] }));
      assert.equal(isAllowed(homeless), false);

      await assert.rejects(invoke({ Records: [] }), { phase: "invoke", errorType: "TollgateError" });
      assert.ok(isAllowed(await invoke(event({ sent: [bearer()] }))), "it goes on after all that");
      assert.doesNotMatch(output(), /eyJ|user-1|acme/, "no token and no claim is in the log");
      assert.ok(peakMemoryMb() <= MEMORY_MB, `${peakMemoryMb()} MB`);
    });
  }
}

test("keys that can't be fetched are thrown as another error, and once they can, they serve [O03]", {
  skip: missing,
}, async () => {
  const server = await keyServer([es]);
  try {
    const remote = [issuerConfig([], { jwks: undefined, jwksUri: server.jwksUri })];
    server.behave = answer(500);
    for (const event of ["http", "rest"]) {
      const file = await zip("authorizer", { ...config, issuers: remote }, { options: { event } });
      const { invoke } = await start(file);
      server.behave = answer(500);
      const ask = () => invoke(EVENTS[event]({ sent: [bearer()] }));
      await assert.rejects(ask(), { phase: "invoke", errorMessage: "tollgate: unavailable (keys_unavailable)" });
      await assert.rejects(ask(), { phase: "invoke", errorMessage: "tollgate: unavailable (keys_unavailable)" });
      server.behave = serve([es]);
      // The pause after the first failure.
      await sleep(1_500);
      assert.ok(isAllowed(await ask()));
    }
  } finally {
    await server.stop();
  }
});

test("what the authorizer said is what a handler's guard reads", { skip: missing }, async () => {
  const { invoke } = started["http 24"];
  const { context } = await invoke(EVENTS.http({ sent: [bearer({ permissions: ["orders:read"] })] }));
  const { requireTenant, requirePermission } = createGuards(config);
  const event = proxyV2({ lambda: context });
  assert.equal(requireTenant(["pro"])(event), null);
  assert.equal(requirePermission("orders:read")(event), null);
  assert.equal(requirePermission("orders:write")(event).statusCode, 403);
});

test("base path and stage travel in the zip", { skip: missing }, async () => {
  const file = await zip("authorizer", config, { options: { event: "http", basePath: "/v1", stage: "prod" } });
  const { invoke } = await start(file);
  assert.ok(isAllowed(await invoke(EVENTS.http({ path: "/v1/prod/orders", sent: [bearer()] }))));
  assert.equal(isAllowed(await invoke(EVENTS.http({ path: "/orders", sent: [bearer()] }))), false);
});

test("a zip for settings that TOKEN can't serve is not built", async () => {
  const byHost = { ...config, tenant: { from: { host: "{tenant}.api.example.com" } } };
  await assert.rejects(zip("authorizer", byHost, { options: { event: "rest-token" } }), /tenant\.from\.host/);
  await zip("authorizer", byHost, { options: { event: "rest" } });
});
