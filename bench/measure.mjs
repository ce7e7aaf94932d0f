// Interleaved rounds: in each, every contender verifies the same slice of tokens, in an order shuffled anew. Judges nothing.

import { random } from "../tests/node/support/mutate.mjs";

/** Verifications before the first round: engines optimise, keys get their tables. */
const WARM_UP = 1024;
const WARM_UP_LIMIT_MS = 1500;
/** What takes a microsecond is optimised later than after so many of it. */
const WARM_UP_LEAST_MS = 200;

/**
 * Times the contenders of one algorithm over the rounds asked for; call it in turns for several algorithms.
 *
 * @returns an object whose `round(index)` runs one, and whose `times` holds µs per verification, by name and round
 */
export async function arena(contenders, samples, { slice, seed = 1 }) {
  const next = random(seed);
  const prepared = new Map();
  const times = Object.fromEntries(contenders.map(({ name }) => [name, []]));
  for (const contender of contenders) {
    const { prepare } = contender;
    if (!contender.batch) prepared.set(contender, prepare ? samples.map(prepare) : samples);
    await warmUp(contender, prepared.get(contender));
  }
  const slices = Math.max(1, Math.floor(samples.length / slice));
  return {
    times,
    async round(index) {
      const from = (index % slices) * slice;
      for (const contender of shuffled(contenders, next)) {
        const part = contender.batch?.(index) ?? prepared.get(contender).slice(from, from + slice);
        // What the one before left behind is collected on nobody's time.
        globalThis.gc?.({ type: "minor" });
        times[contender.name].push(await timed(contender, part));
      }
    },
  };
}

async function warmUp(contender, samples) {
  const started = performance.now();
  const elapsed = () => performance.now() - started;
  for (let done = 0; elapsed() < (done < WARM_UP ? WARM_UP_LIMIT_MS : WARM_UP_LEAST_MS); ) {
    const part = contender.batch?.(-2 - done) ?? samples;
    await timed(contender, part);
    done += part.length;
  }
}

/** µs per verification. An async contender is awaited before the next begins, as a request awaits it. */
async function timed({ async: awaits, verify }, samples) {
  let refused = 0;
  const started = performance.now();
  if (awaits) {
    for (const sample of samples) if (!(await verify(sample))) refused += 1;
  } else {
    for (const sample of samples) if (!verify(sample)) refused += 1;
  }
  const ended = performance.now();
  if (refused > 0) throw new Error("a contender refused a good token while it was timed");
  return ((ended - started) * 1000) / samples.length;
}

/** The list in another order, by a generator of tests/node/support/mutate.mjs. */
export function shuffled(list, next) {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i -= 1) {
    const j = next.below(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}
