// The Workers' benchmark: starts, checks, measures, reports, stops. Started by scripts/bench.mjs under the pinned Node; builds
// nothing. Exits 0 whatever the numbers say: only a contender that judges wrongly, or cannot run, is an error.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { startCache } from "../../demo/cache.mjs";
import { runMain } from "../../scripts/project.mjs";
import { keyServer, serve } from "../../tests/node/support/key-server.mjs";
import { machine } from "../machine.mjs";
import { band } from "../statistics.mjs";
import { mustHold } from "./musts.mjs";
import { parseOptions } from "./options.mjs";
import { picture } from "./picture.mjs";
import { report } from "./report.mjs";
import { tableOf } from "./results.mjs";
import { measureRows } from "./rounds.mjs";
import { rowsOf, TOLLGATE } from "./rows.mjs";
import { checkServer, startServers, takesCache } from "./servers.mjs";
import { coldStarts } from "./start.mjs";
import { makeTraffic, needWrk, TOKENS, writeLines } from "./traffic.mjs";

const say = (words) => process.stderr.write(`bench: ${words}\n`);

const TITLES = { false: "answering themselves", true: "forwarding to one service binding" };

const started = [];
const keep = (one) => {
  started.push(one);
  return one;
};

async function stopFrom(first) {
  while (started.length > first) await started.pop().stop();
}

async function benchmark(options) {
  const loadBefore = loadavg()[0];
  const { traffic, world } = await openWorld();
  const files = writeLines(world.folder, traffic.lines);
  const caches = options.groups.includes(TOLLGATE) && (await takesCache(world));
  const tables = [];
  for (const forwards of [false, true]) {
    tables.push(await measureTable({ ...options, forwards, caches, world, traffic, files }));
  }
  const starting = [TOLLGATE, "jose"].filter((name) => options.groups.includes(name));
  say(`${options.starts} cold starts of each`);
  const starts = await coldStarts(starting, world, { lines: traffic.lines.ES256, starts: options.starts });
  const { rounds, seconds } = options;
  const samples = tables.map((table) => table.samples);
  return {
    date: new Date().toISOString(),
    environment: { ...machine(), ...versions(), load: [loadBefore, loadavg()[0]] },
    settings: { rounds, seconds, starts: options.starts, tokens: TOKENS },
    tables: tables.map(({ title, rows }) => ({ title, rows })),
    starts: Object.fromEntries(Object.entries(starts).map(([name, times]) => [name, band(times)])),
    mustHold: mustHold(samples, starts),
    samples: { tables: samples, starts },
  };
}

/** The issuer's key server, the storage of workerd's cache, a folder, and the tokens. */
async function openWorld() {
  say(`making ${TOKENS} tokens of each kind`);
  const traffic = makeTraffic();
  const keys = keep(await keyServer());
  keys.behave = serve(traffic.jwks.keys.map((jwk) => ({ jwk })));
  const cache = keep(await startCache());
  const folder = mkdtempSync(join(tmpdir(), "tollgate-bench-"));
  keep({ stop: async () => rmSync(folder, { recursive: true, force: true }) });
  return { traffic, world: { folder, cache: cache.address, jwks: traffic.jwks, jwksUri: keys.jwksUri } };
}

async function measureTable({ groups, forwards, caches, world, traffic, files, rounds, seconds }) {
  const title = TITLES[forwards];
  const first = started.length;
  const rows = rowsOf(groups, { forwards, caches });
  const servers = await startServers(rows, world, { forwards, keep });
  say(`${title}: checking and warming ${Object.keys(servers).length} servers, ${rows.length} rows`);
  for (const [name, server] of Object.entries(servers)) await checkServer(name, server, traffic);
  const told = (round) =>
    say(`${title}: round ${round} of ${rounds}, ${(rounds - round) * rows.length * seconds} s to go`);
  const samples = await measureRows(rows, servers, files, { rounds, seconds, told });
  await stopFrom(first);
  return { title, rows: tableOf(rows, samples), samples };
}

function versions() {
  const { devDependencies } = createRequire(import.meta.url)("../../package.json");
  const names = ["jose", "hono", "aws-jwt-verify", "@tsndr/cloudflare-worker-jwt"];
  return {
    workerd: devDependencies.workerd,
    peers: Object.fromEntries(names.map((name) => [name, devDependencies[name]])),
  };
}

await runMain(async () => {
  const options = parseOptions(process.argv.slice(2));
  needWrk();
  for (const signal of ["SIGINT", "SIGTERM"])
    process.on(signal, () => void stopFrom(0).finally(() => process.exit(130)));
  try {
    const results = await benchmark(options);
    process.stdout.write(`\n${report(results)}\n`);
    if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
    if (options.svg) writeFileSync(options.svg, picture(results));
  } finally {
    await stopFrom(0);
  }
});
