// What a zip's entry finds beside itself, and where its events go: the function's log. Logs no request that was let through.

import { readFileSync } from "node:fs";

/** `config`; `embeddedKeys` and `options` where the build wrote any. */
export const document = JSON.parse(readFileSync(new URL("tollgate.json", import.meta.url), "utf8"));

/** Writes a line of JSON. No event holds a token, a key or an unverified claim. */
export function report(event) {
  if (event.outcome !== "allow") console.log(JSON.stringify(event));
}
