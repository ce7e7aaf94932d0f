// A Lambda function from a zip alone: unpacked into an empty folder, in AWS's own Node runtime client, with the environment that
// Lambda gives and no other. Builds nothing, and leaves no process and no folder behind.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { unzipSync } from "fflate";
import { startRuntimeApi } from "./runtime-api.mjs";

const root = resolve(import.meta.dirname, "..", "..", "..");
const tools = process.env.TOLLGATE_AWS_TOOLS || join(root, ".tools", "aws");
const CLIENT = join(tools, "node_modules", "aws-lambda-ric", "index.mjs");

/** The Nodes that the suite runs in: Lambda's older one and its newer one. */
export const NODES = {
  22: join(tools, "node_modules", "node", "bin", "node"),
  24: join(root, "node_modules", "node", "bin", "node"),
};
/** Lambda's own limit on the time that a module takes to load. */
const INIT_MS = 10_000;
/** Memory of a viewer request's function, in MB. */
export const MEMORY_MB = 128;

/** What is given to `test` as `skip`: why these tests can't run here, or `false`. */
export const missing =
  process.env.TOLLGATE_AWS_TOOLS_MISSING ||
  (existsSync(CLIENT) && existsSync(NODES[22]) ? false : "missing AWS's Lambda runtime client: run npm run test:aws");

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** What Lambda documents as its reserved environment variables, without credentials: nothing here may ask AWS for anything. */
function environment(address, folder, node, handler) {
  return {
    _HANDLER: handler,
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${node}.x`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MEMORY_MB),
    AWS_LAMBDA_FUNCTION_NAME: "under-test",
    AWS_LAMBDA_FUNCTION_VERSION: "1",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/under-test",
    AWS_LAMBDA_LOG_STREAM_NAME: "2026/01/01/[1]0",
    AWS_LAMBDA_RUNTIME_API: address,
    AWS_REGION: "us-east-1",
    LAMBDA_RUNTIME_DIR: dirname(CLIENT),
    LAMBDA_TASK_ROOT: folder,
    LANG: "en_US.UTF-8",
    PATH: "/usr/local/bin:/usr/bin:/bin",
    TZ: ":UTC",
  };
}

/** The files of a zip, as `{ name: bytes }`. */
export const filesOf = (zip) => unzipSync(readFileSync(zip));

function unpack(zip) {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-function-"));
  for (const [name, bytes] of Object.entries(filesOf(zip))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

/**
 * Starts a function and waits until it asks for its first invocation.
 *
 * @param zip path of the zip
 * @param options.node 22 or 24
 * @param options.handler module and export, as Lambda's setting
 * @returns `{ pid, invoke(event), output(), peakMemoryMb(), freeze(), thaw(), stop() }`; `invoke` rejects with a `FunctionError`
 * when the handler throws
 * @throws FunctionError of the phase `init` when the module can't be loaded
 */
export async function startFunction(zip, { node = 24, handler = "index.handler" } = {}) {
  const folder = unpack(zip);
  const api = await startRuntimeApi();
  const child = spawn(NODES[node], [CLIENT], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    // Signals from the terminal reach us, and we stop it.
    detached: true,
    env: environment(api.address, folder, node, handler),
  });
  running.add(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
  }
  const ended = new Promise((done) => child.once("close", done)).then(() => {
    running.delete(child);
    api.fail(new Error(`the function's process ended: ${said}`));
  });
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    await api.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const timer = setTimeout(() => api.fail(new Error(`the function did not start in ${INIT_MS} ms: ${said}`)), INIT_MS);
  try {
    await api.ready;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return {
    pid: child.pid,
    invoke: api.invoke,
    /** What it wrote to its log so far. */
    output: () => said,
    peakMemoryMb: () => peakMemoryMb(child.pid),
    /** What Lambda does with an instance between invocations. */
    freeze: () => child.kill("SIGSTOP"),
    thaw: () => child.kill("SIGCONT"),
    stop,
  };
}

/** The most memory that a process has had, all of Node included (`VmHWM`, proc(5)). */
function peakMemoryMb(pid) {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}
