// In a process of its own: a function from nothing to its first decision, and then decisions of an instance that is warm. Prints
// milliseconds and microseconds as one line of JSON.

const { readFileSync } = process.getBuiltinModule("node:fs");
// What AWS's runtime client has loaded before the function is, in the way it does: nobody's start is charged for them. To import
// them as modules would load much more, TLS and cryptography among it, and charge nobody for that either.
for (const name of ["http", "net", "path", "worker_threads"]) process.getBuiltinModule(`node:${name}`);

const { url, events, warm } = JSON.parse(readFileSync(0, "utf8"));

const begun = performance.now();
const { handler } = await import(url);
const loaded = performance.now();
await handler(structuredClone(events[0]));
const first = performance.now();

/** A decision's time, on average over `count` events, none of which was seen before: handlers change what they are given. */
async function average(count) {
  const given = Array.from({ length: count }, (_, index) => structuredClone(events[index % events.length]));
  const from = performance.now();
  for (const event of given) await handler(event);
  return ((performance.now() - from) / count) * 1000;
}

// As long again before it, so that the engine has compiled what it will.
if (warm > 0) await average(warm);
console.log(
  JSON.stringify({ loadMs: loaded - begun, firstMs: first - loaded, warmUs: warm > 0 ? await average(warm) : null }),
);
