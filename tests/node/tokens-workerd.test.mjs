// `tollgate/tokens` inside real workerd, under its own export condition: the module's random bytes, clock and timers are that
// runtime's.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startPackageWorker } from "./support/package-worker.mjs";
import { basic, client, keysDocument, tokensConfig } from "./support/token-service.mjs";

const web = client("web");
const keys = keysDocument(1_700_000_000);
const config = tokensConfig([web], { tokens: { entitlements: { timeoutMilliseconds: 200 } } });

/** Made at module scope, where the clock of workerd stands at 0 and no random bytes may be asked for. */
const source = `
import { createTokens, memoryStore } from "tollgate/tokens";
const entitlements = ({ tenant }) => (tenant === "slow" ? new Promise(() => {}) : { member: true, plan: tenant });
const tokens = createTokens(CONFIG, { keys: KEYS, store: memoryStore(), entitlements });
export default {
  async fetch(request) {
    return (await tokens.handle(request)) ?? new Response(await request.text(), { status: 404 });
  },
};
`;

let worker;

before(async () => {
  worker = await startPackageWorker(
    source.replace("CONFIG", JSON.stringify(config)).replace("KEYS", JSON.stringify(keys)),
  );
});

after(async () => {
  await worker?.stop();
});

async function post(path, parameters) {
  const body = new URLSearchParams(parameters);
  const response = await fetch(`http://127.0.0.1:${worker.port}${path}`, { method: "POST", headers: basic(web), body });
  const text = await response.text();
  return { status: response.status, text, body: response.status === 404 ? undefined : JSON.parse(text) };
}

const login = (tenant) => post("/auth/token", { grant_type: "urn:tollgate:session", user: "ann", tenant });

test("a session, its refresh and its end in workerd, with its clock and other random bytes each time", async () => {
  const pairs = await Promise.all(Array.from({ length: 20 }, () => login("acme")));
  const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  for (const { status, text } of pairs) assert.equal(status, 200, text);
  assert.equal(new Set(pairs.map(({ body }) => claims(body.access_token).jti)).size, 20);
  assert.equal(new Set(pairs.map(({ body }) => claims(body.access_token).sid)).size, 20);
  const { iat, plan } = claims(pairs[0].body.access_token);
  assert.ok(Math.abs(iat - Date.now() / 1000) < 60, String(iat));
  assert.equal(plan, "acme");
  const grant = { grant_type: "refresh_token", refresh_token: pairs[0].body.refresh_token };
  const second = await post("/auth/token", grant);
  assert.equal(second.status, 200, second.text);
  assert.equal((await post("/auth/revoke", { token: second.body.refresh_token })).status, 200);
  assert.deepEqual((await post("/auth/token", grant)).body, { error: "invalid_grant" });
});

test("a slow hook is a 503 in workerd, a huge body a 413, and what is not for the service keeps its body", async () => {
  assert.equal((await login("slow")).status, 503);
  assert.equal((await post("/auth/token", { a: "x".repeat(1_048_576) })).status, 413);
  assert.deepEqual(await post("/orders", { a: "b" }), { status: 404, text: "a=b", body: undefined });
});
