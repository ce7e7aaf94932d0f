// A JSON text as a tree with places: which line and column a member stands at, and where the text is not strict JSON. Judges no meaning.

import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

/** The way from the document to a value: names of members and positions in arrays. */
export type Way = readonly (string | number)[];

/** A line and a column, both from 1, the column in characters as editors count them. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something that is wrong with the text itself. */
export interface TextFault {
  readonly way: Way;
  readonly place: Place;
  readonly problem: string;
  readonly mend: string;
}

/** What each of the parser's faults means, and what to write instead. */
const FAULTS: Readonly<Record<string, readonly [problem: string, mend: string]>> = {
  InvalidSymbol: ["no JSON value", "write a text in double quotes, a number, true, false, null, an array or an object"],
  InvalidNumberFormat: ["no JSON number", "write it without a sign + and without leading zeros"],
  PropertyNameExpected: [
    "expected a member's name",
    "write it in double quotes, and take out a comma that nothing follows",
  ],
  ValueExpected: ["expected a value", "write one, or take out a comma that nothing follows"],
  ColonExpected: ["expected a colon", 'write "name": value'],
  CommaExpected: ["expected a comma", "put a comma after the value before this"],
  CloseBraceExpected: ["expected }", "close the object"],
  CloseBracketExpected: ["expected ]", "close the array"],
  EndOfFileExpected: ["something stands after the document", "take it out: a configuration is one object"],
  InvalidCommentToken: ["a comment, which JSON has not", "take it out"],
  UnexpectedEndOfComment: ["a comment that does not end", "take it out"],
  UnexpectedEndOfString: ["a text that does not end", "close it with a double quote on the same line"],
  UnexpectedEndOfNumber: ["a number that does not end", "write all its digits"],
  InvalidUnicode: ["an escape that is none", "write \\u and four hexadecimal digits"],
  InvalidEscapeCharacter: ["an escape that is none", "write \\\\ for a backslash"],
  InvalidCharacter: ["a character that must be escaped", "write \\n for a line break and \\t for a tab"],
};

/** After these the rest is read as it was meant. */
const HARMLESS = ["InvalidCommentToken", "CommaExpected", "InvalidEscapeCharacter", "InvalidNumberFormat"];

/** A text, read as far as it can be. */
export class Text {
  readonly text: string;
  readonly root: Node | undefined;
  readonly faults: readonly TextFault[];
  /** Whether what follows the last of the faults may have been read wrongly. */
  isBroken = false;
  readonly #lines: readonly number[];

  constructor(text: string) {
    this.text = text.replace(/^\uFEFF/, "");
    this.#lines = lineStarts(this.text);
    const tooDeep = depthFault(this.text);
    if (tooDeep !== undefined) {
      const [problem, mend] = ["more levels than any configuration has", "close what is open before this"];
      this.isBroken = true;
      this.root = undefined;
      this.faults = [{ way: [], place: this.#place(tooDeep), problem, mend }];
      return;
    }
    const errors: ParseError[] = [];
    this.root = parseTree(this.text, errors, { disallowComments: true, allowTrailingComma: false });
    const syntax = this.#syntax(errors);
    const mark = {
      way: [],
      place: { line: 1, column: 1 },
      problem: "a byte order mark",
      mend: "save it as UTF-8 without one",
    };
    this.faults = [...(text === this.text ? [] : [mark]), ...syntax, ...(this.isBroken ? [] : this.#twice())].sort(
      (one, other) => one.place.line - other.place.line || one.place.column - other.place.column,
    );
  }

  /** The document; of a member that stands twice, the last. `undefined` when there is none. */
  value(): unknown {
    return this.root === undefined ? undefined : plainOf(this.root);
  }

  /** Where a value stands, or, with `name`, the name before it. What is not there has the place of what it would be in. */
  at(way: Way, part: "value" | "name" = "value"): Place {
    for (let length = way.length; this.root !== undefined && length > 0; length -= 1) {
      const node = findNodeAtLocation(this.root, [...way.slice(0, length)]);
      if (node === undefined) continue;
      const name = node.parent?.type === "property" ? node.parent.children?.[0] : undefined;
      return this.#place(part === "name" && length === way.length && name !== undefined ? name.offset : node.offset);
    }
    return this.#place(this.root?.offset ?? 0);
  }

  #place(offset: number): Place {
    let [low, high] = [0, this.#lines.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lines[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.#lines[low] ?? 0) + 1 };
  }

  /** What is no JSON, up to the first fault after which nobody knows what was meant. */
  #syntax(errors: readonly ParseError[]): TextFault[] {
    const faults: TextFault[] = [];
    let before = -1;
    for (const { error, offset } of errors) {
      const code = printParseErrorCode(error);
      const place = this.#place(offset);
      // One mistake often makes several errors at one place, or one after another on one line.
      if (place.line === before) continue;
      before = place.line;
      const [problem, mend] = FAULTS[code] ?? ["no JSON", "write strict JSON"];
      faults.push({ way: this.#wayAt(offset), place, problem, mend });
      const isCommaTooMany = /^(?:PropertyName|Value)Expected$/.test(code) && /[}\]]/.test(this.text[offset] ?? "");
      if (!isCommaTooMany && !HARMLESS.includes(code)) {
        this.isBroken = true;
        break;
      }
    }
    return faults;
  }

  /** The members whose name an earlier one of the same object has. */
  #twice(): TextFault[] {
    const faults: TextFault[] = [];
    const visit = (node: Node, way: Way): void => {
      const names = new Set<string>();
      for (const [index, child] of (node.children ?? []).entries()) {
        if (node.type === "array") visit(child, [...way, index]);
        const [name, value] = child.type === "property" ? (child.children ?? []) : [];
        if (name === undefined) continue;
        const inner = [...way, String(name.value)];
        if (names.has(name.value)) {
          const mend = "keep one of the two: readers do not agree on which counts";
          faults.push({ way: inner, place: this.#place(name.offset), problem: "stands twice in one object", mend });
        }
        names.add(name.value);
        if (value !== undefined) visit(value, inner);
      }
    };
    if (this.root !== undefined) visit(this.root, []);
    return faults;
  }

  /** The innermost value around an offset. */
  #wayAt(offset: number): Way {
    const way: (string | number)[] = [];
    let node = this.root;
    while (node !== undefined) {
      const parent: Node = node;
      const index = (parent.children ?? []).findIndex(
        (child) => offset >= child.offset && offset <= child.offset + child.length,
      );
      const child = parent.children?.[index];
      if (child === undefined) break;
      if (parent.type === "array") way.push(index);
      const [name, value] = child.type === "property" ? (child.children ?? []) : [];
      if (name !== undefined) way.push(String(name.value));
      node = child.type === "property" ? value : child;
    }
    return way;
  }
}

/** Where a text opens its hundredth level: a reader that goes down with it would run out of stack. The core takes 32. */
function depthFault(text: string): number | undefined {
  let depth = 0;
  for (const { 0: found, index } of text.matchAll(/"(?:[^"\\\n]|\\.)*"|[[\]{}]/g)) {
    if (found === "[" || found === "{") depth += 1;
    else if (found === "]" || found === "}") depth -= 1;
    if (depth > 100) return index;
  }
  return undefined;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** As the core writes a member: `rules[2].path`, and `["api.acme.com"]` for a name that a dot would not do for. */
export function memberOf(way: Way): string {
  let text = "";
  for (const step of way) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[\w$*:-]+$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** The way that the core's name of a member means in `document`: a host's name has dots of its own, so what is there decides. */
export function wayOf(member: string, document: unknown): Way {
  const way: (string | number)[] = [];
  let value = document;
  let rest = member;
  while (rest !== "") {
    const step = firstStep(rest, value);
    way.push(step.step);
    rest = rest.slice(step.length);
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[step.step] : undefined;
  }
  return way;
}

function firstStep(rest: string, value: unknown): { step: string | number; length: number } {
  const dot = rest.startsWith(".") ? 1 : 0;
  const index = /^\[(\d+)\]/.exec(rest);
  if (index?.[1] !== undefined) return { step: Number(index[1]), length: index[0].length };
  const quoted = /^\["((?:[^"\\]|\\.)*)"\]/.exec(rest);
  if (quoted?.[1] !== undefined) return { step: quoted[1], length: quoted[0].length };
  const name = rest.slice(dot);
  const names = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  const ends = (known: string) => name === known || /^[.[]/.test(name.slice(known.length));
  const known = names
    .filter((one) => one !== "" && name.startsWith(one) && ends(one))
    .sort((a, b) => b.length - a.length)[0];
  const step = known ?? /^[^.[]+/.exec(name)?.[0] ?? name;
  return { step, length: dot + step.length };
}

/** What stands there in a document; `undefined` where nothing does. */
export function valueAt(document: unknown, way: Way): unknown {
  let value = document;
  for (const step of way) {
    value = typeof value === "object" && value !== null ? (value as Record<string | number, unknown>)[step] : undefined;
  }
  return value;
}

/** The same for every element of an array: `rules[].path`. */
export function kindOf(way: Way): string {
  return way.map((step, at) => (typeof step === "number" ? "[]" : at === 0 ? step : `.${step}`)).join("");
}

/** What a tree says, on objects without a prototype: `__proto__` is a name like any other. */
function plainOf(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(plainOf);
  if (node.type !== "object") return node.value;
  const object: Record<string, unknown> = Object.create(null);
  for (const { children: [name, value] = [] } of node.children ?? []) {
    if (name !== undefined && value !== undefined) object[String(name.value)] = plainOf(value);
  }
  return object;
}
