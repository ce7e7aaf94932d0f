// The Lambda functions' benchmark: makes zips and peers, checks that they answer right, measures, reports. Started by
// scripts/bench.mjs under the pinned Node. Exits 0 whatever the numbers say: only a function that answers wrongly is an error.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { unzipSync } from "fflate";
import { functionZip } from "../../scripts/lambda.mjs";
import { path, runMain, Trouble } from "../../scripts/project.mjs";
import { viewerRequest } from "../../tests/aws/support/events.mjs";
import { httpEvent } from "../../tests/aws/support/gateway-events.mjs";
import { pairedRatio, summary } from "../statistics.mjs";
import { ALGORITHMS, AUDIENCE, forged, ISSUER, makeKey, makeSample, tollgateConfig } from "../tokens.mjs";
import { parseOptions } from "./options.mjs";

/** What must hold: a start takes at most so many times as long as the peer's. */
const MOST_TIMES = 1.5;
const TOKENS = 64;
const RULES = { tenant: { from: { host: "{tenant}.api.example.com" } }, rules: [{ path: "/{*rest}", plans: ["pro"] }] };

const say = (words) => process.stderr.write(`bench: ${words}\n`);

const bearer = (token) => ["authorization", `Bearer ${token}`];

/** The functions: an event with a token, and whether a result lets the request through. */
const FACES = {
  "lambda-edge": {
    event: (token) => viewerRequest({ querystring: "limit=10", fields: [bearer(token)] }),
    isAllowed: (result) => result.uri === "/orders",
  },
  authorizer: {
    options: { event: "http" },
    event: (token) => httpEvent({ sent: [bearer(token)] }),
    isAllowed: (result) => result.isAuthorized === true,
  },
};

function folderOf(root, name, files) {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
  return join(folder, "index.mjs");
}

/** Our function, as its zip has it. */
async function ours(root, face, jwks) {
  const text = JSON.stringify({ ...tollgateConfig(jwks), ...RULES });
  const zip = await functionZip(face, { where: "the benchmark's configuration", text, options: FACES[face].options });
  return { file: folderOf(root, `tollgate-${face}`, unzipSync(zip)), bytes: zip.length };
}

/** The peer's, bundled in the same way. */
async function peers(root, face, jwks) {
  const { outputFiles } = await build({
    entryPoints: [path("bench", "aws", `peer-${face}.mjs`)],
    write: false,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    minify: true,
    legalComments: "none",
  });
  const settings = JSON.stringify({ issuer: ISSUER, audience: AUDIENCE, jwks, plans: ["pro"] });
  return { file: folderOf(root, `peer-${face}`, { "index.mjs": outputFiles[0].contents, "peer.json": settings }) };
}

/** @throws Trouble when it lets a forged token through, or refuses a good one */
async function checkAnswers(name, file, face, sample) {
  const { handler } = await import(pathToFileURL(file).href);
  const isAllowed = async (token) => {
    try {
      return FACES[face].isAllowed(await handler(FACES[face].event(token)));
    } catch (error) {
      if (error.message === "Unauthorized") return false;
      throw error;
    }
  };
  if (!(await isAllowed(sample.token))) throw new Trouble(`${name} refuses a good token`);
  if (await isAllowed(forged(sample).token)) throw new Trouble(`${name} lets a forged token through`);
}

function probe(input) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path("bench", "probes", "lambda.mjs")], {
    input: JSON.stringify(input),
    encoding: "utf8",
    env: {},
  });
  if (status !== 0) throw new Trouble(`the lambda probe failed:\n${stderr}`);
  // Before it stands what the function logged.
  return JSON.parse(stdout.trimEnd().split("\n").at(-1));
}

/** One function with keys of one algorithm, beside its peer: each process of one right after one of the other. */
async function measure(root, face, algorithm, { processes, calls }) {
  const key = makeKey(algorithm, "bench");
  const samples = Array.from({ length: TOKENS }, (_, index) => makeSample(key, index));
  const folder = join(root, algorithm);
  const jwks = { keys: [key.jwk] };
  const files = { tollgate: await ours(folder, face, jwks), peer: await peers(folder, face, jwks) };
  for (const [name, { file }] of Object.entries(files)) await checkAnswers(`${name} ${face}`, file, face, samples[0]);
  const events = samples.map(({ token }) => FACES[face].event(token));
  const starts = { tollgate: [], peer: [] };
  const warm = { tollgate: [], peer: [] };
  for (let round = 0; round < processes; round += 1) {
    // Who is second finds the machine's caches as the first left them, so they take turns.
    const order = round % 2 === 0 ? ["tollgate", "peer"] : ["peer", "tollgate"];
    for (const name of order) starts[name].push(probe({ url: pathToFileURL(files[name].file).href, events, warm: 0 }));
    if (round % 3 !== 0) continue;
    for (const name of order)
      warm[name].push(probe({ url: pathToFileURL(files[name].file).href, events, warm: calls }).warmUs);
  }
  const of = (name) => ({
    startMs: summary(starts[name].map(({ loadMs, firstMs }) => loadMs + firstMs)),
    loadMs: summary(starts[name].map(({ loadMs }) => loadMs)),
    firstMs: summary(starts[name].map(({ firstMs }) => firstMs)),
    warmUs: summary(warm[name]),
  });
  const sums = (name) => starts[name].map(({ loadMs, firstMs }) => loadMs + firstMs);
  return {
    face,
    algorithm,
    zipBytes: files.tollgate.bytes,
    tollgate: of("tollgate"),
    peer: of("peer"),
    startRatio: pairedRatio(sums("tollgate"), sums("peer")),
    warmRatio: pairedRatio(warm.tollgate, warm.peer),
  };
}

const ms = ({ median }) => `${median.toFixed(1)} ms`;
const us = ({ median }) => `${median.toFixed(0)} µs`;

function report({ rows, environment }) {
  const cells = rows.flatMap(({ face, algorithm, tollgate, peer, startRatio, warmRatio }) => [
    ["function", "", "start", "load", "first", "warm"],
    [`${face} ${algorithm}`, "tollgate", ...timesOf(tollgate)],
    ["", "aws-jwt-verify", ...timesOf(peer)],
    ["", "times the peer's", startRatio.toFixed(2), "", "", warmRatio.toFixed(2)],
  ]);
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd();
  const worst = Math.max(...rows.map(({ startRatio }) => startRatio));
  return [
    `${environment.node}, load ${environment.load.map((load) => load.toFixed(1)).join(" to ")}`,
    ...cells.filter((row, index) => index === 0 || row[0] !== "function").map(line),
    `start at most ${MOST_TIMES} times the peer's: ${worst <= MOST_TIMES ? "holds" : "does not hold"} (${worst.toFixed(2)})`,
    "",
  ].join("\n");
}

const timesOf = ({ startMs, loadMs, firstMs, warmUs }) => [ms(startMs), ms(loadMs), ms(firstMs), us(warmUs)];

await runMain(async () => {
  const options = parseOptions(process.argv.slice(2));
  const root = mkdtempSync(join(tmpdir(), "tollgate-bench-aws-"));
  const loadBefore = loadavg()[0];
  try {
    const rows = [];
    for (const face of Object.keys(FACES)) {
      for (const algorithm of ALGORITHMS) {
        say(`${face}, ${algorithm}: ${options.processes} starts of each, interleaved`);
        rows.push(await measure(root, face, algorithm, options));
      }
    }
    const environment = { node: process.version, load: [loadBefore, loadavg()[0]] };
    const results = { date: new Date().toISOString(), environment, rows };
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
    process.stdout.write(report(results));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return 0;
});
