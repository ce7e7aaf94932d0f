// DynamoDB's stand-in on a free port of loopback: moto's server, started and stopped by its process id. Takes no lock, and so
// is never spoken to but through the proxy.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..", "..", "..");
const START_MS = 60_000;
const STOP_MS = 3_000;

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** The tests' Python, which set-up installs; `missing` says why there is none. */
export function python() {
  if (process.env.TOLLGATE_PYTHON_MISSING) return { missing: process.env.TOLLGATE_PYTHON_MISSING };
  const path = process.env.TOLLGATE_PYTHON || join(root, ".tools", "python", "bin", "python");
  return existsSync(path) ? { path } : { missing: "missing the Python packages: run npm run test:tokens" };
}

/** @returns `{ port, pid, stop }` */
export async function startMoto() {
  const child = spawn(python().path, ["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
    // Signals from the terminal reach us, and we stop it. It must call nobody and find no credentials.
    detached: true,
    env: { PATH: process.env.PATH, PYTHONUNBUFFERED: "1", MOTO_ALLOW_NONEXISTENT_REGION: "true" },
  });
  running.add(child);
  const ended = new Promise((done) => child.once("close", done)).then(() => running.delete(child));
  let said = "";
  const listening = new Promise((found) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      // A line for each request is written; only the first few matter.
      if (said.length < 10_000) said += text;
      const port = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (port) found(Number(port));
    });
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const port = await Promise.race([listening, ended.then(() => undefined)]);
  clearTimeout(timer);
  if (port === undefined) throw new Error(`moto did not start: ${said}`);
  const stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(late);
  };
  return { port, pid: child.pid, stop };
}
