// The token service's benchmark: opens, measures, reports, stops. Started by scripts/bench.mjs under the pinned Node; builds
// nothing. Exits 0 whatever the numbers say.

import { existsSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { path, runMain, Trouble } from "../../scripts/project.mjs";
import { machine } from "../machine.mjs";
import { probe } from "../once.mjs";
import { band } from "../statistics.mjs";
import { parseOptions } from "./options.mjs";
import { report } from "./report.mjs";
import { inRounds } from "./rounds.mjs";

const say = (words) => process.stderr.write(`bench: ${words}\n`);

const started = [];
const keep = (one) => {
  started.push(one);
  return one;
};

let stopping;
/** The last first, and once: whoever is second waits for the first. */
function stopAll() {
  stopping ??= (async () => {
    while (started.length > 0) await started.pop().stop();
  })();
  return stopping;
}

async function benchmark({ rounds, refreshes, stores }) {
  const loadBefore = loadavg()[0];
  const withWorker = stores.includes("durable");
  // What needs one core comes before there are servers.
  say("the core's steps");
  const { SIGNING, timeSteps, UNSIGNED } = await import("./steps.mjs");
  const steps = await timeSteps(rounds);
  if (withWorker) say("a request to the gate");
  const gated = withWorker ? probe("gated", { rounds }) : undefined;
  const { opened, operations, samples } = await runServers({ rounds, refreshes, stores, withWorker });
  return {
    date: new Date().toISOString(),
    environment: { ...machine(), load: [loadBefore, loadavg()[0]] },
    settings: { rounds, refreshes },
    refreshes: stores.map((store) => ({ store, ms: band(samples[store]), operations: operations[store] })),
    steps: Object.entries(steps).map(([name, us]) => ({ name, us: band(us) })),
    signing: band(difference(steps[SIGNING], steps[UNSIGNED])),
    gated: gated && bands({ ...gated, difference: difference(gated.on, gated.off) }),
    object: withWorker
      ? opened.map(({ name, what, disk }) => ({ what, disk, perSecond: band(samples[name]) }))
      : undefined,
    samples: rounded({ ...samples, ...steps, ...gated }),
  };
}

/** Everything that waits for a server, in the same rounds. */
async function runServers({ rounds, refreshes, stores, withWorker }) {
  const { openRefreshes, perRefresh } = await import("./stores.mjs");
  const { objectArms } = await import("./object.mjs");
  say(`opening ${stores.join(", ")}`);
  const services = [];
  for (const store of stores) services.push(await openRefreshes(store, refreshes, keep));
  const opened = withWorker ? await objectArms(keep) : [];
  const count = () => Promise.all(services.map((service) => service.operations()));
  const before = await count();
  const began = Date.now();
  const samples = await inRounds([...services, ...opened], rounds, (done) => {
    const left = ((Date.now() - began) / done) * (rounds - done);
    if (done % Math.ceil(rounds / 10) === 0) say(`round ${done} of ${rounds}, ${Math.round(left / 1000)} s to go`);
  });
  const after = await count();
  const each = stores.map((store, at) => [store, perRefresh(before[at], after[at], rounds * refreshes)]);
  return { opened, operations: Object.fromEntries(each), samples };
}

/** Round by round, so that what the machine did meanwhile hits both. */
const difference = (more, less) => more.map((sample, round) => sample - less[round]);

const mapped = (byName, of) => Object.fromEntries(Object.entries(byName).map(([name, list]) => [name, of(list)]));
const bands = (byName) => mapped(byName, band);
/** Four digits: more would be noise. */
const rounded = (byName) => mapped(byName, (list) => list.map((sample) => Number(sample.toPrecision(4))));

await runMain(async () => {
  const options = parseOptions(process.argv.slice(2));
  if (!existsSync(path("dist", "npm", "tokens", "index.js"))) {
    throw new Trouble("the package is not built: run `npm run build`");
  }
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => void stopAll().finally(() => process.exit(130)));
  try {
    const results = await benchmark(options);
    process.stdout.write(`\n${report(results)}\n`);
    if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
  } catch (error) {
    // What is stopped under a measurement makes it fail, which is no news.
    if (stopping === undefined) throw error;
  } finally {
    await stopAll();
  }
});
