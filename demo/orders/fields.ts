// The gate's header fields, read as RFC 9651 structured fields: Strings, Display Strings and lists of them. What is not of
// that form reads as absent, never as a guess.

const STRING = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/;
const DISPLAY_STRING = /^%"((?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*)"/;

/** One String (`"Ann"`) or Display String (`%"Zo%c3%ab"`), or `null`. */
export function parseString(field: string | null): string | null {
  const item = field === null ? null : parseItem(field);
  return item !== null && item.rest === "" ? item.value : null;
}

/** A list of them; empty when the field is absent or malformed. */
export function parseStringList(field: string | null): string[] {
  const values: string[] = [];
  let rest = field ?? "";
  while (rest !== "") {
    const item = parseItem(rest);
    if (item === null) return [];
    values.push(item.value);
    if (item.rest !== "" && !/^[ \t]*,[ \t]*[^ \t]/.test(item.rest)) return [];
    rest = item.rest.replace(/^[ \t]*,[ \t]*/, "");
  }
  return values;
}

function parseItem(text: string): { value: string; rest: string } | null {
  const plain = STRING.exec(text);
  if (plain) return { value: plain[1]!.replace(/\\(["\\])/g, "$1"), rest: text.slice(plain[0].length) };
  const display = DISPLAY_STRING.exec(text);
  if (!display) return null;
  try {
    return { value: decodeURIComponent(display[1]!), rest: text.slice(display[0].length) };
  } catch {
    return null;
  }
}
