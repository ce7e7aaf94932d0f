// What must hold of sizes, as ratios within one run, and whether it does. A judgement for readers, never a test.

const MIB = 1024 * 1024;

/** What an isolate may take on Cloudflare Workers, in all. */
export const ISOLATE_BYTES = 128 * MIB;

/** As in bench/musts.mjs: `what`, `must`, `aim`, `here` (undefined when not measured), `unit`. */
export function mustHold(rows) {
  const row = (kind, size) => rows.find((one) => one.kind === kind && one.size === size);
  const memory = rows.map(({ memoryBytes }) => memoryBytes / MIB);
  return [
    { what: "10,000 issuers against 1, one speaks, ES256", must: 1.15, aim: 1.05, here: row("issuers", 10_000)?.ratio },
    { what: "the same, all speak, RS256", must: 1.15, aim: 1.05, here: row("issuers-in-turn", 10_000)?.ratio },
    { what: "10,000 rules against 10, with a token", must: 1.25, aim: 1.05, here: row("rules", 10_000)?.ratioToTen },
    {
      what: "most memory of any size",
      must: ISOLATE_BYTES / MIB,
      aim: 96,
      unit: "MiB",
      here: memory.length > 0 ? Math.max(...memory) : undefined,
    },
  ];
}
