// The command line of the benchmark. Decides what is asked for; runs nothing.

import { parseArgs } from "node:util";
import { Trouble } from "../scripts/project.mjs";
import { chosenGroups, GROUPS } from "./contenders.mjs";

export const HELP = `npm run bench -- [options]

Measures Tollgate beside its peers in one run, interleaved, and prints one table. Takes about two minutes, after builds.

  --json FILE      also write the results as JSON
  --svg FILE       also write the picture
  --rounds N       rounds for each algorithm (default 60)
  --tokens N       distinct tokens of each algorithm (default 256)
  --processes N    fresh processes for what happens once in a process (default 11)
  --only NAME      leave out others; may be repeated. Native crypto always takes part, as the baseline.
                   Of ${GROUPS.join(", ")}
  --package DIR    measure this build of the package instead of dist/npm, which is then not built
  --help           this text

\`npm run bench -- tokens\` measures the token service instead; it has options of its own.
`;

const OPTIONS = {
  json: { type: "string" },
  svg: { type: "string" },
  rounds: { type: "string", default: "60" },
  tokens: { type: "string", default: "256" },
  processes: { type: "string", default: "11" },
  only: { type: "string", multiple: true, default: [] },
  package: { type: "string" },
  help: { type: "boolean", default: false },
};

/** @throws Trouble naming the option that cannot be right */
export function parseOptions(args) {
  const values = valuesOf(args, OPTIONS, "npm run bench -- --help");
  return {
    ...values,
    rounds: whole("--rounds", values.rounds, 1, 10_000),
    tokens: whole("--tokens", values.tokens, 4, 65_536),
    processes: whole("--processes", values.processes, 1, 1_000),
    groups: chosenGroups(values.only),
  };
}

/** @throws Trouble naming what is no option of these, or lacks its value; `help` is the command that lists them */
export function valuesOf(args, options, help) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new Trouble(`${error.message.split(". ")[0]}; see \`${help}\``);
  }
}

/** @throws Trouble naming the option whose text is no such number */
export function whole(name, text, least, most) {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) {
    throw new Trouble(`${name} takes a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
  }
  return number;
}
