// The token service in the deployed Worker, in real workerd: what it answers, what the gate makes of its tokens, and what
// happens to both when something they need is down. Which records are which verdict is tested natively.

import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { after, before, test } from "node:test";
import { makeKey, signToken } from "../../demo/issuer.mjs";
import { StartError } from "../../demo/workerd.mjs";
import { trapsAtStep } from "./support/fault.mjs";
import { startGate, startOrigin, stopAfter, worker } from "./support/gate.mjs";
import { bearer, pause, send } from "./support/http.mjs";
import { storageFolder } from "./support/store.mjs";
import { assertRefused, bundle, claims, startTokens } from "./support/tokens.mjs";

const keep = stopAfter(after);

let service;
let startMilliseconds;
before(async () => {
  const started = performance.now();
  service = keep(await startTokens());
  startMilliseconds = performance.now() - started;
});

const get = (target, headers = []) => send(service.port, { target, headers });

test("a log-in gives a pair, and the gate takes the access token, with plan and permissions", async () => {
  const { access_token, refresh_token, token_type, expires_in, refresh_expires_in } = await service.login();
  assert.deepEqual([token_type, expires_in, refresh_expires_in], ["Bearer", 900, 2_592_000]);
  const answer = await get("/me", [bearer(access_token)]);
  assert.deepEqual(JSON.parse(answer.text), {
    kind: "user",
    id: "ann",
    tenant: "acme",
    plan: "pro",
    permissions: ["reports:read"],
  });
  assert.equal(await service.get(access_token), 200);
  assert.equal(
    (await send(service.port, { host: "globex.localhost", target: "/orders", headers: [bearer(access_token)] })).status,
    403,
  );
  // A refresh token opens nothing.
  assert.equal(await service.get(refresh_token), 401);
  assert.equal(await service.get(service.foreign()), 200);
});

test("a refresh by form gives the next pair of the same session", async () => {
  const first = await service.login();
  const second = await service.rotated(first);
  assert.equal(await service.get(second.access_token), 200);
  const [before, now] = [first, second].map(({ refresh_token }) => claims(refresh_token));
  assert.deepEqual([before.seq, now.seq, now.fam], [1, 2, before.fam]);
  assert.equal(claims(second.access_token).sid, before.fam);
});

test("a refresh whose answer was lost gives the same refresh token, to the byte", async () => {
  const first = await service.login();
  const second = await service.rotated(first);
  const again = await service.rotated(first);
  assert.equal(again.refresh_token, second.refresh_token);
});

test("of many refreshes of one token at once one makes the successor, which all get who get any", async () => {
  const first = await service.login();
  const answers = await Promise.all(Array.from({ length: 300 }, () => service.refresh(first)));
  const successors = new Set();
  for (const answer of answers) {
    if (answer.status === 200) successors.add(JSON.parse(answer.text).refresh_token);
    else assertRefused(answer, 503, "temporarily_unavailable");
  }
  assert.equal(successors.size, 1);
  const [refresh_token] = successors;
  assert.equal(claims((await service.rotated({ refresh_token })).refresh_token).seq, 3);
});

const refreshCookie = ({ refresh_token }) => ["cookie", `__Host-refresh_token=${refresh_token}`];
const byCookie = (pair, headers = [["sec-fetch-site", "same-origin"]]) =>
  send(service.port, { method: "POST", target: "/auth/refresh", headers: [refreshCookie(pair), ...headers] });

test("a refresh by cookie sets both cookies, and says no token in its body", async () => {
  const answer = await byCookie(await service.login());
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(JSON.parse(answer.text), { expires_in: 900 });
  const cookies = answer.headers.filter(([name]) => name === "set-cookie").map(([, value]) => value.split("; "));
  const [access, refresh] = cookies.map(([pair]) => pair.split("="));
  assert.deepEqual([access[0], refresh[0]], ["__Host-access_token", "__Host-refresh_token"]);
  for (const [, ...attributes] of cookies) {
    for (const needed of ["Path=/", "Secure", "HttpOnly"]) assert.ok(attributes.includes(needed), attributes.join());
  }
  const page = [["cookie", `${access.join("=")}; ${refresh.join("=")}`]];
  assert.equal((await get("/reports/", page)).status, 200);
  assert.equal((await byCookie({ refresh_token: refresh[1] })).status, 200);
});

test("a refresh by cookie from another site, or from who knows where, is refused and harms nobody", async () => {
  const pair = await service.login();
  for (const headers of [[["origin", "https://evil.example"]], [["sec-fetch-site", "cross-site"]], []]) {
    const answer = await byCookie(pair, headers);
    assert.equal(answer.status, 403);
    assert.equal(JSON.parse(answer.text).type, "urn:tollgate:cross_site");
    assert.equal(answer.header("set-cookie"), undefined);
  }
  assert.equal((await byCookie(pair)).status, 200);
});

test("a replay ends the session for whoever has a token of it", async () => {
  const first = await service.login();
  const second = await service.rotated(first);
  const third = await service.rotated(second);
  for (const pair of [first, third, second]) assertRefused(await service.refresh(pair), 400, "invalid_grant");
  const { fam: family } = claims(first.refresh_token);
  const about = service.events().filter((event) => event.family === family);
  assert.deepEqual(
    about.map(({ type }) => type),
    ["session_issued", "session_rotated", "session_rotated", "session_replayed", "session_refused", "session_refused"],
  );
});

test("a log-out ends one session, a revocation of all every session of the user or the tenant", async () => {
  const [one, other] = [await service.login("cat"), await service.login("cat")];
  const token = one.refresh_token;
  for (let times = 0; times < 2; times += 1) {
    assert.equal((await service.post("/auth/revoke", { token })).status, 200);
  }
  assertRefused(await service.refresh(one), 400, "invalid_grant");
  const next = await service.rotated(other);
  assert.equal((await service.post("/auth/revoke-all", { user: "cat" })).status, 200);
  assertRefused(await service.refresh(next), 400, "invalid_grant");
  const [here, there] = [await service.login("cat", "globex"), await service.login("cat", "acme")];
  assert.equal((await service.post("/auth/revoke-all", { tenant: "globex" })).status, 200);
  assertRefused(await service.refresh(here), 400, "invalid_grant");
  await service.rotated(there);
  // Who logs in after that is in.
  await service.rotated(await service.login("cat", "globex"));
});

test("who is no client, and what is no request, is told so before anything is read", async () => {
  const grant = { grant_type: "urn:tollgate:session", user: "ann", tenant: "acme" };
  const wrong = service.basic({ id: "web", secret: "x".repeat(43) });
  const asked = service.entitlements.hits.length;
  const answer = await service.post("/auth/token", grant, [wrong]);
  assertRefused(answer, 401, "invalid_client");
  assert.equal(answer.header("www-authenticate"), 'Basic realm="tollgate"');
  assertRefused(await service.post("/auth/token?x=1", grant), 400, "invalid_request");
  assertRefused(await service.post("/auth/token", { ...grant, user: "u".repeat(20_000) }), 413, "invalid_request");
  const gotten = await get("/auth/token");
  assertRefused(gotten, 405, "invalid_request");
  assert.equal(gotten.header("allow"), "POST");
  assert.equal(service.entitlements.hits.length, asked);
});

test("the entitlements are asked anew each time: a plan that fell shows, a membership that is lost ends in a refusal", async () => {
  try {
    let pair = await service.login();
    assert.equal(claims(pair.access_token).plan, "pro");
    service.entitle({ member: true, plan: "free" });
    pair = await service.rotated(pair);
    assert.equal(claims(pair.access_token).plan, "free");
    assert.equal(await service.get(pair.access_token), 403);
    service.entitle({ member: false });
    assertRefused(await service.refresh(pair), 400, "invalid_grant");
    service.entitle({ member: true, plan: "pro" });
    assert.equal(claims((await service.rotated(pair)).refresh_token).seq, 3);
  } finally {
    service.entitle({ member: true, plan: "pro", permissions: ["reports:read"] });
  }
});

test("entitlements that are down or make no sense cost a 503 and nothing else", async () => {
  const pair = await service.login();
  const down = [
    () => service.entitle({ member: true }, 500),
    () => service.entitle({ member: "yes" }),
    () => service.entitle({ member: true, claims: { sub: "root" } }),
    () => service.entitle({ member: true, plan: "x".repeat(20_000) }),
    () => {
      service.entitlements.behave = (request) => request.socket.destroy();
    },
  ];
  try {
    for (const breakIt of down) {
      breakIt();
      assertRefused(await service.refresh(pair), 503, "temporarily_unavailable");
    }
    // It never answers.
    service.entitlements.behave = () => {};
    const started = performance.now();
    assertRefused(await service.refresh(pair), 503, "temporarily_unavailable");
    assert.ok(performance.now() - started < 3_000);
  } finally {
    service.entitle({ member: true, plan: "pro", permissions: ["reports:read"] });
  }
  assert.equal(claims((await service.rotated(pair)).refresh_token).seq, 2, "nothing was written");
});

test("the published keys are public, may be kept by anybody, and verify our access tokens alone", async () => {
  const { access_token, refresh_token } = await service.login();
  for (const host of ["acme.localhost", "keys.example"]) {
    const answer = await send(service.port, { host, target: "/.well-known/jwks.json" });
    assert.equal(answer.status, 200);
    assert.equal(answer.header("content-type"), "application/jwk-set+json");
    assert.equal(answer.header("cache-control"), "public, max-age=300");
    assert.equal(answer.header("access-control-allow-origin"), "*");
    const { keys } = JSON.parse(answer.text);
    assert.equal(keys.length, 1);
    assert.ok(!("d" in keys[0]));
    const key = createPublicKey({ key: keys[0], format: "jwk" });
    const holds = (token) => {
      const [head, body, signature] = token.split(".");
      const options = { key, dsaEncoding: "ieee-p1363" };
      return verify("sha256", Buffer.from(`${head}.${body}`), options, Buffer.from(signature, "base64url"));
    };
    assert.deepEqual([holds(access_token), holds(refresh_token)], [true, false]);
  }
  const head = await send(service.port, { method: "HEAD", target: "/.well-known/jwks.json" });
  assert.deepEqual([head.status, head.text], [200, ""]);
});

/** A signing key of the keys document, with the id that is computed from it (RFC 7638). */
function signingKey(from) {
  const { privateKey, jwk } = makeKey("ES256");
  const { crv, kty, x, y } = jwk;
  const kid = createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
  return { algorithm: "ES256", privateKey, kid, dated: { from, jwk: privateKey.export({ format: "jwk" }) } };
}

const kid = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url")).kid;
const ids = (keys) => keys.map(({ kid }) => kid).sort();

/** The ids of the published keys. */
async function published({ port }) {
  const { text } = await send(port, { target: "/.well-known/jwks.json" });
  return ids(JSON.parse(text).keys);
}

test("the gate takes what active, next and lately retired keys sign, and nothing of a key that is past", async () => {
  const now = Math.floor(Date.now() / 1000);
  // A retired key counts for 900 s and 300 s after its successor's date.
  const [past, retired, active, next] = [1, now - 50_000, now - 1_190, now + 3_900].map(signingKey);
  const [unknown, refreshing] = [signingKey(1), signingKey(1)];
  const access = [past, retired, active, next].map(({ dated }) => dated);
  const own = keep(await startTokens({ keys: JSON.stringify({ access, refresh: [refreshing.dated] }) }));
  const { access_token } = await own.login();
  const status = (key) => own.get(signToken(key, { ...claims(access_token), jti: "j" }));
  const keys = [past, retired, active, next, unknown, refreshing];
  assert.deepEqual(await Promise.all(keys.map(status)), [401, 200, 200, 200, 401, 401]);
  assert.deepEqual(await published(own), ids([retired, active, next]));
});

// catalogue: P05
test("a key whose time comes while the Worker runs signs from then on, and what was signed before holds", async () => {
  // Far enough that the Worker has started by then.
  const turn = Math.ceil((Date.now() + 3_000 + 3 * startMilliseconds) / 1000);
  // The first is of no more use 1,200 s after the date of the second.
  const [past, active, next] = [1, turn - 1_200, turn].map(signingKey);
  const [refreshing, nextRefreshing] = [1, turn].map(signingKey);
  const dated = (keys) => keys.map(({ dated }) => dated);
  const keys = { access: dated([past, active, next]), refresh: dated([refreshing, nextRefreshing]) };
  const own = keep(await startTokens({ keys: JSON.stringify(keys), tokens: { graceSeconds: 60 } }));
  const first = await own.login();
  const second = await own.rotated(first);
  const leaving = signToken(past, { ...claims(first.access_token), jti: "j" });
  assert.equal(await own.get(leaving), 200);
  assert.deepEqual(await published(own), ids([past, active, next]));
  await pause(turn * 1000 - Date.now() + 50);
  const retried = await own.rotated(first);
  assert.equal(retried.refresh_token, second.refresh_token);
  const third = await own.rotated(second);
  const kids = [first, second, retried, third].map((pair) => [kid(pair.access_token), kid(pair.refresh_token)]);
  assert.deepEqual(kids, [
    [active.kid, refreshing.kid],
    [active.kid, refreshing.kid],
    [next.kid, refreshing.kid],
    [next.kid, nextRefreshing.kid],
  ]);
  for (const { access_token } of [first, second, retried, third]) assert.equal(await own.get(access_token), 200);
  assert.equal(await own.get(leaving), 401);
  assert.deepEqual(await published(own), ids([active, next]));
});

test("no line of the log holds a token, a part of one or a secret", async () => {
  const pair = await service.rotated(await service.login());
  await service.refresh({ refresh_token: `${pair.refresh_token.slice(0, -4)}AAAA` });
  const log = service.lines.join("\n");
  assert.ok(service.events().some(({ type }) => type === "session_rotated"));
  for (const token of [pair.access_token, pair.refresh_token]) {
    for (const part of token.split(".")) assert.ok(!log.includes(part.slice(0, 40)));
  }
  // An id may have the first letters of a token, but is no longer than 22, and has no dot.
  assert.ok(!log.includes(service.client.secret) && !/eyJ[\w-]*\.|(?<![\w-])eyJ[\w-]{20}/.test(log));
});

/** The Worker with objects that `objects.behave` can take down. */
async function startWithSwitch() {
  const objects = keep(await startOrigin());
  const say = (what) => {
    objects.behave = (_request, response) => response.end(typeof what === "function" ? what() : what);
  };
  say("up");
  const front = worker("switch", "tests/workerd/fixtures/switch.js");
  front.bindings = { SWITCH: objects.url, REAL: { durableObject: "Families", of: "tollgate" } };
  const bindings = { TOLLGATE_FAMILIES: { durableObject: "Families", of: "switch" } };
  return { say, ...keep(await startTokens({ behind: [front], bindings })) };
}

test("objects that are down cost a 503, and the gate goes on verifying", async () => {
  const own = await startWithSwitch();
  const pair = await own.login();
  for (const fault of ["500", "throw", "hang"]) {
    own.say(fault);
    const started = performance.now();
    assertRefused(await own.refresh(pair), 503, "temporarily_unavailable");
    assert.ok(performance.now() - started < 3_000, fault);
    assertRefused(
      await own.post("/auth/token", { grant_type: "urn:tollgate:session", user: "ann", tenant: "acme" }),
      503,
      "temporarily_unavailable",
    );
    assertRefused(await own.post("/auth/revoke", { token: pair.refresh_token }), 503, "temporarily_unavailable");
    assert.deepEqual([await own.get(pair.access_token), await own.get(own.foreign())], [200, 200]);
    assert.equal((await send(own.port, { target: "/.well-known/jwks.json" })).status, 200);
  }
  assert.ok(own.events().some(({ type, reason }) => type === "store_failed" && reason === "timeout"));
  own.say("up");
  assert.equal(claims((await own.rotated(pair)).refresh_token).seq, 2);
});

test("a write whose answer was lost is found by the retry, which gets the token that was written", async () => {
  const own = await startWithSwitch();
  const pair = await own.login();
  let requests = 0;
  // A refresh loads from two objects, and then writes.
  own.say(() => (++requests === 3 ? "written, then lost" : "up"));
  assertRefused(await own.refresh(pair), 503, "temporarily_unavailable");
  own.say("up");
  const next = await own.rotated(pair);
  assert.equal(claims(next.refresh_token).seq, 2);
  await own.rotated(next);
});

test("a trap in an object costs its caller a 503, and neither the gate nor the next caller anything", async () => {
  const { directory } = keep(trapsAtStep(40));
  const own = keep(await startTokens({ directory }));
  const statuses = [];
  let pair;
  for (let tries = 0; tries < 12; tries += 1) {
    const answer = pair
      ? await own.refresh(pair)
      : await own.post("/auth/token", { grant_type: "urn:tollgate:session", user: "ann", tenant: "acme" });
    statuses.push(answer.status);
    if (answer.status === 200) pair = JSON.parse(answer.text);
    else assertRefused(answer, 503, "temporarily_unavailable");
    if (pair) assert.equal(await own.get(pair.access_token), 200, `after ${statuses.join(" ")}`);
  }
  assert.ok(statuses.includes(503), statuses.join(" "));
  assert.doesNotMatch(statuses.join(" "), /503 503/);
});

test("sessions survive a restart", async () => {
  const { folder } = keep(storageFolder());
  const { keys, client, config, login, stop } = keep(await startTokens({ storage: folder }));
  const pair = await login();
  await stop();
  const again = keep(await startTokens({ storage: folder, keys, tokens: config.tokens }));
  const { refresh_token } = pair;
  const answer = await again.post("/auth/token", { grant_type: "refresh_token", refresh_token }, [again.basic(client)]);
  assert.equal(answer.status, 200, answer.text);
});

test("a token service that lacks a secret or a binding refuses to start, and names the member", async () => {
  const { config, keys } = service;
  const all = {
    ORDERS: { service: "tollgate" },
    ENTITLEMENTS: { service: "tollgate" },
    TOLLGATE_KEYS: keys,
    TOLLGATE_FAMILIES: { durableObject: "Families" },
  };
  const without = (name) => Object.fromEntries(Object.entries(all).filter(([other]) => other !== name));
  const cases = [
    [/tokens\.keys: expected a secret named TOLLGATE_KEYS/, config, without("TOLLGATE_KEYS")],
    [/tokens\.store\.durableObject: .* named TOLLGATE_FAMILIES/, config, without("TOLLGATE_FAMILIES")],
    [/tokens\.entitlements\.service: .* named ENTITLEMENTS/, config, without("ENTITLEMENTS")],
    [/tokens\.entitlements\.service/, { ...config, tokens: { ...config.tokens, entitlements: {} } }, all],
    [/tokens\.keys/, { ...config, tokens: { ...config.tokens, keys: "TOLLGATE_KEYS" } }, all],
    [/tokens\.graceSeconds/, { ...config, tokens: { ...config.tokens, graceSeconds: 61 } }, all],
    [/issuers\[1\]/, { ...config, tokens: undefined }, all],
  ];
  for (const [words, wrong, bindings] of cases) {
    await assert.rejects(
      async () => keep(await startGate(wrong, { bindings, directory: bundle })),
      (error) => error instanceof StartError && /tollgate: /.test(error.message) && words.test(error.message),
      String(words),
    );
  }
  const main = /tollgate: configuration: tokens: expected main = "js\/worker-tokens\.ts" in wrangler\.toml/;
  await assert.rejects(
    async () => keep(await startGate(config, { bindings: all })),
    (error) => error instanceof StartError && main.test(error.message),
  );
  const [, secret] = /"d":"([^"]+)"/.exec(keys);
  const broken = { ...all, TOLLGATE_KEYS: keys.replace('"crv"', '"crw"') };
  await assert.rejects(
    async () => keep(await startGate(config, { bindings: broken, directory: bundle })),
    (error) => error instanceof StartError && !error.message.includes(secret),
  );
});
