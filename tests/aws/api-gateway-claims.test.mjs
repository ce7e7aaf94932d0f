// The guards behind API Gateway's own authorizers: claims as its events have them, by the claim map of their issuer. Verifies no token;
// API Gateway did.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGuards, requireTenant } from "tollgate/api-gateway";
import { ISSUER, NOW } from "../node/support/tokens.mjs";
import { claims, config, guardsOf, NATIVE, now, reason, rules, said } from "./support/guards.mjs";

for (const [version, event] of Object.entries(NATIVE)) {
  test(`${version}: the claims of API Gateway's own authorizer are read by the issuer's claim map`, () => {
    const { requireTenant, requirePermission, principalOf } = guardsOf();
    assert.equal(requireTenant(["pro"])(event(claims())), null);
    assert.equal(reason(requireTenant(["free"])(event(claims()))), "plan_required");
    assert.equal(reason(requirePermission("a")(event(claims()))), "permission_required");
    const held = principalOf(
      event(claims({ email: "a@b.example", email_verified: "true", scope: "x y", client_id: "web" })),
    );
    assert.deepEqual([held.kind, held.userId, held.clientId, held.tenantId], ["user", "user-1", "web", "acme"]);
    assert.deepEqual([held.email, held.scopes, held.expiresAt], ["a@b.example", ["x", "y"], NOW + 600]);
    const unverified = principalOf(event(claims({ email: "a@b.example", email_verified: "false" })));
    assert.equal(unverified.email, null);
    assert.equal(principalOf(event(claims({ sub: "job", client_id: "job" }))).kind, "client");
    const machine = principalOf(event(claims({ sub: "job@clients", azp: "job", gty: "client-credentials" })));
    assert.deepEqual([machine.kind, machine.userId, machine.clientId], ["client", null, "job"]);
    assert.deepEqual(principalOf(event(claims({ scope: "a,b c" }))).scopes, ["a,b", "c"], "a scope may hold a comma");
    const inherited = { issuers: [{ ...config.issuers[0], claims: { plan: "constructor", permissions: "toString" } }] };
    assert.deepEqual(guardsOf(inherited).principalOf(event(claims())).plan, null);
  });

  test(`${version}: claims that the gate would refuse are refused`, () => {
    const { requireTenant } = guardsOf({}, {});
    const ask = (changes) => reason(requireTenant()(event(claims(changes))));
    for (const iss of [undefined, "https://evil.example", `${ISSUER}/`, "", 7, "__proto__", ["x"]]) {
      assert.equal(ask({ iss }), "tenant", `${iss}`);
    }
    for (const tenant_id of [undefined, "Acme", "*", "a/b", "acme\n", "a".repeat(65)]) {
      assert.equal(ask({ tenant_id }), "tenant", `${tenant_id}`);
    }
    assert.equal(ask({ tenant_id: "a".repeat(64) }), null);
    const wrong = [
      { aud: "other" },
      { aud: undefined },
      { sub: undefined },
      { sub: "" },
      { tenant_id: "" },
      { tenant_id: 7 },
      { plan: "" },
      { plan: 7 },
      { client_id: "a", azp: "b" },
      { cnf: '{"jkt":"x"}' },
      { email_verified: "yes" },
      { exp: undefined },
    ];
    for (const changes of wrong) assert.equal(ask(changes), "invalid_token", JSON.stringify(changes));
  });

  test(`${version}: claims older than maxAgeSeconds are refused, as the gate refuses them [O01]`, () => {
    const aged = { issuers: [{ ...config.issuers[0], maxAgeSeconds: 60 }] };
    const ask = (iat, changes = aged) => reason(guardsOf(changes).requireTenant()(event(claims({ iat }))));
    for (const iat of [NOW - 59, String(NOW - 59), "Wed Dec 31 23:59:01 UTC 2025"]) assert.equal(ask(iat), null);
    for (const iat of [NOW - 60, String(NOW - 60), "Wed Dec 31 23:59:00 UTC 2025", undefined, "", "soon", true, {}]) {
      assert.equal(ask(iat), "invalid_token", `${iat}`);
    }
    for (const iat of [NOW - 60, undefined]) assert.equal(ask(iat, {}), null, "no age is asked for");
  });

  test(`${version}: exp is a number, its digits, or the date that REST APIs write [O01]`, () => {
    const at = (exp, time) => reason(guardsOf({}, { now: () => time }).requireTenant()(event(claims({ exp }))));
    for (const exp of [NOW, String(NOW), "Thu Jan 01 00:00:00 UTC 2026"]) {
      assert.equal(at(exp, NOW - 1), null, `${exp}`);
      assert.equal(at(exp, NOW - 0.001), null, `${exp}`);
      assert.equal(at(exp, NOW), "invalid_token", `${exp}`);
      assert.equal(at(exp, NOW + 1), "invalid_token", `${exp}`);
    }
    const leap = Date.UTC(2028, 1, 29, 23, 59, 59) / 1000;
    assert.equal(at("Tue Feb 29 23:59:59 UTC 2028", leap - 1), null);
    assert.equal(at("Tue Feb 29 23:59:59 UTC 2028", leap), "invalid_token");
    const odd = [
      "",
      "1.7e9",
      "1.8E9",
      "1767226200.5x",
      "0x7fffffff",
      "Fri Feb 30 00:00:00 UTC 2029",
      "Thu Jan 01 24:00:00 UTC 2029",
      "Thu Foo 01 00:00:00 UTC 2029",
      NOW * 1000,
    ];
    for (const exp of [
      ...odd,
      "Thu Jan 01 00:00:00 PST 2029",
      "2029-01-01T00:00:00Z",
      true,
      null,
      String(NOW * 1000),
      Number.NaN,
      [NOW * 2],
    ]) {
      assert.equal(at(exp, NOW - 1), "invalid_token", `${exp}`);
    }
  });

  test(`${version}: nested claims are read from JSON, and lists from an array or a JSON text`, () => {
    const changes = {
      issuers: [
        {
          ...config.issuers[0],
          claims: { tenant: ["org", "id"], plan: ["billing", "plan"], permissions: ["org", "may"] },
        },
      ],
    };
    const { requireTenant, requirePermission } = guardsOf(changes);
    const nested = (org) => event({ ...claims({ billing: '{"plan":"pro"}' }), org });
    const good = nested('{"id":"acme","may":["a","b"]}');
    assert.equal(requireTenant(["pro"])(good), null);
    assert.equal(requirePermission("a", "b")(good), null);
    assert.equal(requireTenant()(nested({ id: "acme" })), null);
    for (const org of ["{id=acme}", "acme", "[]", "7", "null", '{"id":7}']) {
      assert.equal(reason(requireTenant()(nested(org))), "invalid_token", org);
    }
    assert.equal(reason(requireTenant()(nested("{}"))), "tenant");
    assert.equal(reason(requireTenant()(nested(undefined))), "tenant");
    const { requirePermission: plain } = guardsOf();
    for (const permissions of [["a", "b"], '["a","b"]', "a b"]) {
      assert.equal(plain("a", "b")(event(claims({ permissions }))), null, JSON.stringify(permissions));
    }
    for (const permissions of [
      "[1]",
      "[true]",
      "[null]",
      '["a",1]',
      '[""]',
      "a  b",
      " a",
      ["a", 1],
      { a: "b" },
      7,
      '["a"',
      "[a,b]",
      "[a  b]",
      "[ a]",
    ]) {
      assert.equal(reason(plain("a")(event(claims({ permissions })))), "invalid_token", JSON.stringify(permissions));
    }
    for (const permissions of [undefined, "", "[]", []]) {
      assert.equal(
        reason(plain("a")(event(claims({ permissions })))),
        "permission_required",
        JSON.stringify(permissions),
      );
    }
  });

  test(`${version}: an event that has claims and a context of ours says nothing`, async () => {
    const context = await said();
    const { authorizer } = event(claims()).requestContext;
    const mixed = { ...authorizer, ...context, lambda: context };
    const bare = event(claims());
    const both = { ...bare, requestContext: { ...bare.requestContext, authorizer: mixed } };
    assert.equal(reason(guardsOf().requireTenant()(both)), "tenant");
    const alike = event(
      claims({ tenant_id: undefined, tenantId: "acme", userId: "u", expiresAt: String(NOW + 600), rule: "/" }),
    );
    assert.equal(reason(guardsOf().requireTenant()(alike)), "tenant", "claims named like ours are claims");
    const text = {
      ...bare,
      requestContext: { ...bare.requestContext, authorizer: { claims: "x", jwt: { claims: "x" } } },
    };
    assert.equal(reason(guardsOf().requireTenant()(text)), "tenant", "a Lambda authorizer's text of that name is none");
    assert.equal(reason(requireTenant()(event(claims()))), "tenant", "the plain guard knows no claim map");
  });

  test(`${version}: without a rule, the tenant of the path is what the route names so`, () => {
    const changes = {
      tenant: { from: { path: true } },
      rules: [{ path: "/t/{tenant}" }, { path: "/me", tenant: "any" }],
    };
    const { requireTenant } = guardsOf(changes);
    const ask = (pathParameters) => reason(requireTenant()(event(claims(), { path: "/t/acme", pathParameters })));
    assert.equal(ask({ tenant: "acme" }), null);
    for (const parameters of [{ tenant: "globex" }, { proxy: "acme" }, {}, null, undefined])
      assert.equal(ask(parameters), "tenant");
    const hosts = guardsOf({ tenant: { from: { host: "{tenant}.api.example.com" } } }).requireTenant();
    assert.equal(hosts(event(claims())), null);
    assert.equal(reason(hosts(event(claims(), { domain: "globex.api.example.com" }))), "tenant");
  });
}

test("HTTP APIs write a list between brackets, and a comma is a character there", () => {
  const { requirePermission } = guardsOf();
  for (const event of [NATIVE["HTTP API 2.0"], NATIVE["HTTP API 1.0"]]) {
    const ask = (permissions, name) => reason(requirePermission(name)(event(claims({ permissions }))));
    assert.equal(ask("[a b]", "a"), null);
    assert.equal(ask("[a b]", "b"), null);
    assert.equal(ask("[a]", "a"), null);
    assert.equal(ask("[a b]", "[a"), "permission_required");
    assert.equal(ask("a,b", "a,b"), null);
    assert.equal(ask("a,b", "a"), "permission_required");
  }
});

test("REST APIs join a list by commas, and a text with spaces too can't be told", () => {
  const { requirePermission } = guardsOf();
  const ask = (permissions, name) => reason(requirePermission(name)(NATIVE["REST API"](claims({ permissions }))));
  assert.equal(ask("a,b", "a"), null);
  assert.equal(ask("a,b", "b"), null);
  assert.equal(ask("a,b", "a,b"), "permission_required");
  for (const text of ["a,b c", "a,", ",a", "a,,b"]) assert.equal(ask(text, "a"), "invalid_token", text);
});

test("the presets have their own issuers and claims, and Cognito's ID tokens their own client", () => {
  const issuers = [
    {
      preset: "cognito",
      region: "eu-west-1",
      userPoolId: "eu-west-1_Ab12",
      clientIds: ["web"],
      tokenUse: ["id", "access"],
    },
    { preset: "auth0", domain: "example.eu.auth0.com", audience: ["orders-api", "x"], tenants: ["acme"] },
    { preset: "tollgate" },
  ];
  const tokens = { issuer: "https://api.example.com", audience: "orders", entitlements: null, clients: [] };
  const { requireTenant, principalOf } = createGuards({ issuers, tokens, rules }, { now });
  const usual = { sub: "u", exp: String(NOW + 60), tenant_id: "acme", org_id: "acme", tid: "acme" };
  const cognito = { ...usual, iss: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12" };
  const id = { ...cognito, token_use: "id", aud: "web", "cognito:groups": "[admin poweruser]" };
  for (const event of Object.values(NATIVE)) {
    const ask = (changes) => reason(requireTenant()(event(changes)));
    assert.equal(ask(id), null);
    assert.equal(ask({ ...cognito, token_use: "access", client_id: "web" }), null);
    assert.equal(ask({ ...cognito, token_use: "access", client_id: "other" }), "invalid_token");
    assert.equal(ask({ ...id, aud: "other" }), "invalid_token");
    assert.equal(ask({ ...id, aud: ["web", "other"] }), "invalid_token", "it could be of either");
    assert.equal(ask({ ...id, token_use: "refresh" }), "invalid_token");
    assert.equal(ask({ ...id, token_use: undefined }), "invalid_token");
    assert.equal(ask({ ...id, tenant_id: undefined }), "tenant", "org_id is Auth0's");
    assert.deepEqual(principalOf(event(id)).groups, ["admin", "poweruser"]);
    const usualUse = { ...issuers[0], tokenUse: undefined };
    const accessOnly = createGuards({ issuers: [usualUse], rules }, { now }).requireTenant();
    assert.equal(
      reason(accessOnly(event(id))),
      "invalid_token",
      "access tokens alone, unless the issuer says otherwise",
    );
    assert.equal(accessOnly(event({ ...cognito, token_use: "access", client_id: "web" })), null);
    const auth0 = {
      ...usual,
      iss: "https://example.eu.auth0.com/",
      aud: "[orders-api https://example.eu.auth0.com/userinfo]",
    };
    assert.equal(ask(auth0), null);
    assert.equal(ask({ ...auth0, aud: "[other]" }), "invalid_token");
    assert.equal(ask({ ...auth0, org_id: "globex" }), "tenant", "not a tenant of this issuer");
    const own = { ...usual, iss: "https://api.example.com", aud: "orders" };
    assert.equal(ask(own), null);
    assert.equal(ask({ ...own, tid: undefined }), "tenant");
  }
  const groups = NATIVE["REST API"]({
    ...id,
    "cognito:groups": "admin,poweruser",
    exp: "Thu Jan 01 00:01:00 UTC 2026",
  });
  assert.deepEqual(principalOf(groups).groups, ["admin", "poweruser"]);
});

test("a configured tenant pattern holds for claims, and one that JavaScript does not read is refused at start", () => {
  const { requireTenant } = guardsOf({ tenant: { pattern: "t[0-9]+|root" } });
  const ask = (tenant_id) => reason(requireTenant()(NATIVE["REST API"](claims({ tenant_id }))));
  for (const tenant of ["t1", "root"]) assert.equal(ask(tenant), null, tenant);
  for (const tenant of ["t", "t1x", "xroot", "rooted", "T1"]) assert.equal(ask(tenant), "tenant", tenant);
  for (const pattern of ["(", "a)|(b", "(?i)a", "[[:alpha:]]", "\\A"]) {
    assert.throws(
      () => guardsOf({ tenant: { pattern } }),
      { code: "config_invalid", member: "tenant.pattern" },
      pattern,
    );
  }
});
