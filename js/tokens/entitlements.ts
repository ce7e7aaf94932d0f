// Asks the host what a user may do in a tenant. Reads nothing of the answer: the core does, and refuses what it does not know.

import { configText } from "../config.js";

/** About whom is asked. */
export interface EntitlementsQuestion {
  readonly user: string;
  readonly tenant: string;
  /** The client that the tokens are for. */
  readonly clientId: string;
  /** Whether a session begins or goes on. */
  readonly reason: "issue" | "refresh";
}

/** What a member of the tenant may do. What is left out is none. */
export interface Entitlements {
  readonly member: true;
  /** The plan. */
  readonly plan?: string | null;
  readonly permissions?: readonly string[];
  readonly groups?: readonly string[];
  readonly email?: string | null;
  /** More claims of the access token. None may have the name of a claim that Tollgate gives a meaning. */
  readonly claims?: { readonly [name: string]: unknown };
}

/** The user is no member of the tenant (any more). */
export type NoMember = { readonly member: false } | null;

/**
 * Says what a user may do in a tenant: asked at each issue and each refresh, so that what was taken away is gone from the
 * next token on. Whatever it throws, and an answer that comes later than `tokens.entitlements.timeoutMilliseconds`, costs
 * the client a 503 and its session nothing.
 *
 * @param options.signal aborted when the answer is no longer waited for
 * @example
 * ```ts
 * const entitlements: EntitlementsFunction = async ({ user, tenant }, { signal }) => {
 *   const row = await members.find(user, tenant, { signal });
 *   return row === undefined ? null : { member: true, plan: row.plan, permissions: row.permissions };
 * };
 * ```
 */
export type EntitlementsFunction = (
  question: EntitlementsQuestion,
  options: { readonly signal: AbortSignal },
) => Entitlements | NoMember | Promise<Entitlements | NoMember>;

/** Asks: resolves with the answer's JSON text, or `null` for no member; rejects when nobody can say. */
export type Ask = (question: EntitlementsQuestion, signal: AbortSignal) => Promise<string | null>;

/** Asks a function. What it gives must be JSON as it stands: no `undefined`, no date, no number that JSON lacks. */
export function askFunction(entitlements: EntitlementsFunction): Ask {
  return async (question, signal) => {
    const answer = await entitlements(question, { signal });
    return answer === null ? null : configText(answer);
  };
}
