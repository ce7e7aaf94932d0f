// The deep tests: a million random cases a kernel against other people's arithmetic, in wasm under Node 24, or natively; and
// a million signatures. The cases are fuzz/src's; this builds them, runs them and says how to make a mismatch again.

import { AssertionError } from "node:assert";
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { build as buildPackage } from "./build.mjs";
import { environment, must, node, path, run, runMain, Trouble } from "./project.mjs";
import { setUp } from "./setup.mjs";

/** Cases that share their keys: fuzz/src/lib.rs. */
const GROUP = 1_000;
const TARGET = path("target", "deep");
const BINARY = join(TARGET, "release", "deep");
const MODULE = join(TARGET, "wasm32-unknown-unknown", "release", "examples", "deep_wasm.wasm");
const RUSTFLAGS = "--cfg fuzzing";

const USAGE = `npm run test:deep -- [--cases N] [--suite ES256|RS256|mint] [--kernel NAME] [--seed S] [--first GROUP] [--native]`;

/** What was asked for. @returns {{ cases: number, seed: bigint, first: number, suite?: string, kernel?: string, native: boolean }} */
function asked() {
  const options = { cases: "string", suite: "string", kernel: "string", seed: "string", first: "string" };
  const types = Object.fromEntries(Object.entries(options).map(([name, type]) => [name, { type }]));
  let values;
  try {
    ({ values } = parseArgs({ options: { ...types, native: { type: "boolean" } } }));
  } catch (error) {
    throw new Trouble(`${error.message}: ${USAGE}`);
  }
  const number = (name, usual) => {
    if (values[name] === undefined) return usual;
    if (!/^\d{1,15}$/.test(values[name])) throw new Trouble(`--${name} takes a whole number: ${USAGE}`);
    return Number(values[name]);
  };
  const { suite, kernel, native = false } = values;
  if (native && suite === "mint") throw new Trouble(`mint is the package's, in wasm, and has no --native: ${USAGE}`);
  const seed = BigInt(number("seed", randomInt(2 ** 47)));
  return { cases: number("cases", 1_000_000), seed, first: number("first", 0), suite, kernel, native };
}

async function build(native) {
  const kind = native ? ["--bin", "deep"] : ["--example", "deep-wasm", "--target", "wasm32-unknown-unknown"];
  const flags = native ? RUSTFLAGS : `${environment().CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS} ${RUSTFLAGS}`;
  const manifest = ["--manifest-path", path("fuzz", "Cargo.toml"), "--target-dir", TARGET];
  await must("compiling the deep tests", "cargo", ["build", "--release", "--locked", ...manifest, ...kind], {
    env: { RUSTFLAGS: flags },
  });
}

/** The module, new: after a trap an instance is of no more use. */
function instance(compiled) {
  const { exports } = new WebAssembly.Instance(compiled);
  const text = () =>
    new TextDecoder().decode(new Uint8Array(exports.memory.buffer, exports.text(), exports.text_length()));
  const name = (place) => {
    exports.name(place);
    return text();
  };
  return { run: exports.run, text, name };
}

/** "suite kernel" of each place. */
function namesIn(compiled) {
  const { name } = instance(compiled);
  const names = [];
  while (name(names.length) !== "") names.push(name(names.length));
  return names;
}

/** A group in wasm: what went wrong, if anything did. A trap in it is traced to its case. */
function group(compiled, suite, seed, number, cases) {
  try {
    const found = suite.instance.run(suite.place, seed, number, cases);
    return found < 0 ? undefined : { case: found, what: suite.instance.text() };
  } catch (error) {
    let [runs, traps] = [0, cases];
    while (traps - runs > 1) {
      const middle = (runs + traps) >> 1;
      try {
        instance(compiled).run(suite.place, seed, number, middle);
        runs = middle;
      } catch {
        traps = middle;
      }
    }
    return { case: traps - 1, what: `a trap: ${error.message}` };
  }
}

/** Runs one suite in wasm. @returns {{ done: number, group: number, mismatch: object } | { done: number }} */
async function inWasm(compiled, place, { seed, first, cases }, progress) {
  const suite = { place, instance: instance(compiled) };
  for (let done = 0; done < cases; ) {
    const number = first + done / GROUP;
    const more = Math.min(GROUP, cases - done);
    const mismatch = group(compiled, suite, seed, number, more);
    if (mismatch) return { done: done + mismatch.case, group: number, mismatch };
    done += more;
    progress(done);
  }
  return { done: cases };
}

/** The same natively: a process that says how far it is. */
function natively(place, { seed, first, cases }, progress) {
  return new Promise((settled, failed) => {
    const arguments_ = [place, seed, first, cases].map(String);
    const child = spawn(BINARY, arguments_, { stdio: ["ignore", "pipe", "inherit"] });
    let done = 0;
    let found;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [word, ...rest] = line.split(" ");
      if (word === "mismatch") found = { group: +rest[0], mismatch: { case: +rest[1], what: rest.slice(2).join(" ") } };
      if (word === "done") {
        done = +rest[0];
        progress(done);
      }
    });
    child.on("error", failed);
    child.on("close", (code) => {
      if (code !== 0 && !found)
        found = { group: first + done / GROUP, mismatch: { case: 0, what: `exit code ${code}` } };
      settled({ done, ...found });
    });
  });
}

/** One line that is written over, where somebody watches; else a line in ten seconds. */
function progressOf(name, cases) {
  const started = Date.now();
  let last = started;
  return (done) => {
    const now = Date.now();
    if (now - last < (process.stderr.isTTY ? 500 : 10_000) && done < cases) return;
    last = now;
    const rate = Math.round((done * 1000) / Math.max(1, now - started));
    const line = `${name}: ${done.toLocaleString("en")} of ${cases.toLocaleString("en")}, ${rate.toLocaleString("en")} cases/s`;
    process.stderr.write(process.stderr.isTTY ? `\r${line}\u001b[K${done < cases ? "" : "\n"}` : `${line}\n`);
  };
}

/** The suites of fuzz/src, each kernel by its name, and what runs it. */
async function kernels(options) {
  await build(options.native);
  const compiled = options.native ? undefined : await WebAssembly.compile(readFileSync(MODULE));
  const names = compiled
    ? namesIn(compiled)
    : (await must("deep", BINARY, ["names"], { quiet: true })).trim().split("\n");
  return names.map((name, place) => ({
    name,
    run: (progress) =>
      options.native ? natively(place, options, progress) : inWasm(compiled, place, options, progress),
  }));
}

/** Signing, in the module of the npm package. Its keys are new each time, so that no seed makes its cases again. */
async function mint() {
  await setUp("build");
  await buildPackage("npm");
  const { signMany } = await import("../tests/tokens/support/signatures.mjs");
  const sign = async (progress, { cases }) => {
    try {
      const { shortR, shortS, verified } = await signMany(cases, progress);
      const note = `64 bytes each, no r twice; ${shortR} r and ${shortS} s begin with 0; ${verified} verified`;
      return { done: cases, note };
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error;
      return { fault: error.message };
    }
  };
  return [{ name: "mint package", run: sign }];
}

/** Runs one and says what came of it. @returns whether all was well */
async function isWell({ name, run: start }, options) {
  const started = Date.now();
  const result = await start(progressOf(name, options.cases), options);
  if (result.fault) console.log(`✖ ${name}: ${result.fault}`);
  if (result.mismatch) {
    const [suite, kernel] = name.split(" ");
    const again = `--suite ${suite} --kernel ${kernel} --seed ${options.seed} --first ${result.group}`;
    console.log(`✖ ${name}: case ${result.mismatch.case} of group ${result.group}: ${result.mismatch.what}`);
    console.log(
      `  again: npm run test:deep -- ${again} --cases ${result.mismatch.case + 1}${options.native ? " --native" : ""}`,
    );
  }
  if (result.fault || result.mismatch) return false;
  const rate = Math.round((result.done * 1000) / (Date.now() - started)).toLocaleString("en");
  const what = result.note === undefined ? " agree" : `, ${result.note}`;
  console.log(`✔ ${name}: ${result.done.toLocaleString("en")} cases${what} (${rate} cases/s)`);
  return true;
}

async function main() {
  const options = asked();
  await setUp("deep");
  // Node 24 has relaxed SIMD; another may not.
  if (!options.native && realpathSync(process.execPath) !== realpathSync(node)) {
    return (await run(node, process.argv.slice(1))).code;
  }
  const [hasKernels, hasMint] = [
    options.suite !== "mint",
    !options.native && [undefined, "mint"].includes(options.suite),
  ];
  const all = [...(hasKernels ? await kernels(options) : []), ...(hasMint ? await mint() : [])];
  const wanted = all.filter(({ name }) => {
    const [suite, kernel] = name.split(" ");
    return [undefined, suite].includes(options.suite) && [undefined, kernel].includes(options.kernel);
  });
  if (wanted.length === 0) {
    throw new Trouble(`there is no such suite or kernel: take of ${all.map(({ name }) => name).join(", ")}: ${USAGE}`);
  }
  console.log(`seed ${options.seed}, ${options.native ? "native" : `wasm under Node ${process.version}`}`);
  let failed = 0;
  for (const one of wanted) if (!(await isWell(one, options))) failed += 1;
  return failed > 0 ? 1 : 0;
}

if (process.argv[1] === path("scripts", "deep.mjs")) await runMain(main);
