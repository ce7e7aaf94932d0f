// In a process of its own: what a core of some size takes to load, in time and memory, after each of its questions was asked.
// Prints JSON.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { path } from "../../scripts/project.mjs";
import { KINDS } from "../scale/worlds.mjs";
import { noteMemory } from "./wasm-memory.mjs";

const { kind, size } = JSON.parse(readFileSync(0, "utf8"));
const { config, asks } = KINDS[kind].world(size);
const text = JSON.stringify(config);

const wasm = noteMemory();
const { createGate, createVerifier } = await import(pathToFileURL(path("dist", "npm", "index.js")).href);
const isGate = KINDS[kind].make === "gate";
const make = isGate ? createGate : createVerifier;
// The module is there and warm before the clock starts.
const least = KINDS[kind].world(1).config;
make(least).close();

const heap = () => {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
};
const parsed = JSON.parse(text);
const before = heap();
const started = performance.now();
const core = make(parsed);
const loadMs = performance.now() - started;
for (const ask of asks) isGate ? core.checkSync(ask) : core.verifySync(ask);
const heapBytes = Math.max(0, heap() - before);
const wasmBytes = wasm.bytes();
core.close();
console.log(
  JSON.stringify({ loadMs, wasmBytes, heapBytes, textBytes: text.length, memoryBytes: wasmBytes + heapBytes }),
);
