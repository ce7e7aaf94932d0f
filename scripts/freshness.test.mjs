// Tests of freshness.mjs: a step runs when something it depends on changed, and only then.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { unlessFresh } from "./freshness.mjs";
import { stateDirectory } from "./project.mjs";

const folder = mkdtempSync(join(tmpdir(), "tollgate-freshness-"));
const name = `test-${process.pid}`;
const input = join(folder, "input");
const output = join(folder, "output");
after(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(stateDirectory, `${name}.sha256`), { force: true });
});

const step = (extra) =>
  unlessFresh({ name, inputs: [input], extra, outputs: [output] }, async () => writeFileSync(output, ""));

test("a step runs for a new input, a new circumstance and a lost output, and otherwise not", async () => {
  writeFileSync(input, "one");
  assert.equal(await step("a"), true);
  assert.equal(await step("a"), false, "nothing changed");
  writeFileSync(input, "one");
  assert.equal(await step("a"), false, "only the date changed");
  writeFileSync(input, "two");
  assert.equal(await step("a"), true, "the contents changed");
  assert.equal(await step("b"), true, "the circumstance changed");
  rmSync(output);
  assert.equal(await step("b"), true, "the output is gone");
});

test("a step that failed runs again", async () => {
  writeFileSync(input, "three");
  const failing = unlessFresh({ name, inputs: [input], extra: "b", outputs: [output] }, async () => {
    throw new Error("no");
  });
  await assert.rejects(failing, /no/);
  assert.equal(await step("b"), true);
});

test("an input saved while the step ran makes it run again", async () => {
  writeFileSync(input, "four");
  await unlessFresh({ name, inputs: [input], extra: "b", outputs: [output] }, async () => writeFileSync(input, "five"));
  assert.equal(await step("b"), true);
});
