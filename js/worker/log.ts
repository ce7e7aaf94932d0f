// The event hook of the Worker is its log. No event holds a token, a key or an unverified claim; allowed
// requests are not logged.

import type { DecisionEvent, TollgateEvent } from "../hooks.ts";
import type { TokensEvent } from "../tokens/events.ts";

/** Writes a line of JSON. */
export function report(event: TollgateEvent | TokensEvent): void {
  console.log(JSON.stringify(event));
}

/** Lines about decisions at once, and how many more a second: a flood must not cost a line each. */
const LINES_AT_ONCE = 200;
const LINES_PER_SECOND = 20;

let lines = LINES_AT_ONCE;
let linesAt = 0;
/** Refusals since the last line that had none. */
let unlogged = 0;

/** Writes a line about a refusal, or counts it for the next line where there were too many. */
export function reportDecision(event: DecisionEvent): void {
  const time = now();
  // A clock that steps back gives nothing.
  lines = Math.min(LINES_AT_ONCE, lines + Math.max(0, time - linesAt) * LINES_PER_SECOND);
  linesAt = time;
  if (lines < 1) {
    unlogged += 1;
    return;
  }
  lines -= 1;
  console.log(JSON.stringify(unlogged === 0 ? event : { ...event, unlogged }));
  unlogged = 0;
}

/** Unix seconds. The clock stands still outside requests, so it is read at each question. */
export function now(): number {
  return Date.now() / 1000;
}
