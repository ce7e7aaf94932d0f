// The token service's benchmark: its command line, and its report from made-up results. What a run prints is seen in
// tests/tokens/bench.test.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Trouble } from "../scripts/project.mjs";
import { HELP, needMoto, parseOptions, STORES } from "./service/options.mjs";
import { report } from "./service/report.mjs";
import { callArm, inRounds } from "./service/rounds.mjs";

const refused = (of, expected) =>
  assert.throws(
    of,
    (error) => error instanceof Trouble && !error.message.includes("\n") && expected.test(error.message),
  );

test("no option means every store and the defaults", () => {
  const { rounds, refreshes, stores, json } = parseOptions([]);
  assert.deepEqual({ rounds, refreshes, stores, json }, { rounds: 30, refreshes: 5, stores: STORES, json: undefined });
  assert.deepEqual(parseOptions(["--only", "dynamodb", "--only", "memory"]).stores, ["memory", "dynamodb"]);
});

test("what cannot be right is refused in one line that names it", () => {
  refused(() => parseOptions(["--only", "redis"]), /no store redis: take of memory, durable, dynamodb/);
  refused(() => parseOptions(["--rounds", "0"]), /--rounds takes a whole number from 1/);
  refused(() => parseOptions(["--refreshes", "few"]), /--refreshes .* not "few"/);
  refused(() => parseOptions(["--svg", "a.svg"]), /--svg.*-- tokens --help/);
  refused(() => parseOptions(["memory"]), /memory.*-- tokens --help/);
});

test("the help has an example, which is an order that can be given", () => {
  const [, example] = /^Example: npm run bench -- tokens (.*)$/m.exec(HELP);
  assert.deepEqual(parseOptions(example.split(" ")).stores, ["memory", "dynamodb"]);
});

test("moto that is missing is named with its mend, where a store needs it", () => {
  const missing = "missing Python's venv: install python3-venv";
  refused(() => needMoto(STORES, missing), /^moto.*install python3-venv; or .*--only memory --only durable/);
  needMoto(["memory", "durable"], missing);
  needMoto(STORES, undefined);
});

test("in each round everything has one turn, and its samples stay in the order of the rounds", async () => {
  let turns = 0;
  const arm = (name) => ({ name, turn: async () => [turns++] });
  const told = [];
  const samples = await inRounds([arm("a"), arm("b"), arm("c")], 4, (round) => told.push(round));
  assert.deepEqual(told, [1, 2, 3, 4]);
  for (const list of Object.values(samples)) {
    assert.deepEqual(
      list.map((turn) => Math.floor(turn / 3)),
      [0, 1, 2, 3],
    );
  }
});

test("a turn of calls is one sample", () => {
  let calls = 0;
  const { turn } = callArm("calls", 16, () => (calls += 1));
  assert.equal(turn().length, 1);
  assert.equal(calls, 16);
});

const band = (median) => ({ median, p10: median / 2, p90: median * 2, samples: 30 });
const made = {
  environment: { node: "24.0.0", cpu: "A", cores: 2, os: "linux x64", load: [0.1, 1] },
  settings: { rounds: 30, refreshes: 5 },
  refreshes: [
    { store: "memory", ms: band(0.5), operations: { load: 1, rotate: 1 } },
    { store: "dynamodb", ms: band(20), operations: { BatchGetItem: 2, UpdateItem: 1.5 } },
  ],
  steps: [{ name: "both tokens signed", us: band(300) }],
  signing: band(290),
};
const row = (text, start) => text.split("\n").find((line) => line.startsWith(start));

test("each part that was measured has a table, and no other", () => {
  const text = report(made);
  assert.match(row(text, "memory"), / 0\.50 +0\.25 +1\.00 +1 load, 1 rotate \(calls of it\)$/);
  assert.match(row(text, "DynamoDB"), / 20\.0 +10\.0 +40\.0 +2 BatchGetItem, 1\.50 UpdateItem \(API calls\)$/);
  assert.match(row(text, "signing both tokens"), / 290 +145 +580$/);
  assert.doesNotMatch(text, /to the gate|object in workerd|undefined|NaN/);
  const gated = { off: band(20), on: band(24), difference: band(4), path: band(3), keySet: band(1) };
  const object = [{ what: "refreshes", disk: "/dev/shm", perSecond: band(400) }];
  const whole = report({ ...made, gated, object });
  assert.match(row(whole, "what it adds"), / 4\.00 +2\.00 +8\.00$/);
  assert.match(row(whole, "refreshes"), /\/dev\/shm +400 +200 +800$/);
});
