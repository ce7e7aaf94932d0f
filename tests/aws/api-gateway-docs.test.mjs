// The snippets of docs/aws.md on API Gateway and handlers, run as they stand there. Reads no prose.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gateConfig, makeKey, token } from "../node/support/tokens.mjs";
import { httpEvent, proxyRest, proxyV2 } from "./support/gateway-events.mjs";

const guide = readFileSync(resolve(import.meta.dirname, "..", "..", "docs", "aws.md"), "utf8");
const snippets = new Map(
  [...guide.matchAll(/^```(\w+) (\S+)\n([\s\S]*?)^```$/gm)].map(([, , name, body]) => [name, body]),
);

const es = makeKey("ES256", "es-1");
const config = gateConfig([es], { rules: [{ path: "/{*rest}" }] });
/** Below this file, so that a snippet's `tollgate` is the package. */
const folder = mkdtempSync(join(import.meta.dirname, ".docs-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "tollgate.json"), JSON.stringify(config));
for (const [name, body] of snippets) if (name.endsWith(".mjs")) writeFileSync(join(folder, name), body);
const load = (name) => import(pathToFileURL(join(folder, name)).href);

/** Snippets read the machine's clock. */
function bearer(changes) {
  const now = Math.floor(Date.now() / 1000);
  return ["authorization", `Bearer ${token(es, { iat: now - 5, exp: now + 600, ...changes })}`];
}

test("the authorizer and the handlers of the guide work together", async () => {
  const { handler } = await load("authorizer.mjs");
  const { read, write } = await load("handler.mjs");
  const plain = await load("plain.mjs");
  const ask = async (changes) => (await handler(httpEvent({ sent: [bearer(changes)] }))).context;
  const event = proxyV2({ lambda: await ask() });
  assert.deepEqual(await read(event), { statusCode: 200, body: '{"tenant":"acme"}' });
  assert.equal((await write(event)).statusCode, 403);
  assert.deepEqual(await write(proxyV2({ lambda: await ask({ permissions: ["orders:write"] }) })), { statusCode: 204 });
  assert.equal((await read(proxyV2({ lambda: await ask({ plan: "free" }) }))).statusCode, 403);
  assert.equal((await plain.handler(event)).statusCode, 200);
  const other = proxyV2({ lambda: await ask() }, { domain: "globex.api.example.com" });
  assert.equal((await read(other)).statusCode, 403);
  await assert.rejects(handler(httpEvent()), { message: "Unauthorized" });
  const claims = {
    iss: "https://issuer.example",
    aud: "https://api.example",
    sub: "u",
    plan: "pro",
    tenant_id: "acme",
  };
  const exp = String(Math.floor(Date.now() / 1000) + 60);
  assert.equal((await read(proxyRest({ claims: { ...claims, exp } }))).statusCode, 200);
});

test("cacheSettings prints what the guide says", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "cache.mjs")], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), JSON.parse(snippets.get("cache")));
});
