// The printed report and the picture, from made-up results: their form, not their numbers. Times nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { results } from "./fixture.mjs";
import { picture } from "./picture.mjs";
import { columns, digits, report } from "./report.mjs";

const text = report(results);
const row = (start) => text.split("\n").find((line) => line.startsWith(start));

test("numbers have three digits", () => {
  assert.deepEqual([0.044, 3.6349, 12.34, 481.2, 1520.9].map(digits), ["0.04", "3.63", "12.3", "481", "1521"]);
});

test("columns are as wide as their widest cell, and trail no space", () => {
  assert.deepEqual(columns([["a", "µs"], ["bbb", "1.0"], ["c"]]), ["a     µs", "bbb  1.0", "c"]);
});

test("the table has one row a contender, with both algorithms", () => {
  for (const { name } of results.rows) assert.ok(row(name), name);
  assert.match(row("tollgate verifySync"), /whole +20\.0 +4% +0\.40 +30\.0 +4% +2\.00$/);
  assert.match(row("crypto.verify, ieee-p1363"), /signature +80\.0 +4% +1\.60$/);
});

test("async contenders are marked, and the mark is explained", () => {
  assert.ok(row("jose jwtVerify, local key set *"));
  assert.match(text, /marked \* are async: each call is awaited/);
});

test("the machine, the versions and the kernel are named", () => {
  assert.match(text, /Node 24\.0\.0, OpenSSL 3\.5\.0, <A> & B \(2 cores\)/);
  assert.match(text, /chooses relaxed-simd/);
});

test("what happens once is there: start, slowest, bytes, memory", () => {
  assert.match(row("instantiate plus first"), /3\.00 +3\.00$/);
  assert.match(row("tollgate verifySync, keys in turn"), /60\.0 +90\.0 +400 +950$/);
  assert.match(text, /wasm: 300000 bytes, 61440 with gzip -9; wasm memory a warm key: ES256 270 KiB, RS256 0\.00 KiB/);
});

test("what must hold is printed with its bounds and a verdict", () => {
  assert.match(row("ES256 verifySync, warm key, of native"), /<= 0\.50 +<= 0\.30 +0\.40 +holds \(0\.25 of it/);
  assert.match(row("RS256 2048 verifySync, of native"), /<= 1\.50 +<= 1\.00 +2\.00 +does not hold$/);
  assert.match(row("wasm, gzipped"), /<= 96\.0 KiB +<= 48\.0 KiB +60\.0 KiB +holds$/);
});

test("without Tollgate the report has no part that needs it", () => {
  const short = report({ ...results, once: undefined });
  assert.doesNotMatch(short, /fresh processes|wasm:/);
});

const svg = picture(results);

test("the picture is one svg element whose text is escaped and balanced", () => {
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 \d+ \d+"/);
  assert.match(svg, /&lt;A&gt; &amp; B/);
  assert.doesNotMatch(svg, /<A>|NaN|undefined|Infinity/);
  const opened = svg.match(/<(svg|title|style|text)\b/g).map((tag) => tag.slice(1));
  for (const tag of new Set(opened)) {
    const closed = svg.split(`</${tag}>`).length - 1;
    assert.equal(closed, opened.filter((other) => other === tag).length, tag);
  }
});

test("the picture asks nobody for anything, and knows light and dark", () => {
  assert.doesNotMatch(svg, /url\(|href|@import|<script|<image/);
  assert.match(svg, /@media \(prefers-color-scheme: dark\)/);
});

test("the picture has a bar with µs and ratio for each row that was measured, the fastest first", () => {
  const values = [...svg.matchAll(/>([\d.]+) µs \(([\d.]+)\)</g)].map(([, median]) => Number(median));
  assert.deepEqual(values, [20, 50, 80, 200, 1000, 15, 30, 100, 1500]);
});

test("a row that verifies nothing is not in the picture", () => {
  assert.doesNotMatch(svg, /cache hit/);
});

test("a crate that is too slow for the scale has a broken bar, as long as the longest", () => {
  const widths = [...svg.matchAll(/<rect class="(?:tollgate|native|peer)"[^>]* width="([\d.]+)"/g)].map(([, w]) =>
    Number(w),
  );
  assert.equal(Math.max(...widths), widths[4]);
  assert.equal(widths[3], widths[4]);
  assert.equal(svg.split('<line class="cut"').length - 1, 4);
});
