// Tests of conformance.mjs on sources made for them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { contradictions, nodeTests, page, rustTests } from "./conformance.mjs";

const cases = [
  { id: "A01", what: "parts", expected: "refuse" },
  { id: "A02", what: "dots", expected: "refuse" },
];
const tested = (...ids) => ({ file: "src/a.rs", name: "refuses", ids });

test("a mark in Rust belongs to the test below it, whatever attributes and comments stand between", () => {
  const text = "    // catalogue: A01, A02\n    // Why.\n    #[test]\n    #[cfg(unix)]\n    fn refuses() {\n";
  assert.deepEqual(rustTests("src/a.rs", text), {
    tests: [{ file: "src/a.rs", name: "refuses", ids: ["A01", "A02"] }],
    problems: [],
  });
});

test("a mark in Rust over anything but a test that runs is a problem", () => {
  for (const below of ["fn helper() {", "let x = 1;", "", "#[test]\nstruct X;"]) {
    assert.equal(rustTests("src/a.rs", `// catalogue: A01\n${below}\n`).problems.length, 1, below);
  }
  assert.match(rustTests("src/a.rs", "// catalogue: A01\n#[test]\n#[ignore]\nfn a() {}").problems[0], /is ignored/);
});

test("ids in a JavaScript test's name, in any place and quotes, or in a mark above it, are found", () => {
  const text = [
    'test("[A01] [A02] refuses \\"this\\"", () => {});',
    `it(\n  \`when \${name.x} it refuses [A01, A02]\`, {}, f);`,
    '// catalogue: A01\ntest("marked", f);',
    'test("no [brackets] of ours", f);',
  ].join("\n");
  const { tests, problems } = nodeTests("tests/node/a.test.mjs", text);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    tests.map(({ name, ids }) => [name, ids]),
    [
      ['refuses "this"', ["A01", "A02"]],
      ["when … it refuses", ["A01", "A02"]],
      ["marked", ["A01"]],
    ],
  );
});

test("a skipped test and a mark over nothing are problems in JavaScript too", () => {
  assert.match(nodeTests("a", 'test.skip("[A01] later", f);').problems[0], /is skipped/);
  assert.match(nodeTests("a", '// catalogue: A01\nconst x = 1;\ntest("t", f);').problems[0], /not followed/);
});

test("each case has a test or an exception, and not both", () => {
  const reason = "why";
  assert.deepEqual(contradictions(cases, [tested("A01", "A02")], []), []);
  assert.deepEqual(contradictions(cases, [tested("A01")], [{ id: "A02", reason }]), []);
  assert.deepEqual(contradictions(cases, [tested("A01")], []), ["A02 has neither test nor exception"]);
  assert.match(contradictions(cases, [tested("A01", "A02")], [{ id: "A02", reason }])[0], /both/);
  assert.match(contradictions(cases, [tested("A01", "A02", "A03")], [])[0], /A03/);
  assert.match(contradictions(cases, [tested("A01", "A02", "A1")], [])[0], /no id/);
  assert.match(contradictions(cases, [tested("A01")], [{ id: "A02" }])[0], /no reason/);
  assert.match(contradictions(cases, [tested("A01", "A02")], [{ id: "Z01", reason }])[0], /Z01/);
});

test("a case without a test never holds", () => {
  const made = page({ sections: { A: "Form" }, cases }, [tested("A01")], [{ id: "A02", reason: "because | so" }]);
  assert.match(made, /\| A01 \| parts \| refuse \| holds \| `src\/a\.rs`: refuses \|/);
  assert.match(made, /\| A02 \| dots \| refuse \| excepted: because \\\| so \| {2}\|/);
});
