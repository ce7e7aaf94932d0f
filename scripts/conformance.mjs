// Writes docs/CONFORMANCE.md from the marks in the tests; with --check, fails when the page is stale. Runs no test: a
// case counts as held only where a test that `npm test` runs names it, and a mark that leads to no test is an error.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { path, root, runMain, Trouble } from "./project.mjs";

const PAGE = "docs/CONFORMANCE.md";
const CATALOGUE = "tests/catalogue.json";
const EXCEPTIONS = "tests/exceptions.json";

/** Which suites of `npm test` run a file's tests. A mark anywhere else counts for nothing. */
const SUITES = [
  { files: /^src\/.*\.rs$/, place: "src", run: "`native`, `wasm` (Node) and `browser` (Chrome)" },
  { files: /^tests\/[^/]+\.rs$/, place: "tests/*.rs", run: "`native`" },
  { files: /^tests\/node\/[^/]+\.test\.mjs$/, place: "tests/node", run: "`node`, against the packed tarball" },
  { files: /^tests\/tokens\/[^/]+\.test\.mjs$/, place: "tests/tokens", run: "`tokens`, on each store" },
  { files: /^tests\/aws\/[^/]+\.test\.mjs$/, place: "tests/aws", run: "`aws`, from the zips, in AWS's runtime client" },
  { files: /^tests\/workerd\/[^/]+\.test\.mjs$/, place: "tests/workerd", run: "`workerd`" },
  { files: /^tests\/browser\/[^/]+\.test\.mjs$/, place: "tests/browser", run: "`browser`" },
];
const suiteOf = (file) => SUITES.find(({ files }) => files.test(file));

const MARK = /^\s*\/\/ catalogue:\s*(.*)$/;
const ID = /^[A-Z]\d\d$/;

/** The tests of a Rust file that carry a mark, which stands above the test's attributes. */
export function rustTests(file, text) {
  const tests = [];
  const problems = [];
  let open;
  for (const [index, line] of text.split("\n").entries()) {
    const mark = line.match(MARK);
    if (mark) {
      if (open) open.ids.push(...split(mark[1]));
      else open = { ids: split(mark[1]), line: index + 1, isTest: false };
      continue;
    }
    if (!open || /^\s*(?:\/\/.*)?$/.test(line)) continue;
    if (/^\s*#\[/.test(line)) {
      if (/#\[(?:\w+::)*(?:test|wasm_bindgen_test)\b/.test(line)) open.isTest = true;
      if (/#\[ignore\b/.test(line)) problems.push(`${file}:${index + 1}: a marked test is ignored`);
      continue;
    }
    const name = line.match(/^\s*(?:pub )?(?:async )?fn (\w+)/)?.[1];
    if (name && open.isTest) tests.push({ file, name, ids: open.ids });
    else problems.push(`${file}:${open.line}: the mark is not followed by a test`);
    open = undefined;
  }
  if (open) problems.push(`${file}:${open.line}: the mark is not followed by a test`);
  return { tests, problems };
}

/** The tests of a JavaScript file whose names hold ids in brackets, or that stand under a mark. */
export function nodeTests(file, text) {
  const tests = [];
  const problems = [];
  const marks = [...text.matchAll(/^[ \t]*\/\/ catalogue:[ \t]*(.*)$/gm)].map((mark) => ({
    ids: split(mark[1]),
    end: mark.index + mark[0].length,
  }));
  const calls = /\b(?:test|it)(\.\w+)?\(\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|`((?:\\.|[^`\\])*)`)/g;
  for (const call of text.matchAll(calls)) {
    const title = call[2] ?? call[3] ?? call[4];
    const above = marks.filter(({ end }) => end <= call.index && text.slice(end, call.index).trim() === "");
    const inName = [...title.matchAll(/\[([A-Z]\d\d(?:, ?[A-Z]\d\d)*)\]/g)];
    const ids = [...above, ...inName.map(([, list]) => ({ ids: split(list) }))].flatMap((found) => found.ids);
    for (const mark of above) mark.used = true;
    if (ids.length === 0) continue;
    const name = title
      .replace(/\s*\[[A-Z]\d\d(?:, ?[A-Z]\d\d)*\]/g, "")
      .replace(/\$\{[^}]*\}/g, "…")
      .replace(/\\(.)/g, "$1")
      .trim();
    if (/^\.(?:skip|todo)$/.test(call[1] ?? "")) problems.push(`${file}: a marked test is skipped: ${name}`);
    tests.push({ file, name, ids });
  }
  for (const mark of marks.filter(({ used }) => !used)) {
    problems.push(`${file}: the mark ${mark.ids.join(", ")} is not followed by a test`);
  }
  return { tests, problems };
}

const split = (list) => list.split(",").map((id) => id.trim());

/** What is wrong between catalogue, tests and exceptions; empty when every case has a test or a reason. */
export function contradictions(cases, tests, exceptions) {
  const problems = [];
  const known = new Set(cases.map(({ id }) => id));
  const tested = new Set(tests.flatMap(({ ids }) => ids));
  const excepted = new Set(exceptions.map(({ id }) => id));
  if (known.size !== cases.length) problems.push(`${CATALOGUE} lists a case twice`);
  for (const { file, name, ids } of tests) {
    for (const id of ids) {
      if (!ID.test(id)) problems.push(`${file}: ${name} names ${JSON.stringify(id)}, which is no id`);
      else if (!known.has(id)) problems.push(`${file}: ${name} names ${id}, which ${CATALOGUE} does not know`);
    }
  }
  for (const { id, reason } of exceptions) {
    if (!known.has(id)) problems.push(`${EXCEPTIONS} names ${id}, which ${CATALOGUE} does not know`);
    if (typeof reason !== "string" || reason === "") problems.push(`${EXCEPTIONS} gives no reason for ${id}`);
    if (tested.has(id)) problems.push(`${id} has both a test and an exception`);
  }
  for (const id of known)
    if (!tested.has(id) && !excepted.has(id)) problems.push(`${id} has neither test nor exception`);
  return problems;
}

/** The page. */
export function page({ sections, cases }, tests, exceptions) {
  const reasons = new Map(exceptions.map(({ id, reason }) => [id, reason]));
  const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const lines = [
    "# Conformance",
    "",
    "<!-- Generated by `npm run conformance` from the marks in the tests. Do not edit. -->",
    "",
    `The catalogue of attacks and malformed inputs: ${count(cases.length, "case")}, ` +
      `${count(tests.length, "test")} that name them, ${count(exceptions.length, "exception")}.`,
    "",
    "This page lists tests; it does not run them. Each is run by `npm test`, which fails when one fails, and `npm run",
    "lint` fails when a case has no test, or this page is not what the tests say. *Holds* means that the tests in the last",
    "column exist and assert what *expected* says. Tests of `tests/vectors.rs` and `tests/node/conformance.test.mjs` read",
    "the independent vectors beside the clone, and say that they are skipped where those are absent.",
    "",
    "| tests in | are run by the suite |",
    "|---|---|",
    ...SUITES.filter(({ files }) => tests.some(({ file }) => files.test(file))).map(
      ({ place, run }) => `| \`${place}\` | ${run} |`,
    ),
  ];
  for (const [letter, title] of Object.entries(sections)) {
    lines.push(
      "",
      `## ${letter}. ${title}`,
      "",
      "| case | what | expected | verdict | tests |",
      "|---|---|---|---|---|",
    );
    for (const { id, what, expected } of cases.filter(({ id }) => id.startsWith(letter))) {
      const named = tests.filter(({ ids }) => ids.includes(id));
      const verdict = named.length > 0 ? "holds" : `excepted: ${reasons.get(id)}`;
      lines.push(`| ${[id, what, expected, verdict].map(cell).join(" | ")} | ${listed(named)} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}

const cell = (text) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

/** Tests by file, one file a line. */
function listed(tests) {
  const files = [...new Set(tests.map(({ file }) => file))];
  const names = (file) => tests.filter((test) => test.file === file).map(({ name }) => cell(name.replaceAll("_", " ")));
  return files.map((file) => `\`${file}\`: ${[...new Set(names(file))].join("; ")}`).join("<br>");
}

function files(folder, ending) {
  if (!existsSync(path(folder))) return [];
  return readdirSync(path(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((file) => !file.includes("node_modules/"))
    .sort();
}

/** Reads the marks of all test sources. */
function scan() {
  const found = { tests: [], problems: [] };
  for (const file of [...files("src", /\.rs$/), ...files("tests", /\.(?:rs|mjs)$/)]) {
    const text = readFileSync(path(file), "utf8");
    const { tests, problems } = file.endsWith(".rs") ? rustTests(file, text) : nodeTests(file, text);
    found.tests.push(...tests);
    found.problems.push(...problems);
    if (tests.length > 0 && !suiteOf(file)) found.problems.push(`${file} holds marked tests, and no suite runs it`);
  }
  return found;
}

if (process.argv[1] === path("scripts", "conformance.mjs")) {
  await runMain(() => {
    const catalogue = JSON.parse(readFileSync(path(CATALOGUE), "utf8"));
    const exceptions = JSON.parse(readFileSync(path(EXCEPTIONS), "utf8")).catalogue;
    const { tests, problems } = scan();
    problems.push(...contradictions(catalogue.cases, tests, exceptions));
    if (problems.length > 0) throw new Trouble(`conformance:\n  ${problems.join("\n  ")}`);
    const text = page(catalogue, tests, exceptions);
    if (!process.argv.includes("--check")) {
      mkdirSync(path("docs"), { recursive: true });
      writeFileSync(path(PAGE), text);
      console.log(`wrote ${PAGE}: ${catalogue.cases.length} cases, ${tests.length} tests`);
    } else if (!existsSync(path(PAGE)) || readFileSync(path(PAGE), "utf8") !== text) {
      throw new Trouble(`${PAGE} is not what the tests say: run npm run conformance, and commit it`);
    }
  });
}
