// The servers that take part, each one Worker in a workerd of its own: bundles and starts them, and checks that they judge.
// Measures nothing.

import { join } from "node:path";
import { buildSync } from "esbuild";
import { bundledWorker, startWorkerd } from "../../demo/workerd.mjs";
import { path, Trouble } from "../../scripts/project.mjs";
import { send } from "../../tests/workerd/support/http.mjs";
import { AUDIENCE, ISSUER, tollgateConfig } from "../tokens.mjs";
import { CACHED, NOTHING, SIGNED, TOLLGATE } from "./rows.mjs";

const wranglerFile = path("wrangler.toml");

/** The server of every row, started: `by name { port, pid, stop }`. `world` has `jwks`, `jwksUri`, `cache`, `folder`. */
export async function startServers(rows, world, { forwards, keep }) {
  const started = {};
  for (const name of new Set(rows.map(({ server }) => server))) {
    started[name] = keep(await startServer(name, world, { forwards }));
  }
  return started;
}

/** One server in a workerd of its own. `isCompiled` is as `startWorkerd` takes it. */
export function startServer(name, world, { forwards = false, isCompiled = false } = {}) {
  const options = { cache: world.cache, isCompiled };
  const worker = name.startsWith(TOLLGATE) ? tollgate(name === CACHED, world, forwards) : peer(name, world);
  if (!forwards) return startWorkerd([worker], options);
  worker.bindings.UPSTREAM = { service: "behind" };
  return startWorkerd([worker, { ...peer(NOTHING, world), name: "behind" }], options);
}

/** Tollgate as it is deployed, with rules for a few paths. */
function tollgate(isCaching, { jwksUri }, forwards) {
  const { issuers } = tollgateConfig(undefined);
  const config = {
    issuers: [{ ...issuers[0], jwksUri }],
    tenant: { required: true, from: { host: "{tenant}.localhost" } },
    rules: [
      { path: "/health", methods: ["GET"], public: true },
      { path: "/reports/{*rest}", plans: ["enterprise"], permissions: { all: ["reports:read"] } },
      { path: "/{*rest}" },
    ],
    ...(forwards && { upstream: { service: "UPSTREAM" } }),
    ...(isCaching && { verifiedTokenCache: {} }),
  };
  const bindings = { TOLLGATE_CONFIG: JSON.stringify(config) };
  return bundledWorker({ name: "worker", directory: path("dist", "worker"), wranglerFile, bindings });
}

/** A Worker of workers/, bundled as wrangler does, with the same date and flags. */
function peer(name, { jwks, jwksUri, folder }) {
  const directory = join(folder, name);
  buildSync({
    entryPoints: [join(import.meta.dirname, "workers", `${name}.js`)],
    outfile: join(directory, "worker.js"),
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "error",
  });
  const bindings = { ISSUER, AUDIENCE, JWKS: jwks, JWKS_URI: jwksUri };
  return bundledWorker({ name: "worker", directory, wranglerFile, bindings });
}

/** Whether the built Worker's configuration takes the cache of verified tokens. */
export async function takesCache(world) {
  try {
    await (await startServer(CACHED, world)).stop();
    return true;
  } catch (error) {
    if (/verifiedTokenCache/.test(error.message)) return false;
    throw error;
  }
}

/** @throws Trouble when a server refuses a good token or accepts a bad one: no number of it would mean anything */
export async function checkServer(name, { port }, { lines, bad }) {
  const status = async (authorization) => {
    const headers = authorization === undefined ? [] : [["authorization", authorization]];
    return (await send(port, { target: "/orders/17?page=2", headers })).status;
  };
  for (const algorithm of SIGNED) {
    for (const line of lines[algorithm].slice(0, 8)) {
      const answered = await status(line);
      if (answered !== 200) throw new Trouble(`${name} answers a good ${algorithm} token with ${answered}`);
    }
  }
  if (name === NOTHING) return;
  for (const [what, line] of Object.entries(bad)) {
    const answered = await status(line);
    if (answered !== 401) throw new Trouble(`${name} answers ${what} with ${answered}, not with 401`);
  }
}
