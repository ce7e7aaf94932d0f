// Tests of counts.mjs against what the runners really print.

import assert from "node:assert/strict";
import { test } from "node:test";
import { add, cargoCounts, nodeCounts, none } from "./counts.mjs";

const CARGO = `
running 3 tests
test a ... ok
test b ... FAILED
test c ... ignored

successes:

---- a stdout ----
SKIPPED: missing ../shared/vectors

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s

   Doc-tests tollgate
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s
`;

test("cargo's binaries are added up, and a test that says SKIPPED is not passed", () => {
  assert.deepEqual(cargoCounts(CARGO), { passed: 4, failed: 1, skipped: 2, missing: ["missing ../shared/vectors"] });
});

test("a skip for another reason than an absence is no missing prerequisite", () => {
  const output = "SKIPPED: only on Windows\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured\n";
  assert.deepEqual(cargoCounts(output), { passed: 0, failed: 0, skipped: 1, missing: [] });
});

test("colours do not hide a result", () => {
  const output = "test result: \u001b[32mok\u001b[0m. 2 passed; 0 failed; 0 ignored; 0 filtered out\n";
  assert.equal(cargoCounts(output).passed, 2);
});

test("a compiler error counts nothing", () => {
  assert.deepEqual(cargoCounts("error: could not compile `tollgate`\n"), none());
});

const TAP = `TAP version 13
# # pass 900
# Subtest: s
    ok 1 - a
    ok 2 - b # SKIP missing Chromium
    ok 3 - c # SKIP slow
# tests 6
# suites 1
# pass 3
# fail 1
# cancelled 1
# skipped 2
# todo 1
# duration_ms 2
`;

test("node's totals are taken from the end, cancelled as failed and todo as skipped", () => {
  assert.deepEqual(nodeCounts(TAP), { passed: 3, failed: 2, skipped: 3, missing: ["missing Chromium"] });
});

test("a line of a test's own output is not taken for a total", () => {
  assert.equal(nodeCounts(`# pass 900\n${TAP}`).passed, 3);
});

test("sums keep every reason", () => {
  const one = { passed: 1, failed: 2, skipped: 3, missing: ["missing a"] };
  assert.deepEqual(add(one, one), { passed: 2, failed: 4, skipped: 6, missing: ["missing a", "missing a"] });
});
