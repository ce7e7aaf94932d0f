// Runs the test suites and sums them up, a line each. A suite that ran nothing has failed.

import { none } from "./counts.mjs";
import { inCI, path, runMain, seconds, Trouble } from "./project.mjs";
import { setUp } from "./setup.mjs";
import { SUITES } from "./suites.mjs";

/** Runs one suite to its counts; what stops it from running is its failure, and the others still run. `asked`: by its name. */
async function runSuite(name, asked) {
  const started = Date.now();
  console.log(`\n=== ${name} ===\n`);
  let counts;
  try {
    counts = await SUITES[name].run(asked);
  } catch (error) {
    console.error(error instanceof Trouble ? `tollgate: ${error.message}` : error);
    counts = { ...none(), failed: 1 };
  }
  return { name, ...judge(name, counts), time: seconds(started) };
}

/** Nothing run is a failure, and so is, in CI, whatever a test asked for and did not find. */
function judge(name, counts) {
  if (counts.passed + counts.failed + counts.skipped === 0) {
    console.error(`${name}: no test ran`);
    return { ...counts, failed: 1 };
  }
  if (inCI && counts.missing.length > 0) {
    const lost = Math.min(counts.skipped, counts.missing.length);
    return { ...counts, skipped: counts.skipped - lost, failed: counts.failed + lost };
  }
  return counts;
}

const words = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

function summary(results) {
  console.log("\n=== summary ===\n");
  for (const { name, missing } of results) {
    for (const reason of new Set(missing)) {
      const times = missing.filter((other) => other === reason).length;
      console.log(`${name}: ${inCI ? "FAILED" : "SKIPPED"}, ${reason} (${times} ${times === 1 ? "test" : "tests"})`);
    }
  }
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const result of results) {
    console.log(`${result.failed > 0 ? "✖" : "✔"} ${result.name}: ${words(result)} in ${result.time}`);
    for (const kind of Object.keys(total)) total[kind] += result[kind];
  }
  console.log(`\n${words(total)}`);
  return total.failed;
}

if (process.argv[1] === path("scripts", "test.mjs")) {
  await runMain(async () => {
    const asked = process.argv.slice(2);
    const unknown = asked.find((name) => !Object.hasOwn(SUITES, name));
    if (unknown) throw new Trouble(`there is no suite ${unknown}: take of ${Object.keys(SUITES).join(", ")}`);
    const names = asked.length > 0 ? asked : Object.keys(SUITES);
    for (const needs of new Set(names.map((name) => SUITES[name].needs))) await setUp(needs);
    const results = [];
    for (const name of names) results.push(await runSuite(name, asked.length > 0));
    return summary(results) > 0 ? 1 : 0;
  });
}
