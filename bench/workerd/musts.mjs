// What must hold in workerd, as ratios within one run. A judgement for readers, never a test.

import { median, pairedRatio } from "../statistics.mjs";
import { addedRatio } from "./results.mjs";
import { DENIED, TOLLGATE } from "./rows.mjs";

/**
 * Each line as in ../musts.mjs.
 *
 * @param samples of the table whose rows answer themselves
 * @param starts milliseconds by server, or undefined
 */
export function mustHold(samples, starts) {
  const row = (traffic) => ({ name: `${TOLLGATE}, ${traffic}`, baseline: traffic });
  const added = (traffic, peer, must, aim) => ({
    what: `CPU added over the do-nothing Worker, ${traffic}, of ${peer}'s`,
    must,
    aim,
    here: addedRatio(samples, row(traffic), peer),
  });
  const cpu = (name) => samples[name]?.map((sample) => sample.cpu);
  const allowed = cpu(row("ES256").name);
  const denied = DENIED.map((traffic) => {
    const one = cpu(row(traffic).name);
    return { what: `CPU denied, ${traffic}, of allowed, ES256`, must: 1, here: one && pairedRatio(one, allowed) };
  });
  return [
    added("ES256", "jose", 0.6, 0.35),
    added("RS256", "jose", 0.7, 0.4),
    added("ES256", "hono", 0.5, 0.25),
    ...denied,
    {
      what: "cold start to the first answer, of jose's",
      must: 1.5,
      aim: 1,
      here: starts?.jose && starts[TOLLGATE] && median(starts[TOLLGATE]) / median(starts.jose),
    },
  ];
}
