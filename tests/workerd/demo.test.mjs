// The demonstration as a stranger runs it: every printed command gets the status that stands beside it. Starts nothing
// that it does not stop.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { example, root } from "./support/gate.mjs";

const folder = mkdtempSync(join(tmpdir(), "tollgate-demo-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the demonstration; resolves when it has said what to do, or has ended. */
function demonstrate(args, env = {}) {
  const child = spawn(process.execPath, [join(root, "demo", "start.mjs"), ...args], {
    env: { ...process.env, ...env },
  });
  const said = { out: "", err: "" };
  const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })));
  const ready = new Promise((resolve) => {
    child.stdout.on("data", (text) => {
      said.out += text;
      if (said.out.includes("Ctrl-C stops.")) resolve();
    });
  });
  child.stderr.on("data", (text) => (said.err += text));
  return Promise.race([ready, ended]).then(() => ({ child, said, ended }));
}

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

test("each printed command gets its status, and Ctrl-C stops everything", {
  skip: !hasCurl && "missing curl",
}, async () => {
  const { child, said, ended } = await demonstrate(["--port", "0"]);
  try {
    const tries = [...said.out.matchAll(/^(\d{3}) {5}(.+)\n(curl .+)$/gm)].map(([, status, what, command]) => ({
      status,
      what,
      command,
    }));
    assert.deepEqual(
      tries
        .map(({ status }) => status)
        .sort()
        .join(" "),
      "200 200 200 200 200 200 200 200 200 200 200 400 400 400 401 401 401 403 403 403",
    );
    for (const { status, what, command } of tries) {
      const { stdout } = spawnSync("sh", ["-c", `${command} -s -o ${join(folder, "body")} -w '%{http_code}'`], {
        encoding: "utf8",
      });
      assert.equal(stdout.trim().slice(-3), status, what);
    }
    const address = /http:\/\/acme\.localhost:(\d+)$/m.exec(said.out);
    child.kill("SIGINT");
    assert.deepEqual(await ended, { code: 0, signal: null });
    assert.match(said.out, /stopped\n$/);
    assert.equal(said.err, "");
    await assert.rejects(fetch(`http://127.0.0.1:${address[1]}/health`), "nothing serves any more");
  } finally {
    child.kill("SIGKILL");
  }
});

/** Asserts that it ends at once with one line. */
async function endsWith(line, args, env) {
  const { said, ended } = await demonstrate(args, env);
  assert.equal((await ended).code, 1);
  assert.match(said.err, line);
  assert.equal(said.err.trim().split("\n").length, 1, said.err);
}

test("a busy port gets one clear line, by option and by variable", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => other.once("listening", listening));
  const { port } = other.address();
  try {
    await endsWith(new RegExp(`^tollgate: port ${port} .*EADDRINUSE`), ["--port", String(port)]);
    await endsWith(new RegExp(`^tollgate: port ${port} .*EADDRINUSE`), [], { PORT: String(port) });
  } finally {
    other.close();
  }
});

test("a port that is none, and an option that is none, get one clear line", async () => {
  await endsWith(/^tollgate: --port takes a number/, ["--port", "http"]);
  await endsWith(/^tollgate: --port takes a number/, ["--port", "65536"]);
  await endsWith(/^tollgate: .*--wrong/, ["--wrong"]);
});

test("a bad configuration gets one clear line that names the member", async () => {
  const file = join(folder, "bad.json");
  writeFileSync(file, JSON.stringify({ ...example, rules: [{ path: "orders" }] }));
  await endsWith(/^tollgate: .*rules\[0\]\.path/, ["--port", "0", "--config", file]);
  writeFileSync(file, "{");
  await endsWith(/^tollgate: configuration/, ["--port", "0", "--config", file]);
  await endsWith(/^tollgate: the configuration .* can't be read \(ENOENT\)/, [
    "--port",
    "0",
    "--config",
    join(folder, "none.json"),
  ]);
});

test("a good configuration of one's own is served", async () => {
  const file = join(folder, "good.json");
  writeFileSync(file, JSON.stringify({ ...example, upstream: { service: "ORDERS" } }));
  const { child, said, ended } = await demonstrate(["--port", "0", "--config", file]);
  try {
    const port = /http:\/\/acme\.localhost:(\d+)$/m.exec(said.out)[1];
    assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200);
    assert.equal((await fetch(`http://127.0.0.1:${port}/orders`)).status, 401);
    child.kill("SIGTERM");
    assert.equal((await ended).code, 0);
  } finally {
    child.kill("SIGKILL");
  }
});
