// The store of Durable Objects in workerd, called from Node. Keeps what it stores in a folder, so that it can be killed and
// started again.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCache } from "../../../demo/cache.mjs";
import { bundledWorker, startWorkerd } from "../../../demo/workerd.mjs";
import { behindUrl, root, worker } from "./gate.mjs";

/** A configuration with which the deployed Worker starts; it is not asked anything. */
const CONFIG = behindUrl(
  { issuer: "https://issuer.example", jwksUri: "https://issuer.example/jwks.json" },
  {
    url: "https://origin.example",
  },
);

/** A folder for what Durable Objects store, below `place`. */
export function storageFolder(place = tmpdir()) {
  const folder = mkdtempSync(join(place, "tollgate-storage-"));
  return { folder, stop: async () => rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Starts the store.
 *
 * @param storage a folder that outlives it
 * @param directory another bundle than dist/worker-tokens
 * @returns its methods; `all(calls)` and `inTurn(calls)`, which never reject; `requests()`, how many
 *   requests it has made to objects, by operation; `kill()` without notice; and `stop()`
 */
export async function startStore({ storage, directory = join(root, "dist", "worker-tokens") } = {}) {
  const cache = await startCache();
  const objects = bundledWorker({
    name: "tollgate",
    directory,
    wranglerFile: join(root, "wrangler.toml"),
    bindings: { TOLLGATE_CONFIG: JSON.stringify(CONFIG) },
  });
  const front = worker("store", "tests/workerd/fixtures/store.js");
  front.bindings = { FAMILIES: { durableObject: "Families", of: "tollgate" } };
  const lines = [];
  const options = { cache: cache.address, storage, log: (line) => lines.push(line) };
  const workerd = await startWorkerd([front, objects], options);
  const post = async (path, calls) => {
    const response = await fetch(`http://127.0.0.1:${workerd.port}${path}`, {
      method: "POST",
      body: JSON.stringify(calls),
    });
    assert.equal(response.status, 200);
    return response.json();
  };
  const all = (calls) => post("/", calls);
  const method =
    (name) =>
    async (...args) => {
      const [{ value, error }] = await all([[name, ...args]]);
      if (error) throw Object.assign(new Error(error.message), error);
      return value;
    };
  return {
    load: method("load"),
    create: method("create"),
    rotate: method("rotate"),
    revoke: method("revoke"),
    revokeAll: method("revokeAll"),
    all,
    inTurn: (calls) => post("/in-turn", calls),
    requests: () => post("/requests", []),
    lines,
    kill: async () => {
      process.kill(workerd.pid, "SIGKILL");
      await workerd.ended;
      await cache.stop();
    },
    stop: () => Promise.all([workerd.stop(), cache.stop()]),
  };
}

const id = () => randomBytes(12).toString("base64url");
const day = 86_400;

/** The record of a family that began now, with `more` on top. */
export function firstRecord(more = {}) {
  const now = Date.now();
  const end = Math.floor(now / 1000) + 30 * day;
  return {
    schema: 1,
    fam: id(),
    user: `user-${id()}`,
    tenant: `tenant-${id()}`,
    client: "web",
    version: 1,
    seq: 1,
    created_at: now,
    rotated_at_ms: now,
    successor_exp: end,
    absolute_exp: end,
    idle_exp: null,
    kid: "k1",
    user_epoch: 0,
    tenant_epoch: 0,
    revoked_at: null,
    write: id(),
    ...more,
  };
}

/** The record after a rotation of `record`. */
export function rotated(record, more = {}) {
  const { version, seq, rotated_at_ms } = record;
  return {
    ...record,
    version: version + 1,
    seq: seq + 1,
    rotated_at_ms: rotated_at_ms + 1,
    kid: `k${seq + 1}`,
    write: id(),
    ...more,
  };
}
