// The Workers' results as an SVG: what each adds to the CPU of a request. Pure; the drawing is ../picture.mjs's.

import { draw } from "../picture.mjs";
import { TOLLGATE } from "./rows.mjs";

/** A panel an algorithm, of the rows that answer themselves and are let through. */
export function picture({ environment, settings, tables: [{ rows }] }) {
  const bars = new Map();
  for (const { server, traffic, added, ratios } of rows) {
    if (added === undefined || !["ES256", "RS256"].includes(traffic)) continue;
    const bar = bars.get(server) ?? { name: server, group: server === TOLLGATE ? "tollgate" : "peer" };
    bar[traffic] = { median: added.median, ratio: ratios.jose, baseline: server === "jose" };
    bars.set(server, bar);
  }
  return draw([...bars.values()], {
    title: "CPU added to a request by judging its token, µs (shorter is better)",
    label: "Microseconds of CPU that each library adds to a Worker's request",
    foot:
      `workerd ${environment.workerd} on ${environment.cpu}. ${settings.rounds} interleaved rounds,` +
      ` ${settings.tokens} tokens. Over a Worker that does nothing; in brackets: of jose's, the line.`,
  });
}
