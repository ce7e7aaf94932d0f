// The benchmark: enlists, checks, measures, reports. Started by scripts/bench.mjs under the pinned Node; builds nothing.
// Exits 0 whatever the numbers say: only a contender that answers wrongly, or cannot run, is an error.

import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { loadavg } from "node:os";
import { join, resolve } from "node:path";
import { path, runMain, stateDirectory, Trouble } from "../scripts/project.mjs";
import { checkContender } from "./check.mjs";
import { BASELINE } from "./contenders/native.mjs";
import { enlist } from "./contenders.mjs";
import { machine } from "./machine.mjs";
import { arena } from "./measure.mjs";
import { mustHold, ratioOf } from "./musts.mjs";
import { measureOnce } from "./once.mjs";
import { HELP, parseOptions } from "./options.mjs";
import { picture } from "./picture.mjs";
import { report } from "./report.mjs";
import { summary } from "./statistics.mjs";
import { ALGORITHMS, makeWorld } from "./tokens.mjs";

/** Tokens of one turn: long enough for the clock, short enough that a round is one moment of the machine. */
const SLICE = 64;
const TAIL = 10_000;
const PEERS = ["jose", "aws-jwt-verify", "fast-jwt", "jsonwebtoken", "hono", "@node-rs/jsonwebtoken"];

const say = (words) => process.stderr.write(`bench: ${words}\n`);

/** Runs the whole benchmark and returns its results as data. */
async function benchmark({ rounds, tokens, processes, groups, ...options }) {
  const directory = packageDirectory(options.package);
  const slice = Math.min(SLICE, tokens);
  const loadBefore = loadavg()[0];
  const withTollgate = groups.includes("tollgate");
  say(`making ${tokens} tokens of each algorithm`);
  const world = makeWorld(tokens);
  const lists = await enlist(groups, world, { packages: (name) => ownCopy(directory, name), slice, tokens });
  const times = await runRounds(lists, world, { rounds, slice });
  const once = withTollgate ? await measureOnce(directory, { processes, tail: TAIL, say }) : undefined;
  const kernel = once?.kernel;
  return {
    date: new Date().toISOString(),
    environment: { ...environment(), kernel, load: [loadBefore, loadavg()[0]] },
    settings: {
      rounds,
      tokens,
      slice,
      processes,
      tokenBytes: Object.fromEntries(ALGORITHMS.map((name) => [name, world.samples[name][0].token.length])),
    },
    rows: rowsOf(lists, times),
    once,
    mustHold: mustHold(times, once, kernel ?? "relaxed-simd"),
    times: rounded(times),
  };
}

function packageDirectory(given) {
  const directory = given === undefined ? path("dist", "npm") : resolve(given);
  if (given !== undefined && !existsSync(join(directory, "index.js"))) {
    throw new Trouble(`--package names ${given}, which holds no built package (no index.js)`);
  }
  return directory;
}

const copies = new Map();

/** A copy of the package under this name, made once. */
function ownCopy(directory, name) {
  if (!copies.has(name)) {
    if (!existsSync(join(directory, "index.js"))) throw new Trouble("the package is not built: run `npm run build`");
    const copy = join(stateDirectory, "bench", "packages", name);
    rmSync(copy, { recursive: true, force: true });
    cpSync(directory, copy, { recursive: true });
    copies.set(name, copy);
  }
  return copies.get(name);
}

async function runRounds(lists, world, { rounds, slice }) {
  const arenas = {};
  for (const algorithm of ALGORITHMS) {
    say(`checking and warming ${lists[algorithm].length} contenders, ${algorithm}`);
    for (const contender of lists[algorithm]) await checkContender(algorithm, contender, world.samples[algorithm]);
    arenas[algorithm] = await arena(lists[algorithm], world.samples[algorithm], { slice });
  }
  const started = Date.now();
  for (let round = 0; round < rounds; round += 1) {
    for (const algorithm of ALGORITHMS) await arenas[algorithm].round(round);
    if ((round + 1) % Math.ceil(rounds / 10) === 0 || round + 1 === rounds) {
      const left = ((Date.now() - started) / (round + 1)) * (rounds - round - 1);
      say(`round ${round + 1} of ${rounds}, ${Math.round(left / 1000)} s to go`);
    }
  }
  return Object.fromEntries(ALGORITHMS.map((algorithm) => [algorithm, arenas[algorithm].times]));
}

/** One row for each name, in the order of the groups, with what was measured for each algorithm. */
function rowsOf(lists, times) {
  const rows = new Map();
  for (const algorithm of ALGORITHMS) {
    for (const { name, group, checks, async: awaited = false, picture: drawn = true } of lists[algorithm]) {
      const row = rows.get(name) ?? { name, group, checks, async: awaited, picture: drawn };
      const ratio = ratioOf(times, algorithm, name, BASELINE);
      row[algorithm] = { ...summary(times[algorithm][name]), ratio, baseline: name === BASELINE };
      rows.set(name, row);
    }
  }
  return [...rows.values()];
}

/** µs to two decimals: more would be noise. */
function rounded(times) {
  const short = (samples) => samples.map((sample) => Number(sample.toFixed(2)));
  const each = (byName) => Object.fromEntries(Object.entries(byName).map(([name, list]) => [name, short(list)]));
  return Object.fromEntries(Object.entries(times).map(([algorithm, byName]) => [algorithm, each(byName)]));
}

function environment() {
  const require = createRequire(import.meta.url);
  const versions = { ...require("../package.json").devDependencies, ...require("./package.json").dependencies };
  return { ...machine(), peers: Object.fromEntries(PEERS.map((name) => [name, versions[name]])) };
}

await runMain(async () => {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  mkdirSync(join(stateDirectory, "bench"), { recursive: true });
  const results = await benchmark(options);
  process.stdout.write(`\n${report(results)}\n`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
  if (options.svg) writeFileSync(options.svg, picture(results));
});
