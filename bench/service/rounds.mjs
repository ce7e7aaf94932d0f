// Rounds in which everything has one turn, in an order shuffled anew, so that a slow moment hits all. Judges nothing.

import { random } from "../../tests/node/support/mutate.mjs";
import { shuffled } from "../measure.mjs";

/**
 * @param arms each with a `name` and `turn()`, which gives samples or a promise of them
 * @param rounds how many
 * @param told called after each round, with how many there were
 * @returns the samples by name, in the order of their rounds
 */
export async function inRounds(arms, rounds, told = () => {}) {
  const next = random(1);
  const samples = Object.fromEntries(arms.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, turn } of shuffled(arms, next)) {
      // What the one before left behind is collected on nobody's time.
      globalThis.gc?.({ type: "minor" });
      samples[name].push(...(await turn()));
    }
    told(round + 1);
  }
  return samples;
}

/** An arm for calls that wait for nothing: one sample a turn, the mean of many, in µs. */
export function callArm(name, calls, call) {
  const turn = () => {
    const started = performance.now();
    for (let done = 0; done < calls; done += 1) call();
    return [((performance.now() - started) * 1000) / calls];
  };
  return { name, turn };
}
