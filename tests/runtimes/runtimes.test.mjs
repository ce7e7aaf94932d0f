// The behaviour suite in every runtime and in every bundler's output, from the installed tarball. A runtime that ran fewer tests than
// the file has, or none, has failed.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { answer, keyServer } from "../node/support/key-server.mjs";
import { root } from "../node/support/root.mjs";
import { ISSUER, makeKey, NOW, token } from "../node/support/tokens.mjs";
import { TESTS } from "./behaviour.mjs";
import * as by from "./support/run.mjs";

const { lacking } = by;
/** What a bundler makes, in one of two places. */
function inChromium(bundle) {
  const run = async (folder) => {
    const made = await bundle(folder);
    return by.inChromium(made.folder, made.script);
  };
  return { agent: /Chrome/, run, lacks: lacking.chromium };
}
function inNode(bundle) {
  const run = async (folder) => {
    const made = await bundle(folder);
    return by.inNode(made.folder, made.script);
  };
  return { agent: /^Node/, run };
}

/** By name: what runs the suite in the folder, what the runtime calls itself, and what the machine must have. */
const RUNTIMES = {
  Node: { agent: /^Node/, run: (folder) => by.inNode(folder) },
  Deno: { agent: /^Deno/, run: by.inDeno, lacks: lacking.deno },
  Bun: { agent: /^Bun/, run: by.inBun, lacks: lacking.bun },
  "Vite's bundle in Chromium": inChromium(by.byVite),
  "webpack's bundle in Chromium": inChromium((folder) => by.byWebpack(folder, "web")),
  "esbuild's bundle in Chromium": inChromium((folder) => by.byEsbuild(folder, "browser")),
  "webpack's bundle in Node": inNode((folder) => by.byWebpack(folder, "node")),
  "esbuild's bundle in Node": inNode((folder) => by.byEsbuild(folder, "node")),
  "wrangler's bundle in workerd": { agent: /^Cloudflare-Workers/, run: by.byWranglerInWorkerd },
};

const names = Object.keys(TESTS);
const here = import.meta.dirname;
const counts = [];
let server;
/** A stranger's program, below the folder where the tarball is installed. */
let folder;

before(async () => {
  const key = makeKey("ES256", "of-the-server");
  server = await keyServer([key]);
  const serve = server.behave;
  // A page asks from another origin.
  server.behave = (request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    if (request.url === "/moved") answer(302, "", { location: server.jwksUri })(request, response);
    else serve(request, response);
  };
  const given = {
    jwksUri: server.jwksUri,
    movedUri: `${server.origin}/moved`,
    token: token(key, { iss: ISSUER, exp: NOW + 600 }),
  };
  folder = mkdtempSync(join(resolve(here, ".."), "runtimes-run-"));
  for (const name of ["entry.mjs", "worker.mjs"]) cpSync(join(here, "support", name), join(folder, name));
  cpSync(join(here, "behaviour.mjs"), join(folder, "behaviour.mjs"));
  for (const name of ["assert.mjs", "keys.mjs"]) cpSync(join(here, "support", name), join(folder, "support", name));
  writeFileSync(join(folder, "given.mjs"), `export const given = ${JSON.stringify(given)};\n`);
  writeFileSync(join(folder, "package.json"), '{ "name": "stranger", "private": true, "type": "module" }\n');
  symlinkSync(join(resolve(here, "..", ".."), "node_modules"), join(folder, "node_modules"), "dir");
});

after(async () => {
  await server?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
  console.log(["", "the behaviour suite:", ...counts.map((line) => `  ${line}`), ""].join("\n"));
});

test("what is tested is the installed tarball, and what is bundled is as it was packed", () => {
  const installed = realpathSync(join(folder, "node_modules", "tollgate"));
  assert.ok(!installed.startsWith(join(realpathSync(root), "dist")) && installed !== realpathSync(root), installed);
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  assert.equal(manifest.name, "tollgate");
});

for (const [name, { agent, run, lacks = () => undefined }] of Object.entries(RUNTIMES)) {
  const missing = lacks();
  describe(name, () => {
    let ran = { agent: "", results: [] };
    let failures = new Map();
    before(async () => {
      if (missing !== undefined) {
        counts.push(`${name}: SKIPPED, ${missing}`);
        return;
      }
      ran = await run(folder);
      failures = new Map(ran.results.map(({ name: what, failure }) => [what, failure]));
      const passed = ran.results.filter(({ failure }) => failure === null).length;
      counts.push(`${name}: ${passed} of ${names.length} passed, kernel ${ran.kernel} (${ran.agent})`);
    });
    test(`the runtime is the one it is called, and ran these tests and no others (${name})`, { skip: missing }, () => {
      assert.match(ran.agent, agent);
      assert.deepEqual([...failures.keys()], names);
    });
    for (const what of names) {
      test(`${what} (${name})`, { skip: missing }, () => assert.equal(failures.get(what), null));
    }
  });
}
