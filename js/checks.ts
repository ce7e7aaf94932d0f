// A verifier's checks in words. The core says where its verdict ended and what is configured; nothing is judged here, and no claim is
// there before the signature holds. They are the words of the core's own (src/verifier/explain.rs), which a gate's list has.

import type { Check } from "./explain.js";

/** What the core has seen of a token, beside its verdict: `Sight::write`. */
export interface Sight {
  /** The place of the check that failed; `null` when none did. */
  readonly at: number | null;
  /** `null` when it is not well formed, and with it the whole token. */
  readonly header: { readonly alg?: string; readonly kid?: string; readonly typ?: string } | null;
  /** `null` before the signature holds. */
  readonly claims: Claims | null;
  readonly issuers: string;
  /** This and what follows: of the issuer that the token names, when it is configured. */
  readonly algorithms?: string;
  readonly types?: string;
  readonly keys?: string;
  readonly tolerance?: number;
  readonly age?: number | null;
  readonly cognito?: boolean;
  readonly audience?: string | null;
  readonly client?: string | null;
  readonly tokenUse?: string | null;
  readonly tenants?: string | null;
  /** The ways to tenant, plan, email, groups and permissions. */
  readonly roles?: readonly (readonly string[])[];
}

type Claims = Readonly<Record<string, unknown>>;
type Row = readonly [name: string, expected: string | null, found: string | null];

const ROLES = ["tenant", "plan", "email", "groups", "permissions"];

/**
 * The list.
 *
 * @param text the token, as the core was given it
 * @param error what the core answered instead of a verification
 */
export function checksOf(
  sight: Sight,
  text: string,
  now: number,
  error: { readonly code: string; readonly message: string } | undefined,
): Check[] {
  const at = sight.at ?? Number.POSITIVE_INFINITY;
  return rows(sight, text, now, error?.code).map(([name, expected, found], place) => {
    if (place > at) return { name, outcome: "not_reached", code: null, expected, found: null };
    if (place < at) return { name, outcome: "pass", code: null, expected, found };
    return { name, outcome: "fail", code: error?.code ?? null, expected, found: found ?? error?.message ?? null };
  });
}

function rows(sight: Sight, text: string, now: number, code: string | undefined): Row[] {
  const { header, claims } = sight;
  const size = `${counted(text.split(".").length, "part")}, ${counted(new TextEncoder().encode(text).length, "byte")}`;
  const alg = header?.alg ?? null;
  const isConfigured = sight.roles !== undefined;
  const ofIssuer = (expected: string | null | undefined) => (isConfigured ? (expected ?? "anything") : null);
  const found = (...names: string[]) => (claims === null ? null : foundIn(claims, sight, names));
  const dates = found("exp", "nbf", "iat");
  const { tolerance = 0, age = null } = sight;
  const latest = `at most ${Math.floor(now + tolerance)}`;
  const noKeys = code === "keys_due" || code === "keys_unavailable";
  const client = sight.cognito ? found("client_id", "azp", "token_use", "aud") : found("client_id", "azp");
  return [
    ["clock", "Unix seconds", Number.isFinite(now) ? `${Math.floor(now)}` : null],
    ["token_form", "3 parts, none empty, and at most 8192 bytes", size],
    ["token_header", "strict JSON in base64url, with alg and without crit, b64, zip and enc", null],
    ["token_payload", "strict JSON in base64url, as the signature is base64url", null],
    ["algorithm", "ES256, RS256", alg],
    ["issuer", sight.issuers, found("iss")],
    ["issuer_algorithm", ofIssuer(sight.algorithms), alg],
    ["type", ofIssuer(sight.types), header?.typ ?? "nothing"],
    ["key", ofIssuer(noKeys ? "a key of the issuer" : sight.keys), noKeys ? null : (header?.kid ?? "nothing")],
    ["signature", ofIssuer("one by that key, over header and payload"), null],
    ["dates", ofIssuer("numbers; nbf and iat may be absent"), dates],
    ["expiry", ofIssuer(`after ${Math.floor(now - tolerance)}`), found("exp")],
    ["date_order", ofIssuer("nbf and iat not after exp"), dates],
    ["not_before", ofIssuer(latest), found("nbf")],
    ["issued_at", ofIssuer(latest), found("iat")],
    ["age", ofIssuer(age === null ? null : `after ${Math.floor(now - age - tolerance)}`), found("iat")],
    ["audience", ofIssuer(sight.audience), found("aud")],
    ["client", ofIssuer(sight.client), client],
    ["token_use", ofIssuer(sight.tokenUse), found("token_use")],
    ["sender_constrained", ofIssuer("no cnf"), found("cnf")],
    ["token_id", ofIssuer("a text, or no jti"), found("jti")],
    ["subject", ofIssuer("sub, a text; gty, a text or absent"), found("sub", "gty")],
    ["issuer_tenants", ofIssuer(sight.tenants), found("tenant")],
    [
      "claims",
      ofIssuer("each of its type, or absent"),
      found("plan", "email", "email_verified", "groups", "permissions", "scope"),
    ],
  ];
}

/** One claim as it is, with JSON for what is no text; several as a JSON object of those that are there. */
function foundIn(claims: Claims, { roles = [] }: Sight, names: readonly string[]): string {
  const values = names.map((name) => valueAt(claims, roles[ROLES.indexOf(name)] ?? [name]));
  if (values.length > 1) return JSON.stringify(Object.fromEntries(names.map((name, index) => [name, values[index]])));
  const [value] = values;
  if (value === undefined) return "nothing";
  return typeof value === "string" && value !== "" ? value : JSON.stringify(value);
}

function valueAt(claims: Claims, way: readonly string[]): unknown {
  let value: unknown = claims;
  for (const name of way) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Claims)[name];
  }
  return value;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
