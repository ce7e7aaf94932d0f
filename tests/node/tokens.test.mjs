// The token service from end to end on the store in memory, as a client sees it: sessions, refreshes, replays, revocations,
// cookies. The suite `tokens` has the same cases on every store, and the histories.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, createVerifier } from "tollgate";
import { createTokens, memoryStore, StoreError } from "tollgate/tokens";
import { basic, client, form, keysDocument, NOW, tokensConfig } from "./support/token-service.mjs";

const web = client("web", { cookies: true });
const admin = client("admin", { revokeAll: true });
const other = client("other");
const keys = keysDocument();

/** A service, its clock, and what it told. */
function service({ config = {}, ...options } = {}) {
  const clock = { now: NOW };
  const events = [];
  const tokens = createTokens(tokensConfig([web, admin, other], config), {
    keys,
    store: memoryStore(),
    entitlements: null,
    now: () => clock.now,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const post = async (path, parameters, headers = basic(web)) => {
    const response = await tokens.handle(form(path, parameters, headers));
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: text === "" ? null : JSON.parse(text) };
  };
  const login = async (changes = {}, who = web) => {
    const parameters = { grant_type: "urn:tollgate:session", user: "ann", tenant: "acme", ...changes };
    const answer = await post("/auth/token", parameters, basic(who));
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };
  const refresh = (refresh_token, who = web) =>
    post("/auth/token", { grant_type: "refresh_token", refresh_token }, basic(who));
  return { tokens, clock, events, post, login, refresh };
}

const types = (events) => events.map(({ type }) => type);
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
const headerOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url"));

function isRefused(answer, error = "invalid_grant", status = 400) {
  assert.deepEqual([answer.status, answer.body], [status, { error }]);
  assert.equal(answer.headers.get("cache-control"), "no-store");
}

function isUnavailable(answer) {
  isRefused(answer, "temporarily_unavailable", 503);
  assert.equal(answer.headers.get("retry-after"), "1");
}

test("a session's access token verifies with the published keys, and its refresh token does not", async () => {
  const { tokens, events, login } = service();
  const pair = await login();
  assert.deepEqual(Object.keys(pair).sort(), [
    "access_token",
    "expires_in",
    "refresh_expires_in",
    "refresh_token",
    "token_type",
  ]);
  assert.deepEqual([pair.token_type, pair.expires_in, pair.refresh_expires_in], ["Bearer", 900, 2_592_000]);
  const jwks = await tokens.keySet();
  assert.equal(jwks.keys.length, 1);
  assert.equal(jwks.keys[0].d, undefined);
  const issuer = { issuer: "https://api.example.com", audience: "orders-api", algorithms: ["ES256"], jwks };
  const verifier = createVerifier({ issuers: [{ ...issuer, types: ["at+jwt"] }] }, { now: () => NOW });
  const { header, claims } = verifier.verifySync(pair.access_token);
  assert.equal(header.typ, "at+jwt");
  assert.deepEqual(
    [claims.sub, claims.tid, claims.client_id, claims.auth_time, claims.exp],
    ["ann", "acme", "web", NOW, NOW + 900],
  );
  assert.equal(claims.sid, claimsOf(pair.refresh_token).fam);
  const anyType = createVerifier({ issuers: [issuer] }, { now: () => NOW });
  assert.throws(() => anyType.verifySync(pair.refresh_token));
  assert.equal(headerOf(pair.refresh_token).typ, "refresh+jwt");
  assert.deepEqual(events, [
    { type: "session_issued", time: NOW, family: claims.sid, user: "ann", tenant: "acme", client: "web", seq: 1 },
  ]);
});

test("a refresh gives a successor; within the grace the same one again, to the byte; after it the family dies", async () => {
  const { clock, events, login, refresh } = service();
  const first = await login();
  clock.now += 100;
  const second = await refresh(first.refresh_token);
  assert.equal(second.status, 200, second.text);
  assert.equal(claimsOf(second.body.access_token).iat, NOW + 100);
  clock.now += 9.999;
  const again = await refresh(first.refresh_token);
  assert.equal(again.body.refresh_token, second.body.refresh_token);
  assert.notEqual(again.body.access_token, second.body.access_token);
  const third = await refresh(second.body.refresh_token);
  assert.equal(third.status, 200);
  clock.now += 10;
  isRefused(await refresh(second.body.refresh_token));
  isRefused(await refresh(third.body.refresh_token));
  isRefused(await refresh(first.refresh_token));
  assert.deepEqual(types(events), [
    "session_issued",
    "session_rotated",
    "session_repeated",
    "session_rotated",
    "session_replayed",
    "session_refused",
    "session_refused",
  ]);
  assert.equal(events[4].why, "after_grace");
});

test("the token before the last one ends the family within the grace too", async () => {
  const { events, login, refresh } = service();
  const first = await login();
  const second = (await refresh(first.refresh_token)).body;
  const third = (await refresh(second.refresh_token)).body;
  isRefused(await refresh(first.refresh_token));
  isRefused(await refresh(third.refresh_token));
  assert.deepEqual(types(events).slice(-2), ["session_replayed", "session_refused"]);
  assert.equal(events.at(-2).why, "ancestor");
});

test("a lost answer is repeated to the byte also when the active keys changed in between", async () => {
  let text = keysDocument(NOW - 1_000);
  const { clock, login, refresh } = service({ keys: () => text });
  const first = await login();
  const second = (await refresh(first.refresh_token)).body;
  const [old, next] = [text, keysDocument(NOW + 5)].map((document) => JSON.parse(document));
  text = JSON.stringify([old, next]);
  clock.now += 6;
  const again = (await refresh(first.refresh_token)).body;
  assert.equal(again.refresh_token, second.refresh_token);
  assert.notEqual(headerOf(again.access_token).kid, headerOf(second.access_token).kid);
  const third = (await refresh(second.refresh_token)).body;
  assert.notEqual(headerOf(third.refresh_token).kid, headerOf(second.refresh_token).kid);
});

test("many refreshes of one token at once: one successor for all who get one, the others may ask again", async () => {
  const { events, login, refresh } = service();
  const first = await login();
  const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(first.refresh_token)));
  const served = answers.filter(({ status }) => status === 200);
  assert.ok(served.length >= 1);
  assert.equal(new Set(served.map(({ body }) => body.refresh_token)).size, 1);
  for (const answer of answers) if (answer.status !== 200) isUnavailable(answer);
  assert.equal(types(events).filter((type) => type === "session_rotated").length, 1);
  assert.equal((await refresh(served[0].body.refresh_token)).status, 200);
});

test("revocation ends the family at once; unknown tokens and other clients' get the same answer and end nothing", async () => {
  const { events, post, login, refresh } = service();
  const pair = await login();
  const rubbish = { status: 200, body: {} };
  for (const [token, who] of [
    ["rubbish", web],
    [pair.refresh_token.slice(0, -4), web],
    [pair.refresh_token, other],
  ]) {
    const { status, body } = await post("/auth/revoke", { token }, basic(who));
    assert.deepEqual({ status, body }, rubbish);
  }
  assert.equal((await refresh(pair.refresh_token)).status, 200);
  const { status, body } = await post("/auth/revoke", { token: pair.refresh_token, token_type_hint: "x" });
  assert.deepEqual({ status, body }, rubbish);
  isRefused(await refresh(pair.refresh_token));
  assert.deepEqual(types(events), ["session_issued", "session_rotated", "session_revoked", "session_refused"]);
});

test("revoke-all ends every session of a user, or of a tenant, and none of another; a later log-in works", async () => {
  const { events, clock, post, login, refresh } = service();
  for (const target of [{ user: "ann" }, { tenant: "acme" }]) {
    events.length = 0;
    const own = [await login(), await login()];
    const stranger = await login({ user: "bob", tenant: "globex" });
    isRefused(await post("/auth/revoke-all", target, basic(web)), "unauthorized_client");
    const answer = await post("/auth/revoke-all", target, basic(admin));
    assert.deepEqual([answer.status, answer.body], [200, {}]);
    for (const { refresh_token } of own) isRefused(await refresh(refresh_token));
    assert.equal((await refresh(stranger.refresh_token)).status, 200);
    // Also by a clock that stepped back.
    clock.now -= 60;
    const later = await login();
    assert.equal((await refresh(later.refresh_token)).status, 200);
    const { client, ...event } = events.find(({ type }) => type === "sessions_revoked");
    assert.deepEqual(event, { type: "sessions_revoked", time: clock.now + 60, ...target });
    assert.equal(client, "admin");
  }
});

test("[Q12] a client that presents another client's token gets nothing, and the family is over", async () => {
  const { events, login, refresh } = service();
  const pair = await login();
  isRefused(await refresh(pair.refresh_token, other));
  isRefused(await refresh(pair.refresh_token));
  assert.deepEqual(types(events), ["session_issued", "session_revoked", "session_refused"]);
  assert.equal(events[1].why, "other_client");
});

const cookie = { credentials: { cookie: { name: "__Host-access_token", origins: ["https://app.example.com"] } } };
const cookies = (answer) =>
  Object.fromEntries(
    answer.headers.getSetCookie().map((line) => {
      const [pair, ...attributes] = line.split("; ");
      const [name, value] = pair.split("=");
      return [name, { value, attributes }];
    }),
  );

test("the cookie form rotates by cookie alone, sets both, has no token in its body, and obeys the cross-site rule", async () => {
  const { post, login, refresh } = service({ config: cookie });
  const first = await login();
  const header = (token) => ({ cookie: `__Host-refresh_token=${token}` });
  const same = { "sec-fetch-site": "same-origin" };
  for (const origin of [{}, { "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }]) {
    const answer = await post("/auth/refresh", {}, { ...header(first.refresh_token), ...origin });
    assert.equal(answer.status, 403);
    assert.deepEqual(answer.headers.getSetCookie(), []);
  }
  const answer = await post("/auth/refresh", {}, { ...header(first.refresh_token), ...same });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.body, { expires_in: 900 });
  const { "__Host-access_token": access, "__Host-refresh_token": second } = cookies(answer);
  const usual = ["Path=/", "Secure", "HttpOnly"];
  assert.deepEqual(access.attributes, [...usual, "SameSite=Lax", "Max-Age=900"]);
  assert.deepEqual(second.attributes, [...usual, "SameSite=Strict", "Max-Age=2592000"]);
  assert.equal(claimsOf(second.value).seq, 2);
  // The same by the client's own form.
  assert.equal((await refresh(second.value)).status, 200);
  const logout = await post("/auth/revoke", {}, { ...header(second.value), ...same });
  assert.equal(logout.status, 200);
  for (const { value, attributes } of Object.values(cookies(logout))) {
    assert.equal(value, "");
    assert.ok(attributes.includes("Max-Age=0"));
  }
  const over = await post("/auth/refresh", {}, { ...header(second.value), ...same });
  isRefused(over);
  assert.deepEqual(Object.keys(cookies(over)).sort(), ["__Host-access_token", "__Host-refresh_token"]);
});

test("entitlements are read anew at each refresh: what fell shows at once, who left gets nothing, down is a 503", async () => {
  const asked = [];
  let now = { member: true, plan: "pro", permissions: ["orders:read"], groups: ["staff"], email: "a@b.example" };
  const { events, login, refresh } = service({
    config: { tokens: { entitlements: { timeoutMilliseconds: 100 } } },
    entitlements: async (question) => {
      asked.push(question);
      if (now instanceof Error) throw now;
      return now;
    },
  });
  const first = await login();
  const claims = claimsOf(first.access_token);
  assert.deepEqual(
    [claims.plan, claims.permissions, claims.groups, claims.email],
    ["pro", ["orders:read"], ["staff"], "a@b.example"],
  );
  now = { member: true, plan: "free", claims: { "https://example.com/x": [1] } };
  const second = (await refresh(first.refresh_token)).body;
  assert.equal(claimsOf(second.access_token).plan, "free");
  assert.deepEqual(claimsOf(second.access_token)["https://example.com/x"], [1]);
  for (const broken of [new Error("down"), { member: true, role: "x" }, { member: true, claims: { sub: "root" } }]) {
    now = broken;
    isUnavailable(await refresh(second.refresh_token));
    assert.equal(events.at(-1).type, "entitlements_failed");
  }
  for (const gone of [null, { member: false }]) {
    now = gone;
    isRefused(await refresh(second.refresh_token));
    assert.deepEqual([events.at(-1).type, events.at(-1).why], ["session_refused", "not_a_member"]);
  }
  now = { member: true };
  const third = await refresh(second.refresh_token);
  assert.equal(third.status, 200, third.text);
  assert.equal(claimsOf(third.body.refresh_token).seq, 3);
  assert.deepEqual(asked[0], { user: "ann", tenant: "acme", clientId: "web", reason: "issue" });
  assert.deepEqual(asked[1], { user: "ann", tenant: "acme", clientId: "web", reason: "refresh" });
});

test("a gate with the preset takes the service's tokens by the keys that it is handed, and no others", async () => {
  const config = {
    issuers: [{ preset: "tollgate" }],
    rules: [{ path: "/{*rest}" }],
    tenant: { required: true, from: { host: "{tenant}.api.example.com" } },
  };
  const { tokens, login } = service({ config });
  const gateConfig = { ...tokensConfig([web, admin, other], config) };
  const ownKeys = await tokens.keySet();
  const hooks = { now: () => NOW, fetch: () => assert.fail("nothing is fetched") };
  const gate = createGate(gateConfig, { ...hooks, ownKeys });
  const { access_token, refresh_token } = await login();
  const ask = (token, by = gate) =>
    by.checkSync({
      method: "GET",
      url: "https://acme.api.example.com/orders",
      headers: { authorization: `Bearer ${token}` },
    });
  const decision = ask(access_token);
  assert.equal(decision.outcome, "allow", JSON.stringify(decision));
  assert.deepEqual([decision.principal.userId, decision.principal.tenantId], ["ann", "acme"]);
  assert.equal(ask(refresh_token).outcome, "deny");
  const strangers = await service({ keys: keysDocument() }).tokens.keySet();
  assert.equal(ask(access_token, createGate(gateConfig, { ...hooks, ownKeys: strangers })).outcome, "deny");
  const isFault = (member) => (error) => error.code === "config_invalid" && error.member === member;
  assert.throws(() => createGate(gateConfig, hooks), isFault("issuers[0].preset"));
  assert.throws(() => createGate(gateConfig, { ...hooks, ownKeys: null }), isFault("hooks.ownKeys"));
  assert.throws(() => createGate(gateConfig, { ...hooks, ownKeys: () => ownKeys }), isFault("hooks.ownKeys"));
  const verifier = { issuers: [{ issuer: "https://a.example", audience: "x", algorithms: ["ES256"], jwks: ownKeys }] };
  assert.throws(() => createVerifier(verifier, { ownKeys }), isFault("hooks.ownKeys"));
});

/** A store that fails by plan: before the work, or after it. */
function faulty(store, plan) {
  const method =
    (name) =>
    async (...given) => {
      const fault = plan[name];
      if (fault === "before") throw new StoreError(name, "network");
      const answer = await store[name](...given);
      if (fault === "after") throw new StoreError(name, "timeout");
      return answer;
    };
  return Object.fromEntries(["load", "create", "rotate", "revoke", "revokeAll"].map((name) => [name, method(name)]));
}

test("a store that is down costs a 503 and no session; a rotation whose answer got lost is found by the retry", async () => {
  const plan = {};
  const { events, post, login, refresh } = service({ store: faulty(memoryStore(), plan) });
  const first = await login();
  for (const [operation, fault] of [
    ["load", "before"],
    ["rotate", "before"],
    ["rotate", "after"],
  ]) {
    plan[operation] = fault;
    isUnavailable(await refresh(first.refresh_token));
    const { type, operation: told } = events.at(-1);
    assert.deepEqual([type, told], ["store_failed", operation]);
    plan[operation] = undefined;
  }
  const second = await refresh(first.refresh_token);
  assert.equal(second.status, 200, second.text);
  assert.equal(events.at(-1).type, "session_repeated");
  plan.revoke = "before";
  isUnavailable(await post("/auth/revoke", { token: second.body.refresh_token }));
  plan.revoke = undefined;
  assert.equal((await refresh(second.body.refresh_token)).status, 200);
});

test("forged, bit-flipped, truncated and huge tokens touch no store", async () => {
  const calls = [];
  const inner = memoryStore();
  const store = Object.fromEntries(
    ["load", "create", "rotate", "revoke", "revokeAll"].map((name) => [
      name,
      (...given) => {
        calls.push(name);
        return inner[name](...given);
      },
    ]),
  );
  const { login, refresh } = service({ store });
  const { refresh_token, access_token } = await login();
  const foreign = (await service().login()).refresh_token;
  const strangers = (await service({ keys: keysDocument() }).login()).refresh_token;
  calls.length = 0;
  const [header, payload, signature] = refresh_token.split(".");
  const forgedPayload = Buffer.from(JSON.stringify({ ...claimsOf(refresh_token), seq: 9 })).toString("base64url");
  for (const token of [
    access_token,
    strangers,
    `${header}.${forgedPayload}.${signature}`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    refresh_token.slice(0, -1),
    `${refresh_token}A`,
    "x".repeat(8_000),
  ]) {
    isRefused(await refresh(token));
  }
  isRefused(await refresh("x".repeat(1_048_576)), "invalid_request", 413);
  assert.deepEqual(calls, []);
  // Of another store, but of these keys: nobody's.
  isRefused(await refresh(foreign));
  assert.deepEqual(calls, ["load"]);
});

test("the key set is public for 300 s, holds no private part, and HEAD has no body", async () => {
  const { tokens } = service();
  for (const method of ["GET", "HEAD"]) {
    const response = await tokens.handle(new Request("https://api.example.com/.well-known/jwks.json", { method }));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("cache-control"), "public, max-age=300");
    const text = await response.text();
    if (method === "GET") assert.deepEqual(JSON.parse(text), await tokens.keySet());
    else assert.equal(text, "");
    assert.doesNotMatch(text, /"d"/);
  }
});

test("requests of the wrong form are told so, and other paths are not ours", async () => {
  const { tokens, post } = service();
  const grant = { grant_type: "refresh_token", refresh_token: "x" };
  isRefused(await post("/auth/token", {}), "invalid_request");
  isRefused(await post("/auth/token", { grant_type: "password" }), "unsupported_grant_type");
  isRefused(await post("/auth/token", grant, {}), "invalid_client", 401);
  isRefused(await post("/auth/token", grant, basic({ ...web, secret: other.secret })), "invalid_client", 401);
  isRefused(await post("/auth/token", grant, { ...basic(web), "content-type": "application/json" }), "invalid_request");
  isRefused(await post("/auth/token?a=b", grant), "invalid_request");
  isRefused(await post("/auth/token", { ...grant, more: "x".repeat(16_384) }), "invalid_request", 413);
  const get = await tokens.handle(new Request("https://api.example.com/auth/token"));
  assert.deepEqual([get.status, get.headers.get("allow")], [405, "POST"]);
  for (const path of ["/", "/auth", "/auth/tokens", "/AUTH/token", "/orders"]) {
    assert.equal(await tokens.handle(form(path, grant)), null, path);
  }
});

test("the same behind API Gateway: base64 forms, cookies in and out", async () => {
  const { tokens } = service({ config: cookie });
  const event = (path, parameters, headers, cookies) => ({
    version: "2.0",
    rawPath: path,
    rawQueryString: "",
    headers: { host: "api.example.com", "content-type": "application/x-www-form-urlencoded", ...headers },
    ...(cookies && { cookies }),
    requestContext: { domainName: "api.example.com", http: { method: "POST" } },
    body: btoa(new URLSearchParams(parameters).toString()),
    isBase64Encoded: true,
  });
  const parameters = { grant_type: "urn:tollgate:session", user: "ann", tenant: "acme" };
  const issued = await tokens.handleEvent(event("/auth/token", parameters, basic(web)));
  assert.equal(issued.statusCode, 200, issued.body);
  const { refresh_token } = JSON.parse(issued.body);
  const own = ["theme=dark", `__Host-refresh_token=${refresh_token}`];
  const refreshed = await tokens.handleEvent(event("/auth/refresh", {}, { "sec-fetch-site": "same-origin" }, own));
  assert.equal(refreshed.statusCode, 200, refreshed.body);
  assert.equal(refreshed.cookies.length, 2);
  assert.equal(refreshed.headers["set-cookie"], undefined);
  assert.match(refreshed.cookies[1], /^__Host-refresh_token=.+; SameSite=Strict; /);
  const doubled = { authorization: `${basic(web).authorization},${basic(other).authorization}` };
  assert.equal((await tokens.handleEvent(event("/auth/token", parameters, doubled))).statusCode, 401);
  const crossed = { "sec-fetch-site": "same-origin,cross-site" };
  assert.equal((await tokens.handleEvent(event("/auth/refresh", {}, crossed, own))).statusCode, 403);
});

test("keys that are none are refused at once, or told as an event and kept out of use", async () => {
  const broken = JSON.parse(keys);
  broken.access[0].jwk.d = broken.refresh[0].jwk.d;
  const text = JSON.stringify(broken);
  const isFault = (error) => error.code === "config_invalid" && error.member.startsWith("keys");
  assert.throws(() => service({ keys: text }), isFault);
  let now = text;
  const { tokens, events, post, login } = service({ keys: () => now });
  isUnavailable(await post("/auth/token", {}));
  assert.deepEqual([events[0].type, events[0].reason], ["signing_keys_failed", "invalid"]);
  assert.match(events[0].member, /^keys/);
  assert.doesNotMatch(JSON.stringify(events), new RegExp(broken.access[0].jwk.d));
  await assert.rejects(tokens.keySet(), isFault);
  assert.equal(events.length, 1);
  now = keys;
  await login();
  now = text;
  await login();
  assert.deepEqual(types(events), ["signing_keys_failed", "session_issued", "signing_keys_failed", "session_issued"]);
});

test("[Q18] no event, refusal or error holds a token or a part of a key", async () => {
  const { events, clock, login, refresh, post } = service();
  const first = await login();
  const second = (await refresh(first.refresh_token)).body;
  clock.now += 11;
  const refused = await refresh(first.refresh_token);
  await post("/auth/revoke", { token: second.refresh_token });
  const told = JSON.stringify([events, refused.text, [...refused.headers]]);
  const { access, refresh: refreshKeys } = JSON.parse(keys);
  const secrets = [first, second].flatMap((pair) => [pair.access_token, pair.refresh_token]);
  for (const token of secrets) for (const part of token.split(".")) assert.ok(!told.includes(part));
  for (const { jwk } of [...access, ...refreshKeys]) assert.ok(!told.includes(jwk.d) && !told.includes(jwk.x));
  for (const token of secrets) assert.ok(!told.includes(claimsOf(token).jti ?? token));
});
