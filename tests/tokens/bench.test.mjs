// The token service's benchmark, one run of a moment on the store in memory: its form, not its times.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { path } from "../../scripts/project.mjs";

const folder = mkdtempSync(join(tmpdir(), "tollgate-bench-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("a run of one round on memory counts what a refresh asks", () => {
  const json = join(folder, "run.json");
  const args = ["--only", "memory", "--rounds", "1", "--refreshes", "2", "--json", json];
  const main = path("bench", "service", "main.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^memory .* 1 load, 1 rotate \(calls of it\)$/m);
  assert.match(stdout, /^signing both tokens/m);
  const { refreshes, steps, samples } = JSON.parse(readFileSync(json, "utf8"));
  assert.deepEqual(refreshes[0].operations, { load: 1, rotate: 1 });
  assert.equal(samples.memory.length, 2);
  assert.equal(steps.length, 6);
});
