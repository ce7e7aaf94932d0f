// What a zip's entry finds beside itself, and where its events go: the function's log. Logs no request that was let through.

// To import node:fs as a module makes all that it exports, streams among it, which takes milliseconds of each cold start.
const { readFileSync } = process.getBuiltinModule("node:fs");

/** `config`; `embeddedKeys` and `options` where the build wrote any. */
export const document = JSON.parse(readFileSync(`${import.meta.dirname}/tollgate.json`, "utf8"));

/** Writes a line of JSON. No event holds a token, a key or an unverified claim. */
export function report(event) {
  // That it allowed or that it started, with nothing amiss, is no news; and the first line takes a millisecond of a cold start.
  const isNews = event.outcome !== "allow" && !(event.type === "core_started" && !event.again);
  if (isNews) console.log(JSON.stringify(event));
}
