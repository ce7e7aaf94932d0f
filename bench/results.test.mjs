// The published results: one run, the picture made from it, and what the README says of it. Times nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { path } from "../scripts/project.mjs";
import { BASELINE } from "./contenders/native.mjs";
import { coldName, warmName } from "./contenders/tollgate.mjs";
import { mustHold, verdict } from "./musts.mjs";
import { picture } from "./picture.mjs";
import { digits } from "./report.mjs";

const results = JSON.parse(readFileSync(path("bench", "results", "node24.json"), "utf8"));
const readme = readFileSync(path("README.md"), "utf8");

test("the picture is made from the published numbers", () => {
  assert.equal(readFileSync(path("bench", "results", "node24.svg"), "utf8"), picture(results));
});

test("the README gives the published numbers", () => {
  const time = (name, algorithm) => `${digits(results.rows.find((row) => row.name === name)[algorithm].median)} µs`;
  const { kernel } = results.environment;
  const words = readme.slice(readme.indexOf("**It is fast.**"), readme.indexOf("![Time to verify"));
  const said = words.match(/[\d.]+ µs/g);
  const of = (name) => [time(name, "ES256"), time(name, "RS256")];
  assert.deepEqual(said, [...of(warmName(kernel)), ...of(BASELINE), time(coldName(kernel), "ES256")]);
});

test("the published judgement is that of the published samples, which lack what is measured only since", () => {
  const judged = mustHold(results.times, results.once, results.environment.kernel);
  const published = new Map(results.mustHold.map((line) => [line.what, verdict(line)]));
  for (const line of judged) assert.equal(verdict(line), published.get(line.what) ?? "not measured", line.what);
  const known = judged.map(({ what }) => what);
  for (const what of published.keys()) assert.ok(known.includes(what), what);
});
