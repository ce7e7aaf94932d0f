// The gate as it is deployed, in workerd, with an issuer, an origin and a cache of the test's own. Mocks nothing of the gate.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { startCache } from "../../../demo/cache.mjs";
import { demonstrationConfig } from "../../../demo/config.mjs";
import { makeKey, signToken } from "../../../demo/issuer.mjs";
import { bundledWorker, startWorkerd } from "../../../demo/workerd.mjs";
import { keyServer } from "../../node/support/key-server.mjs";

export const root = resolve(import.meta.dirname, "..", "..", "..");
export const example = JSON.parse(readFileSync(join(root, "tollgate.json"), "utf8"));
/** A Worker's date and flags for what stands behind the gate. */
const wranglerFile = join(root, "demo", "orders", "wrangler.toml");

/** An issuer whose key server a test can break: `server.behave`, `server.hits`. */
export async function startIssuer(keys = [makeKey("ES256")]) {
  const server = await keyServer(keys);
  const issuer = server.origin;
  const claims = (more = {}) => {
    const now = Math.floor(Date.now() / 1000);
    return { iss: issuer, aud: "orders-api", sub: "ann", client_id: "web", iat: now, exp: now + 3600, ...more };
  };
  const token = (more, key = keys[0], header = {}) => signToken(key, claims(more), header);
  return { issuer, jwksUri: server.jwksUri, keys, server, claims, token, stop: server.stop };
}

/** The claims of someone whom every rule for users lets through, in each tenant. */
export const reader = (tenant = "acme") => ({ tenant_id: tenant, plan: "pro", permissions: ["reports:read"] });

/** The demonstration's configuration, with `more` on top. */
export const configuration = (issuer, more = {}) => ({ ...demonstrationConfig(example, issuer), ...more });

/**
 * Starts the gate.
 *
 * @param config an object, or text
 * @param options.bindings beside TOLLGATE_CONFIG
 * @param options.behind Workers that stand behind it
 * @param options.cache one of `startCache`, to share it between gates; each has its own otherwise
 * @param options.directory another bundle than dist/worker
 * @param options.quiet forget what workerd writes: a long run would fill the memory with it
 * @param options.v8Flags flags of the engine
 * @param options.storage a folder for Durable Objects that outlives it
 */
export async function startGate(
  config,
  { bindings = {}, behind = [], cache, directory, storage, v8Flags, quiet = false } = {},
) {
  const ownCache = cache ?? (await startCache());
  const lines = [];
  const gate = bundledWorker({
    name: "tollgate",
    directory: directory ?? join(root, "dist", "worker"),
    wranglerFile: join(root, "wrangler.toml"),
    bindings: {
      ...(config && { TOLLGATE_CONFIG: typeof config === "string" ? config : JSON.stringify(config) }),
      ...bindings,
    },
  });
  const stopCache = () => (cache ? undefined : ownCache.stop());
  try {
    const options = { cache: ownCache.address, storage, v8Flags, log: quiet ? () => {} : (line) => lines.push(line) };
    const workerd = await startWorkerd([gate, ...behind], options);
    const events = () => lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    return {
      port: workerd.port,
      pid: workerd.pid,
      lines,
      events,
      cache: ownCache,
      stop: () => Promise.all([workerd.stop(), stopCache()]),
    };
  } catch (error) {
    await stopCache();
    throw error;
  }
}

const folder = mkdtempSync(join(tmpdir(), "tollgate-workers-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** A Worker of demo/ or of fixtures/, bundled. */
export function worker(name, source) {
  const directory = join(folder, name);
  // The main module takes the name that demo/orders/wrangler.toml gives it.
  buildSync({
    entryPoints: [join(root, source)],
    outfile: join(directory, "orders.js"),
    bundle: true,
    format: "esm",
    external: ["cloudflare:*"],
  });
  return bundledWorker({ name, directory, wranglerFile });
}

export const orders = () => worker("orders", "demo/orders/orders.ts");

/** An origin behind a URL: `hits` are the requests it saw; `behave(request, response)` answers. */
export async function startOrigin(behave = (_request, response) => response.end("ok")) {
  const hits = [];
  const state = { behave, hits };
  const server = createServer((request, response) => {
    hits.push({ method: request.method, url: request.url, headers: request.headers, rawHeaders: request.rawHeaders });
    state.behave(request, response);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  state.server = server;
  state.url = `http://127.0.0.1:${server.address().port}`;
  state.stop = () => new Promise((closed) => server.close(closed).closeAllConnections());
  return state;
}

/** A configuration whose upstream is `origin`, behind its URL. */
export const behindUrl = (issuer, origin, more = {}) =>
  configuration(issuer, { upstream: { url: origin.url, secret: null, forwardCredentials: false }, ...more });

/** Starts everything before the tests of a file and stops it after them. */
export function stopAfter(after) {
  const started = [];
  after(async () => {
    for (const one of started.reverse()) await one.stop();
  });
  return (one) => {
    started.push(one);
    return one;
  };
}
