// A guide as data: its steps in order, each a fenced block or a table of answers. Runs nothing; judge.mjs does.

/** The first cells of a table whose rows are requests and what the gate says of them. */
const ANSWERS = "| request | token | answer |";

/** What a block may be: its language, and what names it may have. */
const KINDS = [
  { kind: "module", language: "js", name: /^[\w-]+(?:\.test)?\.[cm]js$/, maySay: ["continued"] },
  { kind: "gate", language: "json", name: /^tollgate(?:-[\w-]+)?\.json$/ },
  { kind: "data", language: "json", name: /^[\w-]+\.json$/ },
  { kind: "lines", language: "jsonl", name: /^[\w-]+\.jsonl$/ },
  { kind: "types", language: "ts", name: /^[\w-]+\.ts$/ },
  { kind: "wrangler", language: "toml", name: /^wrangler\.toml$/ },
  { kind: "shell", language: "sh", name: /^$/ },
];

/**
 * The steps of a guide: `{ kind, name, body, line, title }`, `body` being the whole file, what it continues included.
 *
 * @throws Error for a block of an unknown kind, or one that is never closed
 */
export function steps(text) {
  const found = [...blocks(text), ...tables(text)].sort((one, other) => one.line - other.line);
  const files = new Map();
  return found.map((step) => {
    if (step.continued && !files.has(step.name))
      throw new Error(`line ${step.line}: ${step.name} is not there to be continued`);
    const body = step.continued ? `${files.get(step.name)}\n${step.body}` : step.body;
    if (step.name) files.set(step.name, body);
    return { ...step, body, title: `line ${step.line}: ${step.name || step.kind}` };
  });
}

function blocks(text) {
  const found = [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)];
  const fences = text.match(/^\s*(?:```|~~~)/gm) ?? [];
  if (fences.length !== 2 * found.length) throw new Error("a block is indented, or never closed");
  return found.map(({ 1: info, 2: body, index }) => {
    const line = lineAt(text, index);
    const [language, name = "", ...said] = info.trim().split(/\s+/);
    const known = KINDS.find((one) => one.language === language && one.name.test(name));
    if (!known || said.some((word) => !known.maySay?.includes(word)))
      throw new Error(`line ${line}: no known kind of block: ${info}`);
    return { kind: known.kind, name, body, line, continued: said.includes("continued") };
  });
}

function tables(text) {
  return [...text.matchAll(/^\|.*\n(?:\|.*\n)+/gm)]
    .filter(([table]) => table.startsWith(ANSWERS))
    .map(({ 0: table, index }) => ({ kind: "answers", name: "", body: table, line: lineAt(text, index) }));
}

const lineAt = (text, index) => text.slice(0, index).split("\n").length;

/** The files that a guide takes of others: `<!-- needs test-tokens.mjs of policies.md -->`. */
export function needs(text) {
  return [...text.matchAll(/^<!-- needs (\S+) of (\S+) -->$/gm)].map(([, file, guide]) => ({ file, guide }));
}

/** The last text that a guide gives a file. */
export function fileOf(text, name) {
  const last = steps(text).findLast((step) => step.name === name);
  if (!last) throw new Error(`there is no ${name}`);
  return last.body;
}

/** The rows of a table of answers: a request, its token's claims, or none, and what is to be said. */
export function answers(table) {
  return rows(table).map(([request, token, answer]) => {
    const [target, ...fields] = spans(request);
    const [method, url] = target.split(" ");
    const headers = Object.fromEntries(fields.map((field) => field.split(": ")));
    const [claims] = spans(token);
    return {
      method,
      url,
      headers,
      claims: claims === undefined ? undefined : JSON.parse(claims),
      answer: answer.replaceAll("`", ""),
    };
  });
}

/** The cells of a table, without its head. */
export function rows(table) {
  const lines = table.trim().split("\n").slice(2);
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What stands in code spans, in order. */
export const spans = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, span]) => span);
