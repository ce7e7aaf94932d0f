// The test suites: how each is run, and what it needs. Writes no test and judges no result; counts.mjs reads those.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { ensureAwsTools } from "./aws-tools.mjs";
import { build } from "./build.mjs";
import { add, cargoCounts, nodeCounts, none } from "./counts.mjs";
import { must, node, path, root, run, stateDirectory, Trouble } from "./project.mjs";
import { ensurePython } from "./setup.mjs";

/** No suite takes this long; one that does hangs. */
const LIMIT_MINUTES = 30;

/** Each suite resolves to its counts. The order is that of `npm test`: what fails fastest comes first. */
export const SUITES = {
  scripts: { needs: "native", run: () => nodeTests(root, "scripts", {}, ["tests/imports.mjs", "bench/*.test.mjs"]) },
  native: { needs: "native", run: native },
  wasm: { needs: "all", run: wasmInNode },
  browser: { needs: "all", run: browser },
  node: { needs: "build", run: packedTarball },
  guides: { needs: "build", run: guides },
  cli: { needs: "build", run: commandLine },
  runtimes: { needs: "build", run: runtimes },
  adapters: { needs: "build", run: adapters },
  www: { needs: "build", run: www },
  workerd: { needs: "build", run: workerd },
  aws: { needs: "build", run: aws },
  tokens: { needs: "build", run: tokens },
};

/** Where the independent test vectors are, when they stand beside the clone. */
function vectors() {
  const place = path("..", "shared", "vectors");
  return existsSync(place) ? { TOLLGATE_VECTORS: place } : {};
}

const shared = () => ({ TOLLGATE_ROOT: root, ...vectors() });

async function cargo(command, args, env = {}) {
  const options = { keep: true, limitMinutes: LIMIT_MINUTES, env: { ...shared(), ...env } };
  const { code, output } = await run(command, args, options);
  return honest(cargoCounts(output), code);
}

/** A runner that exits with an error has failed, whatever it counted: it may never have reached its tests. */
function honest(counts, code) {
  if (code === 0 || counts.failed > 0) return counts;
  console.error(`the runner exited ${code} without naming a failed test`);
  return { ...counts, failed: 1 };
}

/** Every feature that names no host, so that optional parts of the core are tested too. */
function nativeFeatures() {
  const manifest = readFileSync(path("Cargo.toml"), "utf8");
  const table = manifest.match(/^\[features\]\n([\s\S]*?)(?=^\[)/m)?.[1] ?? "";
  const names = [...table.matchAll(/^([a-z][\w-]*) *=/gm)].map(([, name]) => name);
  return names.filter((name) => !["default", "js", "js-gate", "js-tokens", "worker", "worker-tokens"].includes(name));
}

function native() {
  const features = ["--features", nativeFeatures().join(",")];
  return cargo("cargo", ["test", "--no-fail-fast", ...features, "--", "--show-output"]);
}

function wasmInNode() {
  return cargo("wasm-pack", ["test", "--node", root, "--features", "js,mint", "--", "--nocapture"]);
}

/** The Rust tests in headless Chrome, then the pages of tests/browser. */
async function browser() {
  const chromium = findChromium();
  const driver = firstOf(process.env.CHROMEDRIVER, "/usr/bin/chromedriver");
  if (!chromium || !driver) {
    const what = chromium ? "chromedriver" : "Chromium";
    return { ...none(), skipped: 1, missing: [`missing ${what}: install it, or name it in CHROMIUM and CHROMEDRIVER`] };
  }
  const rust = await cargo(
    "wasm-pack",
    ["test", "--headless", "--chrome", "--chromedriver", driver, root, "--features", "js,mint", "--", "--nocapture"],
    {
      // In a worker: the page, which ChromeDriver gives up on after 30 s of silence, stays free while the tests compute.
      WASM_BINDGEN_USE_DEDICATED_WORKER: "1",
      WASM_BINDGEN_TEST_WEBDRIVER_JSON: webdriverSettings(chromium),
      WASM_BINDGEN_TEST_TIMEOUT: "900",
      WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "60",
    },
  );
  if (!existsSync(path("tests", "browser"))) return rust;
  await build();
  return add(rust, await nodeTests(root, "tests/browser", { CHROMIUM: chromium, CHROMEDRIVER: driver }));
}

/** The playground as it is built, in Chromium. */
async function www() {
  const chromium = findChromium();
  if (!chromium) return { ...none(), skipped: 1, missing: ["missing Chromium: install it, or name it in CHROMIUM"] };
  await build("www");
  return nodeTests(root, "tests/www", { CHROMIUM: chromium });
}

function findChromium() {
  const places = ["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`);
  return firstOf(process.env.CHROMIUM, ...places);
}

const firstOf = (...places) => places.find((place) => place && existsSync(place));

/** A browser that runs as root in a container, and calls nobody. */
function webdriverSettings(chromium) {
  const file = join(stateDirectory, "webdriver.json");
  const args = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  mkdirSync(stateDirectory, { recursive: true });
  writeFileSync(file, JSON.stringify({ "goog:chromeOptions": { binary: chromium, args } }));
  return file;
}

/** The package as a user gets it. */
function packedTarball() {
  return withTarball(["node"], (folder, tarball) => nodeTests(folder, "tests/node", { TOLLGATE_TARBALL: tarball }));
}

/** What programs in the guides import beside this package. */
const GUIDES_USE = ["aws-jwt-verify", "express", "hono", "jose"];

/** The guides, done as they say beside the packed package, and beside what they move people away from. */
function guides() {
  return withTarball(["node", "guides"], (folder, tarball) => {
    for (const name of GUIDES_USE) symlinkSync(path("node_modules", name), join(folder, "node_modules", name));
    return nodeTests(folder, "tests/guides", { TOLLGATE_TARBALL: tarball });
  });
}

/** The command line, as whoever installed the package calls it. */
function commandLine() {
  return withTarball(["cli"], (folder, tarball) => nodeTests(folder, "tests/cli", { TOLLGATE_TARBALL: tarball }));
}

/** One suite of behaviour in every runtime and bundler, over the package as a user gets it. */
function runtimes() {
  const chromium = findChromium();
  const env = chromium ? { CHROMIUM: chromium } : {};
  return withTarball(["node", "runtimes"], (folder) => nodeTests(folder, "tests/runtimes", env));
}

/** Packs the package, installs it into an empty folder with these parts of tests/ in it, and only then has it tested there. */
async function withTarball(parts, test) {
  await build("npm");
  const folder = mkdtempSync(join(tmpdir(), "tollgate-package-"));
  try {
    await must("npm pack", "npm", ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", folder]);
    const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
    if (!tarball) throw new Trouble("npm pack made no tarball");
    writeFileSync(join(folder, "package.json"), '{ "name": "stranger", "private": true, "type": "module" }\n');
    const flags = ["--offline", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
    await must("installing the tarball", "npm", ["install", `./${tarball}`, ...flags], { cwd: folder });
    for (const part of [...parts, "shared"].map((name) => join("tests", name))) {
      if (existsSync(path(part))) cpSync(path(part), join(folder, part), { recursive: true });
    }
    return await test(folder, join(folder, tarball));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The adapters in their real frameworks, in Node and in workerd. */
async function adapters() {
  await build("npm");
  return nodeTests(root, "tests/adapters");
}

/** Random histories where all suites run; asked for by name, the token service's suite takes ten times as many and more. */
const FEW_HISTORIES = { TOLLGATE_HISTORIES: "10000", TOLLGATE_HISTORIES_REAL: "200" };

/** The token service on its stores. What of Python is missing is said by the tests that need it. */
async function tokens(asked) {
  await build();
  const { python, missing } = await ensurePython();
  if (missing) console.error(`tokens: ${missing}`);
  if (!asked)
    console.log("10,000 random histories in memory, 200 on each store: `npm run test:tokens` runs 100,000 and 2,000");
  return nodeTests(root, "tests/tokens", {
    ...(asked ? {} : FEW_HISTORIES),
    TOLLGATE_PYTHON: python ?? "",
    TOLLGATE_PYTHON_MISSING: missing ?? "",
  });
}

/** The AWS faces, in AWS's own runtime client, against stand-ins for its services. What is missing is said by the tests that need it. */
async function aws() {
  await build("npm");
  const tools = await ensureAwsTools();
  const { python, missing } = await ensurePython();
  const checkov = await ensurePython("checkov");
  for (const lacking of [tools.missing, missing, checkov.missing]) if (lacking) console.error(`aws: ${lacking}`);
  return nodeTests(root, "tests/aws", {
    TOLLGATE_AWS_TOOLS: tools.directory ?? "",
    TOLLGATE_AWS_TOOLS_MISSING: tools.missing ?? "",
    TOLLGATE_PYTHON: python ?? "",
    TOLLGATE_PYTHON_MISSING: missing ?? "",
    TOLLGATE_CHECKOV: checkov.python ?? "",
    TOLLGATE_CHECKOV_MISSING: checkov.missing ?? "",
  });
}

async function workerd() {
  await build();
  return nodeTests(root, "tests/workerd");
}

/** `node --test` over a folder's *.test.mjs: read by people on the terminal, counted from a TAP file. */
async function nodeTests(cwd, folder, env = {}, more = []) {
  const place = join(cwd, folder);
  const files = existsSync(place) ? readdirSync(place).filter((name) => name.endsWith(".test.mjs")) : [];
  if (files.length === 0) return none();
  mkdirSync(stateDirectory, { recursive: true });
  const tap = join(stateDirectory, `${basename(folder)}.tap`);
  const reporters = ["spec", "tap"].map((name) => `--test-reporter=${name}`);
  const destinations = ["stdout", tap].map((name) => `--test-reporter-destination=${name}`);
  const args = ["--test", ...reporters, ...destinations, ...files.map((name) => join(folder, name)), ...more];
  const { code } = await run(node, args, { cwd, limitMinutes: LIMIT_MINUTES, env: { ...shared(), ...env } });
  return honest(nodeCounts(readFileSync(tap, "utf8")), code);
}
