// Builds what is published and what is deployed: types, wasm, the npm package, the Worker. Publishes and deploys nothing.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkConfigurations, checkVariables } from "./configuration.mjs";
import { alone, filesUnder, unlessFresh } from "./freshness.mjs";
import { packageFiles } from "./package-files.mjs";
import { ask, must, path, runMain, Trouble } from "./project.mjs";
import { typesFromSchema } from "./schema-types.mjs";
import { setUp } from "./setup.mjs";
import { optimise, wasmModule } from "./wasm-module.mjs";
import { OUT as WWW, wwwFiles } from "./www-files.mjs";

const CRATE = ["Cargo.toml", "Cargo.lock", "src"];
const GENERATED = path("js", "generated");

/** The wasm modules of the npm package, and the feature of the crate that each is. */
const MODULES = { verifier: "js", gate: "js-gate", tokens: "js-tokens" };

/** The Workers: the entry in js/, and the feature of the crate that each is. */
const WORKERS = { gate: ["worker", "worker"], tokens: ["worker-tokens", "worker-tokens"] };

/** What can be asked for, and the steps each takes, in order. */
const TARGETS = {
  types: [types],
  npm: [types, wasm, npm],
  checked: [types, wasm, workerModules],
  "worker-module": [workerModules],
  worker: [types, wasm, npm, configuration, workerModules, workers],
  www: [types, wasm, www],
};

/** Builds one of the targets, or all. Does nothing that is already done. */
export async function build(target = "worker") {
  mkdirSync(GENERATED, { recursive: true });
  await alone(async () => {
    for (const step of TARGETS[target]) await step();
  });
}

/** What the Rust compiler is, as a step's `extra`: another one may make another module. */
const rustc = () => ask("rustc", ["--version"]);

/** JSON Schema and TypeScript types, both from the Rust types of the configuration. */
function types() {
  const schema = join(GENERATED, "tollgate.schema.json");
  const typescript = join(GENERATED, "types.ts");
  return unlessFresh(
    {
      name: "types",
      inputs: filesUnder([...CRATE, "examples/schema.rs", "scripts/schema-types.mjs"]),
      outputs: [schema, typescript],
    },
    async () => typesFromSchema(schema, typescript),
  );
}

/** The core with its JavaScript face, optimised, with its glue, beside the TypeScript that uses it: the verifier alone, the
 *  gate, which verifies too, and the token service. */
async function wasm() {
  for (const [name, feature] of Object.entries(MODULES)) await wasmOf(name, feature);
}

function wasmOf(name, feature) {
  const directory = join(GENERATED, name);
  mkdirSync(directory, { recursive: true });
  return unlessFresh(
    {
      name: `wasm-${name}`,
      inputs: filesUnder([...CRATE, "scripts/project.mjs", "scripts/wasm-module.mjs", "scripts/relaxed-simd.mjs"], {
        without: ["src/worker"],
      }),
      extra: rustc(),
      outputs: ["tollgate.js", "tollgate.d.ts", "tollgate_bg.wasm", "inline.ts"].map((file) => join(directory, file)),
    },
    () => wasmModule(directory, feature),
  );
}

/** The npm package as it is published, in dist/npm. */
function npm() {
  const inputs = filesUnder([
    "js",
    "tsconfig.json",
    "tsconfig.npm.json",
    "package.json",
    "scripts/package-files.mjs",
    "scripts/cli.mjs",
  ]);
  return unlessFresh(
    { name: "npm", inputs, outputs: ["index.js", "index.d.ts", "cli.js"].map((name) => path("dist", "npm", name)) },
    () => packageFiles(GENERATED, Object.keys(MODULES)),
  );
}

/** The playground's static files, in dist/www. */
function www() {
  const parts = ["www", "js", "scripts/www", "scripts/www-files.mjs", "package.json", "tsconfig.json"];
  return unlessFresh(
    { name: "www", inputs: filesUnder(parts), outputs: ["index.html", "playground.js"].map((name) => join(WWW, name)) },
    wwwFiles,
  );
}

/** Refuses a wrangler.toml or tollgate.json with which the Worker could not start. */
function configuration() {
  const judges = ["gate", "tokens"].map((name) => `js/generated/${name}/tollgate_bg.wasm`);
  const inputs = filesUnder(["wrangler.toml", "tollgate.json", ...judges, "scripts/configuration.mjs"]);
  return unlessFresh({ name: "configuration", inputs, outputs: [] }, async () => {
    await checkVariables();
    await checkConfigurations(GENERATED);
  });
}

/** The `worker` crate's half of each Worker, in build/. Also wrangler.toml's build command. */
async function workerModules() {
  for (const [name, [, feature]] of Object.entries(WORKERS)) await workerModule(name, feature);
}

function workerModule(name, feature) {
  const directory = join("build", name);
  return unlessFresh(
    {
      name: `worker-module-${name}`,
      inputs: filesUnder([...CRATE, "scripts/project.mjs", "scripts/wasm-module.mjs"]),
      extra: rustc(),
      outputs: [path(directory, "index.js")],
    },
    async () => {
      const options = ["--release", "--no-opt", "--out-dir", directory, "--features", feature];
      await must(`worker-build (${feature})`, "worker-build", options);
      // The glue between the crate and the runtime catches what JavaScript throws.
      await optimise(path(directory, "index_bg.wasm"), ["--enable-exception-handling"]);
    },
  );
}

/** The Workers exactly as wrangler would upload them, in dist/worker and dist/worker-tokens. */
async function workers() {
  for (const [entry] of Object.values(WORKERS)) await worker(entry);
}

function worker(entry) {
  const outdir = path("dist", entry);
  return unlessFresh(
    {
      name: entry,
      inputs: filesUnder(["wrangler.toml", "tollgate.json", "build", "js", "package.json", "tsconfig.json"]),
      outputs: [outdir],
    },
    async () => {
      rmSync(outdir, { recursive: true, force: true });
      const main = path("js", `${entry}.ts`);
      await must("wrangler", "wrangler", ["deploy", main, "--dry-run", "--outdir", outdir], { quiet: true });
    },
  );
}

if (process.argv[1] === path("scripts", "build.mjs")) {
  await runMain(async () => {
    const target = process.argv[2] ?? "worker";
    if (!Object.hasOwn(TARGETS, target)) throw new Trouble(`build takes one of ${Object.keys(TARGETS).join(", ")}`);
    await setUp(target === "npm" ? "package" : "build");
    await build(target);
  });
}
