// `tollgate lint` finds each planted mistake, names its member, place and mend, and says nothing of good configurations.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folderWith, tollgate } from "./support/cli.mjs";
import { BASE, DOUBTFUL, MISTAKES, TOKENS } from "./support/mistakes.mjs";

async function lint(text, ...options) {
  const { code, stdout, stderr } = await tollgate(["lint", "-", "--json", ...options], { input: text });
  assert.ok(code === 0 || code === 1, stderr);
  const { findings, more, ...rest } = JSON.parse(stdout);
  return { code, findings, more, ...rest };
}

test("there are at least 40 mistakes, each another one", () => {
  assert.ok(MISTAKES.length >= 40, String(MISTAKES.length));
  assert.equal(new Set(MISTAKES.map(({ text }) => text)).size, MISTAKES.length);
});

for (const { name, text, member, mend, also, line, column, severity } of [...MISTAKES, ...DOUBTFUL]) {
  test(`lint finds ${name}`, async () => {
    const { code, findings, more } = await lint(text);
    assert.equal(code, 1);
    // Behind a text without its end nobody knows what was meant.
    assert.equal(more, name === "a text without its end");
    const found = findings.find((finding) => finding.member === member);
    assert.ok(found, `${member} is not among ${JSON.stringify(findings, null, 2)}`);
    assert.match(found.mend, mend);
    assert.equal(found.severity, severity);
    assert.deepEqual({ line: found.line, column: found.column }, { line, column });
    assert.ok(found.problem.length > 0);
    // Nothing is said that is not so, because of the mistake or of how lint looks past it.
    assert.deepEqual(findings.map((finding) => finding.member).sort(), [member, ...also].sort());
  });
}
