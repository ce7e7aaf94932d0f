// explain by its public names: the same decision as check and the same verdict as verify, the checks in their order, and that asking
// why is no request. The core's own tests have each check failing alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, createVerifier } from "tollgate";
import { rejectsCode } from "./support/assert.mjs";
import { read, table, words } from "./support/documents.mjs";
import { fixture, one, settled } from "./support/key-fixture.mjs";
import { mutateText, random } from "./support/mutate.mjs";
import { AUDIENCE, gateConfig, issuerConfig, makeKey, NOW, signed, token, verifierConfig } from "./support/tokens.mjs";

const SEED = Number(process.env.TOLLGATE_SEED ?? 20_260_101);
const es = makeKey("ES256", "es-1");
const other = makeKey("ES256", "es-1");
const hooks = { now: () => NOW };
const gate = createGate(gateConfig([es]), hooks);
const verifier = createVerifier(verifierConfig([es]), hooks);
const get = (path, text) => ({
  method: "GET",
  url: `https://acme.api.example.com${path}`,
  headers: text === undefined ? {} : { authorization: `Bearer ${text}` },
});

/** The page's list of checks, and each one's codes. */
const page = new Map(
  table(read("docs/EXPLAIN.md"), "## The checks").map(([name, , codes]) => [words(name)[0], words(codes)]),
);
const names = [...page.keys()];

/** Asserts what holds of any list, and returns the check that failed. */
function failed(checks, code, message) {
  const at = checks.findIndex(({ outcome }) => outcome === "fail");
  assert.equal(at >= 0, code !== null, message);
  let place = -1;
  for (const [index, check] of checks.entries()) {
    assert.deepEqual(Object.keys(check), ["name", "outcome", "code", "expected", "found"], message);
    const outcome = at < 0 || index < at ? "pass" : index === at ? "fail" : "not_reached";
    assert.deepEqual([check.outcome, check.code], [outcome, outcome === "fail" ? code : null], message);
    if (outcome === "fail") assert.ok(page.get(check.name).includes(code) && check.found !== null, message);
    if (outcome === "not_reached") assert.equal(check.found, null, message);
    assert.ok(names.indexOf(check.name) > place, `${message}: ${check.name} is out of order`);
    place = names.indexOf(check.name);
  }
  return checks[at];
}

const codeOf = (decision) => decision.code ?? null;

/** What `verify` says, in the members of an explanation. */
async function verdict(text) {
  try {
    return { verification: await verifier.verify(text), code: null, message: null };
  } catch ({ code, message }) {
    return { verification: null, code, message };
  }
}

test("a gate's explanation has every check, and the decision that check gives", async () => {
  const request = get("/reports/7", token(es));
  const { checks, decision } = await gate.explain(request);
  assert.deepEqual(decision, await gate.check(request));
  assert.equal(failed(checks, null), undefined);
  assert.deepEqual(
    checks.map(({ name }) => name),
    names.filter((name) => name !== "preflight"),
  );
  const of = (name) => checks.find((check) => check.name === name);
  assert.deepEqual([of("tenant").expected, of("tenant").found], ["acme", "acme"]);
  assert.deepEqual([of("plan").expected, of("plan").found], ["pro, enterprise", "pro"]);
  assert.deepEqual([of("groups").expected, of("groups").found], ["anything", "nothing"]);
});

test("a refusal names the check, with what it expected and found", async () => {
  const forged = signed(es, JSON.stringify({ alg: "none" }), "{}");
  for (const [request, name, code, expected, found] of [
    [get("/orders"), "credential", "no_credential", "Authorization: Bearer", "the request carries no credential"],
    [get("/orders", token(es, { exp: NOW - 30 })), "expiry", "token_expired", `after ${NOW - 30}`, `${NOW - 30}`],
    [get("/orders", token(es, { tenant_id: "globex" })), "tenant", "tenant_mismatch", "acme", "globex"],
    [get("/reports/7", token(es, { plan: "free" })), "plan", "plan_required", "pro, enterprise", "free"],
    [get("/x/..%2freports/7", token(es)), "path", "bad_path", undefined, "/x/..%2freports/7: a dot segment"],
    [get("/orders", forged), "algorithm", "alg_not_allowed", "ES256, RS256", "none"],
    [
      get("/orders", signed(es, '{"alg":"ES256"}', '{"a":1,"a":1}')),
      "token_payload",
      "malformed_json",
      undefined,
      undefined,
    ],
    [get("/orders", `${token(es)}=`), "token_payload", "malformed_base64url", undefined, undefined],
    [get("/orders", token(other)), "signature", "signature_invalid", undefined, "the signature does not verify"],
  ]) {
    const { checks, decision } = await gate.explain(request);
    assert.deepEqual(decision, await gate.check(request));
    const check = failed(checks, codeOf(decision), code);
    assert.deepEqual([check.name, check.code], [name, code]);
    if (expected !== undefined) assert.equal(check.expected, expected);
    if (found !== undefined) assert.equal(check.found, found);
  }
});

test("a verifier's explanation is what verify says, and ends with the claims", async () => {
  const own = names.slice(names.indexOf("clock"), names.indexOf("claims") + 1);
  for (const text of [
    token(es),
    token(es, { exp: 1 }),
    token(other),
    "a.b",
    "",
    "é.\u{1f600}.\ud800",
    `${token(es)}=`,
  ]) {
    const { checks, ...told } = await verifier.explain(text);
    assert.deepEqual(told, await verdict(text));
    failed(checks, told.code, text);
    assert.deepEqual(
      checks.map(({ name }) => name),
      own,
    );
  }
});

const isReached = (checks, name) => checks.some((check) => check.name === name && check.outcome !== "not_reached");
const ofToken = (checks) => {
  const at = (name) => checks.findIndex((check) => check.name === name);
  return checks.slice(at("clock"), at("claims") + 1);
};

test("a verifier and a gate say the same of a token, whatever the issuer's rules", async () => {
  const rules = [
    {},
    { audience: ["a", AUDIENCE], tenants: ["acme", "initech"], maxAgeSeconds: 60, types: ["JWT", null] },
    {
      clientIds: ["web", "app"],
      audience: null,
      tokenUse: ["access"],
      claims: { tenant: ["org", "id"], plan: ["org", "plan"] },
    },
    {
      issuer: undefined,
      preset: "cognito",
      region: "eu-west-1",
      userPoolId: "eu-west-1_Ab12",
      clientIds: ["web"],
      audience: null,
    },
    { tenants: Array.from({ length: 101 }, (_, index) => `t${index}`) },
    { jwks: undefined, jwksUri: "https://issuer.example/jwks.json" },
  ];
  const iss = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12";
  const changes = [
    {},
    { exp: NOW - 30 },
    { exp: "1" },
    { nbf: NOW + 31, iat: undefined },
    { aud: ["x", "y"] },
    { aud: "", token_use: "access", client_id: "web" },
    { iss, token_use: "access", client_id: "web", org: { id: "acme", plan: [] } },
    { iss, token_use: 7, client_id: "web" },
    { token_use: "access", azp: "web", org: { id: 7 } },
    { token_use: "access", client_id: "app", org: { id: "acme", plan: 7 }, constructor: 1 },
    { tenant_id: { a: "é" }, plan: null },
    { sub: "", jti: 7, gty: false },
    { cnf: { jkt: "x" }, scope: "a  b" },
    { permissions: ["a", 7], groups: [], email: "a@b.example", email_verified: "false" },
  ];
  let same = 0;
  for (const rule of rules) {
    const issuers = [issuerConfig([es], { ...rule })];
    const down = { now: () => NOW + 0.75, fetch: () => Promise.reject(new Error("down")) };
    const [asks, gates] = [createVerifier({ issuers }, down), createGate(gateConfig([es], { issuers }), down)];
    const texts = changes.map((claims) => token(es, claims));
    const odd = [
      token(es, {}, { typ: "x" }),
      token(es, {}, { kid: undefined }),
      token(es, {}, { kid: "es-2" }),
      token(es, {}, { alg: "RS256" }),
    ];
    for (const text of [...texts, ...odd, token(other), "a.b", "a.b.c.d.e"]) {
      const told = ofToken((await gates.explain(get("/orders", text))).checks);
      assert.deepEqual((await asks.explain(text)).checks, told, `${JSON.stringify(rule)} ${text}`);
      same += 1;
    }
  }
  assert.equal(same, rules.length * (changes.length + 7));
});

test("what is no text, and what is far too long, is explained too", async () => {
  for (const odd of [undefined, null, 7, {}, ["a.b.c"]]) {
    const { checks, code, verification } = await verifier.explain(odd);
    assert.deepEqual(
      [failed(checks, "malformed_token").name, code, verification],
      ["token_form", "malformed_token", null],
    );
  }
  const fits = await verifier.explain("a".repeat(8192));
  assert.equal(failed(fits.checks, "malformed_token").found, "1 part, 8192 bytes");
  for (const long of ["a".repeat(8193), "a".repeat(2 ** 20), "\u{1f600}".repeat(2 ** 19), `${"é".repeat(4096)}a`]) {
    const { checks, code } = await verifier.explain(long);
    assert.deepEqual([failed(checks, "token_too_large").name, code], ["token_form", "token_too_large"]);
  }
  const decision = await gate.explain(get("/orders", "a".repeat(2 ** 20)));
  assert.equal(failed(decision.checks, "header_fields_too_large").name, "request_form");
});

test("a public rule and a preflight have the checks that they meet", async () => {
  const open = await gate.explain(get("/health", "junk"));
  assert.deepEqual(
    open.checks.map(({ name }) => name),
    ["request_form", "target", "host", "path", "rule", "identity"],
  );
  const answering = createGate(gateConfig([es], { cors: { origins: ["https://app.example.com"] } }), hooks);
  const headers = { origin: "https://app.example.com", "access-control-request-method": "PUT" };
  const { checks, decision } = await answering.explain({ ...get("/orders"), method: "OPTIONS", headers });
  assert.deepEqual([decision.status, failed(checks, "preflight").name], [204, "preflight"]);
});

test("nothing of a token is shown whose signature does not hold, but alg, kid and typ", async () => {
  const claims = {
    sub: "unseen",
    aud: "unseen",
    tenant_id: "unseen",
    plan: "unseen",
    exp: 1_799_999_999,
    jti: "unseen",
  };
  for (const text of [
    token(other, claims),
    `${token(es, claims)}=`,
    token(es, { ...claims, iss: "https://unseen.example" }),
    token(es, claims, { alg: "none" }),
    token(es, claims, { typ: "logout+jwt" }),
    token(es, claims, { kid: "es-2" }),
    token(es, claims, { zip: "DEF" }),
  ]) {
    for (const { checks } of [await verifier.explain(text), await gate.explain(get("/orders", text))]) {
      const said = JSON.stringify(checks);
      assert.doesNotMatch(said, /unseen|1799999999/);
      for (const part of text.split(".")) assert.ok(!said.includes(part), said);
    }
  }
  const { checks } = await verifier.explain(token(es, { ...claims, aud: undefined }));
  assert.equal(failed(checks, "claim_missing").name, "audience");
});

test("asking why is no request: it tells of no decision, fetches keys as check does, and joins its fetches", async () => {
  const { server, verifier: remote, fresh, hits, events, clock } = await fixture();
  const [why, again] = await Promise.all([remote.explain(fresh()), remote.explain(fresh())]);
  assert.deepEqual([why.code, again.code, hits()], [null, null, 1]);
  clock.now += 400;
  assert.equal((await remote.explain(fresh())).code, null);
  await settled();
  assert.equal(hits(), 2, "refreshed in the background");
  const told = [];
  const issuers = [issuerConfig([], { jwks: undefined, jwksUri: server.jwksUri })];
  const asked = createGate(gateConfig([], { issuers }), {
    now: () => clock.now,
    onEvent: (event) => told.push(event.type),
  });
  const request = get("/orders", fresh(one));
  assert.equal((await asked.explain(request)).decision.outcome, "allow");
  assert.deepEqual(told, ["core_started", "keys_fetched"]);
  asked.checkSync(request);
  assert.deepEqual(told.slice(2), ["decision"]);
  assert.ok(events.every(({ type }) => type !== "decision"));
});

test("an issuer that is down is explained as unavailable, at the key", async () => {
  const issuers = [issuerConfig([], { jwks: undefined, jwksUri: "https://issuer.example/jwks.json" })];
  const down = { ...hooks, fetch: () => Promise.reject(new Error("down")) };
  const { checks, decision } = await createGate(gateConfig([], { issuers }), down).explain(get("/orders", token(es)));
  assert.deepEqual([decision.outcome, failed(checks, "keys_unavailable").name], ["unavailable", "key"]);
  const told = await createVerifier({ issuers }, down).explain(token(es));
  assert.deepEqual([told.code, failed(told.checks, "keys_unavailable").name], ["keys_unavailable", "key"]);
});

test("after close, it rejects as the others do", async () => {
  const [closedGate, closedVerifier] = [
    createGate(gateConfig([es]), hooks),
    createVerifier(verifierConfig([es]), hooks),
  ];
  closedGate.close();
  closedVerifier.close();
  await rejectsCode("closed", closedGate.explain(get("/")));
  await rejectsCode("closed", closedVerifier.explain(token(es)));
});

test("with a cache of tokens, an explanation disturbs no answer that is kept", async () => {
  const caching = createVerifier({ ...verifierConfig([es]), verifiedTokenCache: { entries: 2 } }, hooks);
  const texts = ["a", "b", "c"].map((sub) => token(es, { sub }));
  for (let turn = 0; turn < 60; turn += 1) {
    const text = texts[(turn * 7) % 3];
    const { verification, code } = await caching.explain(texts[turn % 3]);
    assert.deepEqual([code, verification.claims.sub], [null, ["a", "b", "c"][turn % 3]]);
    assert.equal(caching.verifySync(text).claims.sub, ["a", "b", "c"][(turn * 7) % 3]);
  }
});

test("explain and check, and explain and verify, agree on 6,000 mutated inputs", async () => {
  const next = random(SEED + 7);
  const good = [token(es), token(es, { plan: "free" }), token(other), token(es, { exp: NOW - 60 })];
  const seen = new Set();
  for (let turn = 0; turn < 3_000; turn += 1) {
    const mutate = (text) => (next() < 0.5 ? text : mutateText(text, next));
    const payload = Buffer.from(good[0].split(".")[1], "base64url").toString();
    const text = next() < 0.5 ? mutate(next.of(good)) : signed(es, '{"alg":"ES256","kid":"es-1"}', mutate(payload));
    const request = {
      method: next() < 0.9 ? "GET" : mutate("POST"),
      url: mutate(
        next.of(["https://acme.api.example.com/reports/7?x=1", "https://acme.api.example.com/orders", "/health"]),
      ),
      headers: { host: "acme.api.example.com", authorization: `Bearer ${text}`, [mutate("x-a")]: mutate("b") },
    };
    const at = `seed ${SEED}: ${JSON.stringify(request)}`;
    const why = await gate.explain(request);
    assert.deepEqual(why.decision, gate.checkSync(request), at);
    seen.add(failed(why.checks, codeOf(why.decision), at)?.name);
    const { checks, ...told } = await verifier.explain(text);
    assert.deepEqual(told, await verdict(text), at);
    seen.add(failed(checks, told.code, at)?.name);
    // The gate's words are the core's, the verifier's those of the package.
    if (isReached(why.checks, "clock")) assert.deepEqual(ofToken(why.checks), checks, at);
  }
  assert.ok(seen.size > 15, [...seen].join());
});

test("the page names every code that a decision or a verification can end with", () => {
  const never = [
    "key_not_usable",
    "jwks_malformed",
    "jwks_no_usable_key",
    "config_invalid",
    "signing_key_missing",
    "claim_reserved",
  ];
  const codes = [...read("src/error.rs").matchAll(/=> "([a-z0-9_]+)",$/gm)].map(([, code]) => code);
  const listed = new Set([...page.values()].flat());
  assert.deepEqual(codes.filter((code) => !listed.has(code)).sort(), never.sort());
});
