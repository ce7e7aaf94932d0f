// The principal as the context of an authorizer's answer, and back. Texts of printable ASCII only: API Gateway takes no lists and
// no objects, and a context may be mapped to header fields. What can't be written is refused, never bent.

import type { Principal } from "../verifier.js";

/** What an authorizer tells the integration. All members are texts; one that is absent is null in the principal. */
export interface AuthorizerContext {
  [name: string]: string | undefined;
  /** `sub` of a user; a client has none. */
  userId?: string;
  /** The program that asked for the token. */
  clientId?: string;
  tenantId?: string;
  plan?: string;
  /** Left out when it holds another character than printable ASCII. */
  email?: string;
  /** A JSON array of texts, in ASCII; so are the next two. */
  groups?: string;
  permissions?: string;
  scopes?: string;
  /** `iss`. */
  issuer?: string;
  /** `exp`, in Unix seconds. Absent where nobody was asked who they are: on a public rule. */
  expiresAt?: string;
  /** The path pattern of the rule. */
  rule?: string;
}

/** The longest context, as JSON, in bytes: a WebSocket API takes 8 KB of an authorizer, and the policy needs some. */
const MAX_CONTEXT_BYTES = 6 * 1024;

const PRINTABLE = /^[\x20-\x7e]+$/;
const LISTS = ["groups", "permissions", "scopes"] as const;
/** Seconds, up to the year 9999: milliseconds have more digits. */
const SECONDS = /^\d{1,12}(?:\.\d{1,17})?$/;
const MAX_SECONDS = 253_402_300_799;

/** The context of an answer that allows; undefined when the principal can't be written. */
export function contextOf(principal: Principal | null, rule: string | null): AuthorizerContext | undefined {
  const context: AuthorizerContext = {};
  const { userId, clientId, tenantId, plan, issuer } = principal ?? {};
  for (const [name, value] of Object.entries({ userId, clientId, tenantId, plan, issuer, rule })) {
    if (value === undefined || value === null) continue;
    if (!PRINTABLE.test(value)) return undefined;
    context[name] = value;
  }
  if (principal !== null) {
    if (principal.email !== null && PRINTABLE.test(principal.email)) context.email = principal.email;
    for (const name of LISTS) context[name] = asciiJson(principal[name]);
    context.expiresAt = String(principal.expiresAt);
  }
  return JSON.stringify(context).length <= MAX_CONTEXT_BYTES ? context : undefined;
}

/**
 * The principal that a context of ours tells; undefined when it tells none, or holds what `contextOf` never writes.
 */
export function principalOf(context: Readonly<Record<string, unknown>>): Principal | undefined {
  const text = (name: string): string | null | undefined => {
    const value = Object.hasOwn(context, name) ? context[name] : null;
    if (value === null) return null;
    return typeof value === "string" && PRINTABLE.test(value) ? value : undefined;
  };
  const [userId, clientId, tenantId, plan] = [text("userId"), text("clientId"), text("tenantId"), text("plan")];
  const [email, issuer, expires] = [text("email"), text("issuer"), text("expiresAt")];
  const [groups, permissions, scopes] = LISTS.map((name) => list(text(name)));
  if (userId === undefined || clientId === undefined || tenantId === undefined || plan === undefined) return undefined;
  if (email === undefined || !groups || !permissions || !scopes) return undefined;
  if (!issuer || !expires || !SECONDS.test(expires) || Number(expires) > MAX_SECONDS) return undefined;
  if (userId === null && clientId === null) return undefined;
  const kind = userId === null ? "client" : "user";
  const expiresAt = Number(expires);
  return { kind, userId, clientId, tenantId, plan, email, groups, permissions, scopes, issuer, expiresAt };
}

/** JSON that is ASCII: the rest as `\u` escapes. */
function asciiJson(value: readonly string[]): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function list(text: string | null | undefined): string[] | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const items: unknown = JSON.parse(text);
    const isList = Array.isArray(items) && items.every((item) => typeof item === "string" && item !== "");
    return isList ? items : undefined;
  } catch {
    return undefined;
  }
}
