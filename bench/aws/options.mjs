// The command line of the Lambda functions' benchmark. Decides what is asked for; runs nothing.

import { parseArgs } from "node:util";
import { Trouble } from "../../scripts/project.mjs";

const COMMAND = "npm run bench -- aws";

export const HELP = `${COMMAND} [options]

Measures the Lambda@Edge function and the authorizer, as their zips have them, beside the same handlers written with
aws-jwt-verify and bundled in the same way: from loading to the first decision in fresh processes, and decisions of a
warm instance. Interleaved; prints a table. Takes about a minute, after builds.

  --json FILE      also write the results as JSON
  --processes N    fresh processes for each start (default 31)
  --calls N        decisions of a warm instance that are timed in each of a third as many processes (default 3000)
  --help           this text

Example: ${COMMAND} --processes 51 --json aws.json
`;

const OPTIONS = {
  json: { type: "string" },
  processes: { type: "string", default: "31" },
  calls: { type: "string", default: "3000" },
  help: { type: "boolean", default: false },
};

/** @throws Trouble naming the option that cannot be right */
export function parseOptions(args) {
  let values;
  try {
    ({ values } = parseArgs({ args, options: OPTIONS, strict: true, allowPositionals: false }));
  } catch (error) {
    throw new Trouble(`${error.message.split(". ")[0]}; see \`${COMMAND} --help\``);
  }
  return {
    ...values,
    processes: whole("--processes", values.processes, 1_000),
    calls: whole("--calls", values.calls, 1_000_000),
  };
}

function whole(name, text, most) {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= 1 && number <= most)) {
    throw new Trouble(`${name} takes a whole number from 1 to ${most}, not ${JSON.stringify(text)}`);
  }
  return number;
}
