// The Workers' results as text: two tables, the cold start, what must hold. Pure; rounds, but never judges.

import { columns, digits, mustTable } from "../report.mjs";
import { PEERS } from "./results.mjs";

const percent = (part) => `${Math.round(part * 100)}%`;
const milliseconds = (microseconds) => digits(microseconds / 1000);

const HEAD = [
  "req/s",
  "±",
  "p50 ms",
  "p99 ms",
  "CPU µs",
  "±",
  "added µs",
  "p10",
  "p90",
  ...PEERS.map((p) => `of ${p}`),
];

/** The whole report. */
export function report({ environment, settings, tables, starts, mustHold }) {
  const { workerd, cpu, cores, os, load } = environment;
  const { rounds, seconds, tokens } = settings;
  return [
    `workerd ${workerd}, ${cpu} (${cores} cores), ${os}; load ${load.map((at) => at.toFixed(1)).join(" to ")}`,
    `${rounds} interleaved rounds of ${seconds} s a row, ${tokens} distinct tokens but where one is repeated`,
    ...tables.flatMap(({ title, rows }) => ["", ...columns([[title, ...HEAD], ...rows.map(cells)])]),
    "",
    "Medians over rounds. ±: the quartiles' distance, of the median. CPU: of the whole process, by its own accounting, a",
    "request. Added: to the do-nothing Worker's in the same round, given requests as long; what is denied is counted from",
    "the same as ES256. Of a peer: median of each round's ratio of what both add, for the same algorithm.",
    ...(starts ? ["", ...startTable(starts)] : []),
    "",
    ...mustTable(mustHold),
  ].join("\n");
}

function cells({ name, perSecond, p50, p99, cpu, added, ratios }) {
  return [
    name,
    digits(perSecond.median),
    percent(perSecond.spread),
    milliseconds(p50),
    milliseconds(p99),
    digits(cpu.median),
    percent(cpu.spread),
    ...(added ? [added.median, added.p10, added.p90].map((one) => signed(one)) : ["", "", ""]),
    ...PEERS.map((peer) => (ratios[peer] === undefined ? "" : ratios[peer].toFixed(2))),
  ];
}

/** What is added may be less than nothing. */
const signed = (number) => (number < 0 ? `-${digits(-number)}` : digits(number));

function startTable(starts) {
  const rows = Object.entries(starts).map(([name, { median, p10, p90, samples }]) => [
    name,
    ...[median, p10, p90].map(digits),
    String(samples),
  ]);
  return columns([["spawn of workerd to the first 200, ms", "median", "p10", "p90", "starts"], ...rows]);
}
