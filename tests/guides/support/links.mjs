// The links of a document and what is wrong with them. Opens no connection.

import { dirname, join } from "node:path";

/** Where documents may send a reader: hosts that keep their addresses. */
const HOSTS = ["docs.aws.amazon.com", "github.com", "hono.dev", "rustup.rs"];

/** Everything that a document links to, code left out. */
export function targets(text) {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "");
  const forms = [
    /\]\(([^)\s]+)\)/g,
    /^\[[^\]]+\]: (\S+)/gm,
    /<a href="([^"]*)"/g,
    /(?<![("])\b(https?:\/\/[^\s)>,]+)/g,
  ];
  return forms.flatMap((form) => [...prose.matchAll(form)].map(([, target]) => target));
}

/** What is wrong with the links of a document, a text each. `source` gives other documents, or `undefined`. */
export function faults(name, text, source) {
  const wrong = targets(text).filter((target) => !leads(name, text, target, source));
  return wrong.map((target) => `${name}: ${target}`);
}

function leads(name, text, target, source) {
  if (/^[a-z]+:/i.test(target)) return isKnown(target);
  const [file, anchor] = target.split("#");
  if (file.startsWith("/")) return false;
  const found = file === "" ? text : source(join(dirname(name), file));
  return found !== undefined && (anchor === undefined || anchors(found).has(anchor));
}

function isKnown(target) {
  const { protocol, hostname } = new URL(target);
  return protocol === "https:" && HOSTS.includes(hostname);
}

/** The anchors of a document as GitHub makes them: headings, a number behind those that stand twice, and what has an id. */
function anchors(text) {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
  const seen = new Map();
  const found = new Set([...prose.matchAll(/id="([^"]+)"/g)].map(([, id]) => id));
  for (const [, title] of prose.matchAll(/^#+ (.*)$/gm)) {
    const slug = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, "")
      .replaceAll(" ", "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    found.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return found;
}
