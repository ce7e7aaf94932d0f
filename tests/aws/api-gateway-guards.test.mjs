// requireTenant and requirePermission on AWS's documented events: behind our authorizer, whose own answer is what they are given, and
// behind API Gateway's. Bodies are compared with those of a real gate.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "tollgate";
import { createAuthorizer, createGuards, guarded, requirePermission, requireTenant } from "tollgate/api-gateway";
import { gateConfig, ISSUER, makeKey, NOW, token } from "../node/support/tokens.mjs";
import { DOMAIN, EVENTS, flat, proxyRest, proxyV1, proxyV2, websocketEvent } from "./support/gateway-events.mjs";

const es = makeKey("ES256", "es-1");
const now = () => NOW;
const bearer = (changes) => ["Authorization", `Bearer ${token(es, changes)}`];
const rules = [{ path: "/{*rest}", principals: ["user", "client"] }];
const config = gateConfig([es], { tenant: {}, rules });

/** What our authorizer says of a token. */
async function said(changes = {}, changed = config, asked = {}) {
  const authorize = createAuthorizer(changed, { event: "http", now });
  return (await authorize(EVENTS.http({ ...asked, sent: [bearer(changes), ...(asked.sent ?? [])] }))).context;
}

/** A handler's event of each version, behind a Lambda authorizer with this context. */
const BEHIND = {
  "HTTP API 2.0": (context, asked) => proxyV2({ lambda: context }, asked),
  "HTTP API 1.0": (context, asked) => proxyV1({ claims: null, scopes: null, ...flat(context) }, asked),
  "REST API": (context, asked) => proxyRest(flat(context), asked),
};
const websocket = (context, { sent = [], domain = DOMAIN } = {}) => {
  const { type: _, methodArn: __, ...event } = websocketEvent({ sent, domain });
  return { ...event, requestContext: { ...event.requestContext, authorizer: flat(context) }, isBase64Encoded: false };
};
const EVERY = { ...BEHIND, WebSocket: websocket };

/** Behind API Gateway's own authorizers, whose claims are texts. */
const NATIVE = {
  "HTTP API 2.0": (claims, asked) => proxyV2({ jwt: { claims, scopes: null } }, asked),
  "HTTP API 1.0": (claims, asked) => proxyV1({ claims, scopes: null }, asked),
  "REST API": (claims, asked) => proxyRest({ claims }, asked),
};
const claims = (changes = {}) => ({
  iss: ISSUER,
  aud: "https://api.example",
  sub: "user-1",
  iat: String(NOW - 10),
  exp: String(NOW + 600),
  tenant_id: "acme",
  plan: "pro",
  ...changes,
});
const without = (object, ...names) =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** `null`, or what the guard refuses for. */
const reason = (refusal) => refusal && JSON.parse(refusal.body).type.replace("urn:tollgate:", "");
/** The guard's answer as the gate would have given it. */
const asGate = ({ statusCode, headers, body }) => ({ status: statusCode, headers: Object.entries(headers), body });

function gates(changes) {
  const gate = createGate({ ...config, ...changes }, { now });
  return (tokenChanges) => {
    const headers = Object.fromEntries([bearer(tokenChanges)]);
    const {
      status,
      headers: fields,
      body,
    } = gate.checkSync({ method: "GET", url: `https://${DOMAIN}/orders`, headers });
    return { status, headers: fields, body };
  };
}
const guardsOf = (changes = {}, options = {}) => createGuards({ ...config, ...changes }, { now, ...options });

for (const [version, event] of Object.entries(EVERY)) {
  test(`${version}: our authorizer's context is read, and the tenant, plan and permissions are judged`, async () => {
    const context = await said({ permissions: ["orders:read", "orders:write"], email: "a@b.example", scope: "x" });
    const { requireTenant, requirePermission, principalOf } = guardsOf();
    const proceeds = [
      requireTenant(),
      requireTenant(["pro"]),
      requireTenant(["free", "pro"]),
      requirePermission("orders:read"),
      requirePermission("orders:read", "orders:write"),
    ];
    for (const guard of proceeds) assert.equal(guard(event(context)), null);
    assert.equal(reason(requireTenant(["enterprise"])(event(context))), "plan_required");
    assert.equal(reason(requirePermission("orders:read", "orders:delete")(event(context))), "permission_required");
    assert.deepEqual(principalOf(event(context)), {
      kind: "user",
      userId: "user-1",
      clientId: null,
      tenantId: "acme",
      plan: "pro",
      email: "a@b.example",
      groups: [],
      permissions: ["orders:read", "orders:write"],
      scopes: ["x"],
      issuer: ISSUER,
      expiresAt: NOW + 600,
    });
  });

  test(`${version}: the principal that comes back is the gate's, whatever its texts are [O04]`, async () => {
    const odd = { permissions: ["caf\u00e9", "\u{1f600}", '"\\'], groups: ["a,b", "[c d]", "__proto__"], scope: "a b" };
    const context = await said(odd);
    const decision = createGate(config, { now }).checkSync({
      method: "GET",
      url: "/orders",
      headers: Object.fromEntries([bearer(odd)]),
    });
    assert.deepEqual(guardsOf().principalOf(event(context)), decision.principal);
  });

  test(`${version}: after expiresAt it is refused, with the gate's own 401 [O01]`, async () => {
    const context = await said();
    const at = (time) => guardsOf({}, { now: () => time });
    const expired = gates({})({ exp: NOW - 60 });
    for (const [time, isHeld] of [
      [599, true],
      [599.999, true],
      [600, false],
      [601, false],
      [100_000, false],
    ]) {
      const guards = at(NOW + time);
      for (const guard of [guards.requireTenant(), guards.requirePermission("x")]) {
        const refusal = guard(event({ ...context, permissions: '["x"]' }));
        assert.deepEqual(refusal && asGate(refusal), isHeld ? null : expired, String(time));
      }
      assert.equal(guards.principalOf(event(context)) === null, !isHeld);
    }
    for (const expiresAt of [
      undefined,
      null,
      "",
      "soon",
      "1e12",
      "-1",
      "0x10",
      " 1",
      NOW + 600,
      String((NOW + 600) * 1000),
      "NaN",
      "Infinity",
    ]) {
      assert.equal(reason(guardsOf().requireTenant()(event({ ...context, expiresAt }))), "tenant", String(expiresAt));
    }
  });

  test(`${version}: a context of neither kind is a 403, and there is no default tenant`, async () => {
    const context = await said();
    const { requireTenant, requirePermission, principalOf } = guardsOf();
    const tenant = gates({})({ tenant_id: undefined });
    const permission = gates({ rules: [{ ...rules[0], permissions: { all: ["a"] } }] })({});
    const broken = [
      {},
      without(context, "tenantId"),
      without(context, "userId"),
      without(context, "permissions"),
      without(context, "issuer"),
      without(context, "rule"),
      { ...context, tenantId: "" },
      { ...context, tenantId: 7 },
      { ...context, tenantId: ["acme"] },
      { ...context, tenantId: "acme\n" },
      { ...context, plan: 7 },
      { ...context, rule: 7 },
      { ...context, groups: "a b" },
      { ...context, groups: "{}" },
      { ...context, permissions: '"orders"' },
      { ...context, permissions: "[1]" },
      { ...context, permissions: '[""]' },
      { ...context, scopes: ["a"] },
      { principalId: "user-1", userId: "user-1", tenantId: "acme" },
    ];
    for (const one of broken) assert.deepEqual(asGate(requireTenant()(event(one))), tenant, JSON.stringify(one));
    for (const none of [undefined, null, "acme", [], 7]) {
      const bare = { ...event({}), requestContext: { ...event({}).requestContext, authorizer: none } };
      assert.deepEqual(asGate(requireTenant()(bare)), tenant);
      assert.deepEqual(asGate(requirePermission("a")(bare)), permission);
      assert.equal(principalOf(bare), null);
    }
    for (const odd of [undefined, null, {}, { requestContext: null }, []]) {
      assert.deepEqual(asGate(requireTenant()(odd)), tenant);
    }
  });

  test(`${version}: the top-level guards read it too, by the machine's clock`, async () => {
    const context = { ...(await said()), expiresAt: String(Date.now() / 1000 + 60), permissions: '["a"]' };
    assert.equal(requireTenant()(event(context)), null);
    assert.equal(requirePermission("a")(event(context)), null);
    assert.equal(reason(requireTenant(["free"])(event(context))), "plan_required");
    assert.equal(reason(requirePermission("b")(event(context))), "permission_required");
    assert.equal(
      reason(requireTenant()(event({ ...context, expiresAt: String(Date.now() / 1000 - 1) }))),
      "invalid_token",
    );
  });
}

test("bodies and header fields are the gate's, byte for byte", async () => {
  const { requireTenant, requirePermission } = guardsOf();
  const plans = ["pro", "enterprise", 'caf\u00e9 "\\/\u2028\x7f'];
  const permissions = ["orders:write", 'caf\u00e9 "\\/\u2028\n'];
  const planned = gates({ rules: [{ ...rules[0], plans }] });
  for (const plan of ["free", undefined]) {
    const refusal = requireTenant(plans)(BEHIND["REST API"](await said({ plan })));
    assert.deepEqual(asGate(refusal), planned({ plan }));
  }
  for (const plan of ["caf\u00e9", 'a"\\\u2028']) {
    const refusal = requireTenant(plans)(NATIVE["REST API"](claims({ plan })));
    assert.deepEqual(asGate(refusal), planned({ plan }));
  }
  const permitted = gates({ rules: [{ ...rules[0], permissions: { all: permissions } }] });
  const refusal = requirePermission(...permissions)(BEHIND["HTTP API 2.0"](await said()));
  assert.deepEqual(asGate(refusal), permitted({}));
  const host = { tenant: { from: { host: "{tenant}.api.example.com" } } };
  const other = guardsOf(host).requireTenant()(BEHIND["REST API"](await said(), { domain: "globex.api.example.com" }));
  assert.deepEqual(asGate(other), gates(host)({ tenant_id: "globex" }));
});

test("plans and permissions are compared whole, and prototype names are names", async () => {
  const { requireTenant, requirePermission } = guardsOf();
  const context = await said({ plan: "pro", permissions: ["orders:read", "__proto__"] });
  for (const event of Object.values(EVERY)) {
    for (const plan of ["Pro", "pr", "prov", "pro ", " pro", "*", "__proto__", "constructor", "toString"]) {
      assert.equal(reason(requireTenant([plan])(event(context))), "plan_required", plan);
    }
    for (const name of [
      "orders",
      "orders:",
      "orders:rea",
      "orders:reads",
      "Orders:read",
      "*",
      "constructor",
      "length",
      "0",
    ]) {
      assert.equal(reason(requirePermission(name)(event(context))), "permission_required", name);
    }
    assert.equal(requirePermission("__proto__")(event(context)), null);
    for (const plan of ["__proto__", "constructor"]) {
      assert.equal(requireTenant([plan])(event({ ...context, plan })), null, plan);
      assert.equal(reason(requireTenant(["pro"])(event({ ...context, plan }))), "plan_required");
    }
    assert.equal(reason(requireTenant(["pro"])(event(without(context, "plan")))), "plan_required", "absent");
    const inherited = Object.assign(Object.create({ tenantId: "acme" }), without(context, "tenantId"));
    assert.equal(reason(requireTenant()(event(inherited))), "tenant");
  }
});

test("lists that ask for nothing are refused at start", () => {
  const { requireTenant, requirePermission } = guardsOf();
  for (const plans of [[], [""], ["pro", ""], [7], "pro", null, {}]) {
    assert.throws(() => requireTenant(plans), { code: "config_invalid", member: "allowedPlans" });
  }
  for (const names of [[], [""], [7], [["a"]], [null]]) {
    assert.throws(() => requirePermission(...names), { code: "config_invalid", member: "permissions" });
  }
});

test("a clock that can't be read lets nobody through, and answers as the gate does", async () => {
  const context = await said();
  const failing = () => {
    throw new Error("clock");
  };
  for (const clock of [() => Number.NaN, () => 0, () => -1, () => NOW * 1000, () => String(NOW), failing]) {
    const refusal = guardsOf({}, { now: clock }).requireTenant()(BEHIND["REST API"](context));
    const gate = createGate(config, { now: () => Number.NaN });
    const { status, headers, body } = gate.checkSync({
      method: "GET",
      url: "/",
      headers: Object.fromEntries([bearer()]),
    });
    assert.deepEqual(asGate(refusal), { status, headers, body });
  }
});

test("the tenant asked for by host is compared again, in every version", async () => {
  const from = { host: "{tenant}.api.example.com", hosts: { "api.acme.example": "acme", constructor: "globex" } };
  const changes = { tenant: { from } };
  const context = await said({}, { ...config, ...changes });
  const { requireTenant } = guardsOf(changes);
  for (const [version, event] of Object.entries(EVERY)) {
    const ask = (domain, ...hosts) =>
      reason(requireTenant()(event(context, { domain, sent: hosts.map((host) => ["Host", host]) })));
    for (const domain of ["acme.api.example.com", "ACME.api.example.com", "api.acme.example"]) {
      assert.equal(ask(domain), null, `${version} ${domain}`);
    }
    assert.equal(ask("acme.api.example.com", "Acme.API.example.com.:443"), null);
    const others = [
      "globex.api.example.com",
      "api.example.com",
      ".api.example.com",
      "x.acme.api.example.com",
      "constructor",
    ];
    for (const domain of [
      ...others,
      "acme.api.example.org",
      "acme",
      "",
      "acmeapi.example.com",
      "acme.api.example.com.evil",
    ]) {
      assert.equal(ask(domain), "tenant", `${version} ${domain}`);
    }
    assert.equal(ask("acme.api.example.com", "globex.api.example.com"), "tenant", "they disagree");
    assert.equal(ask("globex.api.example.com", "acme.api.example.com"), "tenant", "they disagree");
    assert.equal(ask("acme.api.example.com", "acme.api.example.com", "globex.api.example.com"), "tenant");
    const dotted = event({ ...context, tenantId: "x.acme" }, { domain: "x.acme.api.example.com" });
    assert.equal(reason(requireTenant()(dotted)), "tenant", "a tenant is one label");
  }
});

test("the tenant asked for by a header field is compared again, in every version", async () => {
  const changes = { tenant: { from: { header: "X-Tenant" } } };
  const context = await said({}, { ...config, ...changes }, { sent: [["x-tenant", "acme"]] });
  const { requireTenant } = guardsOf(changes);
  for (const [version, event] of Object.entries(EVERY)) {
    const ask = (...sent) => reason(requireTenant()(event(context, { sent })));
    for (const name of ["x-tenant", "X-Tenant", "X-TENANT"]) assert.equal(ask([name, "acme"]), null, version);
    for (const value of ["globex", "Acme", "acme ", "acme,globex", ""])
      assert.equal(ask(["x-tenant", value]), "tenant", value);
    assert.equal(ask(), "tenant", `${version}: absent`);
    assert.equal(ask(["x-tenant", "acme"], ["x-tenant", "acme"]), "tenant", `${version}: twice`);
    assert.equal(ask(["x-tenant", "acme"], ["X_Tenant", "acme"]), "tenant", `${version}: in two spellings`);
    assert.equal(ask(["x_tenant", "acme"]), "tenant");
  }
});

test("the tenant asked for in the path is compared again, where the rule has it", async () => {
  const path = [{ path: "/t/{tenant}/files/{*rest}" }, { path: "/caf%C3%A9/{tenant}" }, { path: "/me", tenant: "any" }];
  const changes = { tenant: { from: { path: true } }, rules: path };
  const ask = async (version, asked, rule, options = {}) => {
    const guards = guardsOf(changes, options);
    const context = await said({}, { ...config, ...changes }, { path: "/t/acme/files/1" });
    return reason(guards.requireTenant()(BEHIND[version]({ ...context, rule }, asked)));
  };
  const [files, cafe] = path.map((rule) => rule.path);
  for (const version of Object.keys(BEHIND)) {
    for (const one of ["/t/acme/files/1/2", "/t/acme/files/", "/t/acme/files"]) {
      assert.equal(await ask(version, { path: one }, files), null, `${version} ${one}`);
    }
    const others = [
      "/t/globex/files/1",
      "/t//files/1",
      "/t/acme",
      "/x/acme/files/1",
      "/t/acme/other/1",
      "/acme/t/files/1",
      "/t/Acme/files/1",
    ];
    for (const one of others) assert.equal(await ask(version, { path: one }, files), "tenant", `${version} ${one}`);
    const encoded = version === "REST API" ? "caf%C3%A9" : "caf\u00e9";
    assert.equal(await ask(version, { path: `/${encoded}/acme` }, cafe), null, version);
    assert.equal(await ask(version, { path: `/${encoded}/acme/x` }, cafe), "tenant", version);
    assert.equal(await ask(version, { path: "/t/acme/files/1" }, "/{*rest}"), "tenant", "a rule without the segment");
    assert.equal(await ask(version, { path: "/me" }, "/me"), null, "a rule that compares none");
    const mapping = { basePath: "/v1", stage: "prod" };
    assert.equal(await ask(version, { path: "/v1/prod/t/acme/files/1" }, files, mapping), null);
    assert.equal(await ask(version, { path: "/t/acme/files/1" }, files, mapping), "tenant", "the mapping is absent");
  }
});

test("a rule's tenant: any holds for the methods of that rule only", async () => {
  const two = [
    { path: "/orders", methods: ["GET"], tenant: "any" },
    { path: "/orders", methods: ["POST"] },
  ];
  const changes = { tenant: { from: { header: "x-tenant" } }, rules: two };
  const context = await said({}, { ...config, ...changes });
  const { requireTenant } = guardsOf(changes);
  for (const event of Object.values(BEHIND)) {
    for (const [method, expected] of [
      ["GET", null],
      ["HEAD", null],
      ["POST", "tenant"],
      ["PUT", "tenant"],
    ]) {
      assert.equal(reason(requireTenant()(event(context, { method }))), expected, method);
    }
  }
});

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

test("guards are made of the configuration's own members only", () => {
  for (const [changed, member] of [
    [{ rules }, "issuers"],
    [{ issuers: config.issuers }, "rules"],
    [null, ""],
    [[], ""],
  ]) {
    assert.throws(() => createGuards(changed), { code: "config_invalid", member });
  }
  assert.throws(() => createGuards({ issuers: [{}], rules }), { code: "config_invalid", member: "issuers[0].issuer" });
  assert.throws(() => createGuards(config, { stage: "$default" }), { code: "config_invalid", member: "options.stage" });
});

test("guarded calls the handler when every guard lets it, and answers for the first that does not", async () => {
  const { requireTenant, requirePermission } = guardsOf();
  const calls = [];
  const handler = guarded(
    requireTenant(["pro"]),
    requirePermission("a"),
  )(async (event, context) => {
    calls.push([event, context]);
    return { statusCode: 200, body: "done" };
  });
  const good = BEHIND["HTTP API 2.0"](await said({ permissions: ["a"] }));
  const lambda = { awsRequestId: "1" };
  assert.deepEqual(await handler(good, lambda), { statusCode: 200, body: "done" });
  assert.deepEqual(calls, [[good, lambda]]);
  const refusals = [
    [{ plan: "free" }, "plan_required"],
    [{}, "permission_required"],
  ];
  for (const [changes, expected] of refusals) {
    assert.equal(reason(await handler(BEHIND["HTTP API 2.0"](await said(changes)), lambda)), expected);
  }
  assert.equal(calls.length, 1);
  await assert.rejects(guarded()(() => Promise.reject(new Error("inner")))(good, lambda), /inner/);
  assert.equal(guarded()((event) => event)(good, lambda) instanceof Promise, true);
});
