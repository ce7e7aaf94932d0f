// `verifiedTokenCache`: a repeated token is answered as it would be without, faster. Also when keys, times and the instance change.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, createVerifier } from "tollgate";
import { throwsCode } from "./support/assert.mjs";
import { random } from "./support/mutate.mjs";
import { gateConfig, ISSUER, issuerConfig, makeKey, NOW, token, verifierConfig } from "./support/tokens.mjs";

const es = makeKey("ES256", "es-1");
const rs = makeKey("RS256", "rs-1");
const hooks = { now: () => NOW };

const cached = (keys, verifiedTokenCache = {}, issuer = {}) => ({
  ...verifierConfig(keys, issuer),
  verifiedTokenCache,
});

test("a repeated token gets the same answer, frozen to the bottom; without the cache it is the caller's own", () => {
  const plain = createVerifier(verifierConfig([es, rs]), hooks);
  const verifier = createVerifier(cached([es, rs]), hooks);
  for (const key of [es, rs]) {
    const text = token(key, { groups: ["a", "b"], deep: { list: [{ x: 1 }, [2]], __proto__: null }, scope: "r w" });
    const first = verifier.verifySync(text);
    assert.deepEqual(first, plain.verifySync(text));
    assert.equal(verifier.verifySync(text), first);
    assert.equal(verifier.verifySync(`${text}`.split("").join("")), first);
    const { claims, header, principal } = first;
    const parts = [first, header, claims, principal, principal.groups, principal.scopes, principal.permissions];
    for (const part of [
      ...parts,
      claims.deep,
      claims.deep.list,
      claims.deep.list[0],
      claims.deep.list[1],
      claims.groups,
    ]) {
      assert.ok(Object.isFrozen(part));
    }
    assert.throws(() => principal.groups.push("owners"), TypeError);
    assert.equal(Object.getPrototypeOf(claims.deep), null);
    assert.ok(!Object.isFrozen(plain.verifySync(text)) && !Object.isFrozen(plain.verifySync(text).claims));
  }
});

test("each of many tokens gets its own answer, also while their places are used again and again", () => {
  const texts = Array.from({ length: 40 }, (_, at) => token(es, { sub: `user-${at}` }));
  const next = random(7);
  for (const entries of [1, 3, 39, 40]) {
    const verifier = createVerifier(cached([es], { entries }), hooks);
    for (let round = 0; round < 1_000; round += 1) {
      const at = next.below(texts.length);
      assert.equal(verifier.verifySync(texts[at]).claims.sub, `user-${at}`);
    }
  }
});

test("a token with no room in the cache is verified each time, and its answer is frozen too", () => {
  const verifier = createVerifier(cached([es], { bytes: 65_536 }), hooks);
  const many = token(es, { list: Array.from({ length: 2_600 }, () => 1) });
  const first = verifier.verifySync(many);
  assert.ok(Object.isFrozen(first.claims.list));
  assert.notEqual(verifier.verifySync(many), first);
  assert.deepEqual(verifier.verifySync(many), first);
});

test("an answer is not given past the token's end, after a step back of the clock, or for a token of one other byte", () => {
  let now = NOW;
  const verifier = createVerifier(cached([es], { seconds: 3_600 }), { now: () => now });
  const text = token(es, { exp: NOW + 100, nbf: NOW - 10 });
  verifier.verifySync(text);
  now = NOW + 129.9;
  verifier.verifySync(text);
  now = NOW + 130;
  throwsCode("token_expired", () => verifier.verifySync(text));
  now = NOW;
  verifier.verifySync(text);
  now = NOW - 41;
  throwsCode("token_not_yet_valid", () => verifier.verifySync(text));
  now = Number.NaN;
  throwsCode("clock_invalid", () => verifier.verifySync(text));
  now = NOW;
  const dot = text.lastIndexOf(".");
  for (const at of [0, 5, text.indexOf(".") + 3, dot + 3]) {
    const other = `${text.slice(0, at)}${text[at] === "Q" ? "R" : "Q"}${text.slice(at + 1)}`;
    assert.throws(() => verifier.verifySync(other), { name: "TollgateError" });
  }
  assert.equal(verifier.verifySync(text).claims.exp, NOW + 100);
});

test("a refusal is never kept, and one text verified by two verifiers is held by each for itself", () => {
  const other = makeKey("ES256", "es-1");
  const [mine, theirs] = [es, other].map((key) => createVerifier(cached([key]), hooks));
  const text = token(es);
  for (let i = 0; i < 3; i += 1) {
    assert.equal(mine.verifySync(text).claims.sub, "user-1");
    throwsCode("signature_invalid", () => theirs.verifySync(text));
  }
  mine.close();
  throwsCode("closed", () => mine.verifySync(text));
});

test("a gate takes each request's rule and tenant anew, and says in its events that the token was known", () => {
  const events = [];
  const config = {
    ...gateConfig([es]),
    verifiedTokenCache: {},
    rules: [{ path: "/a" }, { path: "/b", plans: ["free"] }],
  };
  const gate = createGate(config, { ...hooks, onEvent: (event) => event.type === "decision" && events.push(event) });
  const authorization = `Bearer ${token(es)}`;
  const ask = (url) => gate.checkSync({ method: "GET", url, headers: { authorization } });
  const asked = [
    ["https://acme.api.example.com/a", "allow"],
    ["https://acme.api.example.com/a", "allow"],
    ["https://globex.api.example.com/a", "tenant_mismatch"],
    ["https://acme.api.example.com/b", "plan_required"],
    ["https://acme.api.example.com/c", "no_rule"],
  ];
  for (const [url, expected] of asked) {
    const decision = ask(url);
    assert.equal(decision.outcome === "allow" ? "allow" : decision.code, expected, url);
    assert.ok(!("cached" in decision));
  }
  assert.deepEqual(
    events.map(({ cached }) => cached),
    [undefined, true, true, true, undefined],
  );
});

test("what cannot be right is refused with the member's name", () => {
  const wrong = (verifiedTokenCache) => [
    () => createVerifier(cached([es], verifiedTokenCache), hooks),
    () => createGate({ ...gateConfig([es]), verifiedTokenCache }, hooks),
  ];
  const cases = [
    ["verifiedTokenCache", true],
    ["verifiedTokenCache", []],
    ["verifiedTokenCache.size", { size: 1 }],
    ["verifiedTokenCache.entries", { entries: 0 }],
    ["verifiedTokenCache.entries", { entries: 100_001 }],
    ["verifiedTokenCache.bytes", { bytes: 65_535 }],
    ["verifiedTokenCache.bytes", { bytes: 33_554_433 }],
    ["verifiedTokenCache.seconds", { seconds: 0 }],
    ["verifiedTokenCache.seconds", { seconds: 3_601 }],
    ["verifiedTokenCache.seconds", { seconds: 1.5 }],
    ["verifiedTokenCache.seconds", { seconds: "60" }],
  ];
  for (const [member, value] of cases) {
    for (const make of wrong(value)) assert.equal(throwsCode("config_invalid", make).member, member);
  }
  for (const good of [
    null,
    undefined,
    {},
    { entries: 1, bytes: 65_536, seconds: 1 },
    { entries: 100_000, bytes: 33_554_432, seconds: 3_600 },
  ]) {
    for (const make of wrong(good)) make().close();
  }
});

/** A verifier whose keys are fetched from what `world` says at the time. */
function remote(world, config) {
  const fetches = [];
  const issuer = issuerConfig([], { jwks: undefined, jwksUri: `${ISSUER}/jwks.json` });
  const verifier = createVerifier(
    { issuers: [issuer], ...config },
    {
      now: () => world.now,
      fetch: async () => {
        fetches.push(world.now);
        if (world.keys === undefined) throw new Error("down");
        return Response.json({ keys: world.keys.map(({ jwk }) => jwk) });
      },
    },
  );
  const answer = async (ask) => {
    try {
      return { verification: await ask() };
    } catch (error) {
      return { code: error.code, claim: error.claim, retryAfterSeconds: error.retryAfterSeconds };
    }
  };
  const verify = (text) => answer(() => verifier.verify(text));
  const verifySync = (text) => answer(() => verifier.verifySync(text));
  return { verify, verifySync, fetches };
}

test("over random histories of tokens, times and key sets, the answers and fetches are those without a cache", async (t) => {
  const [a, b, c] = [es, makeKey("ES256", "es-1"), makeKey("ES256", "es-2")];
  const sets = [[a], [a], [a, c], [c], [b], [a, b], undefined];
  const texts = [a, b, c].flatMap((key) =>
    [{}, { exp: NOW + 50 }, { nbf: NOW + 60 }, { sub: "user-2", exp: NOW + 2_000 }, { aud: "other" }].map((claims) =>
      token(key, claims),
    ),
  );
  texts.push(`${texts[0].slice(0, -3)}AAA`, texts[0].replace(".", ".x"), "x.y.z");
  const seen = {};
  for (let seed = 0; seed < 150; seed += 1) {
    const next = random(seed + 1);
    const world = { now: NOW, keys: [a] };
    const limits = { entries: 1 + next.below(8), seconds: next.of([1, 30, 3_600]) };
    const [plain, cache] = [{}, { verifiedTokenCache: limits }].map((config) => remote(world, config));
    const few = [texts[0], texts[3], next.of(texts), next.of(texts)];
    for (let step = 0; step < 40; step += 1) {
      const what = next.below(10);
      if (what === 0) world.keys = next.of(sets);
      if (what < 3) world.now += next.of([0.5, 1, 20, 40, 301, -1, -20]);
      if (what === 4 && next.below(4) === 0) world.now += next.of([300, 600, 3_600, -600]);
      const text = next.of(few);
      const how = next.of(["verify", "verifySync"]);
      const [expected, found] = [await plain[how](text), await cache[how](text)];
      assert.deepEqual(found, expected, `seed ${seed}, step ${step}`);
      await new Promise(setImmediate);
      assert.deepEqual(cache.fetches, plain.fetches, `seed ${seed}, step ${step}`);
      const code = expected.code ?? "verified";
      seen[code] = (seen[code] ?? 0) + 1;
    }
  }
  t.diagnostic(JSON.stringify(seen));
  for (const code of [
    "verified",
    "token_expired",
    "token_not_yet_valid",
    "keys_due",
    "keys_unavailable",
    "unknown_key",
  ]) {
    assert.ok(seen[code] > 20, `${code}: ${seen[code]}`);
  }
});

test("a hit starts the background refresh that any token would, and the keys that came end it", async () => {
  const world = { now: NOW, keys: [es] };
  const { verify, verifySync, fetches } = remote(world, { verifiedTokenCache: { seconds: 3_600 } });
  const text = token(es);
  await verify(text);
  assert.equal((await verify(text)).verification.claims.sub, "user-1");
  assert.equal(fetches.length, 1);
  world.now += 301;
  world.keys = [rs];
  assert.equal((await verify(text)).verification.claims.sub, "user-1");
  await new Promise(setImmediate);
  assert.equal(fetches.length, 2);
  assert.equal((await verifySync(text)).code, "keys_due");
  assert.equal((await verify(text)).code, "unknown_key");
});
