// The published keys over time, the keys that are never published, and the documents that are refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createTokens, memoryStore } from "tollgate/tokens";
import { START } from "./support/histories.mjs";
import { header, post } from "./support/http.mjs";
import { configuration, datedKey, keysDocument, makeClient, thumbprint } from "./support/keys.mjs";
import { makeService } from "./support/service.mjs";

const SECOND = START / 1000;
/** A retired key is published for as long as an access token lasts, and as long again as anybody's cache may be old. */
const RETIRED_SECONDS = 900 + 300;

const kids = async (tokens) => (await tokens.keySet()).keys.map(({ kid }) => kid);

// catalogue: P05
test("a published key is public, is named by its thumbprint, and is no refresh key", async () => {
  const keys = keysDocument([0, SECOND + 3_900]);
  const { tokens, login } = makeService({ store: memoryStore(), keys });
  const { keys: published } = await tokens.keySet();
  assert.deepEqual(new Set(published.map(({ kid }) => kid)), new Set(keys.access.map(({ jwk }) => thumbprint(jwk))));
  for (const jwk of published) {
    assert.deepEqual(Object.keys(jwk).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert.deepEqual([jwk.alg, jwk.crv, jwk.kty, jwk.use], ["ES256", "P-256", "EC", "sig"]);
    assert.equal(jwk.kid, thumbprint(jwk));
  }
  const { access, refresh } = await login();
  assert.equal(header(access).kid, thumbprint(keys.access[0].jwk));
  assert.equal(header(refresh).kid, thumbprint(keys.refresh[0].jwk));
});

// catalogue: P05
test("a key is published before it signs, and until its last token has ended, to the second", async () => {
  const turn = SECOND + 4_000;
  const keys = keysDocument([0, turn]);
  const [old, next] = keys.access.map(({ jwk }) => thumbprint(jwk));
  const { tokens, login, clock } = makeService({ store: memoryStore(), keys });
  const at = async (second) => {
    clock.now = second * 1000;
    const { access } = await login();
    return { signs: header(access).kid, published: new Set(await kids(tokens)) };
  };
  assert.deepEqual(await at(SECOND), { signs: old, published: new Set([old, next]) });
  assert.deepEqual(await at(turn - 1), { signs: old, published: new Set([old, next]) });
  assert.deepEqual(await at(turn), { signs: next, published: new Set([old, next]) });
  assert.deepEqual(await at(turn + RETIRED_SECONDS - 1), { signs: next, published: new Set([old, next]) });
  assert.deepEqual(await at(turn + RETIRED_SECONDS), { signs: next, published: new Set([next]) });
});

// catalogue: P05
test("the key set is served as JSON that may be kept for 300 s, to anybody", async () => {
  const { tokens } = makeService({ store: memoryStore() });
  const answer = await post(tokens, "/.well-known/jwks.json", { method: "GET" });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, await tokens.keySet());
  const { headers } = answer;
  const wanted = ["public, max-age=300", "*", "application/jwk-set+json"];
  assert.deepEqual(
    ["cache-control", "access-control-allow-origin", "content-type"].map((name) => headers.get(name)),
    wanted,
  );
  const head = await post(tokens, "/.well-known/jwks.json", { method: "HEAD" });
  assert.deepEqual([head.status, head.text], [200, ""]);
});

test("a refresh key that its record names and the document lost is a 503, not a log-out", async () => {
  const keys = keysDocument([0, SECOND + 10]);
  const store = memoryStore();
  const first = makeService({ store, keys });
  const { refresh } = await first.login();
  first.clock.now += 11_000;
  const second = await first.driver.refresh(refresh);
  const lost = { ...keys, refresh: [keys.refresh[0], datedKey(SECOND + 10)] };
  const { driver } = makeService({ store, keys: lost, clock: first.clock });
  // Within the window its successor can't be made again, and no other is made in its place.
  assert.equal((await driver.refresh(refresh)).status, 503);
  assert.equal((await first.driver.refresh(refresh)).refresh, second.refresh);
});

test("keys that can't be right are refused, and no message holds a part of one", () => {
  const good = keysDocument([0]);
  const [{ jwk }] = good.access;
  const wrong = [
    {},
    { ...good, access: [] },
    { ...good, refresh: [] },
    { ...good, refresh: good.access },
    { ...good, access: [good.access[0], good.access[0]] },
    { ...good, access: [good.access[0], datedKey(0)] },
    { ...good, access: [{ from: 0, jwk: { ...jwk, x: good.refresh[0].jwk.x } }] },
    { ...good, access: [{ from: 0, jwk: { ...jwk, d: "A".repeat(43) } }] },
    { ...good, access: [{ from: 0, jwk: { ...jwk, d: `${"_".repeat(42)}8` } }] },
    { ...good, access: [{ from: 0, jwk: { ...jwk, crv: "P-384" } }] },
    { ...good, access: [{ from: "now", jwk }] },
  ];
  for (const [index, keys] of wrong.entries()) {
    const options = { keys: JSON.stringify(keys), store: memoryStore(), entitlements: () => null };
    assert.throws(
      () => createTokens(configuration([makeClient("web")]), options),
      (error) => {
        assert.equal(error.code, "config_invalid", `number ${index}`);
        for (const part of [jwk.d, jwk.x, jwk.y]) assert.ok(!`${error.message} ${error.member}`.includes(part));
        return true;
      },
    );
  }
});
