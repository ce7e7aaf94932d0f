// Plays many histories against the real service on one store. Decides nothing: histories.mjs judges.

import { createTokens, StoreError } from "tollgate/tokens";
import { History, RULES, START, world } from "./histories.mjs";
import { httpDriver } from "./http.mjs";
import { configuration, keysDocument, makeClient } from "./keys.mjs";

/** Of each use three keys, of which clock steps make one after the other the active one. */
const KEY_DATES = [0, START / 1000 + 3_000, START / 1000 + 8_000];
const MAX_TOLD = 5;

/** One service for each of the rules, all on one store: as many instances as a host may have. */
function drivers(raw, planted) {
  const keys = JSON.stringify(keysDocument(KEY_DATES));
  return RULES.map(({ graceMs, idleSeconds, familySeconds }) => {
    const { store, now, entitlements } = world(raw, (operation, reason) => new StoreError(operation, reason));
    const web = makeClient("web", { revokeAll: true });
    // Waiting for one's turn is no hook that is slow.
    const entitlementsHook = { timeoutMilliseconds: 10_000 };
    const more = {
      graceSeconds: graceMs / 1000,
      idleSeconds,
      familySeconds,
      entitlements: entitlementsHook,
      ...planted,
    };
    const options = { keys, store, entitlements, now: () => now() / 1000 };
    return httpDriver(createTokens(configuration([web], more), options), web);
  });
}

/**
 * @param raw a store
 * @param options.from the first seed
 * @param options.count how many histories
 * @param options.lanes how many at once
 * @param options.prefix of users and tenants, where others use the store too
 * @param options.planted configuration that the histories are not told of, so that they must find it
 * @returns `{ histories, counts, failures }`
 */
export async function play(raw, { from, count, lanes = 1, prefix = "", planted = {} }) {
  const services = drivers(raw, planted);
  const counts = {};
  const failures = [];
  let next = from;
  const lane = async () => {
    while (next < from + count && failures.length < MAX_TOLD) {
      const seed = next++;
      const history = new History(seed, RULES[seed % RULES.length], { prefix });
      const violations = await history.play(services[seed % RULES.length]);
      for (const [name, value] of Object.entries(history.counts)) counts[name] = (counts[name] ?? 0) + value;
      if (violations.length > 0) failures.push({ seed, violations, log: history.log });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { histories: next - from, counts, failures };
}
