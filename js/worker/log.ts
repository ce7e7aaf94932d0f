// The event hook of the Worker is its log. No event holds a token, a key or an unverified claim; allowed
// requests are not logged.

import type { TollgateEvent } from "../hooks.ts";
import type { TokensEvent } from "../tokens/events.ts";

/** Writes a line of JSON. */
export function report(event: TollgateEvent | TokensEvent): void {
  console.log(JSON.stringify(event));
}

/** Unix seconds. The clock stands still outside requests, so it is read at each question. */
export function now(): number {
  return Date.now() / 1000;
}
