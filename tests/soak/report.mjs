// What a soak came to, as text. Pure; rounds, and judges nothing.

import { faultsOf } from "./run.mjs";

const mib = (bytes) => (bytes === undefined ? "not measured" : `${(bytes / 1024 / 1024).toFixed(1)} MiB`);

export function report(result) {
  const { seconds, tenants, sent, refreshes, counts, wrong, wrongCount, lost, fetches, rotations, faults, memory } =
    result;
  const problems = faultsOf(result);
  return [
    `${seconds.toFixed(0)} s, ${tenants} tenants: ${sent} requests (${Math.round(sent / seconds)} a second), ${refreshes} refreshes`,
    `${rotations} keys rotated, ${faults} faults of key servers, ${fetches} fetches of keys`,
    "",
    ...Object.entries(counts).map(([name, count]) => `${name.padEnd(24)}${String(count).padStart(9)}`),
    "",
    `wrong or lost answers: ${wrongCount}, of them lost: ${lost}`,
    ...wrong.map(({ at, tenant, what, ...rest }) => `  ${at} ${rest.case}, ${tenant}: ${what}`),
    `memory of workerd: ${mib(memory.first)} after it settled, ${mib(memory.last)} at the end, ${mib(memory.most)} at most${growthOf(memory)}`,
    ...seriesOf(memory.samples, seconds),
    "",
    problems.length === 0 ? "all is well" : `NOT WELL: ${problems.join("; ")}`,
  ].join("\n");
}

function growthOf({ growth, counts }) {
  if (growth === undefined) return "";
  return `; growth ${(growth * 100).toFixed(1)}%${counts ? "" : ", which a run this short does not judge"}`;
}

/** Ten points over the run. */
function seriesOf(samples, seconds) {
  const points = Array.from({ length: 10 }, (_, at) =>
    samples.findLast((sample) => sample.at <= ((at + 1) * seconds) / 10),
  );
  return [`  ${points.map((point) => (point ? `${point.at.toFixed(0)} s ${mib(point.bytes)}` : "")).join(", ")}`];
}
