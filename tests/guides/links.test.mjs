// Every link of every document: files and headings are there, and outside ones are https, to hosts that are listed here. Asks no host.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, normalize } from "node:path";
import { test } from "node:test";
import { read } from "../node/support/documents.mjs";
import { root } from "../node/support/root.mjs";
import { faults, targets } from "./support/links.mjs";

const listed = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
});
assert.equal(listed.status, 0, listed.stderr);
const documents = listed.stdout
  .trim()
  .split("\n")
  .filter((name) => existsSync(join(root, name)));

test("every link leads somewhere", () => {
  assert.ok(documents.includes("README.md") && documents.some((name) => name.startsWith("docs/guides/")));
  const found = documents.flatMap((name) => faults(name, read(name), source));
  assert.deepEqual(found, []);
});

/** A document's text, `""` for what is there and no document, `undefined` for what is not there. */
function source(name) {
  if (!existsSync(join(root, name))) return undefined;
  return name.endsWith(".md") ? read(name) : "";
}

const OTHERS = {
  "docs/there.md": '# A heading\n\n## A heading\n\n## `code`, and more\n\n<a id="here"></a>\n',
  "docs/picture.svg": "",
};
const check = (text) => faults("docs/page.md", text, (name) => OTHERS[normalize(name)]);

test("what is wrong with a link is found", () => {
  for (const link of [
    "there.md",
    "there.md#a-heading",
    "there.md#a-heading-1",
    "there.md#code-and-more",
    "there.md#here",
    "picture.svg",
    "#mine",
  ]) {
    assert.deepEqual(check(`# Mine\n\n[x](${link})\n`), [], link);
  }
  for (const link of ["gone.md", "there.md#gone", "there.md#a-heading-2", "#gone", "../there.md", "/there.md"]) {
    assert.equal(check(`# Mine\n\n[x](${link})\n`).length, 1, link);
  }
  assert.deepEqual(check("[x](https://github.com/panva/jose)"), []);
  for (const link of [
    "http://github.com/",
    "https://evil.example/",
    "https://github.com.evil.example/",
    "mailto:a@b.example",
    "javascript:1",
  ]) {
    assert.equal(check(`[x](${link})`).length, 1, link);
  }
});

test("links of every form are seen, and those in code are not", () => {
  const text =
    '[a](one)\n[b]: two\n<https://three.example>\n<a href="four">\n![c](five)\nhttp://six.example/x, and\n`[d](no)`\n```sh\n[e](no)\n```\n';
  assert.deepEqual(targets(text).sort(), [
    "five",
    "four",
    "http://six.example/x",
    "https://three.example",
    "one",
    "two",
  ]);
});
