// The benchmark of sizes: makes cores of each size, asks them in turn, reports. Started by scripts/bench.mjs under the pinned
// Node; builds nothing. Exits 0 whatever the numbers say: only a core that answers wrongly is an error.

import { existsSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { path, runMain, Trouble } from "../../scripts/project.mjs";
import { machine } from "../machine.mjs";
import { probe } from "../once.mjs";
import { pairedRatio, summary } from "../statistics.mjs";
import { mustHold } from "./musts.mjs";
import { parseOptions } from "./options.mjs";
import { report } from "./report.mjs";
import { KINDS } from "./worlds.mjs";

/** Calls of one turn: the whole is a few milliseconds. */
const CALLS = 128;

const say = (words) => process.stderr.write(`bench: ${words}\n`);

function benchmark({ kinds, sizes, rounds }) {
  const loadBefore = loadavg()[0];
  const rows = [];
  const times = {};
  for (const kind of kinds) {
    say(KINDS[kind].what);
    // In a process of its own: keys of one kind would take the tables from those of the next.
    const { samples } = probe("sizes", { kind, sizes, rounds, calls: CALLS });
    times[kind] = samples;
    for (const size of sizes) {
      const ratioTo = (base) => (samples[base] ? pairedRatio(samples[size], samples[base]) : undefined);
      rows.push({
        kind,
        size,
        ...summary(samples[size]),
        ratio: ratioTo(sizes[0]),
        ratioToTen: ratioTo(10),
        ...probe("scale", { kind, size }),
      });
    }
  }
  return {
    date: new Date().toISOString(),
    environment: { ...machine(), load: [loadBefore, loadavg()[0]] },
    settings: { rounds, calls: CALLS },
    rows,
    mustHold: mustHold(rows),
    times,
  };
}

await runMain(async () => {
  const options = parseOptions(process.argv.slice(2));
  if (!existsSync(path("dist", "npm", "index.js"))) throw new Trouble("the package is not built: run `npm run build`");
  const results = benchmark(options);
  process.stdout.write(`\n${report(results)}\n`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
});
