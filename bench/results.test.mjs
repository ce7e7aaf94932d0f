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
import { mustHold as workerdMustHold } from "./workerd/musts.mjs";
import { picture as workerdPicture } from "./workerd/picture.mjs";

const published = (name) => readFileSync(path("bench", "results", name), "utf8");
const results = JSON.parse(published("node24.json"));
const workerd = JSON.parse(published("workerd.json"));
const readme = readFileSync(path("README.md"), "utf8");

/** What the README says from one text on up to another. */
const said = (from, to) => readme.slice(readme.indexOf(from), readme.indexOf(to));

test("the pictures are made from the published numbers", () => {
  assert.equal(published("node24.svg"), picture(results));
  assert.equal(published("workerd.svg"), workerdPicture(workerd));
});

test("the README gives the published numbers", () => {
  const time = (name, algorithm) => `${digits(results.rows.find((row) => row.name === name)[algorithm].median)} µs`;
  const { kernel } = results.environment;
  const times = said("**It is fast.**", "![Time to verify").match(/[\d.]+ µs/g);
  const of = (name) => [time(name, "ES256"), time(name, "RS256")];
  assert.deepEqual(times, [...of(warmName(kernel)), ...of(BASELINE), time(coldName(kernel), "ES256")]);
});

test("the README gives the published numbers of the Worker", () => {
  const added = ({ rows }, server) =>
    ["ES256", "RS256"].map((algorithm) => {
      const row = rows.find((row) => row.server === server && row.traffic === algorithm);
      return `${digits(row.added.median)} µs`;
    });
  const words = said("**In a Worker**", "![CPU that");
  const tables = workerd.tables.flatMap((table) => [...added(table, "tollgate"), ...added(table, "jose")]);
  assert.deepEqual(words.match(/[\d.]+ µs/g), tables);
  const { tollgate, jose } = workerd.starts;
  assert.deepEqual(
    words.match(/\d+ ms/g),
    [tollgate, jose].map(({ median }) => `${Math.round(median)} ms`),
  );
  const here = (part) => workerd.mustHold.filter(({ what }) => what.includes(part)).map((line) => line.here);
  const [expired] = here("denied, expired, of allowed");
  assert.equal(/(\d+)% more than a good one/.exec(words)[1], ((expired - 1) * 100).toFixed(0));
  const forwarded = here(", of forwarded");
  assert.ok(forwarded.length === 4 && forwarded.every((ratio) => ratio < 0.5), "less than half of what is forwarded");
});

test("the published judgement of the Worker is that of its samples", () => {
  const judged = workerdMustHold(workerd.samples.tables, workerd.samples.starts);
  assert.deepEqual(judged.map(verdict), workerd.mustHold.map(verdict));
});

test("the published judgement is that of the published samples, which lack what is measured only since", () => {
  const judged = mustHold(results.times, results.once, results.environment.kernel);
  const verdicts = new Map(results.mustHold.map((line) => [line.what, verdict(line)]));
  for (const line of judged) assert.equal(verdict(line), verdicts.get(line.what) ?? "not measured", line.what);
  const known = judged.map(({ what }) => what);
  for (const what of verdicts.keys()) assert.ok(known.includes(what), what);
});
