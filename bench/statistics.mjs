// Medians, quantiles and ratios of paired samples. Pure; invents no number where there are no samples.

/** The value below which a part `q` (0 to 1) of the samples lies, interpolated between neighbours. */
export function quantile(samples, q) {
  if (samples.length === 0) throw new RangeError("no samples");
  const sorted = Float64Array.from(samples).sort();
  const place = (sorted.length - 1) * q;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

export const median = (samples) => quantile(samples, 0.5);

/**
 * The sample that only a part `1 - q` of all exceed, never interpolated: what a latency percentile means.
 * The p99.9 of 10,000 samples is the eleventh slowest.
 */
export function percentile(samples, q) {
  if (samples.length === 0) throw new RangeError("no samples");
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

/** Median, and the distance between the quartiles as a part of it. */
export function summary(samples) {
  const middle = median(samples);
  return {
    median: middle,
    spread: (quantile(samples, 0.75) - quantile(samples, 0.25)) / middle,
    rounds: samples.length,
  };
}

/** Median, and between what most samples lie: the tenth and the ninetieth percentile. */
export function band(samples) {
  return { median: median(samples), p10: quantile(samples, 0.1), p90: quantile(samples, 0.9), samples: samples.length };
}

/**
 * The median of the ratios round by round. Each round's pair ran within a second of each other, so what the machine did
 * meanwhile hits both and cancels; the ratio of two medians would keep it.
 */
export function pairedRatio(samples, baseline) {
  if (samples.length !== baseline.length) throw new RangeError("unpaired samples");
  return median(samples.map((sample, round) => sample / baseline[round]));
}
