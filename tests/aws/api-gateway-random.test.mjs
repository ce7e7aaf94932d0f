// Random requests, the same for each kind of event: what the authorizer says is what a gate says of the request itself, where the event
// can carry it, and otherwise a refusal. `TOLLGATE_SEED` and `TOLLGATE_REQUESTS` change the run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "tollgate";
import { createAuthorizer } from "tollgate/api-gateway";
import { gateConfig, issuerConfig, makeKey, NOW, token } from "../node/support/tokens.mjs";
import { Random } from "../tokens/support/random.mjs";
import { EVENTS } from "./support/gateway-events.mjs";

const SEED = Number(process.env.TOLLGATE_SEED ?? 20_260_101);
const REQUESTS = Number(process.env.TOLLGATE_REQUESTS ?? 20_000);
const COOKIE = "__Host-access_token";
const es = makeKey("ES256", "es-1");
const now = () => NOW;

const config = gateConfig([es], {
  issuers: [issuerConfig([es], { tenants: ["acme", "globex"] })],
  credentials: { cookie: { name: COOKIE, origins: ["https://app.example.com"] } },
  rules: [
    { path: "/health", methods: ["GET"], public: true },
    { path: "/reports/{*rest}", plans: ["pro"] },
    { path: "/orders/{id}", methods: ["GET"] },
    { path: "/orders/{id}", methods: ["POST", "DELETE"], permissions: { all: ["orders:write"] } },
    { path: "/jobs/{*rest}", principals: ["user", "client"], scopes: { any: ["jobs"] } },
    { path: "/caf%C3%A9/{*rest}", groups: { any: ["owners"] } },
    { path: "/$connect", plans: ["pro", "free"] },
    { path: "/", tenant: "any" },
  ],
});
const forToken = { ...config, credentials: {}, tenant: {} };

/** Made once: signing is slow, and 20,000 requests have no use for more. */
const TOKENS = [
  {},
  { plan: "free" },
  { plan: undefined },
  { permissions: ["orders:write"] },
  { permissions: "orders:write orders:read", groups: ["owners"] },
  { tenant_id: "globex" },
  { tenant_id: "initech" },
  { tenant_id: undefined },
  { sub: "job", client_id: "job", scope: "jobs" },
  { scope: "a jobs" },
  { exp: NOW - 29 },
  { exp: NOW - 30 },
  { aud: "other" },
  { sub: "a\nb" },
  { email: "a@b.example" },
].map((changes) => token(es, changes));
const ODD_TOKENS = ["", "a", "a.b.c", "a.b", "=", "a b", `${TOKENS[0]}x`, TOKENS[0].slice(0, -4), `"${TOKENS[0]}"`];
const SEGMENTS = [
  "orders",
  "reports",
  "jobs",
  "health",
  "1",
  "42",
  "Orders",
  "caf\u00e9",
  "a b",
  "a%b",
  "..",
  ".",
  "",
  "a;b",
  "x?y",
  "x#y",
  "x\\y",
  "\u{1f600}",
  "$connect",
];
const HOSTS = [
  "acme.api.example.com",
  "globex.api.example.com",
  "ACME.api.example.com",
  "api.example.com",
  "acme.api.example.com:443",
  "a..b",
  "a,b",
  "",
];
const METHODS = ["GET", "GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "get"];
const NAMES = {
  authorization: ["authorization", "Authorization", "AUTHORIZATION"],
  cookie: ["cookie", "Cookie"],
  host: ["Host", "host"],
};

const aToken = (random) => (random.chance(0.85) ? random.pick(TOKENS) : random.pick(ODD_TOKENS));
const scheme = (random) =>
  random.weighted({ "Bearer ": 30, "bearer ": 4, "Basic ": 1, Bearer: 1, "Bearer  ": 1, "": 1 });

function fields(random, domain) {
  const sent = [];
  const add = (name, value) => sent.push([random.pick(Object.hasOwn(NAMES, name) ? NAMES[name] : [name]), value]);
  add("host", random.chance(0.93) ? domain : random.pick(HOSTS));
  if (random.chance(0.03)) add("host", random.pick(HOSTS));
  if (random.chance(0.7)) add("authorization", scheme(random) + aToken(random));
  if (random.chance(0.04)) add("authorization", scheme(random) + aToken(random));
  if (random.chance(0.3)) {
    const pairs = ["a=1=2", "b", "=c", `${COOKIE}=${aToken(random)}`, `x${COOKIE}=1`, "d=YQ=="];
    if (random.chance(0.1)) pairs.push(`${COOKIE}=${aToken(random)}`);
    add("cookie", pairs.filter(() => random.chance(0.8)).join("; "));
  }
  if (random.chance(0.2))
    add("origin", random.pick(["https://app.example.com", "https://evil.example", `https://${domain}`, "null"]));
  if (random.chance(0.2)) add("sec-fetch-site", random.pick(["same-origin", "same-site", "none"]));
  if (random.chance(0.05)) add(random.pick(["x-tollgate-user", "__proto__", "constructor", "upgrade"]), "websocket");
  if (random.chance(0.05)) add("access-control-request-method", "PUT");
  return sent;
}

/** A path as people think of it: decoded. */
function decodedPath(random) {
  if (random.chance(0.4)) return random.pick(["/orders/1", "/reports/1/2", "/jobs/1", "/health", "/", "/caf\u00e9/1"]);
  const segments = Array.from({ length: random.whole(1, 4) }, () => random.pick(SEGMENTS));
  return `${random.chance(0.95) ? "/" : ""}${segments.join("/")}`;
}

/** How a client sends a path: escapes where a segment needs them. */
const sentPath = (decoded) => decoded.replace(/[^\w\-.~!$&'()*+,=:@;/]+/g, encodeURIComponent);

const AMBIGUOUS = /[%?#\\]|\/\/|(?:^|\/)\.\.?(?:\/|$)|^(?!\/)/;

/** What the gate is asked in place of the event; undefined where the event could be of more than one request. */
const EQUIVALENT = {
  decoded: ({ method, path, domain, headers }) =>
    AMBIGUOUS.test(path) ? undefined : { method, url: `https://${domain}${sentPath(path)}`, headers },
  sent: ({ method, path, domain, headers }) =>
    path.startsWith("/") ? { method, url: `https://${domain}${sentPath(path)}`, headers } : undefined,
  token: ({ method, path, headers }) => {
    const authorization = headers.entries().find(([name]) => name.toLowerCase() === "authorization")?.[1] ?? "";
    return AMBIGUOUS.test(path) ? undefined : { method, url: sentPath(path), headers: { authorization } };
  },
  connect: ({ domain, headers }) => {
    const others = headers.entries().filter(([name]) => name.toLowerCase() !== "upgrade");
    return { method: "GET", url: `https://${domain}/$connect`, headers: listOf([...others, ["upgrade", "websocket"]]) };
  },
};

/** Header fields in their order, repeated ones repeated, as `Headers` would have them if it did not join. */
const listOf = (sent) => ({ get: () => null, entries: () => sent });
/** HTTP APIs join repeated fields, other than cookies, before anybody sees them. */
function joinedList(sent) {
  const joined = new Map();
  for (const [name, value] of sent) {
    const key = name.toLowerCase();
    const separator = key === "cookie" ? "; " : ",";
    joined.set(key, joined.has(key) ? `${joined.get(key)}${separator}${value}` : value);
  }
  return listOf([...joined]);
}

const CASES = {
  http: { equivalent: EQUIVALENT.decoded, list: joinedList },
  "http-iam": { equivalent: EQUIVALENT.decoded, list: joinedList },
  "http-1.0": { equivalent: EQUIVALENT.decoded, list: listOf },
  rest: { equivalent: EQUIVALENT.sent, list: listOf },
  "rest-token": { equivalent: EQUIVALENT.token, list: listOf },
  websocket: { equivalent: EQUIVALENT.connect, list: listOf },
};

/** What a decision comes to behind API Gateway. */
function expected(decision) {
  if (decision === undefined) return "deny";
  const { outcome, status, code } = decision;
  const isCredential = status === 401 || ["malformed_credential", "several_credentials"].includes(code);
  return isCredential ? "Unauthorized" : outcome;
}

async function answered(authorize, event) {
  try {
    const { isAuthorized, policyDocument } = await authorize(event);
    const allows = isAuthorized ?? policyDocument.Statement[0].Effect === "Allow";
    return allows ? "allow" : "deny";
  } catch (error) {
    return error.message;
  }
}

for (const [kind, { equivalent, list }] of Object.entries(CASES)) {
  test(`${kind}: ${REQUESTS.toLocaleString("en")} random requests are decided as the gate decides them [O05]`, async (t) => {
    const used = kind === "rest-token" ? forToken : config;
    const gate = createGate(used, { now });
    const authorize = createAuthorizer(used, { event: kind, now });
    const random = new Random(SEED);
    const tally = {};
    for (let count = 0; count < REQUESTS; count += 1) {
      const domain = random.pick(HOSTS.slice(0, 3));
      const [drawn, sent, method] = [decodedPath(random), fields(random, domain), random.pick(METHODS)];
      // In an ARN a slash stands before every path.
      const path = kind === "rest-token" && !drawn.startsWith("/") ? `/${drawn}` : drawn;
      const request = equivalent({ method, path, domain, headers: list(sent) });
      const decision = request && gate.checkSync(request);
      const asked = kind === "rest" ? sentPath(path) : path;
      const event = EVENTS[kind]({ method, path: asked, sent, domain });
      const answer = await answered(authorize, event);
      const why = `seed ${SEED}, request ${count}: ${JSON.stringify({ method, path, sent })}: ${decision?.code}`;
      assert.equal(answer, expected(decision), why);
      tally[answer] = (tally[answer] ?? 0) + 1;
    }
    t.diagnostic(`${kind}: ${JSON.stringify(tally)}`);
    for (const answer of ["allow", "deny", "Unauthorized"]) {
      assert.ok(tally[answer] >= REQUESTS / 100, `${answer}: ${tally[answer]} of ${REQUESTS}`);
    }
  });
}
