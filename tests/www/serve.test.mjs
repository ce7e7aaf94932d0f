// `npm run www` serves the playground until it is told to stop, and says in a line what is wrong with what it is asked.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { test } from "node:test";

const root = resolve(import.meta.dirname, "..", "..");
const script = join(root, "scripts", "www.mjs");

const said = (...args) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
};

test("--help says what it does, with an example, and does nothing", () => {
  const { status, stdout } = said("--help");
  assert.equal(status, 0);
  assert.match(stdout, /^npm run www -- \[options\]\n/);
  assert.match(stdout, /Example: npm run www -- --port 8080/);
});

test("what it does not know is an error of one line", () => {
  for (const args of [["--port", "70000"], ["--port", "x"], ["--host", "0.0.0.0"], ["nonsense"]]) {
    const { status, stderr } = said(...args);
    assert.equal(status, 1, args.join(" "));
    assert.match(stderr, /^tollgate: [^\n]+\n$/);
  }
});

test("it serves on the loopback, says where, and ends at once when it is interrupted", async () => {
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((settled) => child.on("close", (code) => settled(code)));
  let output = "";
  const url = await new Promise((found, failed) => {
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      const [address] = /http:\/\/127\.0\.0\.1:\d+\//.exec(output) ?? [];
      if (address) found(address);
    });
    ended.then((code) => failed(new Error(`it ended with ${code}: ${output}`)));
  });
  const page = await fetch(`${url}playground.html`);
  const policy = page.headers.get("content-security-policy");
  assert.match(policy, /default-src 'none'; connect-src 'none'/);
  assert.match(policy, /sandbox allow-scripts$/);
  assert.ok((await page.text()).includes("<h1>Tollgate playground</h1>"));
  assert.equal((await fetch(`${url}../package.json`)).status, 404);
  assert.equal((await fetch(`${url}%2e%2e/package.json`)).status, 404);
  assert.equal((await fetch(url, { method: "POST" })).status, 405);
  child.kill("SIGINT");
  assert.equal(await ended, 0);
  await assert.rejects(fetch(url));
});

test("a port that is taken is told", async () => {
  const taken = createServer();
  await new Promise((listening) => taken.listen(0, "127.0.0.1", listening));
  const { port } = taken.address();
  const { status, stderr } = said("--port", String(port));
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`^tollgate: port ${port} can't be used \\(EADDRINUSE\\): `, "m"));
  await new Promise((closed) => taken.close(closed));
});
