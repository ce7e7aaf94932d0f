// createVerifier: tokens in, verified claims out. A sync call never fetches, and nothing unverified is ever returned.

import { checksOf, type Sight } from "./checks.js";
import type { DeepReadonly, VerifierConfig } from "./config.js";
import { Client, MAX_TOKEN_BYTES, type Platform } from "./core.js";
import { TollgateError } from "./error.js";
import type { TokenExplanation } from "./explain.js";
import type * as core from "./generated/types.js";
import type { CallOptions, Hooks } from "./hooks.js";
import { frozen, withoutPrototypes } from "./json.js";

/** A JSON value, as it stands in a token. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object without a prototype: `constructor` or `then` is there only when the token holds it. */
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined;
}

/** Who a verified token speaks for. What it does not say is `null` or empty. */
export type Principal = DeepReadonly<Required<core.Principal>>;

/** What a token says, once it is verified. With `verifiedTokenCache` it is frozen, because the same object is given again. */
export interface Verification {
  /** The JOSE header. */
  readonly header: JsonObject;
  /** The claims, on objects without a prototype. */
  readonly claims: JsonObject;
  /** Who the token is about, read from the claims as configured. */
  readonly principal: Principal;
}

/** Verifies tokens of the configured issuers. Made once by `createVerifier`, used for any number of tokens. */
export interface Verifier {
  /**
   * Verifies `token` with the keys at hand.
   *
   * @param token the compact form, 8 KiB at most, without `Bearer`
   * @throws TollgateError with the code of the first check that failed; `keys_due` when the issuer's key set must be
   *   fetched first: call `ready()` or `verify()` then
   * @example
   * ```ts
   * const { claims, principal } = verifier.verifySync(token);
   * ```
   */
  verifySync(token: string): Verification;

  /**
   * Verifies `token`, fetching the issuer's key set when it is due. Waits 3.5 s at most.
   *
   * @param token the compact form, 8 KiB at most, without `Bearer`
   * @throws TollgateError (as a rejection) as `verifySync` does, but `keys_unavailable` instead of `keys_due`
   * @example
   * ```ts
   * const { principal } = await verifier.verify(token, { waitUntil: (work) => ctx.waitUntil(work) });
   * ```
   */
  verify(token: string, options?: CallOptions): Promise<Verification>;

  /**
   * Says why: verifies `token` as `verify` does, and tells of each check what was expected and what was found. Of a token whose
   * signature does not hold it shows `alg`, `kid` and `typ`, and no claim. For people, tools and tests: it takes longer.
   *
   * @param token the compact form, without `Bearer`
   * @returns the checks in their order, and what `verify` would return, or the code and message that it would throw
   * @throws TollgateError (as a rejection) `closed` after `close()`, and `internal_error` when the core failed; nothing else
   * @example
   * ```ts
   * const { checks, code } = await verifier.explain(token);
   * for (const { name, outcome, expected, found } of checks) console.log(name, outcome, expected, found);
   * ```
   */
  explain(token: string, options?: CallOptions): Promise<TokenExplanation>;

  /**
   * Fetches every key set that is absent or older than 300 s. Call it at start, and again when `verifySync` says
   * `keys_due`.
   *
   * @throws TollgateError (as a rejection) `keys_unavailable` when an issuer has no usable key set after that
   * @example
   * ```ts
   * await verifier.ready();
   * ```
   */
  ready(options?: CallOptions): Promise<void>;

  /** Frees the verifier's memory in wasm. Later calls throw `closed`. Without it, the garbage collector does the same. */
  close(): void;
}

/**
 * Makes a verifier.
 *
 * @param config the issuers and the clock tolerance (seconds, 0 to 300, default 30); read once, own members only
 * @param hooks clock, fetch and events of the host, all optional
 * @throws TollgateError `config_invalid`, naming the member and what was expected
 * @example
 * ```ts
 * const verifier = createVerifier({
 *   issuers: [{
 *     issuer: "https://issuer.example", audience: "https://api.example", algorithms: ["ES256"],
 *     jwksUri: "https://issuer.example/jwks.json",
 *   }],
 * });
 * ```
 */
export type CreateVerifier = (config: VerifierConfig, hooks?: Hooks) => Verifier;

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly issuer?: number;
  readonly claim?: string;
  readonly retryAfterSeconds?: number;
}

/** What the core answers about a good token. A list of values is read faster than an object with names. */
type Verified = readonly [
  header: Record<string, unknown>,
  claims: Record<string, unknown>,
  // As `PrincipalRef` of the core writes them.
  kind: Principal["kind"],
  userId: Principal["userId"],
  clientId: Principal["clientId"],
  tenantId: Principal["tenantId"],
  plan: Principal["plan"],
  email: Principal["email"],
  groups: Principal["groups"],
  permissions: Principal["permissions"],
  scopes: Principal["scopes"],
  issuer: Principal["issuer"],
  expiresAt: Principal["expiresAt"],
  /** Whether the issuer's key set should be fetched in the background. */
  refresh?: boolean,
  /** Its position. */
  position?: number,
  /** The token's place in the cache. Absent without a cache; `null` when the token was not kept. */
  place?: number | null,
];

type Answer = Verified | { readonly error: Refusal };

/** An explanation as the core sends it. */
interface Explained extends Sight {
  /** As the core answers about a good token: `Core.verify`. */
  readonly verified: Verified | number | null;
  readonly error?: Refusal;
}

/** An answer, and the position of the issuer whose key set should be fetched in the background. */
interface Said {
  readonly verification: Verification;
  readonly refresh: number | undefined;
}

/** An answer that the core need not give again. */
interface Kept {
  readonly verification: Verification;
  /** The position of its issuer. */
  readonly issuer: number | undefined;
}

/**
 * `createVerifier` for one runtime.
 *
 * @internal
 */
export function verifierFor(platform: Platform): CreateVerifier {
  return (config, hooks) => new CoreVerifier(new Client(platform, "verifier", config, hooks));
}

class CoreVerifier implements Verifier {
  readonly #client: Client;
  /** By the place of their tokens in the core's cache; of those the core answers with the place alone. */
  readonly #kept: Kept[] = [];

  constructor(client: Client) {
    this.#client = client;
  }

  verifySync(token: string): Verification {
    const answer = this.#ask(token, false);
    if (isRefusal(answer)) throw refusal(answer.error);
    return this.#said(answer).verification;
  }

  async verify(token: string, options?: CallOptions): Promise<Verification> {
    let answer = this.#ask(token, false);
    if (isRefusal(answer) && answer.error.code === "keys_due" && answer.error.issuer !== undefined) {
      await this.#client.settle(answer.error.issuer, options);
      answer = this.#ask(token, true);
    }
    if (isRefusal(answer)) throw refusal(answer.error);
    const { verification, refresh } = this.#said(answer);
    if (refresh !== undefined) this.#client.refresh([refresh], options);
    return verification;
  }

  async explain(token: string, options?: CallOptions): Promise<TokenExplanation> {
    // What is too long stays too long, and nothing large is copied into wasm.
    const text = typeof token === "string" ? token.slice(0, MAX_TOKEN_BYTES + 1) : "";
    let { now, explained } = this.#askWhy(text, false);
    const due = explained.error?.code === "keys_due" ? explained.error.issuer : undefined;
    if (due !== undefined) {
      await this.#client.settle(due, options);
      ({ now, explained } = this.#askWhy(text, true));
    }
    const { verified, error } = explained;
    const checks = checksOf(explained, text, now, error);
    if (verified === null) {
      return { checks, verification: null, code: error?.code ?? null, message: error?.message ?? null };
    }
    const said = this.#explained(verified);
    if (said.refresh !== undefined) this.#client.refresh([said.refresh], options);
    return { checks, verification: said.verification, code: null, message: null };
  }

  ready(options?: CallOptions): Promise<void> {
    return this.#client.ready(options);
  }

  close(): void {
    this.#kept.length = 0;
    this.#client.close();
  }

  #ask(token: unknown, lastTry: boolean): Answer | number {
    if (typeof token !== "string") throw new TollgateError("malformed_token", "expected the token as a string");
    return this.#client.verify(token, lastTry);
  }

  #askWhy(text: string, lastTry: boolean): { now: number; explained: Explained } {
    const now = this.#client.host.now();
    return { now, explained: this.#client.ask((core) => core.explainToken(text, now, lastTry)) };
  }

  #said(answer: Verified | number): Said {
    if (typeof answer !== "number") return this.#told(answer);
    const said = -1 - answer;
    const kept = this.#kept[said >> 1];
    if (kept === undefined) throw new TollgateError("internal_error", "the core named an answer that was never given");
    return { verification: kept.verification, refresh: (said & 1) === 1 ? kept.issuer : undefined };
  }

  /** As `#said`, but nothing new is kept: the core was not told so. */
  #explained(answer: Verified | number): Said {
    if (typeof answer === "number") return this.#said(-1 - answer);
    return { verification: verification(answer), refresh: answer[13] === true ? answer[14] : undefined };
  }

  #told(answer: Verified): Said {
    const told = verification(answer);
    const [refresh, issuer, place] = [answer[13], answer[14], answer[15]];
    if (place !== undefined) frozen(told);
    if (typeof place === "number") {
      this.#kept[place] = { verification: told, issuer };
      // Only now: the core must not take for kept what could not be.
      this.#client.keepAnswer();
    }
    return { verification: told, refresh: refresh === true ? issuer : undefined };
  }
}

function isRefusal(answer: Answer | number): answer is { readonly error: Refusal } {
  return typeof answer === "object" && "error" in answer;
}

function refusal({ code, message, claim, retryAfterSeconds }: Refusal): TollgateError {
  return new TollgateError(code, message, { claim, retryAfterSeconds });
}

function verification(answer: Verified): Verification {
  // By position, because a destructured array is iterated, which takes longer.
  return {
    header: withoutPrototypes(answer[0]) as JsonObject,
    claims: withoutPrototypes(answer[1]) as JsonObject,
    principal: {
      kind: answer[2],
      userId: answer[3],
      clientId: answer[4],
      tenantId: answer[5],
      plan: answer[6],
      email: answer[7],
      groups: answer[8],
      permissions: answer[9],
      scopes: answer[10],
      issuer: answer[11],
      expiresAt: answer[12],
    },
  };
}
