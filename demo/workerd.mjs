// Runs Workers in workerd, Cloudflare's own runtime, from the bundles that wrangler would upload. Binds loopback only,
// and changes no byte of what it serves.

import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";

/** workerd could not start; `message` is what it had to say. */
export class StartError extends Error {}

/** How a file of a bundle is given to workerd. */
const MODULE_KINDS = { ".js": "esModule", ".mjs": "esModule", ".wasm": "wasm", ".json": "text", ".txt": "text" };

/** None of these outlives us. */
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Milliseconds within which workerd must listen, and within which it must end. */
const START_MS = 20_000;
const STOP_MS = 3_000;

/**
 * A Worker as `wrangler deploy --dry-run --outdir` wrote it.
 *
 * @param directory the bundle: the main module, and what it imports
 * @param wranglerFile names the Worker's compatibility date and flags
 * @param bindings by name: a string is a text variable, `{ wrapped }` what the module in that file makes, `{ service }` a binding to another Worker, `{ durableObject, of }` one
 *   to the Durable Objects of that class, of another Worker where `of` names it, else JSON
 */
export function bundledWorker({ name, directory, wranglerFile, bindings = {} }) {
  const files = readdirSync(directory).filter((file) => extname(file) in MODULE_KINDS);
  const settings = readFileSync(wranglerFile, "utf8");
  // A bundle is one file of JavaScript, and what it imports.
  const main = files.find((file) => extname(file) === ".js");
  return {
    name,
    bindings,
    modules: [main, ...files.filter((file) => file !== main)].map((file) => [file, join(directory, file)]),
    compatibilityDate: /^compatibility_date\s*=\s*"([^"]+)"/m.exec(settings)[1],
    compatibilityFlags: JSON.parse(/^compatibility_flags\s*=\s*(\[[^\]]*\])/m.exec(settings)?.[1] ?? "[]"),
  };
}

/**
 * Starts workerd with the given Workers, of which the first is served.
 *
 * @param options.cache address of the Cache API's storage
 * @param options.port 0 for a free one
 * @param options.storage an existing folder for what Durable Objects store; without one it goes when workerd ends
 * @param options.isCompiled whether workerd is given its configuration in binary, as wrangler gives it; compiled before it starts
 * @param options.v8Flags flags of the engine, such as a bound of its heap, which workerd itself has not
 * @param options.log called with each line that workerd writes
 * @returns `{ port, pid, spawnedAt, stop, ended }`: `spawnedAt` is by `performance.now()`, and `ended` resolves when workerd ends
 *   by itself or is stopped
 * @throws StartError with workerd's own words, such as a configuration that the gate refuses
 */
export async function startWorkerd(workers, options) {
  const { cache, port = 0, storage, isCompiled = false, v8Flags = [], log = () => {} } = options;
  const folder = mkdtempSync(join(tmpdir(), "tollgate-workerd-"));
  const disk = storage ?? join(folder, "storage");
  mkdirSync(disk, { recursive: true });
  writeFileSync(join(folder, "config.capnp"), capnp(workers, { cache, port, folder, disk, v8Flags }));
  const config = isCompiled ? ["--binary", compiled(folder)] : ["config.capnp"];
  const spawnedAt = performance.now();
  const child = spawn(workerdBinary(), ["serve", "--control-fd=3", ...config], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    // Signals from the terminal reach us, and we stop it.
    detached: true,
  });
  running.add(child);
  const said = [];
  for (const stream of [child.stdout, child.stderr]) {
    eachLine(stream, (line) => {
      if (said.length < 50) said.push(line);
      log(line);
    });
  }
  const ended = new Promise((resolve) => child.once("close", resolve)).then(() => {
    running.delete(child);
    rmSync(folder, { recursive: true, force: true });
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
  };
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const listening = await Promise.race([listen(child.stdio[3]), ended]);
  clearTimeout(timer);
  if (listening === undefined) throw new StartError(said.join("\n") || "workerd did not start");
  return { port: listening, pid: child.pid, spawnedAt, stop, ended };
}

/** Compiles the configuration in `folder`: the name of what it became. */
function compiled(folder) {
  const args = ["compile", "--config-only", "config.capnp"];
  // Every file of the Workers is in it.
  const { status, stdout, stderr } = spawnSync(workerdBinary(), args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new StartError(String(stderr));
  writeFileSync(join(folder, "config.bin"), stdout);
  return "config.bin";
}

function workerdBinary() {
  // package.json pins the version that wrangler does.
  return createRequire(import.meta.url)("workerd").default;
}

/** The port, from the first `listen` event on workerd's control pipe; never resolves when there is none. */
function listen(control) {
  return new Promise((resolve) => {
    eachLine(control, (line) => {
      const { event, port } = JSON.parse(line);
      if (event === "listen") resolve(port);
    });
  });
}

function eachLine(stream, take) {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    lines.forEach(take);
  });
  stream.on("close", () => rest && take(rest));
}

/** workerd's configuration; schema: https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp */
function capnp(workers, { cache, port, folder, disk, v8Flags }) {
  const classes = durableObjectClasses(workers);
  const services = workers.map((worker) => {
    const modules = worker.modules.map(([name, file]) => {
      // capnp embeds files below its own only.
      mkdirSync(join(folder, worker.name), { recursive: true });
      const copy = join(worker.name, name);
      copyFileSync(file, join(folder, copy));
      return `(name = ${text(name)}, ${MODULE_KINDS[extname(name)]} = embed ${text(copy)})`;
    });
    const bindings = Object.entries(worker.bindings).map(([name, value]) => {
      if (typeof value === "string") return `(name = ${text(name)}, text = ${text(value)})`;
      if (typeof value.service === "string") return `(name = ${text(name)}, service = ${text(value.service)})`;
      if (typeof value.wrapped === "string") {
        copyFileSync(value.wrapped, join(folder, `${name}.js`));
        return `(name = ${text(name)}, wrapped = (moduleName = ${text(`wrapped:${name}`)}))`;
      }
      if (typeof value.durableObject === "string") {
        const { durableObject, of = worker.name } = value;
        const designator = `(className = ${text(durableObject)}, serviceName = ${text(of)})`;
        return `(name = ${text(name)}, durableObjectNamespace = ${designator})`;
      }
      return `(name = ${text(name)}, json = ${text(JSON.stringify(value))})`;
    });
    const namespaces = [...(classes.get(worker.name) ?? [])].map(
      (name) => `(className = ${text(name)}, uniqueKey = ${text(`${worker.name}-${name}`)}, enableSql = true)`,
    );
    return `(name = ${text(worker.name)}, worker = (
      modules = [${modules.join(", ")}],
      bindings = [${bindings.join(", ")}],
      compatibilityDate = ${text(worker.compatibilityDate)},
      compatibilityFlags = [${worker.compatibilityFlags.map(text).join(", ")}],
      durableObjectNamespaces = [${namespaces.join(", ")}], durableObjectStorage = (localDisk = "disk"),
      globalOutbound = "internet", cacheApiOutbound = "cache"))`;
  });
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = [${v8Flags.map(text).join(", ")}],
  services = [
    ${services.join(",\n    ")},
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    (name = "disk", disk = (path = ${text(disk)}, writable = true)),
    (name = "cache", external = (address = ${text(cache)}, http = ())),
  ],
  extensions = [${wrappedModules(workers).join(", ")}],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = ${text(workers[0].name)})],
);
`;
}

/** Modules that stand in for bindings of Cloudflare's. */
function wrappedModules(workers) {
  const names = workers.flatMap(({ bindings }) => Object.keys(bindings).filter((name) => bindings[name].wrapped));
  return names.map(
    (name) =>
      `(modules = [(name = ${text(`wrapped:${name}`)}, internal = true, esModule = embed ${text(`${name}.js`)})])`,
  );
}

/** By the name of a Worker: its classes of Durable Objects that somebody is bound to. */
function durableObjectClasses(workers) {
  const classes = new Map();
  for (const { name, bindings } of workers) {
    for (const { durableObject, of = name } of Object.values(bindings)) {
      if (durableObject !== undefined) classes.set(of, (classes.get(of) ?? new Set()).add(durableObject));
    }
  }
  return classes;
}

/** A capnp string. It may hold what JSON may, but escapes are octets: so non-ASCII goes as UTF-8 octets. */
function text(value) {
  const escaped = [...Buffer.from(value)].map((octet) =>
    octet < 0x20 || octet > 0x7e || octet === 0x22 || octet === 0x5c
      ? `\\x${octet.toString(16).padStart(2, "0")}`
      : String.fromCharCode(octet),
  );
  return `"${escaped.join("")}"`;
}
