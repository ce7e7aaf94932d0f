// What happens once in a process, or rarely: start, slowest verifications, memory. Each in fresh processes; judges nothing.

import { spawnSync } from "node:child_process";
import { path, Trouble } from "../scripts/project.mjs";
import { median } from "./statistics.mjs";
import { ALGORITHMS, makeKey, makeSample, tollgateConfig } from "./tokens.mjs";

/** The budget for tables is 8 MiB by default: so many keys fit with room to spare. */
const MEMORY_KEYS = 17;
const TAIL_PROCESSES = 3;

export async function measureOnce(directory, { processes, tail, say }) {
  say("starts, in fresh processes");
  const start = Object.fromEntries(ALGORITHMS.map((algorithm) => [algorithm, starts(directory, algorithm, processes)]));
  say(`the slowest of ${tail} verifications, in fresh processes`);
  const tails = [
    { contender: "tollgate", order: "one by one" },
    { contender: "tollgate", order: "in turn" },
    { contender: "native", order: "in turn" },
  ].map((kind) => ({ ...kind, count: tail, ...slowest(directory, kind, tail, Math.min(processes, TAIL_PROCESSES)) }));
  say("memory");
  const memory = Object.fromEntries(
    ALGORITHMS.map((algorithm) => {
      const input = { directory, algorithm, keys: MEMORY_KEYS, verifications: 400 };
      return [algorithm, probe("memory", input)];
    }),
  );
  const { moduleBytes, moduleGzipBytes } = memory.ES256;
  return {
    kernel: start.ES256.kernel,
    start,
    tails,
    module: { bytes: moduleBytes, gzipBytes: moduleGzipBytes },
    memoryPerWarmKeyBytes: Object.fromEntries(ALGORITHMS.map((name) => [name, Math.max(0, memory[name].perKeyBytes)])),
  };
}

/** Medians over processes, milliseconds; `startMs` is the median of the sums, not the sum of the medians. */
function starts(directory, algorithm, processes) {
  const key = makeKey(algorithm, "start");
  const tokens = [0, 1].map((index) => makeSample(key, index).token);
  const input = { directory, config: tollgateConfig({ keys: [key.jwk] }), tokens };
  const runs = Array.from({ length: processes }, () => probe("start", input));
  const middle = (of) => median(runs.map(of));
  return {
    kernel: runs[0].kernel,
    processes,
    importMs: middle((run) => run.importMs),
    instantiateMs: middle((run) => run.instantiateMs),
    firstMs: middle((run) => run.firstMs),
    secondMs: middle((run) => run.secondMs),
    startMs: middle((run) => run.instantiateMs + run.firstMs),
  };
}

/** The median process's percentiles, and the slowest verification of all of them, µs. */
function slowest(directory, kind, count, processes) {
  const runs = Array.from({ length: processes }, () => probe("tail", { ...kind, directory, count }));
  const middle = (of) => median(runs.map(of));
  return {
    processes,
    p50: middle((run) => run.p50),
    p99: middle((run) => run.p99),
    p999: middle((run) => run.p999),
    slowest: Math.max(...runs.map((run) => run.slowest)),
  };
}

/** What bench/probes/`name`.mjs prints for `input`, in a process of its own. */
export function probe(name, input) {
  const result = spawnSync(process.execPath, ["--expose-gc", path("bench", "probes", `${name}.mjs`)], {
    input: JSON.stringify(input),
    encoding: "utf8",
  });
  if (result.status !== 0) throw new Trouble(`the ${name} probe failed:\n${result.stderr || result.error?.message}`);
  return JSON.parse(result.stdout);
}
