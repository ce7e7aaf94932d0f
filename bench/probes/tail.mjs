// In a process of its own: 10,000 verifications by keys that had no table when it began. Prints µs as one line of JSON.

import { verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { percentile } from "../statistics.mjs";
import { makeKey, makeSample, tollgateConfig } from "../tokens.mjs";

const { directory, contender, order, count } = JSON.parse(readFileSync(0, "utf8"));

/** As many as a key set may hold, so that tables are being built, and thrown out again, the whole time. */
const KEYS = Math.min(100, count);
const keys = Array.from({ length: KEYS }, (_, i) => makeKey("ES256", `tail-${i}`));
/** "in turn": every key at once. "one by one": a key is used alone until the next takes over. */
const keyOf = order === "in turn" ? (i) => keys[i % KEYS] : (i) => keys[Math.floor((i * KEYS) / count)];
const samples = Array.from({ length: count }, (_, i) => makeSample(keyOf(i), i));
const check = await checker();

const times = new Float64Array(count);
let refused = 0;
for (let i = 0; i < count; i += 1) {
  const begun = performance.now();
  if (!check(samples[i])) refused += 1;
  times[i] = (performance.now() - begun) * 1000;
}
if (refused > 0) throw new Error(`${refused} good tokens were refused`);
const [p50, p99, p999] = [0.5, 0.99, 0.999].map((q) => percentile(times, q));
console.log(JSON.stringify({ p50, p99, p999, slowest: percentile(times, 1) }));

async function checker() {
  if (contender === "native") return ({ input, signature, key }) => verify("sha256", input, options(key), signature);
  const { createVerifier } = await import(pathToFileURL(join(directory, "index.js")).href);
  const verifier = createVerifier(tollgateConfig({ keys: keys.map(({ jwk }) => jwk) }));
  return ({ token }) => verifier.verifySync(token);
}

function options({ publicKey }) {
  return { key: publicKey, dsaEncoding: "ieee-p1363" };
}
