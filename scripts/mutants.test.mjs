// The list of mutations fits the sources: a text that is gone would break nothing, and catch nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { MUTATIONS } from "./mutations.mjs";
import { path } from "./project.mjs";

test("each mutation's text stands exactly once in its file, and what stands instead is something else", () => {
  for (const { file, what, text, instead } of MUTATIONS) {
    const times = readFileSync(path(file), "utf8").split(text).length - 1;
    assert.equal(times, 1, `${file}: ${what}: ${text}`);
    assert.notEqual(text, instead, `${file}: ${what}`);
  }
});

test("no mutation is listed twice, and each has a name of its own in its file", () => {
  const names = MUTATIONS.map(({ file, what }) => `${file}: ${what}`);
  assert.deepEqual(names, [...new Set(names)]);
  const changes = MUTATIONS.map(({ file, text, instead }) => `${file}: ${text} -> ${instead}`);
  assert.equal(new Set(changes).size, changes.length);
});
