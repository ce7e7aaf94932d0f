// The command line of the token service's benchmark. Decides what is asked for; runs nothing.

import { Trouble } from "../../scripts/project.mjs";
import { valuesOf, whole } from "../options.mjs";

/** In the order of the table. */
export const STORES = ["memory", "durable", "dynamodb"];

const COMMAND = "npm run bench -- tokens";

export const HELP = `${COMMAND} [options]

Measures the token service: a refresh on each store and what it asks of the store, its steps in the core and what signing
takes, what a request to the gate pays for it, and what one user's object takes in workerd. Interleaved; prints tables.
Takes a minute or two, after builds.

  --json FILE      also write the results as JSON
  --rounds N       rounds, in each of which everything has a turn (default 30)
  --refreshes N    refreshes of a store in one turn (default 5)
  --only NAME      leave out other stores; may be repeated. Of ${STORES.join(", ")}. What needs the Worker goes
                   with durable
  --help           this text

Example: ${COMMAND} --only memory --only dynamodb --json tokens.json
`;

const OPTIONS = {
  json: { type: "string" },
  rounds: { type: "string", default: "30" },
  refreshes: { type: "string", default: "5" },
  only: { type: "string", multiple: true, default: [] },
  help: { type: "boolean", default: false },
};

/** @throws Trouble naming the option that cannot be right */
export function parseOptions(args) {
  const values = valuesOf(args, OPTIONS, `${COMMAND} --help`);
  return {
    ...values,
    rounds: whole("--rounds", values.rounds, 1, 10_000),
    refreshes: whole("--refreshes", values.refreshes, 1, 1_000),
    stores: chosenStores(values.only),
  };
}

function chosenStores(only) {
  const unknown = only.find((name) => !STORES.includes(name));
  if (unknown !== undefined) throw new Trouble(`there is no store ${unknown}: take of ${STORES.join(", ")}`);
  return only.length === 0 ? STORES : STORES.filter((name) => only.includes(name));
}

/**
 * @param missing why there is no Python with moto, as set-up says it
 * @throws Trouble when a store needs it
 */
export function needMoto(stores, missing) {
  if (!missing || !stores.includes("dynamodb")) return;
  const others = `${COMMAND} --only memory --only durable`;
  throw new Trouble(`moto, DynamoDB's stand-in, is not there: ${missing}; or leave DynamoDB out: \`${others}\``);
}
