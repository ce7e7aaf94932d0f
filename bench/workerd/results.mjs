// Samples to results: medians, and what each row adds to the do-nothing Worker of the same round. Pure.

import { band, median, summary } from "../statistics.mjs";
import { NOTHING } from "./rows.mjs";

/** Whose added CPU others' is divided by. */
export const PEERS = ["jose", "hono"];

/** µs of CPU that a row adds to the do-nothing Worker, round by round: what the machine did meanwhile hits both. */
export function addedOf(samples, { name, baseline }) {
  const nothing = samples[`${NOTHING}, ${baseline}`];
  return samples[name].map(({ cpu }, round) => cpu - nothing[round].cpu);
}

/** The median over rounds of the one row's added CPU divided by the other's, or undefined where one took no part. */
export function addedRatio(samples, row, peer) {
  const other = { name: `${peer}, ${row.baseline}`, baseline: row.baseline };
  if (samples[row.name] === undefined || samples[other.name] === undefined) return undefined;
  const [mine, its] = [addedOf(samples, row), addedOf(samples, other)];
  return median(mine.map((added, round) => added / its[round]));
}

/** One row of the table for each row that was measured. */
export function tableOf(rows, samples) {
  return rows.map((row) => {
    const each = (member) => samples[row.name].map((sample) => sample[member]);
    const isNothing = row.server === NOTHING;
    return {
      ...row,
      perSecond: summary(each("perSecond")),
      p50: median(each("p50")),
      p99: median(each("p99")),
      cpu: summary(each("cpu")),
      added: isNothing ? undefined : band(addedOf(samples, row)),
      ratios: Object.fromEntries(PEERS.map((peer) => [peer, isNothing ? undefined : addedRatio(samples, row, peer)])),
    };
  });
}
