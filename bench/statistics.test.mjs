// The arithmetic under every number of the benchmark, on samples whose answers are known. Times nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { band, median, pairedRatio, percentile, quantile, summary } from "./statistics.mjs";

test("the median is the middle sample, or halfway between the two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([7]), 7);
});

test("samples are ordered as numbers, and left as they were", () => {
  const samples = [10, 9, 100];
  assert.equal(median(samples), 10);
  assert.deepEqual(samples, [10, 9, 100]);
});

test("a quantile is interpolated between its neighbours", () => {
  assert.equal(quantile([0, 10], 0.25), 2.5);
  assert.equal(quantile([1, 2, 3, 4, 5], 0), 1);
  assert.equal(quantile([1, 2, 3, 4, 5], 1), 5);
});

test("the p99.9 of 10,000 is the eleventh slowest", () => {
  const samples = Array.from({ length: 10_000 }, (_, i) => i + 1);
  assert.equal(percentile(samples, 0.999), 9_991);
  assert.equal(percentile(samples, 1), 10_000);
  assert.equal(percentile(samples, 0.5), 5_001);
});

test("no samples give no number", () => {
  assert.throws(() => median([]), RangeError);
  assert.throws(() => percentile([], 0.5), RangeError);
});

test("the spread is the distance of the quartiles, of the median", () => {
  assert.deepEqual(summary([8, 9, 10, 11, 12]), { median: 10, spread: 0.2, rounds: 5 });
});

test("a band holds most of the samples, and no outlier", () => {
  const samples = [...Array.from({ length: 10 }, (_, i) => i), 1_000];
  assert.deepEqual(band(samples), { median: 5, p10: 1, p90: 9, samples: 11 });
});

test("a ratio is taken round by round, so that a slow moment cancels", () => {
  const native = [10, 10, 100, 10, 10];
  const contender = [5, 5, 50, 5, 5];
  assert.equal(pairedRatio(contender, native), 0.5);
  // The ratio of the medians would be 1.
  assert.equal(pairedRatio([10, 40, 12], [5, 20, 12]), 2);
});

test("unpaired samples have no ratio", () => {
  assert.throws(() => pairedRatio([1], [1, 2]), RangeError);
});
