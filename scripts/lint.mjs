// Runs every check that reads the sources instead of running them. With --write, formats them; changes nothing else.

import { build } from "./build.mjs";
import { node, path, run, runMain, seconds } from "./project.mjs";
import { setUp } from "./setup.mjs";

const WASM = ["--target", "wasm32-unknown-unknown"];

/** The compiler as a reviewer: warnings are errors. */
const clippy = (...args) => ["cargo", ["clippy", "--quiet", ...args, "--", "--deny", "warnings"]];

const CHECKS = [
  ["rustfmt", () => ["cargo", ["fmt", "--all", "--check"]]],
  ["biome", () => ["biome", ["check", "--error-on-warnings", "."]]],
  ["terraform fmt", () => [node, [path("scripts", "hcl.mjs"), "--check"]]],
  ["conformance", () => [node, [path("scripts", "conformance.mjs"), "--check"]]],
  ["imports", () => [node, ["--test", "--test-reporter=dot", path("tests", "imports.mjs")]]],
  ["clippy (core)", () => clippy("--all-targets", "--features", "schema,mint")],
  ["clippy (js)", () => clippy("--lib", "--tests", "--features", "js-gate", ...WASM)],
  ["clippy (tokens)", () => clippy("--lib", "--tests", "--features", "js-tokens", ...WASM)],
  ["clippy (worker)", () => clippy("--lib", "--features", "worker", ...WASM)],
  ["clippy (worker, tokens)", () => clippy("--lib", "--features", "worker-tokens", ...WASM)],
  [
    "rustdoc",
    () => [
      "cargo",
      ["doc", "--quiet", "--no-deps", "--features", "schema,mint"],
      { env: { RUSTDOCFLAGS: "--deny warnings" } },
    ],
  ],
  ["tsc (package)", () => ["tsc", ["--project", path("tsconfig.json")]]],
  ["tsc (command line)", () => ["tsc", ["--project", path("tsconfig.cli.json")]]],
  ["tsc (worker)", () => ["tsc", ["--project", path("tsconfig.worker.json")]]],
  ["tsc (playground)", () => ["tsc", ["--project", path("tsconfig.www.json")]]],
];

const FORMATTERS = [
  ["rustfmt", () => ["cargo", ["fmt", "--all"]]],
  ["biome", () => ["biome", ["check", "--write", "."]]],
  ["terraform fmt", () => [node, [path("scripts", "hcl.mjs")]]],
];

async function runAll(checks) {
  const failed = [];
  for (const [name, check] of checks) {
    const started = Date.now();
    const { code } = await run(...check());
    console.log(`${code === 0 ? "✔" : "✖"} ${name} (${seconds(started)})`);
    if (code !== 0) failed.push(name);
  }
  return failed;
}

if (process.argv[1] === path("scripts", "lint.mjs")) {
  await runMain(async () => {
    await setUp("lint");
    if (process.argv.includes("--write")) return (await runAll(FORMATTERS)).length;
    // The TypeScript checker reads what the build generates: the configuration's types and the glue.
    await build("checked");
    const failed = await runAll(CHECKS);
    console.log(failed.length === 0 ? "\nlint: all is well" : `\nlint: ${failed.join(", ")} failed`);
    return failed.length === 0 ? 0 : 1;
  });
}
