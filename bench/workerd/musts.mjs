// What must hold in workerd, as ratios within one run. A judgement for readers, never a test.

import { median, pairedRatio } from "../statistics.mjs";
import { addedRatio } from "./results.mjs";
import { DENIED, TOLLGATE } from "./rows.mjs";

/**
 * Each line as in ../musts.mjs.
 *
 * @param alone samples of the table whose rows answer themselves
 * @param forwarding of the other
 * @param starts milliseconds by server, or undefined
 */
export function mustHold([alone, forwarding], starts) {
  const row = (traffic) => ({ name: `${TOLLGATE}, ${traffic}`, baseline: traffic });
  const added = (traffic, peer, must, aim) => ({
    what: `CPU added over the do-nothing Worker, ${traffic}, of ${peer}'s`,
    must,
    aim,
    here: addedRatio(alone, row(traffic), peer),
  });
  const denied = (samples, letThrough) => {
    const cpu = (traffic) => samples?.[row(traffic).name]?.map((sample) => sample.cpu);
    return DENIED.map((traffic) => ({
      what: `CPU denied, ${traffic}, of ${letThrough}, ES256`,
      must: 1,
      here: cpu(traffic) && pairedRatio(cpu(traffic), cpu("ES256")),
    }));
  };
  return [
    added("ES256", "jose", 0.6, 0.35),
    added("RS256", "jose", 0.7, 0.4),
    added("ES256", "hono", 0.5, 0.25),
    ...denied(alone, "allowed"),
    ...denied(forwarding, "forwarded"),
    {
      what: "cold start to the first answer, of jose's",
      must: 1.5,
      aim: 1,
      here: starts?.jose && starts[TOLLGATE] && median(starts[TOLLGATE]) / median(starts.jose),
    },
  ];
}
