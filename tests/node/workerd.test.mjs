// The package inside real workerd, under its own export condition: no nodejs_compat, no compiling at run time.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answer, keyServer } from "./support/key-server.mjs";
import { startPackageWorker } from "./support/package-worker.mjs";
import { gateConfig, issuerConfig, makeKey, token, verifierConfig } from "./support/tokens.mjs";

const es = makeKey("ES256", "es-1");
const rs = makeKey("RS256", "rs-1");
const now = Math.floor(Date.now() / 1000);
const timely = (changes) => ({ iat: now - 5, exp: now + 600, ...changes });

/** Everything is made at module scope, where the clock of workerd stands at 0, and used in requests. */
const source = `
import { createGate, createVerifier, TollgateError } from "tollgate";
const config = CONFIG;
const local = createVerifier(config.local);
const remote = createVerifier(config.remote);
const down = createVerifier(config.down);
const gate = createGate(config.gate);

async function run(work) {
  try {
    return { value: await work() };
  } catch (error) {
    return { code: error instanceof TollgateError ? error.code : String(error?.stack ?? error) };
  }
}

export default {
  async fetch(request, env, ctx) {
    const { what, token } = Object.fromEntries(new URL(request.url).searchParams);
    const waitUntil = (work) => ctx.waitUntil(work);
    const works = {
      sync: () => local.verifySync(token),
      verify: () => remote.verify(token, { waitUntil }),
      down: () => down.verify(token, { waitUntil }),
      check: () => gate.check(request, { waitUntil }),
    };
    return Response.json(await run(works[what]));
  },
};
`;

let server;
let broken;
let worker;

before(async () => {
  server = await keyServer([es]);
  broken = await keyServer();
  broken.behave = answer(302, "", { location: server.jwksUri });
  const behave = server.behave;
  server.behave = (request, response) => setTimeout(() => behave(request, response), 200);
  const remote = (jwksUri) => ({ issuers: [issuerConfig([], { jwks: undefined, jwksUri })] });
  const config = {
    local: verifierConfig([es, rs]),
    remote: remote(server.jwksUri),
    down: remote(broken.jwksUri),
    gate: gateConfig([es], { tenant: { required: true, from: { header: "x-tenant" } } }),
  };
  worker = await startPackageWorker(source.replace("CONFIG", JSON.stringify(config)));
});

after(async () => {
  await worker?.stop();
  await server.stop();
  await broken.stop();
});

async function ask(what, text, headers = {}) {
  const url = `http://127.0.0.1:${worker.port}/reports/1?${new URLSearchParams({ what, token: text })}`;
  return (await fetch(url, { headers })).json();
}

test("verifySync is synchronous in workerd, for both algorithms", async () => {
  for (const key of [es, rs]) {
    assert.equal((await ask("sync", token(key, timely()))).value.claims.sub, "user-1");
  }
  assert.equal((await ask("sync", token(makeKey("ES256", "es-1"), timely()))).code, "signature_invalid");
});

test("[G11] a verifier made at module scope reads the clock in the request", async () => {
  assert.equal((await ask("sync", token(es, timely({ iat: now - 700, exp: now - 60 })))).code, "token_expired");
  assert.equal((await ask("sync", token(es, timely({ nbf: now + 300 })))).code, "token_not_yet_valid");
});

test("[K08] [K09] a hundred concurrent cold requests cost at most two fetches, and all are answered", async () => {
  const text = token(es, timely());
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask("verify", text)));
  for (const { value, code } of answers) assert.equal(value?.claims.sub, "user-1", code);
  assert.ok(server.hits.length <= 2, `${server.hits.length} fetches`);
});

test("[K01] a redirect of the key server is not followed in workerd either", async () => {
  const before = server.hits.length;
  assert.equal((await ask("down", token(es, timely()))).code, "keys_unavailable");
  assert.equal(broken.hits.length, 1);
  assert.equal(server.hits.length, before);
});

test("a gate judges workerd's own Request", async () => {
  const authorization = `Bearer ${token(es, timely())}`;
  const headers = { authorization, "x-tenant": "acme", "x-tollgate-user": "evil" };
  const { value } = await ask("check", "", headers);
  assert.equal(value.outcome, "allow", JSON.stringify(value));
  assert.equal(value.principal.tenantId, "acme");
  assert.ok(value.removeHeaders.includes("x-tollgate-user"));
  assert.equal((await ask("check", "")).value.code, "no_credential");
});
