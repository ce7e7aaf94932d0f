// Lays JSON out without reading it, so that what a reader would drop stays to be seen: duplicate members, odd numbers.

/** Deeper levels are not indented further: text of brackets alone would otherwise grow with its square. */
const MAX_INDENT = 24;

const SPACE = /\s/;

/** `text` with a line a member. Changes nothing but the space between the tokens of JSON, and takes any text. */
export function laidOut(text: string): string {
  const out: string[] = [];
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, MAX_INDENT))}`;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = endOfString(text, at);
      out.push(text.slice(at, end));
      at = end - 1;
    } else if (character === "{" || character === "[") {
      const next = afterSpace(text, at + 1);
      if (text.charAt(next) === (character === "{" ? "}" : "]")) {
        out.push(character, text.charAt(next));
        at = next;
      } else {
        depth += 1;
        out.push(character, line());
      }
    } else if (character === "}" || character === "]") {
      depth = Math.max(0, depth - 1);
      out.push(line(), character);
    } else if (character === ",") out.push(character, line());
    else if (character === ":") out.push(": ");
    else if (!SPACE.test(character)) out.push(character);
  }
  return out.join("");
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && SPACE.test(text.charAt(at))) at += 1;
  return at;
}

/** The position after the string that begins at `from`. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "\\") at += 1;
    else if (character === '"') return at + 1;
  }
  return text.length;
}
