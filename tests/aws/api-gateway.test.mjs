// The authorizer on AWS's documented events: which request it sees in each, and what it answers. Starts no runtime client;
// api-gateway-zip.test.mjs does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "tollgate";
import { createAuthorizer } from "tollgate/api-gateway";
import { gateConfig, issuerConfig, makeKey, NOW, token } from "../node/support/tokens.mjs";
import {
  arn,
  DOMAIN,
  EVENTS,
  http1Event,
  httpEvent,
  restEvent,
  tokenEvent,
  websocketEvent,
} from "./support/gateway-events.mjs";

const es = makeKey("ES256", "es-1");
const COOKIE = "__Host-access_token";
const now = () => NOW;
const KINDS = Object.keys(EVENTS);
const bearer = (changes) => ["Authorization", `Bearer ${token(es, changes)}`];

/** Rules that every kind can be asked for; the tenant is compared nowhere, so that TOKEN can serve them. */
const config = gateConfig([es], {
  tenant: {},
  rules: [
    { path: "/health", methods: ["GET"], public: true },
    { path: "/reports/{*rest}", plans: ["enterprise"] },
    { path: "/{*rest}", encodedSlash: "pass" },
  ],
});
const withCookie = { ...config, credentials: { cookie: { name: COOKIE, origins: ["https://app.example.com"] } } };
const byHost = { ...config, tenant: { from: { host: "{tenant}.api.example.com" } } };

const authorizer = (event, changed = config, options = {}) => createAuthorizer(changed, { event, now, ...options });
const isAllowed = (result) => result.isAuthorized ?? result.policyDocument.Statement[0].Effect === "Allow";
/** `allow`, `deny code`, or what was thrown. */
const outcome = async (authorize, event) => {
  try {
    const result = await authorize(event);
    return isAllowed(result) ? "allow" : `deny ${result.context.code}`;
  } catch (error) {
    return error.message;
  }
};
const is = async (expected, authorize, event, why) => assert.equal(await outcome(authorize, event), expected, why);

for (const kind of KINDS) {
  test(`${kind}: allows with the identity as texts, and nothing but what was asked [O02]`, async () => {
    const event = EVENTS[kind]({
      sent: [bearer({ permissions: ["orders:read"], scope: "a b", email: "a@b.example" })],
    });
    const result = await authorizer(kind)(event);
    assert.deepEqual(result.context, {
      userId: "user-1",
      tenantId: "acme",
      plan: "pro",
      issuer: "https://issuer.example",
      rule: "/{*rest}",
      email: "a@b.example",
      groups: "[]",
      permissions: '["orders:read"]',
      scopes: '["a","b"]',
      expiresAt: String(NOW + 600),
    });
    if (kind === "http") return assert.deepEqual(Object.keys(result).sort(), ["context", "isAuthorized"]);
    assert.equal(result.principalId, "user-1");
    assert.deepEqual(result.policyDocument, {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: event.routeArn ?? event.methodArn }],
    });
  });

  test(`${kind}: 401 is the thrown Unauthorized, whatever is wrong with the credential [O03]`, async () => {
    const authorize = authorizer(kind);
    const wrong = [
      ["Authorization", `Bearer ${token(es, { exp: NOW - 30 })}`],
      ["Authorization", `Bearer ${token(makeKey("ES256", "es-1"))}`],
      ["Authorization", "Bearer junk"],
      ["Authorization", "Bearer"],
      ["Authorization", "Bearer a b"],
      ["Authorization", "Basic dXNlcjpwYXNz"],
      ["Authorization", ""],
      bearer({ aud: "other" }),
      bearer({ sub: undefined }),
      bearer({ exp: "soon" }),
    ];
    for (const field of wrong) {
      const error = await authorize(EVENTS[kind]({ sent: [field] })).catch((thrown) => thrown);
      assert.ok(error instanceof Error, field[1]);
      assert.equal(error.message, "Unauthorized", field[1]);
    }
    await is("Unauthorized", authorize, EVENTS[kind]());
  });

  test(`${kind}: what the gate forbids is a denial, with the coarse reason and no claim [O03]`, async () => {
    const authorize = authorizer(kind);
    await is("deny tenant", authorize, EVENTS[kind]({ sent: [bearer({ tenant_id: undefined })] }));
    const result = await authorize(EVENTS[kind]({ sent: [bearer({ tenant_id: "Acme" })] }));
    assert.deepEqual(result.context, { code: "tenant" });
    assert.doesNotMatch(JSON.stringify(result), /Acme|user-1|pro"/);
    if (kind === "websocket") return;
    await is("deny plan_required", authorize, EVENTS[kind]({ path: "/reports/1", sent: [bearer()] }));
    await is("allow", authorize, EVENTS[kind]({ path: "/reports/1", sent: [bearer({ plan: "enterprise" })] }));
  });

  test(`${kind}: what can't be decided now is thrown, never denied [O03]`, async () => {
    const event = EVENTS[kind]({ sent: [bearer()] });
    const remote = {
      ...config,
      issuers: [issuerConfig([], { jwks: undefined, jwksUri: "https://issuer.example/jwks.json" })],
    };
    const down = () => Promise.reject(new Error("down"));
    await is("tollgate: unavailable (keys_unavailable)", authorizer(kind, remote, { fetch: down }), event);
    await is("tollgate: unavailable (clock_invalid)", authorizer(kind, config, { now: () => Number.NaN }), event);
  });

  test(`${kind}: an event of another kind is thrown back, and named [O05]`, async () => {
    const authorize = authorizer(kind);
    for (const other of KINDS.filter((one) => EVENTS[one] !== EVENTS[kind])) {
      const named = other === "http-iam" ? "http" : other;
      const message = `configuration: event: expected an authorizer's event of the kind ${kind}, not ${named}`;
      await is(message, authorize, EVENTS[other]({ sent: [bearer()] }));
    }
    const nothing = [
      undefined,
      null,
      "",
      [],
      {},
      { type: "REQUEST" },
      { type: "REQUEST", version: "3.0", methodArn: "x" },
    ];
    const [disconnect, message] = ["$disconnect", "$connect"].map((routeKey) => ({
      ...websocketEvent(),
      requestContext: { routeKey, eventType: routeKey === "$connect" ? "MESSAGE" : "CONNECT" },
    }));
    for (const event of [...nothing, disconnect, message, { Records: [] }]) {
      await assert.rejects(authorize(event), { code: "config_invalid", member: "event" });
    }
  });
}

test("a public rule is allowed without identity, where the kind has paths", async () => {
  for (const kind of KINDS.filter((one) => one !== "websocket")) {
    const result = await authorizer(kind)(EVENTS[kind]({ path: "/health" }));
    assert.ok(isAllowed(result), kind);
    assert.deepEqual(result.context, { rule: "/health" });
    if (kind !== "http") assert.equal(result.principalId, "anonymous");
  }
});

test("header names may have any case, in every kind [O05]", async () => {
  const value = bearer()[1];
  for (const kind of KINDS) {
    for (const name of ["authorization", "AUTHORIZATION", "aUthorization"]) {
      await is("allow", authorizer(kind), EVENTS[kind]({ sent: [[name, value]] }), `${kind} ${name}`);
    }
  }
});

test("doubled fields are refused, as the gate refuses them [O05]", async () => {
  const [name, value] = bearer();
  for (const kind of ["http", "http-iam", "http-1.0", "rest", "websocket"]) {
    const authorize = authorizer(kind, { ...byHost, rules: [{ path: "/{*rest}" }] });
    const ask = (sent) => EVENTS[kind]({ sent: [["Host", DOMAIN], ...sent] });
    await is("allow", authorize, ask([[name, value]]), kind);
    await is(
      "Unauthorized",
      authorize,
      ask([
        [name, value],
        [name, value],
      ]),
      kind,
    );
    await is(
      "Unauthorized",
      authorize,
      ask([
        ["Authorization", "Bearer a.b.c"],
        ["authorization", value],
      ]),
      kind,
    );
    await is(
      "deny bad_host",
      authorize,
      ask([
        [name, value],
        ["host", "globex.api.example.com"],
      ]),
      kind,
    );
  }
});

test("a value that only `headers` has is read, and one that only its last stands in is not enough [O05]", async () => {
  const [name, value] = bearer();
  for (const kind of ["http-1.0", "rest", "websocket"]) {
    const authorize = authorizer(kind);
    const event = EVENTS[kind]({
      sent: [
        [name, "Bearer a.b.c"],
        [name, value],
      ],
    });
    await is("Unauthorized", authorize, event, `${kind}: both stand in multiValueHeaders`);
    for (const absent of [undefined, null, {}]) {
      await is("allow", authorize, { ...EVENTS[kind]({ sent: [[name, value]] }), multiValueHeaders: absent }, kind);
      await is("allow", authorize, { ...EVENTS[kind]({ sent: [[name, value]] }), headers: absent }, kind);
    }
    const { headers: _, multiValueHeaders: __, ...bare } = EVENTS[kind]();
    await is("Unauthorized", authorize, bare, kind);
  }
});

test("header parts that can't be read are refused, and never let through [O05]", async () => {
  const odd = ["Bearer", 7, true, ["Authorization"], { Authorization: 7 }, { Authorization: null }, { a: { b: "c" } }];
  for (const kind of ["http", "http-1.0", "rest", "websocket"]) {
    for (const headers of odd) {
      const event = { ...EVENTS[kind]({ sent: [bearer()] }), headers, multiValueHeaders: undefined };
      await is("deny invalid_request", authorizer(kind), event, `${kind} ${JSON.stringify(headers)}`);
    }
    const lists = { ...EVENTS[kind]({ sent: [bearer()] }), multiValueHeaders: { Authorization: "Bearer x" } };
    assert.notEqual(await outcome(authorizer("rest"), { ...restEvent(), ...lists, version: undefined }), "allow");
  }
  const own = JSON.parse(`{"__proto__":"x","constructor":"y","Authorization":${JSON.stringify(bearer()[1])}}`);
  await is("allow", authorizer("rest"), { ...restEvent(), headers: own, multiValueHeaders: null });
});

test("cookies are read from `cookies` and from header fields, with their `=` and all [O05]", async () => {
  const line = `a=1=2; b="x=y"; c=YWJjZA==; ${COOKIE}=${token(es)}; d=`;
  for (const kind of ["http", "http-iam", "http-1.0", "rest"]) {
    const authorize = authorizer(kind, withCookie);
    const ask = (...lines) => EVENTS[kind]({ sent: lines.map((value) => ["Cookie", value]) });
    await is("allow", authorize, ask(line), kind);
    await is("allow", authorize, ask("x=1", line), `${kind}: two fields`);
    await is("Unauthorized", authorize, ask("x=1; y==", "z"), kind);
    await is("Unauthorized", authorize, ask(line, `${COOKIE}=a.b.c`), `${kind}: two values`);
    await is("Unauthorized", authorize, ask(`${COOKIE}=${token(es)}==x`), kind);
    await is("Unauthorized", authorize, ask(`${COOKIE}="${token(es)}"`), kind);
  }
  const authorize = authorizer("http", withCookie);
  for (const cookies of [undefined, null, []]) {
    await is("Unauthorized", authorize, { ...httpEvent(), cookies }, String(cookies));
    await is("allow", authorize, { ...httpEvent({ sent: [bearer()] }), cookies }, String(cookies));
  }
  const twice = { ...httpEvent(), headers: { cookie: line }, cookies: line.split("; ") };
  await is("allow", authorize, twice, "one cookie in both places is one");
  for (const cookies of [line, 7, [7], [null], {}]) {
    await is("deny invalid_request", authorize, { ...httpEvent({ sent: [bearer()] }), cookies });
  }
});

test("$connect needs an origin for a cookie, although API Gateway took Upgrade away", async () => {
  const authorize = authorizer("websocket", withCookie);
  const cookie = ["Cookie", `${COOKIE}=${token(es)}`];
  await is("deny cross_site", authorize, websocketEvent({ sent: [cookie] }));
  await is("deny cross_site", authorize, websocketEvent({ sent: [cookie, ["Origin", "https://evil.example"]] }));
  await is("deny cross_site", authorize, websocketEvent({ sent: [cookie, ["Upgrade", "h2c"]] }));
  await is("allow", authorize, websocketEvent({ sent: [cookie, ["Origin", "https://app.example.com"]] }));
  await is("allow", authorize, websocketEvent({ sent: [cookie, ["Origin", `https://${DOMAIN}`]] }));
  const only = authorizer("websocket", { ...config, rules: [{ path: "/$connect", plans: ["enterprise"] }] });
  await is("deny plan_required", only, websocketEvent({ sent: [bearer()] }));
  await is("allow", only, websocketEvent({ sent: [bearer({ plan: "enterprise" })] }));
});

test("a decoded path that could have been another one is refused", async () => {
  const refused = [
    "/a%2fb",
    "/a%",
    "/a?b",
    "/a#b",
    "/a\\b",
    "//",
    "/a//b",
    "/.",
    "/..",
    "/a/../b",
    "/a/./b",
    "/a/..",
    "/a;b",
  ];
  const odd = [
    "/a\tb",
    "/a\0",
    "/a\x7f",
    "/a\n",
    "/a\ufffd",
    "/a\ud800",
    "",
    "a",
    "*",
    "https://x/",
    undefined,
    null,
    7,
  ];
  for (const [kind, member] of [
    ["http", "rawPath"],
    ["http-iam", "rawPath"],
    ["http-1.0", "path"],
  ]) {
    const authorize = authorizer(kind);
    for (const path of [...refused, ...odd]) {
      const event = { ...EVENTS[kind]({ sent: [bearer()] }), [member]: path };
      await is("deny bad_path", authorize, event, `${kind} ${JSON.stringify(path)}`);
    }
    for (const path of [
      "/",
      "/a",
      "/a/",
      "/a b",
      "/...",
      "/a.b",
      "/..a",
      "/caf\u00e9",
      "/\u{1f600}",
      "/a+b",
      "/{x}",
      "/a|b^c",
      '/"',
    ]) {
      await is("allow", authorize, { ...EVENTS[kind]({ sent: [bearer()] }), [member]: path }, `${kind} ${path}`);
    }
  }
  const byArn = authorizer("rest-token");
  for (const path of refused) {
    await is(
      "deny bad_path",
      byArn,
      { ...tokenEvent({ sent: [bearer()] }), methodArn: arn("prod", "GET", path) },
      path,
    );
  }
});

test("a decoded path meets the rule that its one encoding meets", async () => {
  const rules = [{ path: "/caf%C3%A9/{id}", plans: ["enterprise"] }, { path: "/{*rest}" }];
  for (const kind of ["http", "http-1.0"]) {
    const authorize = authorizer(kind, { ...config, rules });
    await is("deny plan_required", authorize, EVENTS[kind]({ path: "/caf\u00e9/1", sent: [bearer()] }));
    await is("deny bad_path", authorize, EVENTS[kind]({ path: "/Caf\u00e9/1", sent: [bearer()] }));
    await is("allow", authorize, EVENTS[kind]({ path: "/cafe/1", sent: [bearer()] }));
  }
});

test("a REST API's path is judged as it was sent", async () => {
  const authorize = authorizer("rest");
  for (const path of ["/a%20b", "/a%2Fb", "/caf%C3%A9", "/a"]) {
    await is("allow", authorize, restEvent({ path, sent: [bearer()] }), path);
  }
  for (const path of [
    "/a b",
    "/caf\u00e9",
    "/a%41",
    "/a%252e",
    "/%2e%2e/a",
    "/a?b%",
    "/a;b",
    "/a%5cb",
    "/a\\b",
    "//a",
  ]) {
    await is("deny bad_path", authorize, restEvent({ path, sent: [bearer()] }), path);
  }
});

test("basePath and stage are taken off once, whole, and where they are configured", async () => {
  const rules = [{ path: "/orders/{*rest}" }, { path: "/" }];
  for (const kind of ["http", "http-iam", "http-1.0", "rest"]) {
    const ask = (options, path) =>
      outcome(authorizer(kind, { ...config, rules }, options), EVENTS[kind]({ path, sent: [bearer()] }));
    const stage = { stage: "prod" };
    assert.equal(await ask({}, "/orders/1"), "allow");
    assert.equal(await ask({}, "/prod/orders/1"), "deny no_rule");
    assert.equal(await ask(stage, "/prod/orders/1"), "allow");
    assert.equal(await ask(stage, "/orders/1"), "deny bad_path", "absent");
    assert.equal(await ask(stage, "/prod/prod/orders/1"), "deny no_rule", "doubled");
    assert.equal(await ask(stage, "/production/orders/1"), "deny bad_path", "a longer segment");
    assert.equal(await ask(stage, "/PROD/orders/1"), "deny bad_path");
    assert.equal(await ask(stage, "/prod"), "allow", "the root");
    assert.equal(await ask(stage, "/prod/"), "allow");
    assert.equal(await ask(stage, "/prod//orders/1"), "deny bad_path");
    const both = { basePath: "/shop/v1", stage: "prod" };
    assert.equal(await ask(both, "/shop/v1/prod/orders/1"), "allow");
    assert.equal(await ask(both, "/prod/shop/v1/orders/1"), "deny bad_path");
    assert.equal(await ask(both, "/shop/v1/orders/1"), "deny bad_path");
    assert.equal(await ask({ basePath: "/shop" }, "/shopping/orders/1"), "deny bad_path");
    assert.equal(await ask({ basePath: "/orders" }, "/orders/1"), "deny no_rule");
  }
});

test("options that can't be right are refused at start", () => {
  const fails = (options, member, changed = config) =>
    assert.throws(
      () => createAuthorizer(changed, options),
      { code: "config_invalid", member },
      JSON.stringify(options),
    );
  for (const event of [undefined, null, "", "HTTP", "alb", "constructor", 7]) fails({ event }, "options.event");
  for (const stage of ["", "$default", "a/b", "/prod", "a b", 7, null])
    fails({ event: "http", stage }, "options.stage");
  for (const basePath of ["", "/", "v1", "/v1/", "//v1", "/a/../b", "/a%20", "/a?b", "/a;b", 7, null]) {
    fails({ event: "http", basePath }, "options.basePath");
  }
  fails({ event: "rest-token", stage: "prod" }, "options.stage");
  fails({ event: "websocket", basePath: "/v1" }, "options.basePath");
  fails({ event: "http", nows: now }, "hooks.nows");
  fails({ event: "http" }, "rules", { ...config, rules: [] });
});

test("TOKEN refuses settings that need what it does not see", () => {
  const made = (changes) => createAuthorizer({ ...config, ...changes }, { event: "rest-token" });
  const fails = (changes, member) => assert.throws(() => made(changes), { code: "config_invalid", member });
  fails({ tenant: { from: { host: "{tenant}.api.example.com" } } }, "tenant.from.host");
  fails({ tenant: { from: { hosts: { "a.example": "acme" } } } }, "tenant.from.hosts");
  fails({ tenant: { from: { header: "x-tenant" } } }, "tenant.from.header");
  fails({ credentials: { cookie: { name: COOKIE } } }, "credentials.cookie");
  made({ tenant: { from: { path: true } }, rules: [{ path: "/{tenant}/{*rest}" }] });
});

test("TOKEN reads method and path from methodArn [O06]", async () => {
  const rules = [
    { path: "/t/{tenant}/{*rest}", methods: ["GET"] },
    { path: "/t/{tenant}/{*rest}", methods: ["POST"], plans: ["enterprise"] },
  ];
  const authorize = authorizer("rest-token", { ...config, tenant: { from: { path: true } }, rules });
  const ask = (method, path) => outcome(authorize, tokenEvent({ method, path, sent: [bearer()] }));
  assert.equal(await ask("GET", "/t/acme/1"), "allow");
  assert.equal(await ask("GET", "/t/globex/1"), "deny tenant");
  assert.equal(await ask("POST", "/t/acme/1"), "deny plan_required");
  assert.equal(await ask("DELETE", "/t/acme/1"), "deny no_rule");
  assert.equal(await ask("GET", "/t/acme/a:b/c"), "allow");
  for (const methodArn of [
    "",
    "arn",
    "arn:aws:execute-api:eu-west-1:1:api",
    "arn:aws:execute-api:eu-west-1:1:api/prod",
  ]) {
    const result = await outcome(authorize, { ...tokenEvent({ sent: [bearer()] }), methodArn });
    assert.equal(result, "deny invalid_request", methodArn);
  }
});

test("a policy names the one ARN, and none that IAM would widen [O02, O06]", async () => {
  const authorize = authorizer("rest");
  const resource = async (path, stage = "prod") => {
    const event = { ...restEvent({ path: "/a", sent: [bearer()] }), methodArn: arn(stage, "GET", path) };
    const { policyDocument } = await authorize(event);
    const [{ Effect, Resource }, ...others] = policyDocument.Statement;
    assert.deepEqual(others, []);
    return [Effect, Resource === event.methodArn ? "same" : Resource];
  };
  for (const path of ["/a", "/", "", "/a/b:c", "/caf\u00e9", "/$a", "/{a}", "/a$", "/$default"]) {
    assert.deepEqual(await resource(path), ["Allow", "same"], path);
  }
  assert.deepEqual(await resource("/a", "$default"), ["Allow", "same"]);
  for (const path of ["/*", "/a*b", "/a?", "/$".concat("{aws:username}"), "/a$".concat("{"), `/${"a".repeat(512)}`]) {
    assert.deepEqual(await resource(path), ["Deny", "*"], path);
  }
  assert.deepEqual(await resource("/a", "*"), ["Deny", "*"]);
  const longest = 512 - arn("prod", "GET", "/").length;
  assert.deepEqual(await resource(`/${"a".repeat(longest)}`), ["Allow", "same"]);
  assert.deepEqual(await resource(`/${"a".repeat(longest + 1)}`), ["Deny", "*"]);
});

test("the context holds printable ASCII only, whatever the token says [O04]", async () => {
  const authorize = authorizer("http");
  const ask = (changes) => authorize(httpEvent({ sent: [bearer(changes)] }));
  const contextOf = async (changes) => (await ask(changes)).context;
  const lists = { permissions: ["a\r\nX: y", "caf\u00e9", "\u{1f600}", '\u2028\x7f"\\'] };
  const { permissions } = await contextOf({ permissions: ["caf\u00e9", "\u{1f600}", '\u2028"\\'] });
  assert.match(permissions, /^[\x20-\x7e]*$/);
  assert.deepEqual(JSON.parse(permissions), ["caf\u00e9", "\u{1f600}", '\u2028"\\']);
  const raw = { ...config, identity: { send: ["tenant"] } };
  const listed = await authorizer("http", raw)(httpEvent({ sent: [bearer(lists)] }));
  assert.match(listed.context.permissions, /^[\x20-\x7e]*$/);
  assert.deepEqual(JSON.parse(listed.context.permissions), lists.permissions);
  for (const text of ["a\r\nX-Admin: 1", "caf\u00e9", "\x00", "a\tb", "\x7f", "\u{1f600}"]) {
    const bare = authorizer("http", raw);
    const denied = { isAuthorized: false, context: { code: "identity" } };
    for (const name of ["sub", "plan", "client_id"]) {
      assert.deepEqual(await bare(httpEvent({ sent: [bearer({ [name]: text })] })), denied, name);
    }
    const { context } = await bare(httpEvent({ sent: [bearer({ email: text })] }));
    assert.equal(Object.hasOwn(context, "email"), false, "left out");
  }
  const some = await contextOf({ plan: undefined, email: undefined });
  assert.deepEqual(
    [Object.hasOwn(some, "plan"), Object.hasOwn(some, "email"), Object.hasOwn(some, "clientId")],
    [false, false, false],
  );
  for (const value of Object.values(some)) assert.equal(typeof value, "string");
});

test("a context longer than 6 KB is a denial, and an event says why [O04]", async () => {
  const events = [];
  const onEvent = (event) => event.type === "decision" && events.push(event);
  const authorize = authorizer("rest", { ...config, identity: { send: ["user"] } }, { onEvent });
  const ask = (count) => restEvent({ sent: [bearer({ permissions: ['"'.repeat(count)] })] });
  // Each quotation mark is four characters there.
  const { length } = JSON.stringify((await authorize(ask(1))).context);
  const most = 1 + Math.floor((6 * 1024 - length) / 4);
  await is("allow", authorize, ask(most));
  assert.equal(events.length, 2);
  await is("deny identity", authorize, ask(most + 1));
  const { type, outcome: said, code, status } = events.at(-1);
  assert.deepEqual([type, said, code, status], ["decision", "deny", "unsendable_identity", 403]);
});

test("a client is told apart, and expiresAt keeps its fraction", async () => {
  const machine = { ...config, rules: [{ path: "/{*rest}", principals: ["client"] }] };
  const event = restEvent({ sent: [bearer({ sub: "job", client_id: "job", exp: NOW + 0.5 })] });
  const { principalId, context } = await authorizer("rest", machine)(event);
  assert.equal(principalId, "job");
  assert.deepEqual([context.userId, context.clientId, context.expiresAt], [undefined, "job", String(NOW + 0.5)]);
});

test("the host is that of the domain and of the Host field, which agree", async () => {
  for (const kind of ["http", "http-1.0", "rest", "websocket"]) {
    const authorize = authorizer(kind, byHost);
    const ask = (domain, ...hosts) =>
      EVENTS[kind]({ domain, sent: [bearer(), ...hosts.map((host) => ["Host", host])] });
    await is("allow", authorize, ask(DOMAIN), kind);
    await is("allow", authorize, ask(DOMAIN, "ACME.API.example.com.:443"), kind);
    await is("deny tenant", authorize, ask("globex.api.example.com"), kind);
    await is("deny bad_host", authorize, ask(DOMAIN, "globex.api.example.com"), kind);
    await is("deny bad_host", authorize, ask("globex.api.example.com", DOMAIN), kind);
    const { requestContext, ...bare } = ask(DOMAIN);
    const { domainName: _, ...context } = requestContext;
    await is("allow", authorize, { ...bare, requestContext: context }, `${kind}: Host alone`);
    const silent = {
      ...bare,
      requestContext: context,
      headers: { authorization: bearer()[1] },
      multiValueHeaders: null,
    };
    await is("deny bad_host", authorize, silent, `${kind}: neither`);
  }
});

test("preflights are API Gateway's: with cors they are denied, without they pass as nobody", async () => {
  const asks = [
    ["Origin", "https://app.example.com"],
    ["Access-Control-Request-Method", "PUT"],
  ];
  const event = httpEvent({ method: "OPTIONS", sent: asks });
  await is("deny preflight", authorizer("http", { ...config, cors: { origins: ["https://app.example.com"] } }), event);
  assert.deepEqual(await authorizer("http")(event), { isAuthorized: true, context: {} });
});

test("nothing that is thrown or denied holds a token or a claim", async () => {
  const marked = { tenant_id: "Marked-1", sub: "marked-2", plan: "marked-3" };
  for (const kind of KINDS) {
    const sent = [bearer(marked)];
    const said = [];
    const authorize = authorizer(kind, config, { onEvent: (event) => said.push(JSON.stringify(event)) });
    said.push(JSON.stringify(await authorize(EVENTS[kind]({ sent }))));
    const expired = EVENTS[kind]({ sent: [bearer({ ...marked, exp: NOW - 60 })] });
    const error = await authorize(expired).catch((thrown) => thrown);
    said.push(`${error.message}${JSON.stringify({ ...error })}`);
    assert.doesNotMatch(said.join("\n"), /arked|eyJ/, kind);
  }
});

test("what a gate decides of the same request, the authorizer does", async () => {
  const gate = createGate(withCookie, { now });
  const sent = [
    ["cookie", `${COOKIE}=${token(es)}`],
    ["origin", "https://evil.example"],
  ];
  const request = { method: "POST", url: `https://${DOMAIN}/orders`, headers: Object.fromEntries(sent) };
  assert.equal(gate.checkSync(request).code, "cross_site");
  for (const kind of ["http", "http-1.0", "rest"]) {
    await is("deny cross_site", authorizer(kind, withCookie), EVENTS[kind]({ method: "POST", sent }), kind);
  }
  assert.equal(http1Event().version, "1.0");
});
