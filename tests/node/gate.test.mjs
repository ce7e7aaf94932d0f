// createGate by its public name: shapes of requests and decisions, and that nothing a client sends makes it throw.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "tollgate";
import { allowed, denied, rejectsCode, throwsCode } from "./support/assert.mjs";
import { gateConfig, makeKey, NOW, token } from "./support/tokens.mjs";

const es = makeKey("ES256", "es-1");
const config = gateConfig([es]);
const hooks = { now: () => NOW };
const gate = createGate(config, hooks);
const HOST = "acme.api.example.com";
const URL_OF = (path) => `https://${HOST}${path}`;
const bearer = (text) => ({ authorization: `Bearer ${text}` });
const header = (decision, name) => decision.headers.find(([field]) => field.toLowerCase() === name)?.[1];

test("allows a pro tenant on a pro route, and says who asks and what the origin is told", () => {
  const decision = allowed(gate.checkSync({ method: "GET", url: URL_OF("/reports/7"), headers: bearer(token(es)) }));
  assert.equal(decision.rule, "/reports/{*rest}");
  assert.equal(decision.principal.tenantId, "acme");
  const set = Object.fromEntries(decision.setHeaders);
  assert.ok(set["x-tollgate-user"].includes("user-1"));
  assert.ok(set["x-tollgate-tenant"].includes("acme"));
  assert.ok(set["x-tollgate-plan"].includes("pro"));
  assert.ok(decision.removeHeaders.includes("authorization"));
  assert.deepEqual(
    Object.keys(decision).sort(),
    ["outcome", "principal", "removeHeaders", "rule", "setHeaders"],
    "nothing of the core's own shows",
  );
});

test("each kind of refusal has its status, headers and a problem+json body", async () => {
  const free = token(es, { plan: "free" });
  const cases = [
    [{ url: URL_OF("/orders"), headers: {} }, "no_credential", 401],
    [{ url: URL_OF("/orders"), headers: { authorization: "Bearer" } }, "malformed_credential", 400],
    [{ url: URL_OF("/orders"), headers: { authorization: ["Bearer a", "Bearer b"] } }, "several_credentials", 400],
    [{ url: URL_OF("/orders"), headers: bearer("a.b") }, "malformed_token", 401],
    [{ url: URL_OF("/orders"), headers: bearer(token(es, { exp: NOW - 60 })) }, "token_expired", 401],
    [{ url: URL_OF("//reports/x"), headers: bearer(token(es)) }, "bad_path", 400],
    [{ url: URL_OF("/Reports/x"), headers: bearer(free) }, "bad_path", 400],
    [{ url: URL_OF("/reports/x"), headers: bearer(free) }, "plan_required", 403],
    [{ url: "https://globex.api.example.com/orders", headers: bearer(token(es)) }, "tenant_mismatch", 403],
    [{ url: URL_OF(`/${"a".repeat(8192)}`), headers: bearer(token(es)) }, "target_too_long", 414],
  ];
  for (const [request, code, status] of cases) {
    const sync = denied(gate.checkSync({ method: "GET", ...request }), code, status, code);
    assert.deepEqual(await gate.check({ method: "GET", ...request }), sync);
    assert.equal(header(sync, "content-type"), "application/problem+json");
    assert.match(header(sync, "cache-control"), /no-store/);
    assert.equal(JSON.parse(sync.body).status, status);
    const challenged = status === 401 || /credential/.test(code);
    assert.equal(header(sync, "www-authenticate") !== undefined, challenged, code);
  }
  const plan = JSON.parse(gate.checkSync({ method: "GET", url: URL_OF("/reports/x"), headers: bearer(free) }).body);
  assert.deepEqual(plan.required_plans, ["pro", "enterprise"]);
  assert.equal(plan.current_plan, "free");
});

test("a public rule reads no credential and still strips identity headers", () => {
  const headers = {
    "x-tollgate-user": "evil",
    X_Tollgate_Tenant: "evil",
    "X-Tollgate-Plan": ["a", "b"],
    ...bearer("rubbish"),
  };
  const decision = allowed(gate.checkSync({ method: "GET", url: URL_OF("/health"), headers }));
  assert.equal(decision.principal, null);
  const removed = decision.removeHeaders.map((name) => name.toLowerCase());
  for (const name of ["x-tollgate-user", "x_tollgate_tenant", "x-tollgate-plan"])
    assert.ok(removed.includes(name), name);
});

test("a Request, a Headers object, a Map and plain records are read alike", async () => {
  const text = token(es);
  const url = URL_OF("/orders?x=1");
  const shapes = [
    new Request(url, { headers: bearer(text) }),
    { method: "GET", url, headers: new Headers(bearer(text)) },
    { method: "GET", url, headers: bearer(text) },
    { method: "GET", url, headers: { Authorization: [`Bearer ${text}`], cookie: undefined } },
    { method: "GET", url, headers: new Map([["authorization", `Bearer ${text}`]]) },
    { method: "GET", url, headers: Object.assign(Object.create(null), bearer(text)) },
    { method: "GET", url: "/orders?x=1", headers: { host: HOST, ...bearer(text) } },
  ];
  for (const shape of shapes) {
    assert.equal(allowed(gate.checkSync(shape)).principal.userId, "user-1");
    assert.equal(allowed(await gate.check(shape)).principal.userId, "user-1");
  }
});

test("the raw target is judged, not a tidied one", () => {
  for (const path of [
    "/x/../reports/y",
    "/x/%2e%2e/reports/y",
    "/%72eports/x",
    "/reports;v=1/x",
    "/x/..%2freports/y",
  ]) {
    denied(
      gate.checkSync({ method: "GET", url: path, headers: { host: HOST, ...bearer(token(es)) } }),
      "bad_path",
      400,
      path,
    );
  }
});

test("a host in the url that disagrees with Host is refused", () => {
  const request = {
    method: "GET",
    url: URL_OF("/orders"),
    headers: { host: "globex.api.example.com", ...bearer(token(es)) },
  };
  denied(gate.checkSync(request), "bad_host", 400);
});

test("a line feed in a header can't become another header", () => {
  const text = token(es);
  const smuggled = [
    { "x-note": `a\nauthorization\nBearer ${text}` },
    { "x-note\na\nauthorization": `Bearer ${text}` },
    { "x-note": "a\n" },
    { "x-note\n": "a" },
    { "": "a" },
    { "x-note": `a\r\nauthorization: Bearer ${text}` },
  ];
  for (const headers of smuggled) {
    const decision = gate.checkSync({ method: "GET", url: URL_OF("/orders"), headers });
    assert.equal(decision.outcome, "deny", JSON.stringify(headers));
    assert.equal(decision.status, decision.code === "no_credential" ? 401 : 400);
  }
});

test("the number of headers is bounded: 128 pass, 129 are 431", () => {
  const many = (count) => Object.fromEntries(Array.from({ length: count - 1 }, (_, index) => [`x-${index}`, "1"]));
  const request = (count) => ({
    method: "GET",
    url: URL_OF("/orders"),
    headers: { ...many(count), ...bearer(token(es)) },
  });
  allowed(gate.checkSync(request(128)));
  denied(gate.checkSync(request(129)), "header_fields_too_large", 431);
  denied(gate.checkSync(request(100_000)), "header_fields_too_large", 431);
});

test("[N05] 100 MiB in any part of a request is refused in bounded time, and the next request passes", () => {
  const huge = "a".repeat(100 * 1024 * 1024);
  const good = { method: "GET", url: URL_OF("/orders"), headers: bearer(token(es)) };
  const started = performance.now();
  denied(gate.checkSync({ ...good, method: huge }), "bad_request", 400);
  denied(gate.checkSync({ ...good, url: URL_OF(`/${huge}`) }), "target_too_long", 414);
  denied(gate.checkSync({ ...good, headers: bearer(huge) }), "header_fields_too_large", 431);
  denied(gate.checkSync({ ...good, headers: { [huge]: "x" } }), "header_fields_too_large", 431);
  denied(gate.checkSync({ ...good, headers: { cookie: Array(1000).fill(huge) } }), "header_fields_too_large", 431);
  assert.ok(performance.now() - started < 20_000);
  allowed(gate.checkSync(good));
});

test("[N04] a lone surrogate in a request is refused", () => {
  const good = { method: "GET", url: URL_OF("/orders"), headers: bearer(token(es)) };
  allowed(gate.checkSync(good));
  for (const odd of ["\ud800", "\udfff"]) {
    assert.equal(gate.checkSync({ ...good, method: `GE${odd}` }).status, 400);
    assert.equal(gate.checkSync({ ...good, url: `${good.url}?${odd}` }).status, 400);
    assert.equal(gate.checkSync({ ...good, headers: { ...good.headers, "x-a": odd } }).status, 400);
    assert.equal(gate.checkSync({ ...good, headers: { ...good.headers, [odd]: "a" } }).status, 400);
  }
});

test("check and checkSync never throw on what a client or a careless host hands over", async () => {
  const throwing = new Proxy(
    {},
    {
      get() {
        throw new Error("trap");
      },
      ownKeys() {
        throw new Error("trap");
      },
    },
  );
  const method = "GET";
  const url = URL_OF("/orders");
  const odd = [
    null,
    undefined,
    7,
    "GET /",
    [],
    {},
    throwing,
    { method, url },
    { method, url, headers: null },
    { method, url, headers: 7 },
    { method, url, headers: "a: b" },
    { method, url, headers: [["authorization", "Bearer x"]] },
    { method, url, headers: throwing },
    { method, url, headers: { authorization: null } },
    { method, url, headers: { authorization: 7 } },
    { method, url, headers: { authorization: [null] } },
    { method, url, headers: { authorization: { toString: () => "x" } } },
    { method, url, headers: { get: () => "x", entries: () => 7 } },
    {
      method,
      url,
      headers: {
        get() {},
        *entries() {
          yield 7;
        },
      },
    },
    {
      method,
      url,
      headers: {
        get() {},
        *entries() {
          yield [1, 2];
        },
      },
    },
    { method: null, url, headers: {} },
    { method: 7, url, headers: {} },
    { method: "", url, headers: {} },
    { method: "G T", url, headers: {} },
    { method, url: null, headers: {} },
    { method, url: "", headers: {} },
    { method, url: new URL(url), headers: {} },
    { method, url: "orders", headers: {} },
    { method, url: "http://", headers: {} },
    { method, url: "https://[::1", headers: {} },
    { method, url: "*", headers: {} },
  ];
  for (const request of odd) {
    for (const decision of [gate.checkSync(request), await gate.check(request)]) {
      assert.equal(decision.outcome, "deny");
      assert.ok(decision.status >= 400 && decision.status < 500, JSON.stringify(decision));
    }
  }
  allowed(gate.checkSync({ method, url, headers: bearer(token(es)) }));
});

test("a bad clock lets nothing through", async () => {
  for (const clock of [0, Number.NaN, NOW * 1000, "now"]) {
    const odd = createGate(config, { now: () => clock });
    const request = { method: "GET", url: URL_OF("/orders"), headers: bearer(token(es)) };
    for (const decision of [odd.checkSync(request), await odd.check(request)]) {
      assert.notEqual(decision.outcome, "allow");
      assert.equal(decision.code, "clock_invalid");
    }
  }
});

test("every check makes one decision event, with the exact code", async () => {
  const events = [];
  const watched = createGate(config, { ...hooks, onEvent: (event) => events.push(event) });
  const request = (path, headers) => ({ method: "GET", url: URL_OF(path), headers });
  watched.checkSync(request("/orders", bearer(token(es))));
  await watched.check(request("/orders", bearer(token(es, { exp: NOW - 60 }))));
  watched.checkSync(request("/health", {}));
  assert.deepEqual(events.shift().type, "core_started");
  assert.deepEqual(events, [
    { type: "decision", outcome: "allow", code: null, rule: "/{*rest}", status: null },
    { type: "decision", outcome: "deny", code: "token_expired", rule: null, status: 401 },
    { type: "decision", outcome: "allow", code: null, rule: "/health", status: null },
  ]);
});

test("an onEvent hook that throws or rejects changes no decision", async () => {
  const request = { method: "GET", url: URL_OF("/orders"), headers: bearer(token(es)) };
  const throwing = createGate(config, {
    ...hooks,
    onEvent: () => {
      throw new Error("listener");
    },
  });
  const rejecting = createGate(config, { ...hooks, onEvent: async () => Promise.reject(new Error("listener")) });
  for (const odd of [throwing, rejecting]) {
    assert.deepEqual(odd.checkSync(request), gate.checkSync(request));
    assert.deepEqual(await odd.check(request), gate.checkSync(request));
    denied(odd.checkSync({ ...request, headers: {} }), "no_credential", 401);
  }
  await new Promise((turn) => setTimeout(turn, 10));
});

test("an onEvent hook may use the gate it listens to", () => {
  let depth = 0;
  const request = { method: "GET", url: URL_OF("/orders"), headers: bearer(token(es)) };
  const nested = createGate(config, {
    ...hooks,
    onEvent: ({ type }) => {
      if (type !== "decision") return;
      depth += 1;
      if (depth < 3) allowed(nested.checkSync(request));
    },
  });
  allowed(nested.checkSync(request));
  assert.equal(depth, 3);
});

test("with cors, a preflight is answered and an allowed request carries response headers", () => {
  const origins = ["https://app.example.com"];
  const cors = createGate({ ...config, cors: { origins, credentials: true } }, hooks);
  const asks = { origin: origins[0], "access-control-request-method": "PUT" };
  const preflight = cors.checkSync({ method: "OPTIONS", url: URL_OF("/orders"), headers: asks });
  assert.equal(preflight.outcome, "deny");
  assert.ok(preflight.status === 204 || preflight.status === 200);
  assert.equal(header(preflight, "access-control-allow-origin"), origins[0]);
  const passed = allowed(
    cors.checkSync({ method: "GET", url: URL_OF("/orders"), headers: { origin: origins[0], ...bearer(token(es)) } }),
  );
  assert.equal(Object.fromEntries(passed.responseHeaders)["access-control-allow-origin"], origins[0]);
});

test("a refusal is what new Response takes, a preflight too", async () => {
  const cors = createGate({ ...config, cors: { origins: ["https://app.example.com"] } }, hooks);
  const asks = { origin: "https://app.example.com", "access-control-request-method": "PUT" };
  const cases = [
    [{ method: "OPTIONS", url: URL_OF("/orders"), headers: asks }, 204],
    [{ method: "GET", url: URL_OF("/orders"), headers: {} }, 401],
  ];
  for (const [request, status] of cases) {
    const decision = cors.checkSync(request);
    const response = new Response(decision.body || null, decision);
    assert.equal(response.status, status);
    for (const [name, value] of decision.headers) assert.ok(response.headers.get(name).includes(value));
    assert.equal(await response.text(), decision.body);
  }
});

test("a closed gate refuses to be used", async () => {
  const closing = createGate(config, hooks);
  closing.close();
  throwsCode("closed", () => closing.checkSync({ method: "GET", url: "/", headers: {} }));
  await rejectsCode("closed", closing.check({ method: "GET", url: "/", headers: {} }));
});

test("a refusal names up to a hundred plans, permissions, groups or scopes, and none of more", () => {
  const ask = (rule, claims = {}) => {
    const named = createGate(gateConfig([es], { rules: [{ path: "/{*rest}", ...rule }] }), hooks);
    return named.checkSync({ method: "GET", url: URL_OF("/orders"), headers: bearer(token(es, claims)) });
  };
  const texts = (count) => Array.from({ length: count }, (_, index) => `text-${index}`);
  const members = { plans: "required_plans", permissions: "required_permissions", groups: "required_groups" };
  for (const [member, name] of Object.entries(members)) {
    const rule = (count) => ({
      [member]: member === "plans" ? texts(count) : { all: texts(1), any: texts(count).slice(1) },
    });
    assert.deepEqual(JSON.parse(ask(rule(100)).body)[name], texts(100), member);
    assert.equal(JSON.parse(ask(rule(101)).body)[name], null, member);
  }
  const challenge = (count) => new Headers(ask({ scopes: { any: texts(count) } }).headers).get("www-authenticate");
  assert.match(challenge(100), /, scope="text-0 .* text-99"$/);
  assert.equal(challenge(101), 'Bearer realm="api", error="insufficient_scope"');
});
