// The guides on moving here: their code before and after, side by side on the same tokens. What each error is called: codes.test.mjs.

import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { read } from "../node/support/documents.mjs";
import { rows, steps } from "./support/guide.mjs";
import { Sandbox } from "./support/judge.mjs";

const driver = join(dirname(fileURLToPath(import.meta.url)), "support", "side-by-side.mjs");
const readGuide = (name) => read(`docs/guides/${name}`);

/** What both sides of a guide answered. */
async function sideBySide(name, kind) {
  const text = readGuide(name);
  const sandbox = await Sandbox.of(text, readGuide);
  try {
    for (const { name, body } of steps(text)) if (name) sandbox.write(name, body);
    const child = fork(driver, [kind], { cwd: sandbox.folder, silent: true });
    const said = [];
    let output = "";
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("message", (message) => said.push(message));
    const code = await new Promise((closed) => child.on("close", closed));
    assert.equal(code, 0, output);
    return said[0];
  } finally {
    sandbox.close();
  }
}

const tableAt = (text, head) => rows(text.slice(text.indexOf(head)).split("\n\n")[0]);

/** The least that each guide must show. */
const COMPULSORY = ["good", "expired", "of another tenant", "of an unknown key", "none"];

for (const [name, peer, kind, more] of [
  ["from-jose.md", "jose", "any", ["for another audience"]],
  ["from-hono-jwk.md", "hono", "any", ["for another audience"]],
  ["from-aws-jwt-verify.md", "aws-jwt-verify", "cognito", ["of another client"]],
]) {
  test(`${name}: before and after answer as the table says`, async () => {
    const { answers, fetches } = await sideBySide(name, kind);
    const table = tableAt(readGuide(name), `| token | ${peer} | Tollgate |`);
    for (const row of [...COMPULSORY, ...more])
      assert.ok(
        table.some(([token]) => token === row),
        row,
      );
    for (const [token, before, after] of table) {
      const { before: was, after: is } = answers[token] ?? assert.fail(`there is no token "${token}"`);
      assert.deepEqual([String(was.status), String(is.status)], [before, after], token);
      if (was.status === 200 && is.status === 200) assert.equal(is.body, was.body, token);
    }
    assert.equal(answers.good.after.body, "orders of acme");
    // The key set, and once more for the key that it does not hold.
    assert.ok(fetches.after <= 2, `${fetches.after} fetches`);
    // jwk asks at each request, as its guide says.
    if (peer === "hono") assert.ok(fetches.before > 5, `${fetches.before} fetches`);
  });
}
