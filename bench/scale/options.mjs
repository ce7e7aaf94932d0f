// The command line of the benchmark of sizes. Decides what is asked for; runs nothing.

import { Trouble } from "../../scripts/project.mjs";
import { valuesOf, whole } from "../options.mjs";
import { KINDS } from "./worlds.mjs";

const COMMAND = "npm run bench:scale";

export const HELP = `${COMMAND} -- [options]

Measures what a verification or a decision costs, and what the configuration takes in memory and time to load, against how
many issuers, keys, tenants, rules, plans and origins there are. Interleaved; prints a table with ratios. Takes two minutes or so, after
a build.

  --json FILE      also write the results as JSON
  --rounds N       rounds, in each of which everything has a turn (default 40)
  --sizes A,B,C    how many there are of each (default 1,10,100,10000); the first is what the others are divided by
  --only NAME      leave out others; may be repeated. Of ${Object.keys(KINDS).join(", ")}
  --help           this text

Example: ${COMMAND} -- --only rules --sizes 10,100,1000,10000
`;

const OPTIONS = {
  json: { type: "string" },
  rounds: { type: "string", default: "40" },
  sizes: { type: "string", default: "1,10,100,10000" },
  only: { type: "string", multiple: true, default: [] },
  help: { type: "boolean", default: false },
};

/** @throws Trouble naming the option that cannot be right */
export function parseOptions(args) {
  const values = valuesOf(args, OPTIONS, `${COMMAND} -- --help`);
  const sizes = values.sizes.split(",").map((size) => whole("--sizes", size, 1, 20_000));
  if (sizes.some((size, at) => at > 0 && size <= sizes[at - 1])) throw new Trouble("--sizes takes sizes that grow");
  return { ...values, rounds: whole("--rounds", values.rounds, 1, 10_000), sizes, kinds: chosenKinds(values.only) };
}

function chosenKinds(only) {
  const known = Object.keys(KINDS);
  const unknown = only.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Trouble(`there is no kind ${unknown}: take of ${known.join(", ")}`);
  return only.length === 0 ? known : known.filter((name) => only.includes(name));
}
