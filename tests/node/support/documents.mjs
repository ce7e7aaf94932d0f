// The documents as data: fenced blocks, tables, words in code spans. Judges nothing.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.mjs";

/** A file of the repository. */
export const read = (name) => readFileSync(join(root, name), "utf8");

/** Every document for people. */
export const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].concat(
  readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
);

/** The fenced blocks of a document: language, the word after it, and the text. */
export function blocks(text) {
  return [...text.matchAll(/^```(\w+) ?(\S*)\n([\s\S]*?)^```$/gm)].map(([, language, name, body]) => ({
    language,
    name,
    body,
  }));
}

/** The rows under a heading, without the table's head, as arrays of cells. */
export function table(text, heading) {
  const section = text.slice(text.indexOf(`\n${heading}\n`)).split(/\n## /)[1];
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What stands in code spans, in order. */
export const words = (text) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, word]) => word);
