// Set-up: checks the Rust toolchain, installs the Cargo tools, npm and Python packages a command needs, once. Never touches
// the system: tools go to .tools (or TOLLGATE_TOOLS), npm's packages to node_modules, Python's to .tools/python.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ask,
  lockedVersion,
  must,
  node,
  path,
  root,
  run,
  runMain,
  seconds,
  Trouble,
  toolsDirectory,
} from "./project.mjs";

/**
 * The virtual environments of Python, by what they are for. Not among the tools that clones may share: each clone has
 * requirements of its own. Two, because checkov wants older versions of what DynamoDB's stand-in is made of.
 */
const PYTHONS = {
  stores: {
    directory: path(".tools", "python"),
    requirements: "tests/tokens/requirements.txt",
    what: "DynamoDB's stand-in, and a verifier",
    least: [3, 10],
  },
  checkov: {
    directory: path(".tools", "checkov"),
    requirements: "tests/aws/requirements.txt",
    what: "checkov, which reads infra/; 290 MB",
    least: [3, 11],
  },
};

const WASM_TARGET = "wasm32-unknown-unknown";

/** Tools that are crates. wasm-bindgen's command must be of exactly the version of the library. */
const CARGO_TOOLS = {
  "cargo-fuzz": { crate: "cargo-fuzz", version: () => "0.13.2", locked: true },
  "wasm-bindgen": { crate: "wasm-bindgen-cli", version: () => lockedVersion("wasm-bindgen") },
  "wasm-pack": { crate: "wasm-pack", version: () => "0.15.1", locked: true },
  "worker-build": { crate: "worker-build", version: () => "0.8.7" },
};

/** What each command needs. `components` are rustup's. */
const NEEDS = {
  package: { tools: ["wasm-bindgen"] },
  build: { tools: ["wasm-bindgen", "worker-build"] },
  lint: { tools: ["wasm-bindgen", "worker-build"], components: ["clippy", "rustfmt"] },
  native: { tools: [] },
  deep: { tools: [], wasm: true },
  fuzz: { tools: ["cargo-fuzz"] },
  all: { tools: ["wasm-bindgen", "worker-build", "wasm-pack"] },
};

/** Makes everything that `purpose` needs present, then continues under npm's Node 24. Returns only there. */
export async function setUp(purpose = "all") {
  const needs = NEEDS[purpose];
  await ensurePackages();
  await continueUnderPinnedNode();
  ensureRust();
  await ensureComponents(needs.components ?? []);
  if (needs.wasm || needs.tools.length > 0) await ensureWasmTarget();
  for (const tool of needs.tools) await ensureTool(tool);
  // What building the tools left behind is large and of no further use.
  rmSync(join(toolsDirectory, "target"), { recursive: true, force: true });
}

function say(text) {
  console.log(`set-up: ${text}`);
}

/** `npm ci`, unless the packages of this very lock file are there. */
async function ensurePackages() {
  const [major] = process.versions.node.split(".").map(Number);
  if (major < 20) throw new Trouble(`Node 20 or newer is needed, this is ${process.version}; install a newer Node`);
  const lock = readFileSync(path("package-lock.json"));
  const stamp = path("node_modules", ".lock-sha256");
  const digest = createHash("sha256").update(lock).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest && existsSync(node)) return;
  if (!installedAfterLock() || !existsSync(node)) {
    const started = Date.now();
    say("installing npm packages (npm ci)");
    await npm("npm ci", ["ci"]);
    say(`npm packages are installed (${seconds(started)})`);
  }
  if (!ask(node, ["--version"])) {
    throw new Trouble("npm left out the Node 24 of node_modules (are install scripts off?): run `npm rebuild node`");
  }
  writeFileSync(stamp, digest);
}

/** Runs npm: the one that runs this script, if one does. */
export async function npm(what, args, options) {
  const running = process.env.npm_execpath;
  const [command, first] = running?.endsWith(".js") ? [process.execPath, [running]] : ["npm", []];
  await must(what, command, [...first, ...args, "--loglevel=error", "--no-update-notifier"], options);
}

/** True when npm wrote node_modules after the lock file last changed: someone ran `npm install` by hand. */
function installedAfterLock() {
  const hidden = path("node_modules", ".package-lock.json");
  return existsSync(hidden) && statSync(hidden).mtimeMs >= statSync(path("package-lock.json")).mtimeMs;
}

/** Current wrangler needs Node 22.12. Under an older Node, hands the whole command over to npm's Node 24. */
async function continueUnderPinnedNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return;
  if (process.env.TOLLGATE_NODE_PINNED) throw new Trouble(`${node} is too old: delete node_modules and try again`);
  const { code } = await run(node, process.argv.slice(1), { cwd: process.cwd(), env: { TOLLGATE_NODE_PINNED: "1" } });
  process.exit(code);
}

function ensureRust() {
  if (!ask("cargo", ["--version"])) {
    throw new Trouble("cargo is missing: install Rust with rustup (https://rustup.rs), then run this command again");
  }
  const found = ask("rustc", ["--version"])?.match(/rustc (\d+)\.(\d+)/);
  const wanted = readFileSync(path("Cargo.toml"), "utf8").match(/rust-version = "(\d+)\.(\d+)/);
  if (!found) throw new Trouble("rustc does not run: try `rustup default stable`");
  if (wanted && Number(found[1]) === Number(wanted[1]) && Number(found[2]) < Number(wanted[2])) {
    throw new Trouble(
      `Rust ${wanted[1]}.${wanted[2]} or newer is needed, ${found[0]} is here: run \`rustup update stable\``,
    );
  }
}

async function ensureComponents(components) {
  for (const component of components) {
    const [command, ...args] = component === "clippy" ? ["cargo-clippy", "--version"] : [component, "--version"];
    if (ask(command, args)) continue;
    say(`adding ${component}`);
    await rustup(["component", "add", component]);
  }
}

async function ensureWasmTarget() {
  const sysroot = ask("rustc", ["--print", "sysroot"]);
  if (sysroot && existsSync(join(sysroot, "lib", "rustlib", WASM_TARGET))) return;
  say(`adding the ${WASM_TARGET} target`);
  await rustup(["target", "add", WASM_TARGET]);
}

async function rustup(args) {
  if (!ask("rustup", ["--version"])) {
    throw new Trouble(
      `rustup is missing, and \`rustup ${args.join(" ")}\` is needed: install it from https://rustup.rs`,
    );
  }
  await must(`rustup ${args.join(" ")}`, "rustup", args);
}

async function ensureTool(name) {
  const { crate, locked, version: wanted } = CARGO_TOOLS[name];
  const version = wanted();
  if (!version) throw new Trouble(`Cargo.lock names no ${name}: run \`cargo generate-lockfile\``);
  if (isInstalled(name, crate, version)) return;
  const started = Date.now();
  say(`installing ${name} ${version} (some minutes, once)`);
  const args = ["install", crate, "--version", version, "--root", toolsDirectory, "--force"];
  if (locked) args.push("--locked");
  // The three share most of their dependencies, so one target directory builds those once. Tools that run for a
  // second need no long optimisation.
  await must(`cargo install ${crate}`, "cargo", args, {
    env: {
      CARGO_TARGET_DIR: join(toolsDirectory, "target"),
      CARGO_PROFILE_RELEASE_OPT_LEVEL: "1",
      CARGO_PROFILE_RELEASE_LTO: "off",
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
      CARGO_PROFILE_RELEASE_DEBUG: "0",
    },
  });
  say(`${name} is installed (${seconds(started)})`);
}

/**
 * The Python of one of the virtual environments. It serves tests only, so nothing that is missing stops a command: the answer
 * says `missing`, and the tests that need it are skipped, or fail in CI.
 *
 * @param {keyof typeof PYTHONS} purpose
 * @returns {Promise<{ python?: string, missing?: string }>}
 */
export async function ensurePython(purpose = "stores") {
  const { directory, requirements, what, least } = PYTHONS[purpose];
  const wanted = readFileSync(path(requirements));
  const stamp = join(directory, ".requirements-sha256");
  const digest = createHash("sha256").update(wanted).digest("hex");
  const python = join(directory, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest && ask(python, ["--version"])) return { python };
  const isNewEnough = `import sys; print('yes' if sys.version_info >= (${least.join(", ")}) else 'no')`;
  const system = ["python3", "python"].find((name) => ask(name, ["-c", isNewEnough]) === "yes");
  if (!system) return { missing: `missing Python ${least.join(".")} or newer: install it` };
  const started = Date.now();
  say(`installing Python packages (${what})`);
  rmSync(directory, { recursive: true, force: true });
  const make = await run(system, ["-m", "venv", directory], { quiet: true });
  if (make.code !== 0) return { missing: "missing Python's venv: install python3-venv" };
  const flags = ["--quiet", "--only-binary", ":all:", "--no-input", "--disable-pip-version-check"];
  const install = await run(python, ["-m", "pip", "install", ...flags, "-r", path(requirements)], { quiet: true });
  if (install.code !== 0) {
    process.stderr.write(install.output);
    return { missing: `missing Python packages: pip could not install ${requirements}` };
  }
  writeFileSync(stamp, digest);
  say(`Python packages are installed (${seconds(started)})`);
  return { python };
}

function isInstalled(name, crate, version) {
  const record = join(toolsDirectory, ".crates.toml");
  const file = join(toolsDirectory, "bin", process.platform === "win32" ? `${name}.exe` : name);
  return existsSync(file) && existsSync(record) && readFileSync(record, "utf8").includes(`"${crate} ${version} (`);
}

if (process.argv[1] === path("scripts", "setup.mjs")) {
  await runMain(async () => {
    const purpose = process.argv[2] ?? "all";
    if (!Object.hasOwn(NEEDS, purpose)) throw new Trouble(`set-up is for one of ${Object.keys(NEEDS).join(", ")}`);
    await setUp(purpose);
    say(`everything is there, in ${root}`);
  });
}
