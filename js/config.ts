// Options to JSON text, once. Reads own, enumerable members only, each one time; refuses what JSON would drop or bend.

import { configError, TollgateError } from "./error.js";
import type * as core from "./generated/types.js";

/** Deeper than any configuration, so a cycle ends here. */
const MAX_CONFIG_DEPTH = 32;

/** `T` with every level read-only, so that `as const` configurations fit. */
export type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: DeepReadonly<T[Name]> }
    : T;

/**
 * One issuer: a `preset`, or `issuer` and `algorithms`; with `audience` or `clientIds`, or both.
 *
 * @example
 * ```ts
 * const issuer: Issuer = {
 *   issuer: "https://issuer.example", audience: "https://api.example", algorithms: ["ES256"],
 *   jwksUri: "https://issuer.example/jwks.json",
 * };
 * ```
 */
export type Issuer = DeepReadonly<Omit<core.Issuer, "jwks">> & { readonly jwks?: KeySet | null } & (
    | { readonly preset: core.Preset }
    | {
        readonly preset?: null;
        readonly issuer: string;
        readonly algorithms: readonly core.AlgorithmName[];
      }
  ) &
  ({ readonly audience: DeepReadonly<core.OneOrMany> } | { readonly clientIds: readonly string[] });

/**
 * The token service of the same host: `issuer` and `audience` are those of `tokens`, and the keys are handed to the gate.
 *
 * @example
 * ```ts
 * const issuer: OwnIssuer = { preset: "tollgate" };
 * ```
 */
export type OwnIssuer = DeepReadonly<core.OwnIssuer>;

/** A JSON Web Key Set (RFC 7517 section 5) of public keys. */
export interface KeySet {
  /** Each a public JWK, such as `crypto.subtle.exportKey("jwk", key)` gives. */
  readonly keys: readonly object[];
}

/** The configuration of a verifier: issuers, and the clock tolerance in seconds (0 to 300, default 30). */
export type VerifierConfig = WithIssuers<core.VerifierConfig, Issuer>;

/**
 * The configuration of a gate, which is that of `tollgate.json`. TypeScript reads an imported JSON file with wider types
 * than these, so say `config as Config` then; what is wrong in it is still found, when the gate is made.
 */
export type Config = WithIssuers<core.Config, Issuer | OwnIssuer>;

type WithIssuers<T, I> = DeepReadonly<Omit<T, "issuers">> & { readonly issuers: readonly I[] };

/**
 * The JSON text of `config`.
 *
 * `JSON.stringify` alone would call `toJSON`, turn `NaN` into `null` and leave out functions, and a number that is
 * meant as a tolerance would become "use the default". Here those are errors.
 *
 * @throws TollgateError `config_invalid`, naming the member
 */
export function configText(config: unknown): string {
  if (typeof config !== "object" || config === null || Array.isArray(config)) throw configError("", "an object");
  try {
    return JSON.stringify(plain(config, "", 0));
  } catch (error) {
    if (error instanceof TollgateError) throw error;
    throw new TollgateError("config_invalid", "configuration: a member can't be read", {
      member: "",
      cause: error,
    });
  }
}

function plain(value: unknown, member: string, depth: number): unknown {
  if (depth > MAX_CONFIG_DEPTH) throw configError(member, `at most ${MAX_CONFIG_DEPTH} levels, and no cycle`);
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw configError(member, "a finite number");
      return value;
    case "object":
      if (value === null) return null;
      return Array.isArray(value) ? plainArray(value, member, depth) : plainObject(value, member, depth);
    default:
      throw configError(member, `a JSON value, not ${typeof value}`);
  }
}

function plainArray(array: readonly unknown[], member: string, depth: number): unknown[] {
  const items = Array.from(array, (item, index) => plain(item, `${member}[${index}]`, depth + 1));
  // An own toJSON on an array would be called by JSON.stringify; this array is ours and Array.prototype has none.
  return items;
}

function plainObject(object: object, member: string, depth: number): object {
  // A null prototype: `__proto__` is a member like any other, and no inherited toJSON is ever called.
  const copy: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(object)) {
    const value = (object as Record<string, unknown>)[name];
    if (value === undefined) continue;
    copy[name] = plain(value, member === "" ? name : `${member}.${name}`, depth + 1);
  }
  return copy;
}
