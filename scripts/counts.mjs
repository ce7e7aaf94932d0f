// Reads how many tests passed, failed and were skipped out of what the real runners print. Believes no exit code alone.

/** A skip whose reason begins with this is an absent prerequisite: tolerated on a desk, a failure in CI. */
const MISSING = /^missing\b/i;
/** What a test prints when it cannot run here. One such line stands for one test that its runner calls passed. */
const SKIPPED_LINE = /^(?:\s*(?:console\.\w+\s*[:\s])?\s*)SKIPPED: (.*)$/gm;

/** @typedef {{ passed: number, failed: number, skipped: number, missing: string[] }} Counts */

/** @returns {Counts} */
export function none() {
  return { passed: 0, failed: 0, skipped: 0, missing: [] };
}

/** @returns {Counts} the sum */
export function add(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    missing: [...a.missing, ...b.missing],
  };
}

/**
 * `cargo test` and wasm-bindgen's runner: one `test result:` line for each binary.
 *
 * @returns {Counts}
 */
export function cargoCounts(output) {
  let counts = none();
  const line = /^test result: \S+\. (\d+) passed; (\d+) failed; (\d+) (?:ignored|skipped)/gm;
  for (const [, passed, failed, skipped] of plain(output).matchAll(line)) {
    counts = add(counts, { passed: +passed, failed: +failed, skipped: +skipped, missing: [] });
  }
  for (const [, reason] of plain(output).matchAll(SKIPPED_LINE)) {
    counts.passed -= 1;
    counts.skipped += 1;
    if (MISSING.test(reason)) counts.missing.push(reason.trim());
  }
  return counts;
}

/**
 * `node --test` with the TAP reporter: the totals at its end. Suites are not tests, and todo is not passed.
 *
 * @returns {Counts}
 */
export function nodeCounts(output) {
  const text = plain(output);
  // The last is node's own: a test may have printed such a line before.
  const total = (name) => Number([...text.matchAll(new RegExp(`^# ${name} (\\d+)$`, "gm"))].at(-1)?.[1] ?? 0);
  const missing = [...text.matchAll(/# SKIP (.*)$/gm)].map(([, reason]) => reason.trim());
  return {
    passed: total("pass"),
    failed: total("fail") + total("cancelled"),
    skipped: total("skipped") + total("todo"),
    missing: missing.filter((reason) => MISSING.test(reason)),
  };
}

/** The text without terminal colours. */
function plain(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}
