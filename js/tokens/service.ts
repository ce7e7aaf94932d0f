// createTokens: a service that issues access tokens and rotates refresh tokens, for any host with `Request` and for Lambda.
// Decides nothing: the core does, in steps.

import { configText, type DeepReadonly, type Issuer, type KeySet, type OwnIssuer } from "../config.js";
import { Handle, type Platform } from "../core.js";
import { configError, TollgateError } from "../error.js";
import type * as core from "../generated/types.js";
import { clock, listener } from "../hooks.js";
import type { Core } from "../instance.js";
import { flatten } from "../request.js";
import { readBody } from "./body.js";
import { askFunction, type EntitlementsFunction } from "./entitlements.js";
import type { TokensEvent } from "./events.js";
import type { KeySource } from "./keys.js";
import { type ApiGatewayEvent, type ApiGatewayResult, requestOf, resultOf } from "./lambda.js";
import { within } from "./late.js";
import { type Answer, type StepCore, Steps, type TokenRequest, unavailable } from "./steps.js";
import type { Store } from "./store.js";

/** How long the keys are waited for, in milliseconds. */
const KEYS_MILLISECONDS = 5_000;
/** How long the entitlements are waited for where nothing else is configured, in milliseconds. */
const ENTITLEMENTS_MILLISECONDS = 2_000;

/** The `tokens` member of the configuration. */
export type TokenServiceConfig = DeepReadonly<Omit<core.TokenService, "entitlements">> & {
  readonly entitlements: DeepReadonly<core.TokenService["entitlements"]> | null;
};

/** The configuration of a token service: the whole of `tollgate.json`, of which the gate's members may be left out. */
export type TokensConfig = DeepReadonly<Partial<Omit<core.Config, "issuers" | "tokens">>> & {
  readonly issuers?: readonly (Issuer | OwnIssuer)[];
  readonly tokens: TokenServiceConfig;
};

/** What a token service works with. */
export interface TokensOptions {
  /** The keys document that `npm run keys -- new` wrote, as text, or what gives it: `secretsManagerKeys({ … })`. */
  readonly keys: string | KeySource;
  /** Where the sessions are kept: `dynamoDbStore({ … })`, `durableStore(…)`, `memoryStore()`. */
  readonly store: Store;
  /** Says what a user may do; `null` where the configuration's `tokens.entitlements` is `null`, and only there. */
  readonly entitlements: EntitlementsFunction | null;
  /** The time in Unix seconds, as for `createGate`. Default: `Date.now() / 1000`. */
  readonly now?: (() => number) | undefined;
  /** Told what happened, after the fact. What it returns or throws is ignored. */
  readonly onEvent?: ((event: TokensEvent) => void) | undefined;
}

/** A token service. Made once by `createTokens`, used for any number of requests. */
export interface Tokens {
  /**
   * Answers a request to one of the service's endpoints; `null` for any other, whose body is still unread then. Never
   * throws for what a client sent: what can't be answered now is a 503.
   *
   * @throws TollgateError (as a rejection) `closed` after `close()`
   * @example
   * ```ts
   * const answer = await tokens.handle(request);
   * if (answer !== null) return answer;
   * const decision = await gate.check(request);
   * ```
   */
  handle(request: Request): Promise<Response | null>;

  /**
   * The same for a Lambda function behind an HTTP API or a function URL (payload format 2.0).
   *
   * @throws TollgateError (as a rejection) `closed` after `close()`; `config_invalid` for an event of another format
   * @example
   * ```ts
   * export const handler = async (event) => (await tokens.handleEvent(event)) ?? { statusCode: 404 };
   * ```
   */
  handleEvent(event: ApiGatewayEvent): Promise<ApiGatewayResult | null>;

  /**
   * The published keys, as `/.well-known/jwks.json` has them now: for the gate of the same program.
   *
   * @example
   * ```ts
   * const gate = createGate(config, { ownKeys: await tokens.keySet() });
   * ```
   * @throws TollgateError (as a rejection) `config_invalid`; `keys_unavailable`; `closed` after `close()`
   */
  keySet(): Promise<KeySet>;

  /** Frees the service's memory in wasm. Later calls throw `closed`. Without it, the garbage collector does the same. */
  close(): void;
}

/**
 * Makes a token service.
 *
 * @param config the whole configuration, as in `tollgate.json`; read once, own members only
 * @throws TollgateError `config_invalid`, naming the member and what was expected. Where `keys` is a function, the
 *   configuration is judged with the first keys, so then `keySet()` is the first to throw it
 * @example
 * ```ts
 * const tokens = createTokens(config, { keys: process.env.TOLLGATE_KEYS, store: memoryStore(), entitlements: null });
 * ```
 */
export type CreateTokens = (config: TokensConfig, options: TokensOptions) => Tokens;

/**
 * `createTokens` for one runtime.
 *
 * @internal
 */
export function tokensFor(platform: Platform): CreateTokens {
  return (config, options) => new TokenService(platform, config, options);
}

class TokenService implements Tokens {
  readonly #keyed: KeyedCore;
  readonly #steps: Steps;
  readonly #now: () => number;

  constructor(platform: Platform, config: TokensConfig, options: TokensOptions) {
    const { keys, store, entitlements, now, onEvent } = checked(options);
    const text = configText(config);
    const emit = listener(onEvent);
    this.#now = clock(now);
    this.#steps = new Steps({
      store,
      ask: entitlements === null ? null : askFunction(entitlements),
      askMilliseconds: askMilliseconds(text, entitlements),
      now: this.#now,
      emit,
    });
    this.#keyed = new KeyedCore(platform, text, keys, (reason, member) =>
      emit({ type: "signing_keys_failed", time: this.#now(), reason, ...(member === undefined ? {} : { member }) }),
    );
  }

  async handle(request: Request): Promise<Response | null> {
    if (request.bodyUsed) throw configError("request.body", "a body that was not read before");
    const { body } = request;
    const answer = await this.#answer({ flat: flatten(request), body: body === null ? null : () => readBody(body) });
    if (answer === null) return null;
    const headers = answer.headers.map(([name, value]): [string, string] => [name, value]);
    return new Response(answer.body === "" ? null : answer.body, { status: answer.status, headers });
  }

  async handleEvent(event: ApiGatewayEvent): Promise<ApiGatewayResult | null> {
    const answer = await this.#answer(requestOf(event));
    return answer === null ? null : resultOf(answer);
  }

  async keySet(): Promise<KeySet> {
    const handle = await this.#keyed.handle();
    return JSON.parse(handle.call((core) => core.tokensKeySet(this.#now())));
  }

  close(): void {
    this.#keyed.close();
  }

  async #answer(request: TokenRequest): Promise<Answer | null> {
    let handle: Handle;
    try {
      handle = await this.#keyed.handle();
    } catch (error) {
      if (error instanceof TollgateError && error.code === "closed") throw error;
      return unavailable();
    }
    return this.#steps.answer(stepCore(handle), request);
  }
}

/** The core of one request, whatever becomes of its instance, or of the keys, meanwhile. */
function stepCore(handle: Handle): StepCore {
  const ask = <Answer>(question: (core: Core) => Answer) => handle.call(question);
  return {
    serves: (url) => ask((core) => core.tokensServes(url)),
    begin: ({ method, url, headers, count }, body, now) =>
      ask((core) => core.tokensBegin(method, url, headers, count, body, now)),
    next: (state, outcome, now) => ask((core) => core.tokensNext(state, outcome, now)),
  };
}

type Report = (reason: "unavailable" | "invalid", member?: string) => void;

/** The core that was made of the keys as they are now. A request goes on with the one it began with. */
class KeyedCore {
  readonly #platform: Platform;
  readonly #config: string;
  readonly #keys: string | KeySource;
  readonly #report: Report;
  /** What the last core was made of, or was to be. */
  #text: string | undefined;
  #handle: Handle | undefined;
  /** Why no core could be made of `#text`. */
  #fault: unknown;
  #isClosed = false;

  constructor(platform: Platform, config: string, keys: string | KeySource, report: Report) {
    this.#platform = platform;
    this.#config = config;
    this.#keys = keys;
    this.#report = report;
    if (typeof keys === "string") this.#handle = this.#make(keys);
  }

  /** @throws TollgateError `closed`; `keys_unavailable`; `config_invalid`; `module_invalid` or `internal_error` */
  async handle(): Promise<Handle> {
    if (typeof this.#keys !== "string" && !this.#isClosed) await this.#renew(this.#keys);
    if (this.#isClosed) throw new TollgateError("closed", "it was closed and can't be used again");
    if (this.#handle === undefined) throw this.#fault;
    return this.#handle;
  }

  close(): void {
    this.#isClosed = true;
    this.#handle?.close();
  }

  /** Takes other keys when there are such. What fails leaves the core at hand in use. */
  async #renew(keys: KeySource): Promise<void> {
    let text: string;
    try {
      text = await within(KEYS_MILLISECONDS, (async () => keys())());
      if (typeof text !== "string") throw new TypeError("no text");
    } catch (cause) {
      this.#report("unavailable");
      this.#fault ??= new TollgateError("keys_unavailable", "the signing keys can't be had", {
        retryAfterSeconds: 1,
        cause,
      });
      return;
    }
    if (text === this.#text || this.#isClosed) return;
    try {
      // The core before it may still be in use, so the garbage collector frees it.
      this.#handle = this.#make(text);
      this.#text = text;
    } catch (error) {
      this.#fault = error;
      if (!(error instanceof TollgateError) || error.code !== "config_invalid") return this.#report("unavailable");
      // It takes another text to try again.
      this.#text = text;
      this.#report("invalid", error.member);
    }
  }

  #make(keys: string): Handle {
    return new Handle(this.#platform, { kind: "tokens", config: this.#config, keys }, () => {});
  }
}

const OPTION_NAMES: readonly string[] = ["keys", "store", "entitlements", "now", "onEvent"];
const STORE_METHODS: readonly (keyof Store)[] = ["load", "create", "rotate", "revoke", "revokeAll"];

/** The options, own members only, each one read once. */
function checked(options: TokensOptions): TokensOptions {
  if (typeof options !== "object" || options === null) throw configError("options", "keys, store and entitlements");
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.includes(name)) throw configError(`options.${name}`, `one of ${OPTION_NAMES.join(", ")}`);
  }
  const { keys, store, entitlements, now, onEvent } = { ...options };
  if (typeof keys !== "string" && typeof keys !== "function") throw configError("options.keys", "text or a function");
  if (typeof store !== "object" || store === null || STORE_METHODS.some((name) => typeof store[name] !== "function")) {
    throw configError("options.store", "a store, such as memoryStore()");
  }
  if (entitlements !== null && typeof entitlements !== "function") {
    throw configError("options.entitlements", "a function, or null");
  }
  for (const [name, hook] of Object.entries({ now, onEvent })) {
    if (hook !== undefined && typeof hook !== "function") throw configError(`options.${name}`, "a function");
  }
  return { keys, store, entitlements, now, onEvent };
}

/** How long the entitlements are waited for. A function that nobody would ask, and a question to nobody, are mistakes. */
function askMilliseconds(config: string, entitlements: EntitlementsFunction | null): number {
  const stated = JSON.parse(config).tokens?.entitlements;
  if (stated === null && entitlements !== null) {
    throw configError("options.entitlements", "null, as tokens.entitlements is: nobody is asked");
  }
  if (typeof stated === "object" && stated !== null && entitlements === null) {
    throw configError("options.entitlements", "a function: tokens.entitlements says that one is asked");
  }
  return stated?.timeoutMilliseconds ?? ENTITLEMENTS_MILLISECONDS;
}
