// Each runtime and bundler over the same entry: how it is built, how it is run, how its results come back. Judges no result.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, tool } from "../../node/support/root.mjs";

/** No run takes this long. */
const LIMIT_MS = 120_000;
/** What `entry.mjs` prints before its results. */
const MARK = "RESULTS ";
/** Nothing of these tests reaches the network, and nobody is told of them. */
const QUIET = {
  DENO_NO_UPDATE_CHECK: "1",
  DO_NOT_TRACK: "1",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
};

const bin = (name) => join(root, "node_modules", ".bin", name);
const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why a runtime can't be used here, or `undefined`. */
export const lacking = {
  deno: () => (existsSync(bin("deno")) ? undefined : "missing Deno: npm left it out"),
  bun: () => (existsSync(bin("bun")) ? undefined : "missing Bun: npm left it out"),
  chromium: () => (existsSync(chromium) ? undefined : "missing Chromium: install it, or name it in CHROMIUM"),
};

/** Runs a command, and resolves to what it printed. Rejects with that when it fails. */
function run(command, args, cwd, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...QUIET, ...env }, timeout: LIMIT_MS });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command} exited ${code}\n${output}`)),
    );
  });
}

function resultsIn(output) {
  const line = output.split("\n").find((one) => one.startsWith(MARK));
  if (line === undefined) throw new Error(`no results came: ${output}`);
  return JSON.parse(line.slice(MARK.length));
}

/** The entry in a runtime that reads it as it is. */
export const inNode = async (folder, file = "entry.mjs") => resultsIn(await run(process.execPath, [file], folder));
export const inBun = async (folder) => resultsIn(await run(bin("bun"), ["--no-install", "entry.mjs"], folder));
export const inDeno = async (folder) => {
  // It may read what it imports, and ask the key server; of the machine it is given nothing else.
  const args = [
    "run",
    "--no-prompt",
    "--cached-only",
    "--no-lock",
    "--node-modules-dir=manual",
    "--allow-net=127.0.0.1",
  ];
  return resultsIn(await run(bin("deno"), [...args, "entry.mjs"], folder));
};

/** A bundle for browsers, in Chromium: a page that holds its one script. */
export async function inChromium(folder, script) {
  const { chromium: browsers } = tool("playwright-core");
  const server = await files(folder, script);
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"];
  const browser = await browsers.launch({ executablePath: chromium, args });
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(server.url);
    await page
      .waitForFunction(() => globalThis.results !== undefined, null, { timeout: 30_000 })
      .catch((error) => {
        throw new Error(`${error.message}\n${errors.join("\n")}`);
      });
    return await page.evaluate(() => globalThis.results);
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** The files of a bundle on the loopback, and a page with one of them as its script. */
async function files(folder, script) {
  const page = `<!doctype html><title>runtimes</title><script type="module" src="/${script}"></script>`;
  const types = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer((request, response) => {
    const name = request.url.slice(1);
    if (name === "") return response.setHeader("content-type", "text/html").end(page);
    const file = join(folder, name);
    if (name.includes("..") || !existsSync(file)) return response.writeHead(404).end();
    response.setHeader("content-type", types[extname(name)] ?? "application/octet-stream").end(readFileSync(file));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const stop = () => new Promise((done) => server.close(done).closeAllConnections());
  return { url: `http://127.0.0.1:${server.address().port}/`, stop };
}

/** What a bundler made is one script and nothing else: no file that a server would have to find. */
function onlyScript(folder) {
  const made = readdirSync(folder, { recursive: true }).filter((name) => extname(name) !== "");
  if (made.length !== 1) throw new Error(`one script, and not ${made.join(", ")}`);
  return made[0];
}

export async function byVite(folder) {
  const { build } = await import(pathToFileURL(tool.resolve("vite")));
  const outDir = join(folder, "out-vite");
  await build({
    root: folder,
    configFile: false,
    logLevel: "error",
    build: { outDir, rollupOptions: { input: join(folder, "entry.mjs") }, modulePreload: false },
  });
  return { folder: outDir, script: onlyScript(outDir) };
}

/** @param target `web` or `node` */
export async function byWebpack(folder, target) {
  const webpack = tool("webpack");
  const outDir = join(folder, `out-webpack-${target}`);
  const filename = target === "node" ? "bundle.cjs" : "bundle.js";
  const settings = { mode: "production", context: folder, entry: "./entry.mjs", target, performance: { hints: false } };
  const stats = await new Promise((resolve, reject) => {
    const compiler = webpack({ ...settings, output: { path: outDir, filename } });
    compiler.run((error, made) => compiler.close(() => (error ? reject(error) : resolve(made))));
  });
  const { errors, warnings } = stats.toJson({ errors: true, warnings: true });
  if (errors.length + warnings.length > 0)
    throw new Error(JSON.stringify([...errors, ...warnings].map(({ message }) => message)));
  return { folder: outDir, script: onlyScript(outDir) };
}

/** @param platform `browser` or `node` */
export async function byEsbuild(folder, platform) {
  const outDir = join(folder, `out-esbuild-${platform}`);
  const { warnings } = await tool("esbuild").build({
    entryPoints: [join(folder, "entry.mjs")],
    absWorkingDir: folder,
    outdir: outDir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    minify: true,
    format: "esm",
    platform,
    logLevel: "silent",
  });
  if (warnings.length > 0) throw new Error(JSON.stringify(warnings));
  return { folder: outDir, script: onlyScript(outDir) };
}

/** What `wrangler deploy` would upload, in workerd. */
export async function byWranglerInWorkerd(folder) {
  const outDir = join(folder, "out-wrangler");
  const wranglerFile = join(folder, "wrangler.toml");
  writeFileSync(wranglerFile, 'name = "runtimes"\nmain = "worker.mjs"\ncompatibility_date = "2026-10-01"\n');
  mkdirSync(join(folder, "home"), { recursive: true });
  const env = { HOME: join(folder, "home"), WRANGLER_LOG_PATH: join(folder, "logs"), NO_UPDATE_NOTIFIER: "1" };
  await run(bin("wrangler"), ["deploy", "--dry-run", "--outdir", outDir], folder, env);
  const { startWorkerd } = await import(pathToFileURL(join(root, "demo", "workerd.mjs")));
  const names = readdirSync(outDir).filter((name) => /\.(js|wasm)$/.test(name));
  const modules = names.sort((one) => (one === "worker.js" ? -1 : 1)).map((name) => [name, join(outDir, name)]);
  const settings = { name: "runtimes", bindings: {}, compatibilityDate: "2026-10-01", compatibilityFlags: [] };
  const { port, stop } = await startWorkerd([{ ...settings, modules }], { cache: "127.0.0.1:1" });
  try {
    return await (await fetch(`http://127.0.0.1:${port}/`)).json();
  } finally {
    await stop();
  }
}
