// The snippets of docs/ADAPTERS.md, run as they stand in a folder with a tollgate.json, and what the page says of the suites.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { after, before, mock, test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { issuerConfig } from "../node/support/tokens.mjs";
import { send } from "../workerd/support/http.mjs";
import { openWebSocket } from "../workerd/support/websocket.mjs";
import { fresh, host, key } from "./support/config.mjs";
import { honoOnNode, listening } from "./support/hosts.mjs";

const root = resolve(import.meta.dirname, "..", "..");
const page = readFileSync(join(root, "docs", "ADAPTERS.md"), "utf8");
const fences = [...page.matchAll(/^```(\w+) ?(\S*)\n([\s\S]*?)^```$/gm)];
const snippets = new Map(fences.map(([, language, name, text]) => [name, { language, text }]));

const policy = {
  issuers: [issuerConfig([key])],
  tenant: { from: { host: "{tenant}.api.example.com" } },
  rules: [{ path: "/me" }],
};
const authorization = ["authorization", `Bearer ${fresh()}`];
const asked = { target: "/me", host: host("acme") };

/** Where the snippets run: below the repository, so that its packages are found. */
let folder;
const cwd = process.cwd();
before(() => {
  mkdirSync(join(root, ".setup"), { recursive: true });
  folder = mkdtempSync(join(root, ".setup", "adapters-"));
  writeFileSync(join(folder, "tollgate.json"), JSON.stringify(policy));
  for (const [name, { text }] of snippets) writeFileSync(join(folder, name), text);
  // The snippets read tollgate.json where they are started.
  process.chdir(folder);
});
after(() => {
  process.chdir(cwd);
  rmSync(folder, { recursive: true, force: true });
});

const load = (name) => import(pathToFileURL(join(folder, name)).href);

/** Asks for /me with a token and without, and expects the snippets' answer. */
async function isGuarded(server, expected) {
  try {
    assert.equal((await send(server.port, asked)).status, 401);
    const answer = await send(server.port, { ...asked, headers: [authorization] });
    assert.deepEqual([answer.status, JSON.parse(answer.text)], [200, expected]);
  } finally {
    await server.stop();
  }
}

test("every snippet of the page is one that is run here", () => {
  assert.equal(fences.length, snippets.size, "two have one name");
  assert.deepEqual([...snippets.keys()].sort(), [
    "express.mjs",
    "hono.mjs",
    "hono.ts",
    "late.js",
    "sockets.mjs",
    "worker.js",
  ]);
});

test("express.mjs", async () =>
  isGuarded(await listening((await load("express.mjs")).app), { user: "user-1", tenant: "acme" }));

test("hono.mjs", async () =>
  isGuarded(await honoOnNode((await load("hono.mjs")).app), { user: "user-1", tenant: "acme" }));

test("sockets.mjs", async () => {
  const { guardUpgrades } = await load("sockets.mjs");
  const server = createServer();
  const accepted = [];
  guardUpgrades(server, (_request, socket, _head, principal) => {
    accepted.push(principal.userId);
    socket.end("HTTP/1.1 418 Accepted\r\nconnection: close\r\n\r\n");
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  try {
    const open = (headers) => openWebSocket(server.address().port, { ...asked, headers });
    assert.deepEqual([(await open([])).status, accepted], [401, []]);
    assert.deepEqual([(await open([authorization])).status, accepted], [418, ["user-1"]]);
  } finally {
    await new Promise((closed) => server.close(closed).closeAllConnections());
  }
});

test("worker.js and late.js, in Node as the page says", async () => {
  const bundle = async (name) => {
    const outfile = join(folder, `bundled-${name.replace(".js", ".mjs")}`);
    const options = { bundle: true, format: "esm", platform: "node", outfile, logLevel: "silent" };
    await build({ entryPoints: [join(folder, name)], absWorkingDir: folder, ...options });
    return (await import(pathToFileURL(outfile).href)).default;
  };
  const env = { TOLLGATE_CONFIG: JSON.stringify(policy) };
  const context = { waitUntil() {} };
  const said = mock.method(console, "log", () => {});
  for (const [name, expected] of [
    ["worker.js", { user: "user-1", tenant: "acme" }],
    ["late.js", { user: "user-1" }],
  ]) {
    const worker = await bundle(name);
    const ask = (headers) => worker.fetch(new Request(`https://${host("acme")}/me`, { headers }), env, context);
    assert.equal((await ask([])).status, 401, name);
    assert.deepEqual(await (await ask([authorization])).json(), expected, name);
  }
  said.mock.restore();
  assert.ok(said.mock.calls.some(({ arguments: [event] }) => event.type === "decision"));
});

test("hono.ts compiles", () => {
  const compilerOptions = {
    target: "es2022",
    module: "esnext",
    moduleResolution: "bundler",
    resolveJsonModule: true,
    lib: ["es2023", "dom", "dom.iterable"],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["hono.ts"] }));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, "--project", folder], { encoding: "utf8" });
  assert.equal(status, 0, `${stdout}${stderr}`);
});
