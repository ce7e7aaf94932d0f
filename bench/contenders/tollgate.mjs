// Tollgate as users get it, once for each kernel; the whole verification. Each runs in a package copy of its own, because
// a package holds one wasm instance, and cold keys and keys without tables in others, because instances bound their tables:
// they would push the warm key's out. main.mjs makes the copies. Reaches into nothing but `platformFor`.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Trouble } from "../../scripts/project.mjs";
import { makeKey, makeSample, tollgateConfig } from "../tokens.mjs";

export const KERNELS = { "relaxed-simd": "relaxed SIMD", simd: "SIMD", scalar: "scalar" };
export const warmName = (kernel) => `tollgate verifySync, ${KERNELS[kernel]}`;
export const coldName = (kernel) => `tollgate, ${KERNELS[kernel]}, key cold`;
export const tablelessName = (kernel) => `tollgate, ${KERNELS[kernel]}, no table`;
export const REPEATED = "tollgate, repeated token, cache";

/** Room for the table of the curve's base point, and for no key's. */
const ONE_TABLE = 256 * 1024;

/** RSA keys take long to make, and nothing of one is kept from verifier to verifier: they serve every round. */
const COLD_RSA_KEYS = 16;
/** A key set holds at most 100. */
const COLD_KEYS = 64;

export async function contenders(algorithm, { jwks, samples }, { packages, slice, tokens }) {
  const cold = coldKeys(algorithm, Math.min(slice, tokens));
  const list = [];
  for (const kernel of Object.keys(KERNELS)) {
    const createVerifier = await verifierMaker(packages(kernel), kernel);
    const warm = createVerifier(tollgateConfig(jwks));
    const verify = ({ token }) => warm.verifySync(token).claims;
    list.push({ name: warmName(kernel), checks: "whole", verify });
    const another = await verifierMaker(packages(`${kernel}-cold`), kernel);
    list.push(coldContender(coldName(kernel), another, cold));
    if (algorithm === "ES256") list.push(await tablelessContender(kernel, packages(`${kernel}-no-table`), cold(0)));
  }
  list.push(await repeatedContender(packages("cache"), jwks, samples[algorithm]));
  return list;
}

/**
 * `createVerifier` bound to one kernel.
 *
 * @throws Trouble when the build has no such kernel, or another one runs
 */
export async function verifierMaker(directory, kernel) {
  const load = (name) => import(pathToFileURL(join(directory, name)).href);
  const missing = () => new Trouble(`kernel ${kernel} is not in this build`);
  if (!existsSync(join(directory, "kernel.js"))) throw missing();
  const [{ platformFor }, { verifierFor }, index] = await Promise.all(
    ["kernel.js", "verifier.js", "index.js"].map(load),
  );
  if (typeof platformFor !== "function") throw missing();
  const createVerifier = verifierFor(platformFor(kernel));
  // Starts the instance, so that what runs can be asked.
  createVerifier(tollgateConfig({ keys: [makeKey("ES256", "start").jwk] })).close();
  const running = index.kernel?.();
  if (running !== kernel) throw new Trouble(`kernel ${kernel} was asked for, but ${running} runs`);
  return createVerifier;
}

/**
 * Each verification is the first by its key in its verifier, so there is no table that could help. Importing the keys is
 * not timed: a key set is imported when it is fetched.
 */
function coldContender(name, createVerifier, cold) {
  let verifier;
  return {
    name,
    checks: "whole",
    picture: name === coldName("relaxed-simd"),
    /** A new verifier, and one token by each of its keys. */
    batch(round) {
      const samples = cold(round);
      verifier?.close();
      verifier = createVerifier(tollgateConfig({ keys: samples.map(({ key }) => key.jwk) }));
      return samples;
    },
    verify: ({ token }) => verifier.verifySync(token).claims,
  };
}

/** Tokens that were seen before, with as much room for them as fast-jwt's cache is given. */
async function repeatedContender(directory, jwks, samples) {
  const { createVerifier } = await import(pathToFileURL(join(directory, "index.js")).href);
  const verifiedTokenCache = { entries: 4 * samples.length, seconds: 3600 };
  const verifier = createVerifier({ ...tollgateConfig(jwks), verifiedTokenCache });
  return {
    name: REPEATED,
    checks: "whole but signature: seen before",
    picture: false,
    verify: ({ token }) => verifier.verifySync(token).claims,
  };
}

/** Keys that have been seen before and for whose tables there is no room. */
async function tablelessContender(kernel, directory, samples) {
  const createVerifier = await verifierMaker(directory, kernel);
  const { limitTables } = await import(pathToFileURL(join(directory, "index.js")).href);
  limitTables(ONE_TABLE);
  const verifier = createVerifier(tollgateConfig({ keys: samples.map(({ key }) => key.jwk) }));
  // The base point's table is made a window at a time.
  for (let i = 0; i < 128; i += 1) verifier.verifySync(samples[i % samples.length].token);
  return {
    name: tablelessName(kernel),
    checks: "whole",
    batch: () => samples,
    verify: ({ token }) => verifier.verifySync(token).claims,
  };
}

/** Keys that no earlier round has used, for ES256; the same for every kernel, as each has its own instance. */
function coldKeys(algorithm, slice) {
  const count = Math.min(slice, algorithm === "RS256" ? COLD_RSA_KEYS : COLD_KEYS);
  const fresh = () => Array.from({ length: count }, (_, i) => makeSample(makeKey(algorithm, `cold-${i}`), i));
  let last = {};
  return (round) => {
    const stale = algorithm === "ES256" ? last.round !== round : last.samples === undefined;
    if (stale) last = { round, samples: fresh() };
    return last.samples;
  };
}
