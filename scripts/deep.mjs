// The deep tests: a million random cases a kernel against other people's arithmetic, in wasm under Node 24, or natively.
// The cases are fuzz/src's; this builds them, runs them and says how to make a mismatch again.

import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { environment, must, node, path, run, runMain, Trouble } from "./project.mjs";
import { setUp } from "./setup.mjs";

/** Cases that share their keys: fuzz/src/lib.rs. */
const GROUP = 1_000;
const TARGET = path("target", "deep");
const BINARY = join(TARGET, "release", "deep");
const MODULE = join(TARGET, "wasm32-unknown-unknown", "release", "examples", "deep_wasm.wasm");
const RUSTFLAGS = "--cfg fuzzing";

const USAGE = `npm run test:deep -- [--cases N] [--suite ES256|RS256] [--kernel NAME] [--seed S] [--first GROUP] [--native]`;

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

async function main() {
  const options = asked();
  await setUp("deep");
  // Node 24 has relaxed SIMD; another may not.
  if (!options.native && realpathSync(process.execPath) !== realpathSync(node)) {
    return (await run(node, process.argv.slice(1))).code;
  }
  await build(options.native);
  const compiled = options.native ? undefined : await WebAssembly.compile(readFileSync(MODULE));
  const names = compiled
    ? namesIn(compiled)
    : (await must("deep", BINARY, ["names"], { quiet: true })).trim().split("\n");
  const wanted = names
    .map((name, place) => ({ name, place, suite: name.split(" ")[0], kernel: name.split(" ")[1] }))
    .filter(
      ({ suite, kernel }) => [undefined, suite].includes(options.suite) && [undefined, kernel].includes(options.kernel),
    );
  if (wanted.length === 0) throw new Trouble(`there is no such suite or kernel: take of ${names.join(", ")}`);
  console.log(`seed ${options.seed}, ${options.native ? "native" : `wasm under Node ${process.version}`}`);
  let failed = 0;
  for (const { name, place, suite, kernel } of wanted) {
    const started = Date.now();
    const progress = progressOf(name, options.cases);
    const result = await (options.native
      ? natively(place, options, progress)
      : inWasm(compiled, place, options, progress));
    const seconds = (Date.now() - started) / 1000;
    if (result.mismatch) {
      failed += 1;
      const again = `--suite ${suite} --kernel ${kernel} --seed ${options.seed} --first ${result.group}`;
      console.log(`✖ ${name}: case ${result.mismatch.case} of group ${result.group}: ${result.mismatch.what}`);
      console.log(
        `  again: npm run test:deep -- ${again} --cases ${result.mismatch.case + 1}${options.native ? " --native" : ""}`,
      );
    } else {
      const rate = Math.round(result.done / seconds).toLocaleString("en");
      console.log(`✔ ${name}: ${result.done.toLocaleString("en")} cases agree (${rate} cases/s)`);
    }
  }
  return failed > 0 ? 1 : 0;
}

if (process.argv[1] === path("scripts", "deep.mjs")) await runMain(main);
