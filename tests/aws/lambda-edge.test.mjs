// The viewer-request function from its zip alone, in AWS's runtime client under both of Lambda's Nodes: what is forwarded, what is
// answered, and what is refused to be served.

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createGate } from "tollgate";
import { createViewerRequest } from "tollgate/lambda-edge";
import { keyServer } from "../node/support/key-server.mjs";
import { gateConfig, issuerConfig, makeKey, token as signedToken } from "../node/support/tokens.mjs";
import { viewerRequest } from "./support/events.mjs";
import { functions } from "./support/functions.mjs";
import { filesOf, MEMORY_MB, missing, NODES } from "./support/ric.mjs";

const { zip, start } = functions(after);
const skip = missing;
const es = makeKey("ES256", "es-1");
const rs = makeKey("RS256", "rs-1");
const COOKIE = "__Host-access_token";

const now = () => Math.floor(Date.now() / 1000);
/** The function reads the machine's clock. */
const token = (changes = {}, key = es) => signedToken(key, { iat: now() - 10, exp: now() + 600, ...changes });
const bearer = (changes, key) => ["Authorization", `Bearer ${token(changes, key)}`];

const config = gateConfig([es, rs], {
  credentials: { header: true, cookie: { name: COOKIE } },
  rules: [
    { path: "/health", methods: ["GET"], public: true },
    { path: "/reports/{*rest}", plans: ["pro", "enterprise"] },
    { path: "/{*rest}", encodedSlash: "pass" },
  ],
  identity: { send: ["user", "tenant", "plan", "permissions", "email", "groups"] },
});

const request = (event) => event.Records[0].cf.request;
/** The values of a header field of a request or a response. */
const values = ({ headers }, name) => (headers[name] ?? []).map(({ value }) => value);
/** What was forwarded, without the header fields. */
const line = ({ headers: _, ...rest }) => rest;

/** The usual function under each Node. */
const usual = {};
let usualZip;
before(async () => {
  usualZip = await zip("lambda-edge", config);
  if (missing) return;
  for (const node of Object.keys(NODES)) usual[node] = await start(usualZip, { node });
});

const it = {
  /** A test under both Nodes. */
  underEach(name, run) {
    for (const node of Object.keys(NODES)) test(`${name} (Node ${node})`, { skip }, () => run(usual[node]));
  },
};

it.underEach("an allowed request is forwarded as it came, but for credential and identity [O07]", async (edge) => {
  const event = viewerRequest({
    uri: "/orders/1",
    querystring: "a=1&b=2",
    fields: [bearer({ email: "ann@acme.example", permissions: ["orders:read"] }), ["X-Custom", "1"], ["x-custom", "2"]],
  });
  const forwarded = await edge.invoke(event);
  assert.deepEqual(line(forwarded), line(request(event)));
  const { authorization: _, ...others } = request(event).headers;
  const field = (key, value) => [{ key, value }];
  assert.deepEqual(forwarded.headers, {
    ...others,
    "x-forwarded-host": field("x-forwarded-host", "acme.api.example.com"),
    "x-tollgate-user": field("x-tollgate-user", '"user-1"'),
    "x-tollgate-tenant": field("x-tollgate-tenant", '"acme"'),
    "x-tollgate-plan": field("x-tollgate-plan", '"pro"'),
    "x-tollgate-permissions": field("x-tollgate-permissions", '"orders:read"'),
    "x-tollgate-email": field("x-tollgate-email", '"ann@acme.example"'),
  });
});

it.underEach("an RS256 token and a public path are let through, too", async (edge) => {
  const signed = await edge.invoke(viewerRequest({ fields: [bearer({}, rs)] }));
  assert.deepEqual(values(signed, "x-tollgate-user"), ['"user-1"']);
  const open = await edge.invoke(viewerRequest({ uri: "/health" }));
  assert.deepEqual([open.uri, open.headers["x-tollgate-user"]], ["/health", undefined]);
});

it.underEach("path and query string are forwarded byte for byte", async (edge) => {
  const uris = ["/a%20b", "/a%2Fb", "/%E2%82%AC", "/a+b", "/a/", "/A%C3%A9'()*,~"];
  const queries = ["", "a=1", "a=%2f&b=+&&=x&a=2", "?", "a=b=c==&d", "%zz", "a=%00"];
  for (const uri of uris) {
    for (const querystring of queries) {
      const event = viewerRequest({ uri, querystring, fields: [bearer()] });
      assert.deepEqual(line(await edge.invoke(event)), line(request(event)), `${uri}?${querystring}`);
    }
  }
});

it.underEach("an ambiguous path is refused, and what it would be forwarded as is never asked", async (edge) => {
  for (const uri of [
    "//orders",
    "/a//b",
    "/a/../b",
    "/a/%2e%2e/b",
    "/a\\b",
    "/a%5Cb",
    "/a%00",
    "/a;b=c",
    "/é",
    "/a%",
    "/a b",
  ]) {
    const answer = await edge.invoke(viewerRequest({ uri, fields: [bearer()] }));
    assert.deepEqual([answer.status, JSON.parse(answer.body).type], ["400", "urn:tollgate:bad_path"], uri);
  }
});

/** "Restrictions on all edge functions": what a viewer-request function may read, and never change. */
const READ_ONLY = [
  ["Content-Length", "5"],
  ["Transfer-Encoding", "chunked"],
  ["Via", "2.0 d111111abcdef8.cloudfront.net (CloudFront)"],
];

it.underEach("read-only header fields are left as they came, and disallowed ones are not set [O07]", async (edge) => {
  const event = viewerRequest({ method: "POST", fields: [bearer(), ...READ_ONLY, ["TE", "trailers"]] });
  const { headers } = await edge.invoke(event);
  for (const [name] of [...READ_ONLY, ["Host"]]) {
    const lower = name.toLowerCase();
    assert.deepEqual(headers[lower], request(event).headers[lower], name);
  }
  assert.equal(headers.te, undefined, "what concerns one connection goes, where it may");
  assert.equal(headers["x-forwarded-proto"], undefined, "CloudFront answers 502 to a function that adds it");
});

test("no header field that CloudFront forbids is set or removed, whatever the client sends [O07]", async () => {
  const forbidden = [
    ...["connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"],
    ...["trailer", "upgrade", "x-accel-redirect", "x-amz-cf-id", "x-amzn-requestid", "x-cache", "x-edge-location"],
    ...["x-forwarded-proto", "x-real-ip"],
  ];
  const handler = createViewerRequest(config);
  const event = viewerRequest({ fields: [bearer(), ...forbidden.map((name) => [name, "x"])] });
  const { headers } = await handler(event);
  for (const name of forbidden) assert.deepEqual(headers[name], [{ key: name, value: "x" }], name);
});

it.underEach("doubled header fields are doubled for the gate, too [O07]", async (edge) => {
  const twice = await edge.invoke(viewerRequest({ fields: [bearer(), bearer()] }));
  assert.equal(twice.status, "400");
  const hosts = viewerRequest({ fields: [bearer(), ["Host", "globex.api.example.com"]] });
  const two = await edge.invoke(hosts);
  assert.deepEqual([two.status, JSON.parse(two.body).type], ["400", "urn:tollgate:bad_host"]);
});

it.underEach("names in mixed case are one name", async (edge) => {
  const event = viewerRequest({
    fields: [
      ["AUTHORIZATION", bearer()[1]],
      ["X-TOLLGATE-USER", "evil"],
    ],
  });
  // As no CloudFront sends it, but as people write test events.
  const { headers } = request(event);
  headers.Authorization = headers.authorization;
  headers["X-Tollgate-Tenant"] = [{ key: "X-Tollgate-Tenant", value: "evil" }];
  delete headers.authorization;
  const forwarded = await edge.invoke(event);
  assert.equal(forwarded.headers.Authorization, undefined);
  assert.equal(forwarded.headers["X-Tollgate-Tenant"], undefined);
  assert.deepEqual(values(forwarded, "x-tollgate-user"), ['"user-1"']);
});

it.underEach(
  "the token's cookie is taken out, and the others keep their bytes: `=` in values, several fields",
  async (edge) => {
    const fields = [
      ["Cookie", `theme=a=b==; ${COOKIE}=${token()}`],
      ["cookie", "session=x=; empty="],
    ];
    const forwarded = await edge.invoke(viewerRequest({ fields }));
    assert.deepEqual(values(forwarded, "cookie"), ["theme=a=b==; session=x=; empty="]);
    assert.deepEqual(values(forwarded, "x-tollgate-user"), ['"user-1"']);
    const alone = await edge.invoke(viewerRequest({ fields: [["Cookie", `${COOKIE}=${token()}`]] }));
    assert.equal(alone.headers.cookie, undefined);
    const twice = [
      ["Cookie", `${COOKIE}=${token()}`],
      ["Cookie", `${COOKIE}=${token({ sub: "eve" })}`],
    ];
    assert.equal((await edge.invoke(viewerRequest({ fields: twice }))).status, "400");
  },
);

it.underEach(
  "a WebSocket that another site's page opens with the cookie is refused, though its Upgrade is not shown",
  async (edge) => {
    const cookie = ["Cookie", `${COOKIE}=${token()}`];
    const handshake = [
      ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
      ["Sec-WebSocket-Version", "13"],
    ];
    const from = (origin) => viewerRequest({ fields: [cookie, ...handshake, ["Origin", origin]] });
    const foreign = await edge.invoke(from("https://evil.example"));
    assert.deepEqual([foreign.status, JSON.parse(foreign.body).type], ["403", "urn:tollgate:cross_site"]);
    const own = await edge.invoke(from("https://acme.api.example.com"));
    assert.deepEqual([own.status, own.headers.upgrade], [undefined, undefined]);
    const plain = await edge.invoke(viewerRequest({ fields: [cookie, ["Origin", "https://evil.example"]] }));
    assert.equal(plain.status, undefined, "a plain GET changes nothing");
  },
);

const NAMES = ["user", "client", "tenant", "plan", "permissions", "email", "groups", "proof", "anything"];
const SPELLINGS = [
  (name) => `x-tollgate-${name}`,
  (name) => `X-Tollgate-${name[0].toUpperCase()}${name.slice(1)}`,
  (name) => `X-TOLLGATE-${name.toUpperCase()}`,
  (name) => `x_tollgate_${name}`,
  (name) => `X-Tollgate_${name}`,
  (name) => `x_tollgate-${name}`,
  (name) => `X_TOLLGATE_${name.toUpperCase()}`,
  (name) => `x.tollgate.${name}`,
];

it.underEach("an identity of the client's reaches no origin, under no spelling and on no path [M01]", async (edge) => {
  for (const spell of SPELLINGS) {
    const lies = NAMES.flatMap((name) => [
      [spell(name), "evil"],
      [spell(name), '"evil"'],
    ]);
    for (const part of [{ fields: [...lies, bearer()] }, { uri: "/health", fields: lies }]) {
      const forwarded = await edge.invoke(viewerRequest(part));
      assert.equal(forwarded.status, undefined);
      assert.doesNotMatch(JSON.stringify(forwarded), /evil/, spell("user"));
    }
    const refused = await edge.invoke(viewerRequest({ fields: lies }));
    assert.equal(refused.status, "401");
    assert.doesNotMatch(JSON.stringify(refused), /evil/);
  }
  const overrides = ["X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "Forwarded", "X-Forwarded-For"];
  const fields = [bearer(), ["X-Forwarded-Host", "evil.example"], ...overrides.map((name) => [name, "evil"])];
  const forwarded = await edge.invoke(viewerRequest({ fields }));
  assert.doesNotMatch(JSON.stringify(forwarded), /evil/);
  assert.deepEqual(values(forwarded, "x-forwarded-host"), ["acme.api.example.com"]);
});

it.underEach("a header field called __proto__ is a field, and stays one", async (edge) => {
  const event = JSON.stringify(viewerRequest({ fields: [bearer(), ["X-Proto", "kept"]] }));
  const forwarded = await edge.invoke(event.replace('"x-proto":', '"__proto__":'));
  assert.deepEqual(Object.getOwnPropertyDescriptor(forwarded.headers, "__proto__")?.value, [
    { key: "X-Proto", value: "kept" },
  ]);
});

/** The gate's own answer, as CloudFront takes it. */
function answerOf({ status, headers, body }, statusDescription) {
  const fields = {};
  for (const [key, value] of headers) fields[key] = [...(fields[key] ?? []), { key, value }];
  return { status: String(status), statusDescription, headers: fields, ...(body === "" ? {} : { body }) };
}

const REFUSALS = [
  ["no_credential", 401, "Unauthorized", {}],
  ["token_expired", 401, "Unauthorized", { fields: () => [bearer({ exp: now() - 31 })] }],
  ["signature_invalid", 401, "Unauthorized", { fields: () => [bearer({}, makeKey("ES256", "es-1"))] }],
  ["malformed_credential", 400, "Bad Request", { fields: () => [["Authorization", "Bearer"]] }],
  ["tenant_mismatch", 403, "Forbidden", { fields: () => [bearer({ tenant_id: "globex" })] }],
  ["plan_required", 403, "Forbidden", { uri: "/reports/1", fields: () => [bearer({ plan: "free" })] }],
  ["target_too_long", 414, "URI Too Long", { uri: `/${"a".repeat(8_192)}` }],
  [
    "header_fields_too_large",
    431,
    "Request Header Fields Too Large",
    { fields: () => [["Authorization", `Bearer ${"a".repeat(8_193)}`]] },
  ],
];

it.underEach("a refusal is the gate's own answer, status, fields and body", async (edge) => {
  const gate = createGate(config);
  for (const [code, status, description, { fields = () => [], uri }] of REFUSALS) {
    const event = viewerRequest({ uri, fields: fields() });
    const headers = Object.fromEntries(fields().concat([["host", "acme.api.example.com"]]));
    const decision = gate.checkSync({ method: "GET", url: request(event).uri, headers });
    assert.deepEqual([decision.code, decision.status], [code, status]);
    assert.deepEqual(await edge.invoke(event), answerOf(decision, description), code);
  }
  assert.doesNotMatch(edge.output(), /ey[\w-]+\.ey/, "no token is logged");
});

it.underEach("what was refused is in the log with its exact code, and what was let through is not", async (edge) => {
  const before = edge.output().length;
  await edge.invoke(viewerRequest({ fields: [bearer({ exp: now() - 31 })] }));
  await edge.invoke(viewerRequest({ fields: [bearer()] }));
  await sleep(100);
  const lines = edge.output().slice(before).trim().split("\n");
  const decisions = lines.filter((line) => line.includes('"type":"decision"'));
  assert.equal(decisions.length, 1);
  assert.match(decisions[0], /"type":"decision","outcome":"deny","code":"token_expired"/);
});

it.underEach("any event but one viewer request fails, and says what the trigger must be", async (edge) => {
  const other = (change) => {
    const event = viewerRequest({ fields: [bearer()] });
    change(event.Records[0].cf, event);
    return event;
  };
  const type = (eventType) =>
    other((cf) => {
      cf.config.eventType = eventType;
    });
  const wrong = [
    ...["origin-request", "viewer-response", "origin-response", "Viewer-Request", ""].map((name) => [
      type(name),
      /event\.Records\[0\]\.cf\.config\.eventType: expected viewer-request/,
    ]),
    [other((_, event) => event.Records.push(event.Records[0])), /event\.Records: expected one record/],
    [other((_, event) => event.Records.pop()), /event\.Records: expected one record/],
    ...[{}, null, [], "text", 5, { Records: {} }, { version: "2.0" }].map((event) => [event, /event\.Records/]),
    [{ Records: [{}] }, /eventType/],
    [{ Records: [null] }, /eventType/],
    [other((cf) => delete cf.request), /request\.method/],
    [other((cf) => delete cf.request.querystring), /request\.querystring: expected a text/],
    [other((cf) => Object.assign(cf.request, { uri: 5 })), /request\.uri: expected a text/],
    ...["", "orders", "https://evil.example/", "/a?b", "/a#b", "*"].map((uri) => [
      other((cf) => Object.assign(cf.request, { uri })),
      /request\.uri: expected a path/,
    ]),
    ...[null, [["host", "x"]], { host: "x" }, { host: [null] }, { host: [{ key: "Host" }] }].map((headers) => [
      other((cf) => Object.assign(cf.request, { headers })),
      /request\.headers: expected lists/,
    ]),
  ];
  for (const [event, message] of wrong) {
    const failure = { name: "FunctionError", phase: "invoke", errorType: "TollgateError", errorMessage: message };
    await assert.rejects(edge.invoke(JSON.stringify(event)), failure, JSON.stringify(event));
  }
});

/** Names of permissions so long that the problem, which lists them, is larger than CloudFront takes. */
const manyPermissions = (count) => Array.from({ length: count }, (_, index) => `${index}-${"p".repeat(400)}`);

test("a refusal is 40 KB at most: past that it has the same status and says less [O07]", { skip }, async () => {
  const listing = (count, more = {}) =>
    zip("lambda-edge", {
      ...config,
      rules: [{ path: "/{*rest}", permissions: { all: manyPermissions(count) } }],
      ...more,
    });
  const ask = async (file, fields = []) => {
    const edge = await start(file);
    return edge.invoke(viewerRequest({ fields: [bearer(), ...fields] }));
  };
  const brief = { type: "urn:tollgate:permission_required", title: "A permission is missing", status: 403 };

  const fits = await ask(await listing(90));
  assert.equal(JSON.parse(fits.body).required_permissions.length, 90);
  assert.ok(Buffer.byteLength(JSON.stringify(fits)) <= 40_000);

  const tooLarge = await ask(await listing(100));
  assert.deepEqual([tooLarge.status, JSON.parse(tooLarge.body)], ["403", brief]);

  const exposeHeaders = Array.from({ length: 200 }, (_, index) => `x-${index}-${"h".repeat(220)}`);
  const cors = { origins: ["https://app.example.com"], exposeHeaders };
  const without = await ask(await listing(100, { cors }), [["Origin", "https://app.example.com"]]);
  assert.deepEqual([without.status, JSON.parse(without.body)], ["403", brief]);
  assert.deepEqual(Object.keys(without.headers).sort(), ["cache-control", "content-type"]);
});

test("a preflight is answered without a body, which CloudFront would refuse", { skip }, async () => {
  const cors = { origins: ["https://app.example.com"] };
  const edge = await start(await zip("lambda-edge", { ...config, cors }));
  const fields = [
    ["Origin", "https://app.example.com"],
    ["Access-Control-Request-Method", "PUT"],
  ];
  const answer = await edge.invoke(viewerRequest({ method: "OPTIONS", fields }));
  assert.deepEqual([answer.status, "body" in answer], ["204", false]);
  assert.deepEqual(values(answer, "access-control-allow-origin"), ["https://app.example.com"]);
});

const remote = (jwksUri) => ({ ...config, issuers: [issuerConfig([], { jwks: undefined, jwksUri })] });

test("without its keys the function answers 503, and what needs none is decided all the same", { skip }, async () => {
  const server = await keyServer([es]);
  await server.stop();
  const edge = await start(await zip("lambda-edge", remote(server.jwksUri)));
  const answer = await edge.invoke(viewerRequest({ fields: [bearer()] }));
  assert.deepEqual([answer.status, answer.statusDescription], ["503", "Service Unavailable"]);
  assert.equal(JSON.parse(answer.body).type, "urn:tollgate:unavailable");
  assert.match(values(answer, "retry-after")[0], /^[1-9]\d*$/);
  assert.equal((await edge.invoke(viewerRequest())).status, "401");
  assert.equal((await edge.invoke(viewerRequest({ uri: "/health" }))).uri, "/health");
  assert.match(edge.output(), /"keys_fetch_failed".*"reason":"network"/);
});

for (const node of Object.keys(NODES)) {
  test(`keys are fetched once, and no credential goes with the question (Node ${node})`, { skip }, async () => {
    const server = await keyServer([es]);
    try {
      const edge = await start(await zip("lambda-edge", remote(server.jwksUri)), { node });
      for (let call = 0; call < 3; call += 1) {
        assert.equal((await edge.invoke(viewerRequest({ fields: [bearer()] }))).status, undefined);
      }
      assert.equal(server.hits.length, 1);
      assert.deepEqual([server.hits[0].headers.authorization, server.hits[0].headers.cookie], [undefined, undefined]);
    } finally {
      await server.stop();
    }
  });
}

/** Keys that were embedded for some seconds, and whose server is gone since. */
async function embedded(seconds) {
  const server = await keyServer([es, { jwk: { kty: "EC", crv: "P-384", kid: "other" } }]);
  try {
    return await zip("lambda-edge", remote(server.jwksUri), { embedSeconds: seconds });
  } finally {
    await server.stop();
  }
}

test("embedded keys are used for as long as was said, and then a running instance answers 503", { skip }, async () => {
  const edge = await start(await embedded(2));
  const ask = (part) => edge.invoke(viewerRequest(part));
  assert.equal((await ask({ fields: [bearer()] })).status, undefined);
  assert.equal((await ask({ fields: [bearer({}, makeKey("ES256", "es-1"))] })).status, "401");
  await sleep(2_100);
  assert.equal((await ask({ fields: [bearer()] })).status, "503");
  assert.match(edge.output(), /"keys_fetch_failed".*"reason":"embedded_keys_too_old"/);
  assert.equal((await ask({})).status, "401");
  assert.equal((await ask({ uri: "/health" })).uri, "/health");
});

test("an instance that starts past the age limit uses no embedded key", { skip }, async () => {
  const edge = await start(await embedded(0));
  assert.equal((await edge.invoke(viewerRequest({ fields: [bearer()] }))).status, "503");
  assert.match(edge.output(), /embedded_keys_too_old/);
});

test("the age limit is exact, holds with any clock, and is checked for sense", async () => {
  const until = 1_767_225_600;
  let time = 0;
  const handler = (changes = {}) =>
    createViewerRequest(remote("https://issuer.example/jwks.json"), {
      now: () => time,
      fetch: () => assert.fail("nothing is fetched"),
      embeddedKeys: { until, sets: [{ keys: [es.jwk] }], ...changes },
    });
  const at = async (one, moment) => {
    time = moment;
    const fields = [["Authorization", `Bearer ${signedToken(es, { iat: until - 10, exp: until + 600 })}`]];
    return (await one(viewerRequest({ fields }))).status;
  };
  const one = handler();
  assert.equal(await at(one, until - 0.001), undefined);
  assert.equal(await at(one, until), "503");
  assert.equal(await at(one, until - 1), undefined, "a clock that steps back");
  for (const broken of [Number.NaN, until * 1000, -1]) assert.equal(await at(one, broken), "503", String(broken));
  handler({ until: 253_402_300_799 });
  for (const wrong of [undefined, null, "soon", Number.NaN, Number.POSITIVE_INFINITY, until * 1000, 253_402_300_800]) {
    assert.throws(() => handler({ until: wrong }), { code: "config_invalid", member: "hooks.embeddedKeys.until" });
  }
  for (const wrong of [undefined, null, {}, [], [null, null]]) {
    assert.throws(() => handler({ sets: wrong }), { code: "config_invalid", member: "hooks.embeddedKeys.sets" });
  }
});

test("a token service is refused at start, by name", () => {
  const tokens = { issuer: "https://issuer.example", audience: "x" };
  assert.throws(() => createViewerRequest({ ...config, tokens }), { code: "config_invalid", member: "tokens" });
  assert.doesNotThrow(() => createViewerRequest({ ...config, tokens: null }));
  for (const wrong of [undefined, null, 5, {}]) {
    assert.throws(() => createViewerRequest(wrong), { code: "config_invalid" });
  }
});

for (const node of Object.keys(NODES)) {
  test(`an instance that was frozen between calls decides by the time it wakes up in [O09] (Node ${node})`, {
    skip,
  }, async () => {
    const edge = await start(await zip("lambda-edge", { ...config, clockToleranceSeconds: 0 }), { node });
    const fields = [bearer({ exp: now() + 2 })];
    assert.equal((await edge.invoke(viewerRequest({ fields }))).status, undefined);
    edge.freeze();
    await sleep(2_200);
    edge.thaw();
    assert.equal((await edge.invoke(viewerRequest({ fields }))).status, "401");
    assert.match(edge.output(), /"code":"token_expired"/);
  });
}

test("the zip holds code, wasm and configuration, and is 300 KB at most", () => {
  assert.deepEqual(Object.keys(filesOf(usualZip)).sort(), ["gate.wasm", "index.mjs", "tollgate.json"]);
  assert.ok(statSync(usualZip).size <= 300_000);
});

it.underEach("a function needs no more memory than Lambda@Edge has", async (edge) => {
  for (let call = 0; call < 300; call += 1) {
    const fields = [bearer({ sub: `user-${call}` }, call % 2 === 0 ? es : rs)];
    assert.equal((await edge.invoke(viewerRequest({ fields }))).status, undefined);
  }
  assert.ok(edge.peakMemoryMb() <= MEMORY_MB, `${edge.peakMemoryMb()} MB`);
});
