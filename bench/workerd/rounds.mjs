// Rounds of load: each row has one turn in each, and each server's CPU is read around it. The order turns. Judges no number.

import { Trouble } from "../../scripts/project.mjs";
import { cpuSeconds } from "./cpu.mjs";
import { DENIED } from "./rows.mjs";
import { runWrk } from "./traffic.mjs";

/** Long enough for the engine to compile what is hot, and for every key's table. */
const WARM_SECONDS = 1;

/** @returns for each row, by its name, one sample a round: `{ perSecond, p50, p99, cpu }`, times in µs */
export async function measureRows(rows, servers, files, { rounds, seconds, told }) {
  const turn = async ({ name, server, traffic }, forSeconds) => {
    const { port, pid } = servers[server];
    const before = cpuSeconds(pid);
    const ran = await runWrk({ port, file: files[traffic], seconds: forSeconds });
    const cpu = ((cpuSeconds(pid) - before) * 1e6) / ran.requests;
    const refused = DENIED.includes(traffic) ? ran.requests : 0;
    if (ran.lost > 0 || ran.refused !== refused) {
      throw new Trouble(`${name}: ${ran.lost} of ${ran.requests} requests lost, ${ran.refused} refused`);
    }
    return { perSecond: ran.requests / ran.seconds, p50: ran.p50, p99: ran.p99, cpu };
  };
  for (const row of rows) await turn(row, WARM_SECONDS);
  const samples = Object.fromEntries(rows.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const row of turned(rows, round)) samples[row.name].push(await turn(row, seconds));
    told(round + 1);
  }
  return samples;
}

/** The rows, beginning with another in each round, and backwards in every second. */
export function turned(rows, round) {
  const from = (round * 5) % rows.length;
  const order = [...rows.slice(from), ...rows.slice(0, from)];
  return round % 2 === 0 ? order : order.reverse();
}
