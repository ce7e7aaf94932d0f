// Every guide, done as it says: each block and each table of answers is a test. What a step may be: support/guide.mjs.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { read } from "../node/support/documents.mjs";
import { root } from "../node/support/root.mjs";
import { checkCommand } from "./support/commands.mjs";
import { judge } from "./support/judge.mjs";

const names = readdirSync(join(root, "docs", "guides")).filter((name) => name.endsWith(".md"));
const readGuide = (name) => read(`docs/guides/${name}`);

/** What of the system commands need; without it they are skipped, loudly. */
const lacking = ["bash", "curl"].find((name) => spawnSync(name, ["--version"]).status !== 0);
const skipped = (text) => (lacking && text.includes("```sh") ? `missing ${lacking}: install it` : false);

for (const name of names.filter((name) => name !== "README.md")) {
  test(`${name}: every step does what it says`, { skip: skipped(readGuide(name)) }, async (t) => {
    await judge(readGuide(name), readGuide, (title, act) => t.test(title, act));
  });
}

test("docs/guides/README.md and the README lead to every guide", () => {
  const list = readGuide("README.md");
  for (const name of names.filter((name) => name !== "README.md")) {
    assert.ok(list.includes(`](${name})`), name);
    assert.ok(read("README.md").includes(`](docs/guides/${name})`), name);
  }
});

test("every command within the guides' text exists", () => {
  const inText = names.flatMap((name) =>
    [...readGuide(name).matchAll(/`((?:npm|npx) [^`]+)`/g)].map(([, command]) => command),
  );
  assert.ok(inText.includes("npm run test:guides"));
  for (const command of inText) checkCommand(command);
});
