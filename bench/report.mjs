// The results as text: one table of contenders, what happens once, what must hold. Pure; rounds, but never judges.

import { verdict } from "./musts.mjs";
import { ALGORITHMS } from "./tokens.mjs";

/** Three significant digits, without an exponent. */
export function digits(number) {
  if (number >= 100) return number.toFixed(0);
  return number.toFixed(number >= 10 ? 1 : 2);
}

const percent = (part) => `${Math.round(part * 100)}%`;
const KIB = 1024;

/** Columns padded to their widest cell; the first is aligned left, the others right, but text columns as told. */
export function columns(rows, left = [0]) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => [...(row[at] ?? "")].length)));
  const cell = (text, at) => {
    const space = " ".repeat(widths[at] - [...text].length);
    return left.includes(at) ? text + space : space + text;
  };
  return rows.map((row) =>
    widths
      .map((_, at) => cell(row[at] ?? "", at))
      .join("  ")
      .trimEnd(),
  );
}

/** The whole report. */
export function report(results) {
  const { environment, settings, rows, once, mustHold } = results;
  return [
    ...heading(environment, settings),
    "",
    ...contenderTable(rows),
    "",
    "µs: median over rounds of the mean of a verification. ±: the quartiles' distance, of the median. of native: median of",
    "each round's ratio to crypto.verify of the signature alone. Contenders marked * are async: each call is awaited before",
    "the next. Key cold: each verification is the first by its key in a new verifier; the import is not timed. No table:",
    "keys that were seen before, and for whose tables there is no room.",
    ...(once ? ["", ...onceLines(once)] : []),
    "",
    ...mustTable(mustHold),
  ].join("\n");
}

function heading(environment, { rounds, tokens, slice, tokenBytes }) {
  const { node, openssl, cpu, cores, os, load, kernel } = environment;
  const bytes = ALGORITHMS.map((algorithm) => `${algorithm} ${tokenBytes[algorithm]} bytes`).join(", ");
  return [
    `Node ${node}, OpenSSL ${openssl}, ${cpu} (${cores} cores), ${os}; load ${load.map((at) => at.toFixed(1)).join(" to ")}`,
    `${rounds} interleaved rounds of ${slice} of ${tokens} tokens (${bytes}); the package chooses ${kernel ?? "no kernel"}`,
  ];
}

function contenderTable(rows) {
  const head = ["", "checks", ...ALGORITHMS.flatMap((algorithm) => [`${algorithm} µs`, "±", "of native"])];
  const body = rows.map((row) => [
    row.async ? `${row.name} *` : row.name,
    row.checks,
    ...ALGORITHMS.flatMap((algorithm) => cells(row[algorithm])),
  ]);
  return columns([head, ...body], [0, 1]);
}

function cells(measured) {
  if (!measured) return ["", "", ""];
  return [digits(measured.median), percent(measured.spread), digits(measured.ratio)];
}

function onceLines({ start, tails, module, memoryPerWarmKeyBytes }) {
  const milliseconds = (of) => ALGORITHMS.map((algorithm) => digits(of(start[algorithm])));
  const starts = columns([
    [`median of ${start.ES256.processes} fresh processes, ms`, ...ALGORITHMS],
    ["import the package", ...milliseconds((run) => run.importMs)],
    ["instantiate: bytes to a verifier", ...milliseconds((run) => run.instantiateMs)],
    ["first verification, key cold", ...milliseconds((run) => run.firstMs)],
    ["second verification", ...milliseconds((run) => run.secondMs)],
    ["instantiate plus first", ...milliseconds((run) => run.startMs)],
  ]);
  const slow = columns([
    [`${tails[0].count} ES256 verifications by 100 new keys, µs`, "median", "p99", "p99.9", "slowest"],
    ...tails.map(({ contender, order, p50, p99, p999, slowest }) => [
      `${contender === "native" ? "crypto.verify, ieee-p1363" : "tollgate verifySync"}, keys ${order}`,
      ...[p50, p99, p999, slowest].map(digits),
    ]),
  ]);
  const perKey = ALGORITHMS.map((name) => `${name} ${digits(memoryPerWarmKeyBytes[name] / KIB)} KiB`).join(", ");
  return [
    ...starts,
    "",
    ...slow,
    "",
    `wasm: ${module.bytes} bytes, ${module.gzipBytes} with gzip -9; wasm memory a warm key: ${perKey}`,
  ];
}

export function mustTable(lines) {
  const amount = (number, unit) => (number === undefined ? "" : `${digits(number)}${unit ? ` ${unit}` : ""}`);
  const most = (number, unit) => (number === undefined ? "" : `<= ${amount(number, unit)}`);
  const body = lines.map((line) => [
    line.what,
    most(line.must, line.unit),
    most(line.aim, line.unit),
    amount(line.here, line.unit),
    line.here !== undefined && line.note ? `${verdict(line)} (${line.note})` : verdict(line),
  ]);
  return columns([["what must hold", "must", "aim", "here", ""], ...body], [0, 4]);
}
