// The results as an SVG for the README: bars of µs, readable in light and dark. Pure; uses no font but the reader's.

import { digits } from "./report.mjs";
import { ALGORITHMS } from "./tokens.mjs";

const WIDTH = 880;
const LABELS = 292;
const BARS = 400;
const ROW = 22;
const TOP = 82;
const BETWEEN = 46;

const STYLE = `
  .paper { fill: #ffffff } text { fill: #1f2328; font: 12px system-ui, sans-serif }
  .title { font-size: 16px; font-weight: 600 } .quiet { fill: #59636e } .strong { font-weight: 600 }
  .tollgate { fill: #0f7b6c } .native { fill: #59636e } .peer { fill: #a9b1ba } .line { stroke: #59636e }
  .value { paint-order: stroke; stroke: #ffffff; stroke-width: 3px } .cut { stroke: #ffffff; stroke-width: 2px }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } text { fill: #e6edf3 } .quiet { fill: #9198a1 }
    .tollgate { fill: #2bb3a0 } .native { fill: #9198a1 } .peer { fill: #545d68 } .line { stroke: #9198a1 }
    .value, .cut { stroke: #0d1117 }
  }`;

/** The picture of these results. */
export function picture({ environment, settings, rows }) {
  const bytes = ALGORITHMS.map((algorithm) => `${algorithm} ${settings.tokenBytes[algorithm]}`).join(", ");
  return draw(
    rows.filter((row) => row.picture !== false),
    {
      title: "Time to verify one token, µs (shorter is better)",
      label: "Microseconds to verify a token, by library",
      foot:
        `Node ${environment.node} on ${environment.cpu}. ${settings.rounds} interleaved rounds, ${settings.tokens} tokens` +
        ` (bytes: ${bytes}). In brackets: of crypto.verify, the line.`,
    },
  );
}

/** Bars of µs; each algorithm has a panel with a scale of its own. */
export function draw(rows, { title, label, foot }) {
  const panels = [];
  let y = TOP;
  for (const algorithm of ALGORITHMS) {
    const drawn = panel(algorithm, rows, y);
    panels.push(drawn.svg);
    y += drawn.height + BETWEEN;
  }
  const height = y;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${label}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    text(16, 28, title, "title"),
    text(16, 46, foot, "quiet"),
    ...panels,
    "</svg>\n",
  ].join("\n");
}

/** Fastest first. The scale ends at the slowest that is not a crate in wasm: those bars are broken. */
function panel(algorithm, rows, top) {
  const measured = rows.filter((row) => row[algorithm]).sort((a, b) => a[algorithm].median - b[algorithm].median);
  const inScale = measured.filter(({ group }) => group !== "crates");
  const most = Math.max(...(inScale.length > 0 ? inScale : measured).map((row) => row[algorithm].median));
  const native = rows.find((row) => row[algorithm]?.baseline);
  const x = (value) => LABELS + Math.min(value / most, 1) * BARS;
  const first = top + 16;
  const lines = measured.flatMap((row, i) => bar(row, row[algorithm], first + i * ROW, x, most));
  const height = 16 + measured.length * ROW;
  const mark = native ? [rule(x(native[algorithm].median), first, first + measured.length * ROW)] : [];
  return { svg: [text(16, top + 4, algorithm, "title"), ...mark, ...lines].join("\n"), height };
}

function bar(row, { median, ratio }, top, x, most) {
  const kind = ["tollgate", "native"].includes(row.group) ? row.group : "peer";
  const end = x(median);
  const middle = top + 13;
  const value = ratio === undefined ? `${digits(median)} µs` : `${digits(median)} µs (${digits(ratio)})`;
  const name = row.checks === "signature" ? `${row.name} (signature)` : row.name;
  const weight = kind === "tollgate" ? "strong" : "";
  return [
    text(LABELS - 8, middle, name, weight, "end"),
    `<rect class="${kind}" x="${LABELS}" y="${top + 2}" width="${(end - LABELS).toFixed(1)}" height="${ROW - 6}" rx="2"/>`,
    ...(median > most ? [0, 6].map((at) => slash(end - 22 + at, top)) : []),
    text(Number((end + 6).toFixed(1)), middle, value, `value ${weight}`.trim()),
  ];
}

/** A bar that would be longer than there is room for is broken by two of these. */
const slash = (x, top) => `<line class="cut" x1="${x + 6}" x2="${x}" y1="${top}" y2="${top + ROW - 2}"/>`;

const rule = (x, from, to) =>
  `<line class="line" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${from}" y2="${to}" stroke-dasharray="3 3"/>`;

function text(x, y, words, kind = "", anchor = "start") {
  const style = kind ? ` class="${kind}"` : "";
  const where = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `<text x="${x}" y="${y}"${style}${where}>${escaped(words)}</text>`;
}

const escaped = (words) => words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
