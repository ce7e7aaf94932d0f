// What the application says of a user, as claims of Cognito's tokens. Takes `plan` and `permissions` and nothing else, so no
// answer can name another claim, and the tenant is not the answer's to say.

import type { CognitoClaims, CognitoTextClaims } from "./events.js";
import { Refusal } from "./refusal.js";
import { isRecord } from "./user.js";

/** What a member of the tenant may do. What is left out is none. */
export interface CognitoEntitlements {
  /** 1 to 128 characters. */
  readonly plan?: string | null | undefined;
  /** Each of 1 to 128 characters. */
  readonly permissions?: readonly string[] | undefined;
}

/** The gate takes tokens of up to 8 KiB; base64url makes four characters of three bytes, and Cognito's own claims need room. */
const MAX_CLAIMS_BYTES = 4096;

/** No control character and no half of a surrogate pair: neither can be sent on in a header field. */
const TEXT = /^[^\p{Cc}\p{Cs}]{1,128}$/u;

/**
 * Reads an answer: an object of `plan` and `permissions`, or the permissions alone.
 *
 * @throws Refusal `no_member` for `null`; `hook_answer` for what is neither, or does not fit into a token
 */
export function claimsOf(tenant: string, answer: unknown): CognitoClaims {
  if (answer === null) throw new Refusal("no_member");
  const { plan, permissions } = Array.isArray(answer) ? { plan: undefined, permissions: answer } : members(answer);
  const claims: CognitoClaims = { tenant_id: tenant, permissions: permissionsOf(permissions) };
  if (plan !== undefined && plan !== null) claims.plan = textOf(plan);
  // The longer of the two forms: in the texts of version 1, quotes are escaped.
  if (new TextEncoder().encode(JSON.stringify(textClaims(claims))).length > MAX_CLAIMS_BYTES)
    throw new Refusal("hook_answer");
  return claims;
}

/** The same for version 1, whose claims are texts. */
export function textClaims({ permissions, ...claims }: CognitoClaims): CognitoTextClaims {
  return { ...claims, permissions: JSON.stringify(permissions) };
}

function members(answer: unknown): Record<string, unknown> {
  if (!isRecord(answer) || !isPlain(answer)) throw new Refusal("hook_answer");
  const own: Record<string, unknown> = { __proto__: null, ...answer };
  for (const name of Object.keys(own)) if (name !== "plan" && name !== "permissions") throw new Refusal("hook_answer");
  return own;
}

/** An object of no class: a `Map` or a `Response` would read as one that names nothing. */
function isPlain(answer: object): boolean {
  const prototype = Object.getPrototypeOf(answer);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function permissionsOf(permissions: unknown): string[] {
  if (permissions === undefined) return [];
  if (!Array.isArray(permissions)) throw new Refusal("hook_answer");
  return Array.from(permissions, textOf);
}

function textOf(value: unknown): string {
  if (typeof value !== "string" || !TEXT.test(value)) throw new Refusal("hook_answer");
  return value;
}
