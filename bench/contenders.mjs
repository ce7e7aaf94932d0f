// Who takes part, by the names that --only takes. Measures nothing.

import { Trouble } from "../scripts/project.mjs";
import { ALGORITHMS } from "./tokens.mjs";

/** In the order of the table. The native group is the baseline and always takes part. */
export const GROUPS = [
  "tollgate",
  "native",
  "jose",
  "aws-jwt-verify",
  "fast-jwt",
  "jsonwebtoken",
  "hono",
  "node-rs",
  "crates",
];

/** The groups to run for what --only says; all of them when it says nothing. */
export function chosenGroups(only = []) {
  const unknown = only.find((name) => !GROUPS.includes(name));
  if (unknown !== undefined) throw new Trouble(`there is no contender ${unknown}: take of ${GROUPS.join(", ")}`);
  return only.length === 0 ? GROUPS : GROUPS.filter((name) => name === "native" || only.includes(name));
}

/**
 * The contenders of these groups, by algorithm. Each has a `name`; `checks`, which is "whole" (parse, signature, claims)
 * or "signature"; `verify(sample)`, which returns the claims or whether the signature is good, or throws; and may have
 * `async`; `prepare(sample)`, whose cost is no part of a verification; `batch(round)`, which brings samples of its own.
 */
export async function enlist(groups, world, settings) {
  const lists = Object.fromEntries(ALGORITHMS.map((algorithm) => [algorithm, []]));
  for (const group of groups) {
    const { contenders } = await import(`./contenders/${group}.mjs`);
    for (const algorithm of ALGORITHMS) {
      const list = await contenders(algorithm, world, settings);
      lists[algorithm].push(...list.map((contender) => ({ group, ...contender })));
    }
  }
  return lists;
}
