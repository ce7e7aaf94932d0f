// The command line of the Workers' benchmark. Decides what is asked for; runs nothing.

import { Trouble } from "../../scripts/project.mjs";
import { valuesOf, whole } from "../options.mjs";
import { GROUPS } from "./rows.mjs";

const COMMAND = "npm run bench:workerd";

export const HELP = `${COMMAND} -- [options]

Serves Tollgate and Workers written with its peers in real workerd, driven by wrk, and prints two tables: all answering
themselves, and all forwarding to one service binding; then the cold start. Interleaved; takes about twelve minutes, after builds.

  --json FILE      also write the results as JSON
  --svg FILE       also write the picture
  --rounds N       rounds, in each of which every row has a turn (default 9)
  --seconds N      seconds of a turn (default 2)
  --starts N       cold starts of each (default 31)
  --only NAME      leave out others; may be repeated. The do-nothing Worker always takes part, as the baseline.
                   Of ${GROUPS.join(", ")}
  --help           this text

Example: ${COMMAND} -- --only tollgate --only jose --rounds 3 --seconds 1
`;

const OPTIONS = {
  json: { type: "string" },
  svg: { type: "string" },
  rounds: { type: "string", default: "9" },
  seconds: { type: "string", default: "2" },
  starts: { type: "string", default: "31" },
  only: { type: "string", multiple: true, default: [] },
  help: { type: "boolean", default: false },
};

/** @throws Trouble naming the option that cannot be right */
export function parseOptions(args) {
  const values = valuesOf(args, OPTIONS, `${COMMAND} -- --help`);
  return {
    ...values,
    rounds: whole("--rounds", values.rounds, 1, 1_000),
    seconds: whole("--seconds", values.seconds, 1, 600),
    starts: whole("--starts", values.starts, 1, 1_000),
    groups: chosen(values.only),
  };
}

function chosen(only) {
  const unknown = only.find((name) => !GROUPS.includes(name));
  if (unknown !== undefined) throw new Trouble(`there is no contender ${unknown}: take of ${GROUPS.join(", ")}`);
  return only.length === 0 ? GROUPS : GROUPS.filter((name) => only.includes(name));
}
