// The command line, the checks before timing, and one run of a moment without Tollgate and wasm: its form, not its times.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { path, Trouble } from "../scripts/project.mjs";
import { checkContender } from "./check.mjs";
import { chosenGroups, enlist, GROUPS } from "./contenders.mjs";
import { parseOptions } from "./options.mjs";
import { makeWorld } from "./tokens.mjs";

const world = makeWorld(4);
/** Who needs no build and is in the lock file. The benchmark itself checks the others before it times them. */
const peers = GROUPS.filter((group) => !["tollgate", "crates", "node-rs"].includes(group));

test("no option means everybody and the defaults", () => {
  const { rounds, tokens, groups, json, svg } = parseOptions([]);
  assert.deepEqual({ rounds, tokens, json, svg }, { rounds: 60, tokens: 256, json: undefined, svg: undefined });
  assert.deepEqual(groups, GROUPS);
});

test("--only keeps the baseline, whoever is named", () => {
  assert.deepEqual(chosenGroups(["jose"]), ["native", "jose"]);
  assert.deepEqual(parseOptions(["--only", "hono", "--only", "tollgate"]).groups, ["tollgate", "native", "hono"]);
});

test("what cannot be right is refused by name", () => {
  const refused = (args, expected) =>
    assert.throws(
      () => parseOptions(args),
      (error) => error instanceof Trouble && expected.test(error.message),
      args.join(" "),
    );
  refused(["--only", "nobody"], /no contender nobody: take of tollgate, native, jose/);
  refused(["--rounds", "0"], /--rounds takes a whole number from 1/);
  refused(["--rounds", "1.5"], /--rounds .* not "1\.5"/);
  refused(["--tokens", "many"], /--tokens .* not "many"/);
  refused(["--colour"], /--colour.*--help/);
  refused(["table"], /table.*--help/);
  refused(["--json"], /--json.*--help/);
});

test("every peer accepts all good tokens and refuses all bad ones", async () => {
  const lists = await enlist(peers, world, { slice: 4, tokens: 4 });
  for (const [algorithm, list] of Object.entries(lists)) {
    assert.ok(list.length >= peers.length, algorithm);
    for (const contender of list) await checkContender(algorithm, contender, world.samples[algorithm]);
  }
});

test("a contender that does nothing, or not all, is found out", async () => {
  const claims = ({ token }) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  const fault = (contender, expected) =>
    assert.rejects(
      () => checkContender("ES256", { name: "sham", ...contender }, world.samples.ES256),
      (error) => error instanceof Trouble && expected.test(error.message),
    );
  await fault({ checks: "whole", verify: claims }, /sham \(ES256\) accepts a signature with one bit changed/);
  await fault({ checks: "signature", verify: () => true }, /accepts a signature with one bit changed/);
  await fault({ checks: "signature", verify: () => 1 }, /refuses a good token/);
  await fault({ checks: "whole", verify: () => ({ sub: "user-000000" }) }, /refuses a good token/);
  await fault({ checks: "whole", verify: () => undefined }, /refuses a good token/);
  const [native] = (await enlist(["native"], world, {})).ES256;
  const signatureOnly = (sample) => (native.verify(native.prepare(sample)) ? claims(sample) : undefined);
  await fault({ checks: "whole", verify: signatureOnly }, /accepts a token for another audience/);
});

const folder = mkdtempSync(join(tmpdir(), "tollgate-bench-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function bench(...args) {
  return spawnSync(process.execPath, [path("bench", "main.mjs"), ...args], { encoding: "utf8" });
}

test("a run of one round prints the table and writes the files", () => {
  const [json, svg] = [join(folder, "run.json"), join(folder, "run.svg")];
  const files = ["--json", json, "--svg", svg];
  const { status, stdout, stderr } = bench("--rounds", "1", "--tokens", "4", "--only", "jose", ...files);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^crypto\.verify +signature/m);
  assert.match(stdout, /^jose jwtVerify, local key set \* +whole/m);
  assert.match(stdout, /^ES256 verifySync, warm key, .* not measured$/m);
  assert.match(stderr, /round 1 of 1/);
  const written = JSON.parse(readFileSync(json, "utf8"));
  assert.deepEqual(Object.keys(written.times), ["ES256", "RS256"]);
  assert.equal(written.times.ES256["crypto.verify"].length, 1);
  assert.equal(written.rows.find(({ name }) => name === "crypto.verify").RS256.ratio, 1);
  assert.match(readFileSync(svg, "utf8"), /jose jwtVerify, local key set/);
});

test("a package that is none is one clear line, and a failure", () => {
  const { status, stderr } = bench("--rounds", "1", "--tokens", "4", "--only", "tollgate", "--package", folder);
  assert.equal(status, 1);
  assert.match(stderr, /^tollgate: --package names .* which holds no built package/m);
});

test("a build without the kernels is one clear line, and a failure", () => {
  writeFileSync(join(folder, "index.js"), "");
  const { status, stderr } = bench("--rounds", "1", "--tokens", "4", "--only", "tollgate", "--package", folder);
  assert.equal(status, 1);
  assert.match(stderr, /^tollgate: kernel relaxed-simd is not in this build$/m);
});
