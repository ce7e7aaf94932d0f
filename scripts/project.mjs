// Where things are and how commands are run. Uses only Node's own modules, so it works before set-up; decides nothing.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
/** Cargo-built tools. One directory can serve several clones. */
export const toolsDirectory = resolve(root, process.env.TOLLGATE_TOOLS || ".tools");
/** What is remembered between runs; deleting it only costs time. */
export const stateDirectory = join(root, ".setup");
export const inCI = Boolean(process.env.CI) && process.env.CI !== "false";

export const path = (...parts) => join(root, ...parts);
export const bin = (name) => path("node_modules", ".bin", name);
/** Node 24 from npm, whatever Node the machine has. Present after set-up. */
export const node = path("node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");

/** A failure that the user can mend: shown as one line, without a stack. */
export class Trouble extends Error {}

/** Runs a script's `main`; a `Trouble` becomes one line on stderr, and every failure a non-zero exit. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.exitCode = 1;
    console.error(error instanceof Trouble ? `tollgate: ${error.message}` : error);
  }
}

/** How the core is compiled to wasm: with SIMD, which every engine has had since 2023 and which halves the time of SHA-256. */
export const WASM_FLAGS = ["-Ctarget-feature=+simd128"];

/** The environment every child process gets: our tools first, and no tool that downloads or reports. */
export function environment(extra = {}) {
  const cargoHome = process.env.CARGO_HOME || join(homedir(), ".cargo");
  const paths = [path("node_modules", ".bin"), join(toolsDirectory, "bin"), process.env.PATH, join(cargoHome, "bin")];
  return {
    ...process.env,
    PATH: paths.filter(Boolean).join(delimiter),
    WASM_BINDGEN_BIN: join(toolsDirectory, "bin", "wasm-bindgen"),
    WASM_OPT_BIN: bin("wasm-opt"),
    ESBUILD_BIN: bin("esbuild"),
    // A panic message names its source file: show the crate, not the builder's home. One value for every wasm build,
    // so that none of them makes cargo build the dependencies again.
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: [
      `--remap-path-prefix=${join(cargoHome, "registry", "src")}=crates`,
      `--remap-path-prefix=${root}=.`,
      ...WASM_FLAGS,
    ].join(" "),
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: join(stateDirectory, "wrangler-logs"),
    DO_NOT_TRACK: "1",
    NO_UPDATE_NOTIFIER: "1",
    ...extra,
  };
}

/** The output of a short command, or undefined when it is missing or fails. */
export function ask(command, args) {
  const result = spawnSync(command, args, { cwd: root, env: environment(), encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/**
 * Runs a command with its output shown; resolves to its exit code and, with `keep`, to what it printed.
 * A signal is passed on, so that nothing outlives us; past its limit a command is killed.
 */
export function run(command, args, { env = {}, cwd = root, keep = false, quiet = false, limitMinutes = 0 } = {}) {
  return new Promise((done, failed) => {
    const piped = keep || quiet;
    const child = spawn(command, args, {
      cwd,
      env: environment(env),
      stdio: piped ? ["inherit", "pipe", "pipe"] : "inherit",
    });
    let output = "";
    let stdout = "";
    const take = (stream, shown) =>
      stream?.setEncoding("utf8").on("data", (text) => {
        output += text;
        if (stream === child.stdout) stdout += text;
        if (!quiet) shown.write(text);
      });
    take(child.stdout, process.stdout);
    take(child.stderr, process.stderr);
    const pass = (signal) => child.kill(signal);
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    const stop = () => {
      console.error(`${command} still runs after ${limitMinutes} minutes and is stopped`);
      child.kill("SIGKILL");
    };
    const timer = limitMinutes > 0 ? setTimeout(stop, limitMinutes * 60_000) : undefined;
    for (const signal of signals) process.on(signal, pass);
    const settle = () => {
      clearTimeout(timer);
      for (const signal of signals) process.off(signal, pass);
    };
    child.on("error", (error) => {
      settle();
      failed(new Trouble(`cannot run ${command}: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      settle();
      done({ code: code ?? 128, signal, output, stdout });
    });
  });
}

/** Runs a command that must succeed, and resolves to its stdout; `quiet` output is shown only when it fails. */
export async function must(what, command, args, options = {}) {
  const { code, output, stdout } = await run(command, args, options);
  if (code === 0) return stdout;
  if (options.quiet) process.stderr.write(output);
  throw new Trouble(`${what} failed (exit ${code})`);
}

/** The version that Cargo.lock pins for a crate, or undefined. */
export function lockedVersion(crate) {
  if (!existsSync(path("Cargo.lock"))) return undefined;
  const lock = readFileSync(path("Cargo.lock"), "utf8");
  return lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`))?.[1];
}

export const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
