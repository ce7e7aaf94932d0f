// The cold start: from the spawn of workerd to the first 200, key fetch and all. The configuration is compiled before, as wrangler
// does: workerd's own reading of the text copies each file of a Worker several times. Judges no number.

import { Trouble } from "../../scripts/project.mjs";
import { send } from "../../tests/workerd/support/http.mjs";
import { startServer } from "./servers.mjs";

/** @returns milliseconds by name, one a start, taken in turn */
export async function coldStarts(names, world, { lines, starts }) {
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let start = 0; start < starts; start += 1) {
    const order = start % 2 === 0 ? names : names.toReversed();
    for (const name of order) times[name].push(await coldStart(name, world, lines[start % lines.length]));
  }
  return times;
}

async function coldStart(name, world, authorization) {
  const server = await startServer(name, world, { isCompiled: true });
  try {
    const { status } = await send(server.port, { target: "/orders", headers: [["authorization", authorization]] });
    const took = performance.now() - server.spawnedAt;
    if (status !== 200) throw new Trouble(`${name}'s first answer is ${status}, not 200`);
    return took;
  } finally {
    await server.stop();
  }
}
