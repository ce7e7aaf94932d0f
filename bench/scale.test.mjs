// The command line of the benchmark of sizes, its judgement, and a run of a moment: its form, not its times.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { path, Trouble } from "../scripts/project.mjs";
import { verdict } from "./musts.mjs";
import { mustHold } from "./scale/musts.mjs";
import { parseOptions } from "./scale/options.mjs";
import { KINDS } from "./scale/worlds.mjs";

test("no option means all kinds at the usual sizes", () => {
  const { kinds, sizes, rounds } = parseOptions([]);
  assert.deepEqual({ kinds, sizes, rounds }, { kinds: Object.keys(KINDS), sizes: [1, 10, 100, 10_000], rounds: 40 });
  assert.deepEqual(parseOptions(["--only", "rules", "--sizes", "2,3"]).sizes, [2, 3]);
  assert.deepEqual(parseOptions(["--only", "rules"]).kinds, ["rules"]);
});

test("what cannot be right is refused by name", () => {
  const refused = (args, expected) =>
    assert.throws(
      () => parseOptions(args),
      (error) => error instanceof Trouble && expected.test(error.message),
      args.join(" "),
    );
  refused(["--only", "clouds"], /no kind clouds: take of issuers/);
  refused(["--sizes", "10,1"], /--sizes takes sizes that grow/);
  refused(["--sizes", "1,1"], /--sizes takes sizes that grow/);
  refused(["--sizes", "0"], /--sizes takes a whole number from 1 to 20000/);
  refused(["--sizes", "20001"], /--sizes takes a whole number/);
  refused(["--rounds", "0"], /--rounds takes a whole number/);
  refused(["--colour"], /--colour.*bench:scale/);
});

test("what must hold is judged by the ratios, and by the memory of an isolate", () => {
  const MIB = 1024 * 1024;
  const row = (kind, size, more) => ({ kind, size, ratio: 1, ratioToTen: 1, memoryBytes: MIB, ...more });
  const judged = (rows) => mustHold(rows).map(verdict);
  const good = [row("issuers", 10_000), row("issuers-in-turn", 10_000), row("rules", 10_000)];
  assert.deepEqual(judged(good), Array(4).fill("holds, and the aim too"));
  assert.deepEqual(judged([]), Array(4).fill("not measured"));
  const bad = [
    row("issuers", 10_000, { ratio: 1.151 }),
    row("issuers-in-turn", 10_000, { ratio: 1.2 }),
    row("rules", 10_000, { ratioToTen: 1.26, memoryBytes: 129 * MIB }),
  ];
  assert.deepEqual(judged(bad), Array(4).fill("does not hold"));
});

const folder = mkdtempSync(join(tmpdir(), "tollgate-bench-"));
after(() => rmSync(folder, { recursive: true, force: true }));

// This suite builds nothing, and must not fail for it.
const isBuilt = existsSync(path("dist", "npm", "index.js"));
test("a run of one round accepts all it asks, and measures time and memory of each size", {
  skip: !isBuilt && "the package is not built",
}, () => {
  const json = join(folder, "run.json");
  const args = [path("bench", "scale", "main.mjs"), "--rounds", "1", "--sizes", "1,3", "--json", json];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^rules +3 /m);
  assert.match(stdout, /^10,000 rules against 10, with a token .* not measured$/m);
  const { rows } = JSON.parse(readFileSync(json, "utf8"));
  assert.equal(rows.length, 2 * Object.keys(KINDS).length);
  for (const { kind, median, wasmBytes, loadMs } of rows) assert.ok(median > 0 && wasmBytes > 0 && loadMs > 0, kind);
});
