// In a process of its own: what wasm memory a key takes once it is warm, and which bytes are compiled. Prints JSON.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { makeKey, makeSample, tollgateConfig } from "../tokens.mjs";
import { noteMemory } from "./wasm-memory.mjs";

const { directory, algorithm, keys: count, verifications } = JSON.parse(readFileSync(0, "utf8"));

const wasm = noteMemory();
const { createVerifier } = await import(pathToFileURL(join(directory, "index.js")).href);
const keys = Array.from({ length: count }, (_, i) => makeKey(algorithm, `memory-${i}`));

const kept = [];

/** The memory in use when these keys too have been imported and warmed. It grows in pages, so many keys share the error. */
function inUse(used) {
  const verifier = createVerifier(tollgateConfig({ keys: used.map(({ jwk }) => jwk) }));
  kept.push(verifier);
  for (const key of used) {
    const { token } = makeSample(key, 0);
    for (let i = 0; i < verifications; i += 1) verifier.verifySync(token);
  }
  return wasm.bytes();
}

// What is there for all keys, such as the generator's tables, is there after the first.
const one = inUse(keys.slice(0, 1));
const all = inUse(keys.slice(1));
for (const verifier of kept) verifier.close();
const module = Buffer.from(wasm.modules().at(-1));
console.log(
  JSON.stringify({
    perKeyBytes: (all - one) / (count - 1),
    moduleBytes: module.length,
    moduleGzipBytes: gzipSync(module, { level: 9 }).length,
  }),
);
