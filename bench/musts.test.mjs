// What must hold, judged on numbers made up for it: within, outside, at the bound and absent. Times nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { once, times } from "./fixture.mjs";
import { mustHold, ratioOf, verdict } from "./musts.mjs";

const judged = mustHold(times, once, "relaxed-simd");
const line = (start) => judged.find(({ what }) => what.startsWith(start));

test("each ratio is of the contenders that its line names", () => {
  assert.equal(line("ES256 verifySync, warm key, of native").here, 0.4);
  assert.equal(line("ES256, warm key, of jose").here, 0.1);
  assert.equal(line("RS256 2048 verifySync, of native").here, 2);
  assert.equal(line("RS256 2048, of jose").here, 0.3);
  assert.equal(line("ES256, key without a table").here, 1.2);
  assert.equal(line("ES256, repeated token, cache").here, 0.25);
  assert.equal(line("RS256, repeated token, cache").here, 0.5);
});

test("the slower form of the native call stands beside the ratio, and is not what is judged", () => {
  assert.equal(line("ES256 verifySync, warm key").note, "0.25 of it with ieee-p1363");
  assert.equal(line("ES256, key without a table").note, "0.75 of it with ieee-p1363");
});

test("the tail is the worse of Tollgate's two orders, in milliseconds, and never native's", () => {
  assert.equal(line("p99.9 of 10000").here, 0.4);
});

test("the wasm is judged in KiB, the start by the sum", () => {
  assert.equal(line("wasm, gzipped").here, 60);
  assert.equal(line("instantiate plus first").here, 3);
});

test("the bounds are those that were asked for", () => {
  const bounds = judged.map(({ must, aim }) => [must, aim]);
  assert.deepEqual(bounds, [
    [0.5, 0.3],
    [0.17, 0.12],
    [1.5, 1],
    [0.33, 0.2],
    [1.5, 1],
    [0.5, 0.2],
    [0.5, 0.2],
    [1, undefined],
    [96, 48],
    [10, 4],
  ]);
});

test("a bound holds at the bound, and not just above it", () => {
  assert.equal(verdict({ must: 0.5, aim: 0.3, here: 0.3 }), "holds, and the aim too");
  assert.equal(verdict({ must: 0.5, aim: 0.3, here: 0.5 }), "holds");
  assert.equal(verdict({ must: 0.5, aim: 0.3, here: 0.501 }), "does not hold");
  assert.equal(verdict({ must: 1, here: 0.5 }), "holds");
});

test("what took no part is not measured, and never holds", () => {
  const nothing = mustHold({ ES256: {}, RS256: {} }, undefined, "relaxed-simd");
  assert.deepEqual(new Set(nothing.map(verdict)), new Set(["not measured"]));
  assert.equal(ratioOf(times, "RS256", "crypto.verify, ieee-p1363", "crypto.verify"), undefined);
});
