// The Workers' benchmark: its command line, its rows and their order, its arithmetic and its report from made-up samples. Starts
// no workerd.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Trouble } from "../scripts/project.mjs";
import { verdict } from "./musts.mjs";
import { secondsIn } from "./workerd/cpu.mjs";
import { mustHold } from "./workerd/musts.mjs";
import { HELP, parseOptions } from "./workerd/options.mjs";
import { picture } from "./workerd/picture.mjs";
import { report } from "./workerd/report.mjs";
import { addedOf, addedRatio, tableOf } from "./workerd/results.mjs";
import { turned } from "./workerd/rounds.mjs";
import { DENIED, GROUPS, rowsOf } from "./workerd/rows.mjs";

const refused = (args, expected) =>
  assert.throws(
    () => parseOptions(args),
    (error) => error instanceof Trouble && !error.message.includes("\n") && expected.test(error.message),
  );

test("no option means everybody and at least nine rounds and fifteen starts", () => {
  const { rounds, seconds, starts, groups } = parseOptions([]);
  assert.deepEqual({ seconds, groups }, { seconds: 2, groups: GROUPS });
  assert.ok(rounds >= 9 && starts >= 15);
  assert.deepEqual(parseOptions(["--only", "jose", "--only", "tollgate"]).groups, ["tollgate", "jose"]);
});

test("what cannot be right is refused in one line that names it", () => {
  refused(["--only", "itty"], /no contender itty: take of tollgate, jose/);
  refused(["--rounds", "0"], /--rounds takes a whole number from 1/);
  refused(["--seconds", "1.5"], /--seconds .* not "1.5"/);
  refused(["jose"], /jose.*bench:workerd -- --help/);
});

test("the help has an example, which is an order that can be given", () => {
  const [, example] = /^Example: npm run bench:workerd -- (.*)$/m.exec(HELP);
  assert.deepEqual(parseOptions(example.split(" ")).groups, ["tollgate", "jose"]);
});

test("every row has a baseline, and the cache's is there where the configuration takes the member", () => {
  for (const [forwards, caches] of [
    [false, false],
    [false, true],
    [true, true],
  ]) {
    const rows = rowsOf(GROUPS, { forwards, caches });
    const names = rows.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { baseline } of rows) assert.ok(names.includes(`nothing, ${baseline}`));
    assert.equal(names.includes("tollgate, cache, repeated"), caches && !forwards);
    for (const traffic of DENIED) assert.ok(names.includes(`tollgate, ${traffic}`));
  }
  assert.deepEqual(
    rowsOf(["jose"], { forwards: false, caches: false }).map(({ server }) => server),
    ["nothing", "nothing", "jose", "jose"],
  );
});

test("each round has every row once, and another first", () => {
  const rows = ["a", "b", "c", "d", "e", "f"];
  const orders = [0, 1, 2, 3, 4, 5].map((round) => turned(rows, round));
  for (const order of orders) assert.deepEqual(order.toSorted(), rows);
  assert.ok(new Set(orders.map(([first]) => first)).size > 2);
});

test("the CPU of a process is read past a command that looks like fields", () => {
  const stat = "7 (a) b 1 2) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 9 9 20 0 4 0 1 1 1";
  assert.equal(secondsIn(stat, 100), 3);
});

/** Two rounds, of which the second hit a busy machine. */
const cpu = (first, second) =>
  [first, second].map((each) => ({ perSecond: 1e6 / each, p50: 2 * each, p99: 9 * each, cpu: each }));
const rows = rowsOf(["tollgate", "jose"], { forwards: false, caches: false });
const samples = {
  "nothing, ES256": cpu(50, 90),
  "nothing, RS256": cpu(50, 90),
  "tollgate, ES256": cpu(80, 130),
  "tollgate, RS256": cpu(95, 150),
  "tollgate, repeated": cpu(80, 130),
  "jose, ES256": cpu(150, 290),
  "jose, RS256": cpu(100, 190),
  "tollgate, no token": cpu(60, 100),
  "tollgate, malformed": cpu(60, 100),
  "tollgate, expired": cpu(81, 131),
  "tollgate, unknown key": cpu(60, 100),
};

test("what is added is counted round by round, and so is its ratio to a peer's", () => {
  const row = rows.find(({ name }) => name === "tollgate, ES256");
  assert.deepEqual(addedOf(samples, row), [30, 40]);
  assert.equal(addedRatio(samples, row, "jose"), (0.3 + 0.2) / 2);
  assert.equal(addedRatio(samples, row, "hono"), undefined);
});

test("the judgement is that of the samples, and what took no part is not measured", () => {
  const forwarding = {
    "tollgate, ES256": cpu(160, 260),
    "tollgate, expired": cpu(81, 131),
    "tollgate, no token": cpu(161, 261),
  };
  const lines = mustHold([samples, forwarding], { tollgate: [60, 61, 62], jose: [40, 50, 60] });
  const of = (what) => verdict(lines.find((line) => line.what.includes(what)));
  assert.equal(of("ES256, of jose's"), "holds, and the aim too");
  assert.equal(of("RS256, of jose's"), "does not hold");
  assert.equal(of("of hono's"), "not measured");
  assert.equal(of("denied, no token, of allowed"), "holds");
  assert.equal(of("denied, expired, of allowed"), "does not hold");
  assert.equal(of("denied, no token, of forwarded"), "does not hold");
  assert.equal(of("denied, expired, of forwarded"), "holds");
  assert.equal(of("denied, malformed, of forwarded"), "not measured");
  assert.equal(of("cold start"), "holds");
});

const results = {
  environment: { workerd: "1.0.0", cpu: "<A> & B", cores: 2, os: "linux x64", load: [0.1, 1] },
  settings: { rounds: 2, seconds: 1, starts: 3, tokens: 2000 },
  tables: [{ title: "answering themselves", rows: tableOf(rows, samples) }],
  starts: { jose: { median: 50, p10: 40, p90: 60, samples: 3 } },
  mustHold: mustHold([samples], undefined),
};

test("the report has a row for each, and says what was added with its spread", () => {
  const text = report(results);
  const line = text.split("\n").find((one) => one.startsWith("tollgate, ES256"));
  assert.match(line, / 105 +24% +35\.0 +31\.0 +39\.0 +0\.25$/);
  assert.match(text, /^jose +50\.0 +40\.0 +60\.0 +3$/m);
  assert.match(text, /cold start .* not measured$/m);
  assert.doesNotMatch(text, /undefined|NaN/);
});

test("the picture has a bar for each that is let through, and escapes what it is given", () => {
  const svg = picture(results);
  assert.equal(svg.match(/<rect class="(?:tollgate|peer)"/g).length, 4);
  assert.match(svg, /workerd 1\.0\.0 on &lt;A&gt; &amp; B/);
  assert.doesNotMatch(svg, /undefined|NaN/);
});
