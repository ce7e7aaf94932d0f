// In a process of its own: what wasm memory a key takes once it is warm, and which bytes are compiled. Prints JSON.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { makeKey, makeSample, tollgateConfig } from "../tokens.mjs";

const { directory, algorithm, keys: count, verifications } = JSON.parse(readFileSync(0, "utf8"));

// The package keeps its instance to itself, so what it makes is noted as it is made.
let bytes;
let memory;
WebAssembly.Module = new Proxy(WebAssembly.Module, {
  construct(target, [source]) {
    bytes = source;
    return new target(source);
  },
});
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, given) {
    const instance = new target(...given);
    memory = Object.values(instance.exports).find((exported) => exported instanceof WebAssembly.Memory) ?? memory;
    return instance;
  },
});

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
  return memory.buffer.byteLength;
}

// What is there for all keys, such as the generator's tables, is there after the first.
const one = inUse(keys.slice(0, 1));
const all = inUse(keys.slice(1));
for (const verifier of kept) verifier.close();
const module = Buffer.from(bytes);
console.log(
  JSON.stringify({
    perKeyBytes: (all - one) / (count - 1),
    moduleBytes: module.length,
    moduleGzipBytes: gzipSync(module, { level: 9 }).length,
  }),
);
