// The results of sizes as text: one table, and what must hold. Pure; rounds, and judges nothing.

import { columns, digits, mustTable } from "../report.mjs";
import { KINDS } from "./worlds.mjs";

const MIB = 1024 * 1024;

export function report({ environment, settings, rows, mustHold }) {
  const { node, cpu, cores, os, load } = environment;
  return [
    `Node ${node}, ${cpu} (${cores} cores), ${os}; load ${load.map((at) => at.toFixed(1)).join(" to ")}`,
    `${settings.rounds} interleaved rounds of ${settings.calls} calls`,
    "",
    ...columns([
      ["", "how many", "µs", "±", "ratio", "to load, ms", "wasm, MiB", "JS, MiB", "text, MiB"],
      ...rows.map(cellsOf),
    ]),
    "",
    "µs: a verification or a decision, median over rounds of the least of a few slices; ±: the quartiles' distance, of the median; ratio: median of each",
    "round's ratio to the fewest. To load: from the configuration's text to the core. wasm: the module's whole memory after that, at",
    "its highest; JS: the heap beside it, the configuration's text included. ES256 keys beyond the room for tables are checked without.",
    "",
    ...mustTable(mustHold),
  ].join("\n");
}

function cellsOf({ kind, size, median, spread, ratio, loadMs, wasmBytes, heapBytes, textBytes }) {
  return [
    KINDS[kind].what,
    size.toLocaleString("en"),
    digits(median),
    `${Math.round(spread * 100)}%`,
    ratio.toFixed(2),
    digits(loadMs),
    ...[wasmBytes, heapBytes, textBytes].map((bytes) => digits(bytes / MIB)),
  ];
}
