// createGate: a request in, a decision out. Never throws on what a client sent, and never lets through what it can't judge.

import type { Config } from "./config.js";
import { Client, type Platform } from "./core.js";
import { TollgateError } from "./error.js";
import type { Check, Explanation } from "./explain.js";
import type * as core from "./generated/types.js";
import { type CallOptions, decisionEvent, type Hooks } from "./hooks.js";
import { type FlatRequest, flatten, type RequestLike } from "./request.js";
import type { Principal } from "./verifier.js";

/** A header field: name and value; a list of them is what `new Headers` and `new Response` take. */
export type HeaderField = [name: string, value: string];

/** The request may pass: remove `removeHeaders` from it, then set `setHeaders`, then forward it. */
export interface Allow {
  readonly outcome: "allow";
  /** Who asks; `null` on a public rule, and for a preflight that is passed on. */
  readonly principal: Principal | null;
  /** The path pattern of the rule; `null` for a preflight. */
  readonly rule: string | null;
  /** Set these on the request to the origin, after removing. */
  readonly setHeaders: HeaderField[];
  /** Remove these from the request first, whatever the case of their names. */
  readonly removeHeaders: readonly string[];
  /**
   * With `cors` configured: set these on the origin's answer (append `vary`) after dropping its own
   * `access-control-allow-origin`, `-allow-credentials` and `-expose-headers`.
   */
  readonly responseHeaders?: HeaderField[];
}

/** The request is refused: answer with `status`, `headers` and `body`. Also how a CORS preflight is answered. */
export interface Deny {
  readonly outcome: "deny";
  /** The exact reason, for logs. The body tells the client a coarser one. */
  readonly code: string;
  readonly status: number;
  readonly headers: HeaderField[];
  /** Problem details (RFC 9457); empty for a preflight, whose 204 must have no body: `decision.body || null`. */
  readonly body: string;
}

/** It can't be decided now, mostly for want of keys: answer 503 with `headers` and `body`. */
export interface Unavailable {
  readonly outcome: "unavailable";
  /** `keys_due`, `keys_unavailable` or `internal_error`. */
  readonly code: string;
  readonly status: 503;
  readonly headers: HeaderField[];
  readonly body: string;
}

/** What a gate says about a request. */
export type Decision = Allow | Deny | Unavailable;

/** Decides about requests. Made once by `createGate`, used for any number of requests. */
export interface Gate {
  /**
   * Decides with the keys at hand. When a key set must be fetched first, the outcome is `unavailable` with the code
   * `keys_due`: call `ready()` or `check()` then.
   *
   * @param request a `Request`, or `{ method, url, headers }`
   * @throws TollgateError `closed` after `close()`; nothing else
   * @example
   * ```ts
   * const decision = gate.checkSync({ method: req.method, url: req.originalUrl, headers: req.headersDistinct });
   * ```
   */
  checkSync(request: RequestLike): Decision;

  /**
   * Decides, fetching key sets when they are due. Waits 3.5 s at most. Does not read the body.
   *
   * @param request a `Request`, or `{ method, url, headers }`
   * @throws TollgateError (as a rejection) `closed` after `close()`; nothing else
   * @example
   * ```ts
   * const decision = await gate.check(request);
   * if (decision.outcome !== "allow") return new Response(decision.body || null, decision);
   * ```
   */
  check(request: RequestLike, options?: CallOptions): Promise<Decision>;

  /**
   * Says why: decides as `check` does, and tells of each check what was expected and what was found. It is a question and no
   * request, so the event hook is told of no decision. For people, tools and tests: it takes longer than `check`.
   *
   * @param request a `Request`, or `{ method, url, headers }`
   * @returns the checks in their order, and the decision that `check` would give; no checks when the core failed
   * @throws TollgateError (as a rejection) `closed` after `close()`; nothing else
   * @example
   * ```ts
   * const { checks } = await gate.explain(request);
   * console.log(checks.find(({ outcome }) => outcome === "fail"));
   * ```
   */
  explain(request: RequestLike, options?: CallOptions): Promise<Explanation>;

  /**
   * Fetches every key set that is absent or older than 300 s.
   *
   * @throws TollgateError (as a rejection) `keys_unavailable` when an issuer has no usable key set after that
   */
  ready(options?: CallOptions): Promise<void>;

  /** Frees the gate's memory in wasm. Later calls throw `closed`. Without it, the garbage collector does the same. */
  close(): void;
}

/**
 * Makes a gate.
 *
 * @param config the whole configuration, as in `tollgate.json`; read once, own members only
 * @param hooks clock, fetch and events of the host, all optional
 * @throws TollgateError `config_invalid`, naming the member and what was expected
 * @example
 * ```ts
 * import config from "./tollgate.json" with { type: "json" };
 * const gate = createGate(config as Config, { onEvent: (event) => console.log(event) });
 * ```
 */
export type CreateGate = (config: Config, hooks?: Hooks) => Gate;

type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;
type Members<T> = Exclude<keyof T, "outcome">;
type Holds<T extends true> = T;

/**
 * Compiles only while the core's decisions have the members that are documented above.
 *
 * @internal
 */
export type DecisionsAgree = Holds<
  Same<Members<Allow>, keyof core.Allow> &
    Same<Members<Deny>, keyof core.Answer> &
    Same<Members<Unavailable>, keyof core.Answer>
>;

/** A decision as the core sends it, with what only the host needs. */
type Answer = Decision & { readonly issuer?: number; readonly refresh?: readonly number[]; readonly cached?: true };

/** An explanation as the core sends it. */
interface Explained {
  readonly checks: readonly Check[];
  readonly decision: Answer;
}

/**
 * The answer when the core trapped: closed, and in the core's own words for what can't be decided now.
 *
 * @internal
 */
export const failed = (): Unavailable => ({
  outcome: "unavailable",
  code: "internal_error",
  status: 503,
  headers: [
    ["content-type", "application/problem+json"],
    ["cache-control", "no-store"],
    ["retry-after", "1"],
  ],
  body: JSON.stringify({
    type: "urn:tollgate:unavailable",
    title: "The request can't be authenticated right now",
    status: 503,
  }),
});

/**
 * `createGate` for one runtime.
 *
 * @internal
 */
export function gateFor(platform: Platform): CreateGate {
  return (config, hooks) => new CoreGate(new Client(platform, "gate", config, hooks));
}

class CoreGate implements Gate {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  checkSync(request: RequestLike): Decision {
    return this.#decide(this.#ask(flatten(request), false));
  }

  async check(request: RequestLike, options?: CallOptions): Promise<Decision> {
    const flat = flatten(request);
    let answer = this.#ask(flat, false);
    if (answer.outcome === "unavailable" && answer.issuer !== undefined) {
      await this.#settle(answer.issuer, options);
      answer = this.#ask(flat, true);
    }
    this.#client.refresh(answer.refresh, options);
    return this.#decide(answer);
  }

  async explain(request: RequestLike, options?: CallOptions): Promise<Explanation> {
    const flat = flatten(request);
    let explained = this.#askWhy(flat, false);
    const due = explained.decision;
    if (due.outcome === "unavailable" && due.issuer !== undefined) {
      await this.#settle(due.issuer, options);
      explained = this.#askWhy(flat, true);
    }
    const { issuer, refresh, cached, ...decision } = explained.decision;
    this.#client.refresh(refresh, options);
    return { checks: explained.checks, decision };
  }

  ready(options?: CallOptions): Promise<void> {
    return this.#client.ready(options);
  }

  close(): void {
    this.#client.close();
  }

  #ask({ method, url, headers, count }: FlatRequest, lastTry: boolean): Answer {
    const now = this.#client.host.now();
    try {
      return this.#client.ask((core) => core.check(method, url, headers, count, now, lastTry));
    } catch (error) {
      if (error instanceof TollgateError && error.code === "closed") throw error;
      return failed();
    }
  }

  #askWhy({ method, url, headers, count }: FlatRequest, lastTry: boolean): Explained {
    const now = this.#client.host.now();
    try {
      return this.#client.ask((core) => core.explain(method, url, headers, count, now, lastTry));
    } catch (error) {
      if (error instanceof TollgateError && error.code === "closed") throw error;
      return { checks: [], decision: failed() };
    }
  }

  async #settle(issuer: number, options: CallOptions | undefined): Promise<void> {
    try {
      await this.#client.settle(issuer, options);
    } catch {
      // The core trapped and was rebuilt, or was closed meanwhile: asking again tells.
    }
  }

  #decide({ issuer, refresh, cached, ...decision }: Answer): Decision {
    const { host } = this.#client;
    if (host.listens) host.emit(decisionEvent(decision, cached));
    return decision;
  }
}
