// One run of the soak: starts the gate in workerd with many tenants, keeps traffic going while keys rotate and the key server
// fails, and watches the memory. Gives back what happened; whether that is good enough is `verdict`'s to say.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKey } from "../../demo/issuer.mjs";
import { makeKeys } from "../../demo/sessions.mjs";
import { random } from "../node/support/mutate.mjs";
import { root, startGate, worker } from "../workerd/support/gate.mjs";
import { LOST_MS, Traffic } from "./traffic.mjs";
import { configuration, FAULTS, startWorld } from "./world.mjs";

const SAMPLE_MS = 500;
/**
 * Of each isolate's heap of JavaScript, a fifth of what Cloudflare gives an isolate in all. The engine lets garbage lie until the heap
 * is as large as it may be: with so little, and sessions refreshed as often as here, it is before memory is judged.
 */
const HEAP_MIB = 24;
/** So often a key rotates and a key server fails, and for so long. */
const UPHEAVAL_MS = 500;
const FAULT_MS = 2_000;
/** A new key is taken, and an old one dropped, within half a minute and some waiting. */
const ROTATION_MS = 60_000;
const SESSIONS = 16;
const SESSION_PAUSE_MS = 100;
/** Memory may grow by so much, of what it was after the first minute. */
export const MOST_GROWTH = 0.02;
/** After so much the gate has all it needs; a shorter run than this and its end says nothing about memory. */
const SETTLED_SECONDS = 60;
const LEAST_SECONDS_FOR_MEMORY = 180;

/**
 * @param options `seconds`, `tenants`, `lanes` of requests, `seed`, `say`
 * @returns data: counts, wrong and lost answers, key fetches, memory over time
 */
export async function soak({ seconds, tenants = 200, lanes = 8, seed = 1, say = () => {} }) {
  const started = [];
  const keep = (one) => {
    started.push(one);
    return one;
  };
  try {
    const world = keep(await startWorld(tenants));
    const bundle = keep(bundleWith(configuration(world)));
    const gate = keep(await startSoaked(bundle.directory));
    const traffic = keep(new Traffic({ port: gate.port, world, random: random(seed) }));
    // Each key set is fetched once while its server is well.
    for (const { tenant, token } of world.issuers.map((issuer) => ({
      tenant: issuer.tenant,
      token: issuer.token(0),
    }))) {
      await traffic.judge({ name: "first", tenant, target: "/orders", token, expected: [200] });
    }
    return await run({ world, gate, traffic, seconds, lanes, random: random(seed + 1), say });
  } finally {
    while (started.length > 0) await started.pop().stop();
  }
}

/** The deployed bundle with another configuration in its file: a variable holds 5 KB only. */
function bundleWith(config) {
  const from = join(root, "dist", "worker-tokens");
  const directory = mkdtempSync(join(tmpdir(), "tollgate-soak-"));
  mkdirSync(directory, { recursive: true });
  for (const file of readdirSync(from)) {
    if (file.endsWith("tollgate.json")) writeFileSync(join(directory, file), JSON.stringify(config));
    else copyFileSync(join(from, file), join(directory, file));
  }
  return { directory, stop: async () => rmSync(directory, { recursive: true, force: true }) };
}

function startSoaked(directory) {
  const entitlements = worker("entitlements", "tests/soak/entitlements.js");
  return startGate(undefined, {
    directory,
    behind: [worker("echo", "tests/workerd/fixtures/echo.js"), entitlements],
    bindings: {
      ECHO: { service: "echo" },
      ENTITLEMENTS: { service: "entitlements" },
      TOLLGATE_KEYS: makeKeys(),
      TOLLGATE_FAMILIES: { durableObject: "Families" },
    },
    quiet: true,
    // Cloudflare bounds an isolate, and workerd does not.
    v8Flags: [`--max-heap-size=${HEAP_MIB}`],
  });
}

async function run({ world, gate, traffic, seconds, lanes, random, say }) {
  const began = Date.now();
  const elapsed = () => (Date.now() - began) / 1000;
  const isOver = () => elapsed() >= seconds;
  const memory = [];
  const timers = [
    setInterval(() => memory.push({ at: elapsed(), bytes: residentBytes(gate.pid) }), SAMPLE_MS),
    setInterval(
      () =>
        say(`${Math.round(elapsed())} s: ${traffic.sent} requests, ${traffic.wrongCount} wrong, ${traffic.lost} lost`),
      30_000,
    ),
  ];
  const work = [
    ...Array.from({ length: lanes }, () => traffic.lane(isOver)),
    ...Array.from({ length: SESSIONS }, (_, index) => traffic.session(index, isOver, SESSION_PAUSE_MS)),
    upheaval({ world, traffic, isOver, random }),
  ];
  const [upheavals] = (await Promise.all(work)).slice(-1);
  for (const timer of timers) clearInterval(timer);
  const { counts, wrong, wrongCount, lost, sent, refreshes } = traffic;
  return {
    seconds: elapsed(),
    tenants: world.all.length,
    sent,
    refreshes,
    counts,
    wrong,
    wrongCount,
    lost,
    fetches: world.fetches(),
    ...upheavals,
    memory: memoryOf(memory, seconds),
  };
}

/** Rotates the keys of every other tenant and breaks the key server of the rest, one after another. */
async function upheaval({ world, traffic, isOver, random }) {
  const rotating = world.issuers.filter((_, index) => index % 2 === 0);
  const failing = world.issuers.filter((_, index) => index % 2 === 1);
  const under = [];
  const count = { rotations: 0, faults: 0 };
  const rotation = async (issuer) => {
    if (await rotate(issuer, traffic, isOver)) count.rotations += 1;
    rotating.push(issuer);
  };
  while (!isOver()) {
    await pause(UPHEAVAL_MS);
    const issuer = random.of(failing);
    if (issuer.fault === null) {
      count.faults += 1;
      issuer.fault = random.of(Object.keys(FAULTS));
      setTimeout(() => {
        issuer.fault = null;
      }, FAULT_MS).unref();
    }
    if (rotating.length > 0) under.push(rotation(rotating.splice(random.below(rotating.length), 1)[0]));
  }
  await Promise.all(under);
  return count;
}

/**
 * As issuers do it: publish both keys, sign with the new one once it is taken, publish it alone. The gate looks for a key that
 * it does not know, but not more often than it has fetches to spare, each half a minute.
 *
 * @returns whether it went through; that it did not in time is a wrong answer
 */
async function rotate(issuer, traffic, isOver) {
  const [old, next] = [issuer.key, makeKey(issuer.algorithm)];
  const [oldToken, newToken] = [issuer.token(0), issuer.sign({}, next)];
  issuer.published = [old, next];
  if (!(await comesTo(200, issuer, newToken, traffic, isOver))) return false;
  issuer.use(next);
  // What is on its way by the old key arrives.
  await pause(LOST_MS);
  issuer.published = [next];
  const nudge = () => traffic.status(issuer.tenant, traffic.bad.get(issuer)["unknown-key"]);
  if (!(await comesTo(401, issuer, oldToken, traffic, isOver, nudge))) return false;
  issuer.gone = oldToken;
  return true;
}

async function comesTo(status, issuer, token, traffic, isOver, nudge = () => {}) {
  const until = Date.now() + ROTATION_MS;
  while (Date.now() < until) {
    if (isOver()) return false;
    await nudge();
    if ((await traffic.status(issuer.tenant, token)) === status) return true;
    await pause(1_000);
  }
  traffic.note("rotation", issuer.tenant, `no ${status} within ${ROTATION_MS / 1000} s`);
  return false;
}

const pause = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));

/** Of the process, all its threads and the memory of wasm. */
function residentBytes(pid) {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line[1]) * 1024;
}

/** The median of a tenth of the run after it settled, and of the last tenth. */
function memoryOf(samples, seconds) {
  const settled = Math.min(SETTLED_SECONDS, seconds / 3);
  const width = Math.max(3, seconds / 10);
  const between = (from, to) => {
    const within = samples.filter(({ at }) => at >= from && at <= to).map(({ bytes }) => bytes);
    return within.sort((one, other) => one - other)[Math.floor(within.length / 2)];
  };
  const [first, last] = [between(settled, settled + width), between(seconds - width, seconds)];
  const growth = first === undefined || last === undefined ? undefined : last / first - 1;
  const counts = seconds >= LEAST_SECONDS_FOR_MEMORY;
  return { first, last, growth, counts, most: Math.max(...samples.map(({ bytes }) => bytes)), samples };
}

/** What is not as it must be, in words; nothing when all is well. */
export function faultsOf({ wrongCount, lost, sent, refreshes, memory }) {
  return [
    sent === 0 && "nothing was sent",
    refreshes === 0 && "no token was refreshed",
    wrongCount > 0 && `${wrongCount} answers were wrong or lost`,
    lost > 0 && `${lost} requests had no answer`,
    memory.counts && memory.growth === undefined && "memory was not measured",
    memory.counts && memory.growth > MOST_GROWTH && `memory grew by ${(memory.growth * 100).toFixed(1)}%`,
  ].filter(Boolean);
}
