// requireTenant and requirePermission on AWS's documented events, behind our authorizer, whose own answer is what they are given. Bodies
// are compared with those of a real gate.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { createGate } from "tollgate";
import { createGuards, guarded, requirePermission, requireTenant } from "tollgate/api-gateway";
import { ISSUER, NOW } from "../node/support/tokens.mjs";
import {
  asGate,
  BEHIND,
  bearer,
  claims,
  config,
  EVERY,
  gates,
  guardsOf,
  NATIVE,
  now,
  reason,
  rules,
  said,
  without,
} from "./support/guards.mjs";

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

test("a WebSocket's message has the context of $connect, and no fields that could name a tenant", async () => {
  for (const [from, expected] of [
    [undefined, null],
    [{ host: "{tenant}.api.example.com" }, null],
    [{ header: "x-tenant" }, "tenant"],
  ]) {
    const changes = { tenant: from ? { from } : {} };
    const context = await said({}, { ...config, ...changes }, { sent: [["X-Tenant", "acme"]] });
    const { headers: _, multiValueHeaders: __, requestContext, ...event } = EVERY.WebSocket(context);
    const message = { ...event, requestContext: { ...requestContext, eventType: "MESSAGE", routeKey: "$default" } };
    assert.equal(reason(guardsOf(changes).requireTenant()(message)), expected);
    const late = { ...changes, ...config, tenant: {} };
    const { expiresAt } = context;
    assert.equal(reason(guardsOf(late, { now: () => Number(expiresAt) }).requireTenant()(message)), "invalid_token");
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

test("a rule's tenant: any holds for its own path only, whatever was cached [O02]", async () => {
  const open = { tenant: { from: { header: "x-tenant" } }, rules: [{ path: "/me/{*rest}", tenant: "any" }, ...rules] };
  const context = await said({}, { ...config, ...open }, { path: "/me/a" });
  for (const event of Object.values(BEHIND)) {
    const ask = (path, tenant, options) =>
      reason(guardsOf(open, options).requireTenant()(event(context, { path, sent: [["X-Tenant", tenant]] })));
    for (const path of ["/me/a", "/me/b/c"]) assert.equal(ask(path, "globex"), null, path);
    for (const path of ["/orders", "/me2/a", "/Me/a", "/", "", "/prod/me/a"]) {
      assert.equal(ask(path, "globex"), "tenant", path);
      assert.equal(ask(path, "acme"), null, path);
    }
    assert.equal(ask("/prod/me/a", "globex", { stage: "prod" }), null);
    assert.equal(ask("/me/a", "globex", { stage: "prod" }), "tenant");
  }
  const nearest = ["/", "/a", "/a/b", "/{one}/c", "/a/{two}", "/x/{*rest}"].map((path) => ({ path }));
  const widest = { ...open, rules: [{ path: "/{*rest}", tenant: "any" }, ...nearest] };
  const kept = { ...context, rule: "/{*rest}" };
  for (const event of Object.values(BEHIND)) {
    const ask = (path) =>
      reason(guardsOf(widest).requireTenant()(event(kept, { path, sent: [["X-Tenant", "globex"]] })));
    for (const path of ["/b", "/A", "/a/", "/a/b/c", "/b/d", "/b/c/d"]) assert.equal(ask(path), null, path);
    for (const path of ["/", "/a", "/a/b", "/a/d", "/b/c", "/x", "/x/", "/x/y/z"])
      assert.equal(ask(path), "tenant", path);
  }
  const connect = { ...open, rules: [{ path: "/$connect", tenant: "any" }] };
  assert.equal(guardsOf(connect).requireTenant()(EVERY.WebSocket({ ...context, rule: "/$connect" })), null);
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

test("a misspelt member of what guards read is refused at start, and each of the schema's is known", () => {
  const { $defs, properties } = JSON.parse(
    readFileSync(createRequire(import.meta.url).resolve("tollgate/schema.json")),
  );
  const [given] = config.issuers;
  const issuer = { ...given, clientIds: ["web"] };
  const from = { header: "x-tenant" };
  const places = [
    ["", properties, config, (root) => root],
    ["tenant.", $defs.Tenant.properties, { from }, (tenant) => ({ ...config, tenant })],
    ["tenant.from.", $defs.TenantFrom.properties, from, (from) => ({ ...config, tenant: { from } })],
    ["issuers[0].", $defs.Issuer.properties, issuer, (issuer) => ({ ...config, issuers: [issuer] })],
    [
      "issuers[0].claims.",
      $defs.ClaimNames.properties,
      {},
      (claims) => ({ ...config, issuers: [{ ...issuer, claims }] }),
    ],
  ];
  for (const [at, known, held, whole] of places) {
    for (const name of Object.keys(known)) {
      createGuards(whole({ ...held, [name]: held[name] ?? null }));
      const [misspelt, code] = [`${name}s_`, "config_invalid"];
      assert.throws(() => createGuards(whole({ ...held, [misspelt]: held[name] ?? null })), {
        code,
        member: `${at}${misspelt}`,
      });
    }
    for (const wrong of ["x", [], 7]) {
      if (at !== "")
        assert.throws(() => createGuards(whole(wrong)), { code: "config_invalid", member: at.slice(0, -1) });
    }
  }
  assert.throws(() => createGuards({ ...config, issuers: [null] }), { code: "config_invalid", member: "issuers[0]" });
  const { audience: _, clientIds: __, ...nobodys } = issuer;
  const member = "issuers[0].audience";
  assert.throws(() => createGuards({ ...config, issuers: [nobodys] }), { code: "config_invalid", member });
  for (const one of [{ audience: "x" }, { clientIds: ["x"] }]) {
    createGuards({ ...config, issuers: [{ ...nobodys, ...one }] });
  }
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
