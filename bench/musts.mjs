// What must hold of the numbers, as ratios within one run, and whether it does. A judgement for readers, never a test.

import { CACHED } from "./contenders/fast-jwt.mjs";
import { LOCAL_KEY_SET } from "./contenders/jose.mjs";
import { AS_IT_STANDS, BASELINE } from "./contenders/native.mjs";
import { REPEATED, tablelessName, warmName } from "./contenders/tollgate.mjs";
import { pairedRatio } from "./statistics.mjs";

const KIB = 1024;

/** The ratio of two contenders of one algorithm, or undefined where one of them took no part. */
export function ratioOf(times, algorithm, name, baseline) {
  const [samples, base] = [times[algorithm]?.[name], times[algorithm]?.[baseline]];
  return samples?.length > 0 && base?.length > 0 ? pairedRatio(samples, base) : undefined;
}

/**
 * Each line: `what`, `must` and `aim` (the most it may be), `unit`, `here` (undefined when not measured), `note`.
 *
 * @param times µs by algorithm, contender and round
 * @param once what measureOnce found, or undefined
 * @param kernel the kernel that the package chooses here
 */
export function mustHold(times, once, kernel) {
  const [warm, tableless] = [warmName(kernel), tablelessName(kernel)];
  const versus = (algorithm, name, baseline) => ratioOf(times, algorithm, name, baseline);
  const joined = (name) => {
    const other = versus("ES256", name, AS_IT_STANDS);
    return other === undefined ? undefined : `${other.toFixed(2)} of it with ieee-p1363`;
  };
  const tail = once?.tails.filter(({ contender }) => contender === "tollgate").map(({ p999 }) => p999 / 1000);
  return [
    {
      what: "ES256 verifySync, warm key, of native crypto.verify",
      must: 0.5,
      aim: 0.3,
      here: versus("ES256", warm, BASELINE),
      note: joined(warm),
    },
    { what: "ES256, warm key, of jose jwtVerify", must: 0.17, aim: 0.12, here: versus("ES256", warm, LOCAL_KEY_SET) },
    {
      what: "RS256 2048 verifySync, of native crypto.verify",
      must: 1.5,
      aim: 1,
      here: versus("RS256", warm, BASELINE),
    },
    { what: "RS256 2048, of jose jwtVerify", must: 0.33, aim: 0.2, here: versus("RS256", warm, LOCAL_KEY_SET) },
    {
      what: "ES256, key without a table, of native crypto.verify",
      must: 1.5,
      aim: 1,
      here: versus("ES256", tableless, BASELINE),
      note: joined(tableless),
    },
    ...["ES256", "RS256"].map((algorithm) => ({
      what: `${algorithm}, repeated token, cache, of fast-jwt's cache hit`,
      must: 0.5,
      aim: 0.2,
      here: versus(algorithm, REPEATED, CACHED),
    })),
    {
      what: `p99.9 of ${once?.tails[0]?.count ?? "10000"} while tables are built`,
      must: 1,
      unit: "ms",
      here: tail && Math.max(...tail),
    },
    {
      what: "wasm, gzipped",
      must: 96,
      aim: 48,
      unit: "KiB",
      here: once && once.module.gzipBytes / KIB,
    },
    {
      what: "instantiate plus first verification (ES256)",
      must: 10,
      aim: 4,
      unit: "ms",
      here: once?.start.ES256.startMs,
    },
  ];
}

/** One word of judgement. */
export function verdict({ must, aim, here }) {
  if (here === undefined) return "not measured";
  if (here > must) return "does not hold";
  if (aim === undefined || here > aim) return "holds";
  return "holds, and the aim too";
}
