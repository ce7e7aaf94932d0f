// Seeded mutations of texts and JSON values. The same seed gives the same mutations, so a failure can be repeated.

/** A small generator (mulberry32): not for secrets. */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  /** An integer from 0 to `below` - 1. */
  next.below = (below) => Math.floor(next() * below);
  next.of = (list) => list[next.below(list.length)];
  return next;
}

const CHARACTERS = [
  ..."\0\t\n\r \"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~\x7f\x80\xa0\xff",
  "é",
  "\u2028",
  "\ufeff",
  "\ufffd",
  "\ud800",
  "\udfff",
  "😀",
  "\\u0000",
  "\\ud800",
  "%00",
  "%2e",
  "%2f",
  "%zz",
  "..",
  "//",
  "{*",
  "{",
  "null",
  "1e999",
  "9007199254740993",
  "-0",
  "[[",
  '"":',
  "a".repeat(300),
];

/** `text` with one to four small changes. */
export function mutateText(text, next) {
  let changed = text;
  for (let times = 1 + next.below(4); times > 0; times -= 1) {
    const at = next.below(changed.length + 1);
    const end = Math.min(changed.length, at + next.below(next() < 0.2 ? 200 : 4));
    const changes = [
      () => changed.slice(0, at) + next.of(CHARACTERS) + changed.slice(at),
      () => changed.slice(0, at) + next.of(CHARACTERS) + changed.slice(end),
      () => changed.slice(0, at) + changed.slice(end),
      () => changed.slice(0, end) + changed.slice(at),
      () => changed.slice(at) + changed.slice(0, at),
      () =>
        changed.slice(0, at) +
        String.fromCharCode(changed.charCodeAt(at) ^ (1 << next.below(7))) +
        changed.slice(at + 1),
    ];
    changed = next.of(changes)();
  }
  return changed;
}

const VALUES = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  -0,
  2 ** 53,
  301,
  "",
  "x",
  "__proto__",
  "*",
  "{tenant}",
  "/{*rest}",
  "ES256",
  "none",
  [],
  {},
  [[]],
  [null],
  ["ES256", "ES256"],
  { keys: [] },
  { all: [] },
  { __proto__: null, constructor: 1 },
  undefined,
  Number.NaN,
  10n,
  () => {},
  Symbol("s"),
  "a".repeat(5_000),
  "\ud800",
  Array.from({ length: 200 }, () => "x"),
];

/** A copy of the JSON value with one to three members replaced, removed, added, renamed or mutated as text. */
export function mutateValue(value, next) {
  const copy = structuredClone(value);
  for (let times = 1 + next.below(3); times > 0; times -= 1) mutateOne(copy, next);
  return copy;
}

function mutateOne(root, next) {
  let holder = root;
  for (;;) {
    const names = Object.keys(holder);
    if (names.length === 0) {
      holder[next.of(["0", "x", "path"])] = next.of(VALUES);
      return;
    }
    const name = next.of(names);
    const inner = holder[name];
    if (typeof inner === "object" && inner !== null && next() < 0.75) holder = inner;
    else return next.of([replace, remove, rename, edit, edit])(holder, name, next);
  }
}

function replace(holder, name, next) {
  holder[name] = next.of(VALUES);
}

function remove(holder, name) {
  if (Array.isArray(holder)) holder.splice(Number(name), 1);
  else delete holder[name];
}

function rename(holder, name, next) {
  holder[Array.isArray(holder) ? holder.length : mutateText(name, next)] = holder[name];
}

function edit(holder, name, next) {
  const value = holder[name];
  holder[name] = typeof value === "string" ? mutateText(value, next) : next.of(VALUES);
}
