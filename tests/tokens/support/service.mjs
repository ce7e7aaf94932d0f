// A token service with a clock, a hook and a store that a test holds in its hands. Judges nothing.

import { randomBytes } from "node:crypto";
import { createTokens } from "tollgate/tokens";
import { START } from "./histories.mjs";
import { httpDriver } from "./http.mjs";
import { configuration, keysDocument, makeClient } from "./keys.mjs";

/** Of a client's own, so that no two tests share a user. */
export const fresh = (name) => `${name}-${randomBytes(6).toString("hex")}`;

/** A store that keeps the name and the arguments of each call. */
export function spied(store) {
  const calls = [];
  const method =
    (name) =>
    (...args) => {
      calls.push({ name, args });
      return store[name](...args);
    };
  const names = ["load", "create", "rotate", "revoke", "revokeAll"];
  return { store: Object.fromEntries(names.map((name) => [name, method(name)])), calls };
}

/**
 * @param options.store a store, or what `faulty` made of one
 * @param options.config more of the member `tokens`
 * @param options.keys a keys document; by default of one key of each use
 * @param options.clock `{ now }`, in milliseconds
 * @param options.entitlements replaces the hook that calls everyone a member
 */
export function makeService({
  store,
  config = {},
  keys = keysDocument([0]),
  clock = { now: START },
  entitlements,
} = {}) {
  const web = makeClient("web", { cookies: true, revokeAll: true });
  const other = makeClient("other");
  const events = [];
  const hook = { ask: entitlements ?? (() => ({ member: true, plan: "pro", permissions: ["reports:read"] })) };
  const { store: noted, calls } = spied(store);
  const tokens = createTokens(configuration([web, other], config), {
    keys: JSON.stringify(keys),
    store: noted,
    entitlements: config.entitlements === null ? null : (...args) => hook.ask(...args),
    now: () => clock.now / 1000,
    onEvent: (event) => events.push(event),
  });
  const driver = httpDriver(tokens, web);
  /** The first pair of a new family. */
  const login = async (whose = { user: fresh("ann"), tenant: fresh("acme") }) => {
    const answer = await driver.session(whose);
    if (answer.status !== 200) throw new Error(`no session: ${answer.status} ${answer.error}`);
    return { ...whose, ...answer };
  };
  const typesOf = () => events.map(({ type }) => type);
  return { tokens, driver, web, other, events, typesOf, calls, clock, hook, keys, login };
}
