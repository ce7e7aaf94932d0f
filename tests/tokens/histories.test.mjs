// Random histories of the real service on each store, held against the model. TOLLGATE_HISTORIES and
// TOLLGATE_HISTORIES_REAL set how many, and TOLLGATE_SEED the first, for development.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { memoryStore } from "tollgate/tokens";
import { play } from "./support/play.mjs";
import { missing, openStore } from "./support/stores.mjs";

const IN_MEMORY = Number(process.env.TOLLGATE_HISTORIES ?? 100_000);
const ON_REAL_STORES = Number(process.env.TOLLGATE_HISTORIES_REAL ?? 2_000);
const SEED = Number(process.env.TOLLGATE_SEED ?? 1);
const NAMES = process.env.TOLLGATE_STORES?.split(",") ?? ["memory", "durable", "dynamodb"];
const THREADS = 2;
/** Histories at once, so that no store is idle while another history computes. */
const LANES = 4;

function inThread(workerData) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("support/histories-worker.mjs", import.meta.url), { workerData });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** Fails with the seed and the steps; and a history that is idle proves nothing. */
function judge(results, wanted, t) {
  const failures = results.flatMap((result) => result.failures);
  const told = failures.map(({ seed, violations, log }) => `seed ${seed}: ${violations.join("; ")}\n${log.join("\n")}`);
  assert.equal(told.length, 0, told.join("\n\n"));
  const total = (name) => results.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
  assert.equal(
    results.reduce((sum, { histories }) => sum + histories, 0),
    wanted,
  );
  const rates = { answers: 8, repeats: 0.05, replays: 0.05, faults: 1, races: 1 };
  for (const [name, rate] of Object.entries(rates)) {
    t.diagnostic(`${total(name)} ${name}`);
    assert.ok(total(name) >= rate * wanted, `${total(name)} ${name} in ${wanted} histories`);
  }
}

describe("random histories", () => {
  for (const planted of [{ graceSeconds: 9 }, { graceSeconds: 11 }, { familySeconds: 8_000 }, { idleSeconds: 1_800 }]) {
    test(`find a service that is configured otherwise: ${JSON.stringify(planted)}`, async () => {
      const { failures } = await play(memoryStore(), { from: 1, count: 1_000, planted });
      assert.ok(failures.length > 0);
    });
  }

  // catalogue: Q01, Q02, Q04, Q05, Q08, Q10, Q11, Q17, R01, R02, R03
  test(`${IN_MEMORY} in memory`, { skip: !NAMES.includes("memory") && "not asked for" }, async (t) => {
    const each = Math.ceil(IN_MEMORY / THREADS);
    const parts = Array.from({ length: THREADS }, (_, part) => ({ from: SEED + part * each, count: each }));
    judge(await Promise.all(parts.map(inThread)), each * THREADS, t);
  });

  for (const name of ["durable", "dynamodb"]) {
    const skip = NAMES.includes(name) ? missing(name) : "not asked for";
    // catalogue: Q01, Q02, Q04, Q05, Q08, Q10, Q11, Q17, R01, R02, R03
    test(`${ON_REAL_STORES} on ${name}`, { skip }, async (t) => {
      const opened = await openStore(name);
      try {
        judge([await play(opened.store, { from: SEED, count: ON_REAL_STORES, lanes: LANES })], ON_REAL_STORES, t);
      } finally {
        await opened.stop();
      }
    });
  }
});
