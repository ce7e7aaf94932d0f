// The claims that API Gateway's own JWT and Cognito authorizers hand on, by the claim map of their issuer. It verified them and
// made texts of all: what has more than one reading as a text is refused. Verifies no signature.

import type { Config, Issuer } from "../config.js";
import { configError } from "../error.js";
import type { Principal } from "../verifier.js";

/** Claims by name, as an event has them. */
export type Claims = Readonly<Record<string, unknown>>;

/** Where the claims come from. A REST API joins a list by commas, an HTTP API by spaces between brackets. */
export type ClaimSource = "http" | "rest";

/** The principal, and from when on `maxAgeSeconds` refuses it, in Unix seconds; or why the gate would refuse it. */
export type ClaimReading =
  | { readonly principal: Principal; readonly tooOldAt: number }
  | { readonly refused: "invalid_token" | "tenant" };

/** Reads the claims of the configured issuers. */
export type ClaimReader = (claims: Claims, source: ClaimSource) => ClaimReading;

/** What one issuer's claims are read by. */
interface ClaimMap {
  readonly tenant: readonly string[];
  readonly plan: readonly string[];
  readonly groups: readonly string[];
  readonly permissions: readonly string[];
  readonly email: readonly string[];
  readonly audience: readonly string[] | undefined;
  readonly clientIds: readonly string[] | undefined;
  readonly tokenUse: readonly string[] | undefined;
  readonly tenants: readonly string[] | undefined;
  readonly maxAgeSeconds: number | undefined;
  readonly isCognito: boolean;
}

/** A claim that can't be read; it never leaves this file. */
class Unreadable extends Error {}

/** What a tenant id looks like unless the configuration says otherwise. */
const DEFAULT_PATTERN = "[a-z0-9][a-z0-9_-]{0,63}";
/** The longest tenant id that is matched, so that a pattern with many ways to match has little to try. */
const MAX_TENANT = 256;

/** @throws TollgateError `config_invalid` for a tenant pattern that JavaScript does not read */
export function claimReader(config: Config): ClaimReader {
  const maps = new Map(config.issuers.map((issuer, index) => mapOf(issuer as Issuer, `issuers[${index}]`, config)));
  const pattern = tenantPattern(config.tenant?.pattern ?? DEFAULT_PATTERN);
  return (claims, source) => {
    const issuer = own(claims, "iss");
    const map = typeof issuer === "string" ? maps.get(issuer) : undefined;
    // Nobody said which claim of this issuer is the tenant.
    if (map === undefined) return { refused: "tenant" };
    try {
      const principal = principalOf(claims, source, map);
      const { tenantId } = principal;
      const isTenant = tenantId === null || (tenantId.length <= MAX_TENANT && pattern.test(tenantId));
      const isOfIssuer = tenantId === null || (map.tenants?.includes(tenantId) ?? true);
      return isTenant && isOfIssuer ? { principal, tooOldAt: tooOldAt(claims, map) } : { refused: "tenant" };
    } catch (error) {
      if (error instanceof Unreadable) return { refused: "invalid_token" };
      throw error;
    }
  };
}

function mapOf(issuer: Issuer, at: string, config: Config): [string, ClaimMap] {
  const preset: string | null | undefined = issuer.preset;
  const names = issuer.claims;
  const isCognito = preset === "cognito";
  const isOwn = preset === "tollgate";
  const tenant = isOwn ? "tid" : preset === "auth0" ? "org_id" : "tenant_id";
  const map = {
    tenant: listed(names?.tenant ?? tenant),
    plan: listed(names?.plan ?? "plan"),
    groups: listed(names?.groups ?? (isCognito ? "cognito:groups" : "groups")),
    permissions: listed(names?.permissions ?? "permissions"),
    email: listed(names?.email ?? "email"),
    audience: optional(isOwn ? config.tokens?.audience : issuer.audience),
    clientIds: optional(issuer.clientIds),
    tokenUse: optional(issuer.tokenUse) ?? (isCognito ? ["access"] : undefined),
    tenants: optional(issuer.tenants),
    maxAgeSeconds: issuer.maxAgeSeconds ?? undefined,
    isCognito,
  };
  const name = issuerName(issuer, config);
  if (typeof name !== "string") throw configError(`${at}.issuer`, "a text");
  if (map.audience === undefined && map.clientIds === undefined) {
    throw configError(
      `${at}.audience`,
      "audience, clientIds or both, so that tokens made for other services are refused",
    );
  }
  return [name, map];
}

function issuerName(issuer: Issuer, config: Config): string | null | undefined {
  const preset: string | null | undefined = issuer.preset;
  const { region, userPoolId, domain } = issuer;
  if (preset === "cognito") return `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`;
  if (preset === "auth0") return `https://${domain}/`;
  return preset === "tollgate" ? config.tokens?.issuer : issuer.issuer;
}

const listed = (names: string | readonly string[]): readonly string[] => (typeof names === "string" ? [names] : names);
const optional = (names: string | readonly string[] | null | undefined) =>
  names === undefined || names === null ? undefined : listed(names);

/** The core's expressions know no flags, and JavaScript's with the flag `u` refuse what they would read another way. */
function tenantPattern(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${new RegExp(pattern, "u").source})$`, "u");
  } catch {
    throw configError("tenant.pattern", "a regular expression that JavaScript reads too");
  }
}

function principalOf(claims: Claims, source: ClaimSource, map: ClaimMap): Principal {
  const clientId = clientOf(claims, source, map);
  const subject = textAt(claims, ["sub"]);
  // A token that is bound to a key is worth nothing without it.
  if (subject === null || find(claims, ["cnf"]) !== undefined) throw new Unreadable();
  checkMember(map.tokenUse, textAt(claims, ["token_use"]));
  if (map.audience !== undefined) {
    const held = listAt(claims, ["aud"], source);
    if (!held.some((audience) => map.audience?.includes(audience))) throw new Unreadable();
  }
  const isClient = clientId === subject || textAt(claims, ["gty"]) === "client-credentials";
  return {
    kind: isClient ? "client" : "user",
    userId: isClient ? null : subject,
    clientId: clientId ?? (isClient ? subject : null),
    tenantId: textAt(claims, map.tenant),
    plan: textAt(claims, map.plan),
    email: emailOf(claims, map),
    groups: listAt(claims, map.groups, source),
    permissions: listAt(claims, map.permissions, source),
    scopes: listAt(claims, ["scope"], "http"),
    issuer: String(own(claims, "iss")),
    expiresAt: dateOf(find(claims, ["exp"])),
  };
}

/** `iat` and the maximum age; never, where the issuer has none. */
function tooOldAt(claims: Claims, { maxAgeSeconds }: ClaimMap): number {
  return maxAgeSeconds === undefined ? Number.POSITIVE_INFINITY : dateOf(find(claims, ["iat"])) + maxAgeSeconds;
}

/** `client_id`, else `azp`, else, for Cognito's ID tokens, `aud`; two that are there must agree. */
function clientOf(claims: Claims, source: ClaimSource, map: ClaimMap): string | null {
  const [clientId, azp] = [textAt(claims, ["client_id"]), textAt(claims, ["azp"])];
  if (clientId !== null && azp !== null && clientId !== azp) throw new Unreadable();
  const isId = map.isCognito && textAt(claims, ["token_use"]) === "id";
  const audience = isId ? listAt(claims, ["aud"], source) : [];
  const client = clientId ?? azp ?? (audience.length === 1 ? (audience[0] ?? null) : null);
  checkMember(map.clientIds, client);
  return client;
}

function checkMember(allowed: readonly string[] | undefined, held: string | null): void {
  if (allowed !== undefined && (held === null || !allowed.includes(held))) throw new Unreadable();
}

function emailOf(claims: Claims, map: ClaimMap): string | null {
  const verified = find(claims, ["email_verified"]) ?? true;
  const isSaid = ["true", "false", true, false].some((said) => said === verified);
  if (!isSaid) throw new Unreadable();
  const email = textAt(claims, map.email);
  return String(verified) === "true" ? email : null;
}

function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/** A claim, or a nested one, of which API Gateway makes JSON; undefined when it is not there. */
function find(claims: Claims, [name = "", ...way]: readonly string[]): unknown {
  const value = own(claims, name) ?? undefined;
  if (way.length === 0 || value === undefined) return value;
  const inner = typeof value === "string" ? json(value) : value;
  if (typeof inner !== "object" || inner === null || Array.isArray(inner)) throw new Unreadable();
  return find(inner as Claims, way);
}

function textAt(claims: Claims, path: readonly string[]): string | null {
  const value = find(claims, path);
  if (value === undefined) return null;
  if (typeof value !== "string" || value === "") throw new Unreadable();
  return value;
}

/**
 * A list: an array; a JSON array in a text, which is how Cognito's V1 triggers write one; `[a b]`, which HTTP APIs make of an
 * array; `a,b`, which REST APIs make of it; or a text with single spaces. Items hold no spaces, so that none can be two.
 */
function listAt(claims: Claims, path: readonly string[], source: ClaimSource): string[] {
  const value = find(claims, path);
  if (value === undefined || value === "") return [];
  const items = typeof value === "string" ? split(value, source) : value;
  if (!Array.isArray(items)) throw new Unreadable();
  if (!items.every((item) => typeof item === "string" && item !== "")) throw new Unreadable();
  return items;
}

function split(text: string, source: ClaimSource): unknown {
  if (!text.startsWith("[")) {
    if (source === "http" || !text.includes(",")) return text.split(" ");
    if (text.includes(" ")) throw new Unreadable();
    return text.split(",");
  }
  const bracketed = /^\[([^\s"[\],{}]+(?: [^\s"[\],{}]+)*)\]$/.exec(text)?.[1];
  // `[1]` is a JSON array of a number, or an array of the text `1`: nobody can tell.
  if (bracketed === undefined || isJson(text)) return json(text);
  return bracketed.split(" ");
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable();
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const JAVA_DATE = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{2}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d) (?:UTC|GMT) (\d{4})$/;

/** A `NumericDate`: a number, its digits, or, as REST APIs write it, `Tue Apr 04 18:39:39 UTC 2023`. */
function dateOf(value: unknown): number {
  if (typeof value === "number" && value > 0 && value < 1e12) return value;
  if (typeof value !== "string") throw new Unreadable();
  if (/^\d{1,11}$/.test(value)) return Number(value);
  const [, name = "", ...numbers] = JAVA_DATE.exec(value) ?? [];
  const [day = 0, hour = 0, minute = 0, second = 0, year = 0] = numbers.map(Number);
  const month = MONTHS.indexOf(name);
  const time = Date.UTC(year, month, day, hour, minute, second);
  if (month < 0 || new Date(time).toUTCString().slice(5, 7) !== value.slice(8, 10)) throw new Unreadable();
  return time / 1000;
}
