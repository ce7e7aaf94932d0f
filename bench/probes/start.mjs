// In a process of its own: from nothing to the first verified token. Prints milliseconds as one line of JSON.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { directory, config, tokens } = JSON.parse(readFileSync(0, "utf8"));
const index = pathToFileURL(join(directory, "index.js")).href;

const begun = performance.now();
const tollgate = await import(index);
const imported = performance.now();
const verifier = tollgate.createVerifier(config);
const ready = performance.now();
verifier.verifySync(tokens[0]);
const first = performance.now();
verifier.verifySync(tokens[1]);
const second = performance.now();

console.log(
  JSON.stringify({
    importMs: imported - begun,
    instantiateMs: ready - imported,
    firstMs: first - ready,
    secondMs: second - first,
    kernel: tollgate.kernel?.() ?? null,
  }),
);
