// What the triggers answer, made into tokens as Cognito would, in front of the guide's own gates: versions 1, 2 and 3, clients, and
// Auth0's namespaced claims beside them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "tollgate";
import { createTriggers } from "tollgate/cognito";
import { allowed, denied } from "../node/support/assert.mjs";
import { makeKey, NOW, signed } from "../node/support/tokens.mjs";
import { attributes, clientToken, federated, preToken, USER_SOURCES } from "./support/cognito-events.mjs";
import { snippet } from "./support/cognito-function.mjs";
import { issue } from "./support/cognito-issuer.mjs";

const pool = makeKey("RS256", "pool-1");
const other = makeKey("RS256", "auth0-1");

/** The guide's configuration with keys in the place of the providers', and with changes of its first issuer. */
function guideGate(name, issuer = {}) {
  const config = JSON.parse(snippet(name));
  const keys = [pool, other];
  config.issuers = config.issuers.map((one, index) => ({
    ...one,
    jwks: { keys: [keys[index].jwk] },
    ...(index === 0 ? issuer : {}),
  }));
  return createGate(config, { now: () => NOW });
}

const accessGate = guideGate("cognito");
const idGate = guideGate("cognito", { tokenUse: ["id"] });

const at = (gate, token, { tenant = "acme", path = "/orders" } = {}) =>
  gate.checkSync({
    method: "GET",
    url: `https://${tenant}.api.example.com${path}`,
    headers: { authorization: `Bearer ${token}` },
  });
const report = { path: "/reports/1" };

/** The tokens after a trigger whose application answers so. */
async function tokensOf(event, answer = { plan: "pro", permissions: ["orders:read"] }, hooks = {}) {
  const { preTokenGeneration } = createTriggers({ permissions: () => answer, ...hooks });
  return issue({ event: await preTokenGeneration(event), key: pool, now: NOW });
}

for (const version of ["2", "3"]) {
  test(`version ${version}: the access token and the ID token open the own tenant's rules, for each source`, async () => {
    for (const source of USER_SOURCES) {
      const { access, id } = await tokensOf(preToken(version, source));
      for (const [gate, token] of [
        [accessGate, access],
        [idGate, id],
      ]) {
        const { principal } = allowed(at(gate, token, report), source);
        assert.deepEqual(
          [principal.kind, principal.tenantId, principal.plan, principal.permissions, principal.groups],
          ["user", "acme", "pro", ["orders:read"], ["staff"]],
        );
        denied(at(gate, token, { ...report, tenant: "globex" }), "tenant_mismatch", 403);
      }
      denied(at(accessGate, id), "token_use_mismatch", 401);
      denied(at(idGate, access), "token_use_mismatch", 401);
    }
  });

  test(`version ${version}: plan and permissions are those that the application said, and no more`, async () => {
    const decide = async (answer) => at(accessGate, (await tokensOf(preToken(version), answer)).access, report);
    const refused = denied(await decide({ plan: "free", permissions: ["orders:read"] }), "plan_required", 403);
    const { required_plans, current_plan } = JSON.parse(refused.body);
    assert.deepEqual([required_plans, current_plan], [["pro"], "free"]);
    denied(await decide({ plan: "Pro", permissions: ["orders:read"] }), "plan_required", 403);
    denied(await decide(["orders:read"]), "plan_required", 403);
    denied(await decide({ plan: "pro" }), "permission_required", 403);
    denied(
      await decide({ plan: "pro", permissions: ["orders:reads", "orders", "ORDERS:READ"] }),
      "permission_required",
      403,
    );
    allowed(await decide({ plan: "pro", permissions: ["x", "orders:read"] }));
  });
}

test("version 1: the ID token opens the rules, and the access token has no tenant", async () => {
  for (const source of USER_SOURCES) {
    const { access, id } = await tokensOf(preToken("1", source), {
      plan: "pro",
      permissions: ["a b", '"', "orders:read"],
    });
    const { principal } = allowed(at(idGate, id, report), source);
    assert.deepEqual(principal.permissions, ["a b", '"', "orders:read"]);
    assert.deepEqual([principal.tenantId, principal.groups], ["acme", ["staff"]]);
    denied(at(idGate, id, { ...report, tenant: "globex" }), "tenant_mismatch", 403);
    denied(at(accessGate, access), "tenant_missing", 403);
  }
  const { id } = await tokensOf(preToken("1"), { plan: "pro" });
  denied(at(idGate, id, report), "permission_required", 403);
});

test("a federated user reaches the tenant of tenantOf and no other", async () => {
  const event = preToken("2", "HostedAuth", { userAttributes: federated() });
  const { access } = await tokensOf(event, undefined, { tenantOf: () => "globex" });
  allowed(at(accessGate, access, { tenant: "globex" }));
  denied(at(accessGate, access), "tenant_mismatch", 403);
});

test("a client's own token is a client's: it opens the rules for clients in its tenant", async () => {
  const hooks = { tenantOfClient: () => ({ tenantId: "acme", plan: "pro", permissions: ["orders:read"] }) };
  const { access, id } = await tokensOf(clientToken(), null, hooks);
  assert.equal(id, undefined);
  const { principal } = allowed(at(accessGate, access));
  assert.deepEqual(
    [principal.kind, principal.userId, principal.tenantId, principal.scopes],
    ["client", null, "acme", ["orders/read"]],
  );
  denied(at(accessGate, access, { tenant: "globex" }), "tenant_mismatch", 403);
  denied(at(accessGate, access, report), "principal_kind", 403);
});

test("the largest claims that a trigger writes are within what the gate takes, in each version", async () => {
  const text = (index) => `p${index}`.padEnd(120, "x");
  const permissions = [...Array.from({ length: 31 }, (_, index) => text(index)), "orders:read"];
  const userAttributes = attributes({ email: `${"e".repeat(200)}@acme.example` });
  for (const version of ["1", "2", "3"]) {
    const { access, id } = await tokensOf(preToken(version, "Authentication", { userAttributes }), {
      plan: "pro",
      permissions,
    });
    allowed(at(idGate, id, report));
    if (version !== "1") allowed(at(accessGate, access, report));
    assert.ok(id.length > 6_000 && id.length <= 8_192, `${id.length} characters`);
  }
});

/** A token as Auth0 makes them for an API. */
const auth0Token = (changes = {}) => {
  const claims = {
    iss: "https://example.eu.auth0.com/",
    sub: "auth0|5f7c8ec7c33c6c004bbafe82",
    aud: ["https://api.orders.example", "https://example.eu.auth0.com/userinfo"],
    iat: NOW - 10,
    exp: NOW + 86_400,
    azp: "my_client_id",
    scope: "openid profile",
    permissions: ["orders:read"],
    "https://orders.example/tenant_id": "globex",
    "https://orders.example/billing": { plan: "pro" },
    ...changes,
  };
  return signed(other, JSON.stringify({ alg: "RS256", typ: "JWT", kid: other.kid }), JSON.stringify(claims));
};

test("Auth0's namespaced claims are read by their whole names and by the way to a nested one", () => {
  const gate = guideGate("auth0");
  const decide = (changes, tenant = "globex") => at(gate, auth0Token(changes), { ...report, tenant });
  const { principal } = allowed(decide());
  assert.deepEqual([principal.tenantId, principal.plan, principal.permissions], ["globex", "pro", ["orders:read"]]);
  denied(decide({}, "acme"), "tenant_mismatch", 403);
  const absent = { "https://orders.example/tenant_id": undefined };
  for (const lookalike of [
    { tenant_id: "globex" },
    { org_id: "globex" },
    { "https://orders": { "example/tenant_id": "globex" } },
    { "https://orders.example": { tenant_id: "globex" } },
    { "https://orders.example/Tenant_id": "globex" },
    { "https://other.example/tenant_id": "globex" },
  ]) {
    denied(decide({ ...absent, ...lookalike }), "tenant_missing", 403, JSON.stringify(lookalike));
  }
  for (const value of ["", null, 7, ["globex"], { id: "globex" }]) {
    denied(decide({ "https://orders.example/tenant_id": value }), "tenant_malformed", 403, JSON.stringify(value));
  }
  for (const billing of [undefined, "pro", ["pro"], { Plan: "pro" }, { plan: "free" }]) {
    denied(decide({ "https://orders.example/billing": billing }), "plan_required", 403, JSON.stringify(billing));
  }
  denied(
    decide({ "https://orders.example/billing": undefined, "https://orders.example/billing.plan": "pro" }),
    "plan_required",
    403,
  );
});

test("beside a user pool, Auth0 speaks for its own tenants only, and neither for the other's", async () => {
  const gate = guideGate("auth0");
  denied(at(gate, auth0Token({ "https://orders.example/tenant_id": "acme" }), report), "tenant_not_of_issuer", 403);
  const { access } = await tokensOf(preToken("2"));
  allowed(at(gate, access, report));
  // The pool's token has no namespaced claims, and Auth0's `tenant_id` is not looked at.
  denied(at(gate, access, { ...report, tenant: "globex" }), "tenant_mismatch", 403);
  const forged = signed(
    other,
    JSON.stringify({ alg: "RS256", kid: pool.kid }),
    Buffer.from(access.split(".")[1], "base64url"),
  );
  denied(at(gate, forged, report), "signature_invalid", 401);
});
