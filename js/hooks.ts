// What a host may plug in: clock, fetch, events. A hook can fail; it cannot change a decision.

import type { KeySet } from "./config.js";
import { configError } from "./error.js";

/** A key set was fetched and is in use. */
export interface KeysFetchedEvent {
  readonly type: "keys_fetched";
  /** The configured issuer. */
  readonly issuer: string;
  /** How many keys of the set are usable. */
  readonly keys: number;
  /** How many were left out; each also has a `key_skipped` event. */
  readonly skipped: number;
  /** How long the fetch took, by the clock of `now`. */
  readonly milliseconds: number;
}

/** One key of a fetched set is not usable and was left out. */
export interface KeySkippedEvent {
  readonly type: "key_skipped";
  /** The configured issuer. */
  readonly issuer: string;
  /** Position in the set's `keys`. */
  readonly index: number;
  /** Why, in a few fixed words. */
  readonly reason: string;
}

/** A key set could not be fetched or used; the last good one stays for up to 3,600 seconds. */
export interface KeysFetchFailedEvent {
  readonly type: "keys_fetch_failed";
  /** The configured issuer. */
  readonly issuer: string;
  /** Why: `timeout`, `network`, `redirect`, `too_large`, `not_utf8`, `status_404`, or what the set lacked. */
  readonly reason: string;
  /** What the answer's `Retry-After` asked for, in seconds; absent or `null` when it asked for nothing. */
  readonly retryAfterSeconds?: number | null;
  /** How long the fetch took, by the clock of `now`. */
  readonly milliseconds: number;
}

/**
 * A key set was forgotten, because those of all issuers took more than 40 MiB: the one that was fetched longest ago goes. It is
 * fetched again when it is asked for.
 */
export interface KeysDroppedEvent {
  readonly type: "keys_dropped";
  /** The configured issuer. */
  readonly issuer: string;
}

/** The core answered for the first time, or for the first time after it failed. */
export interface CoreStartedEvent {
  readonly type: "core_started";
  /** The arithmetic that it chose. */
  readonly kernel: string;
  /** Whether it failed before. */
  readonly again: boolean;
}

/** Tables of ES256 keys are complete: checks by these keys take half as long from now on. */
export interface TablesMadeEvent {
  readonly type: "tables_made";
  /** How many since the last such event. */
  readonly tables: number;
}

/** A gate decided. Here the exact code appears that the client's answer does not tell. */
export interface DecisionEvent {
  readonly type: "decision";
  readonly outcome: "allow" | "deny" | "unavailable";
  /** The exact code, or `null` when allowed. */
  readonly code: string | null;
  /** The path pattern of the rule, where it is known. */
  readonly rule: string | null;
  /** The HTTP status, or `null` when allowed. */
  readonly status: number | null;
  /** Present when the token's signature was checked earlier, as `verifiedTokenCache` allows. */
  readonly cached?: true;
}

/** What `onEvent` is given. */
export type TollgateEvent =
  | KeysFetchedEvent
  | KeySkippedEvent
  | KeysFetchFailedEvent
  | KeysDroppedEvent
  | CoreStartedEvent
  | TablesMadeEvent
  | DecisionEvent;

/** Host hooks, all optional. Read once, own members only. */
export interface Hooks {
  /**
   * The time in Unix seconds (a fraction is fine). Called on every verification and check, never at start-up, because
   * the clock of an edge runtime stands still outside requests. Default: `Date.now() / 1000`. A result that is not a
   * plausible time (milliseconds, `NaN`, 0) or a throw is refused with `clock_invalid`.
   */
  readonly now?: (() => number) | undefined;
  /** Fetches key sets. Default: the runtime's own `fetch`, looked up at each call. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Told about key sets and decisions, after the fact. What it returns or throws is ignored. */
  readonly onEvent?: ((event: TollgateEvent) => void) | undefined;
  /**
   * Gates only: the keys of the token service beside it, `await tokens.keySet()`, which an issuer of the preset `tollgate`
   * takes. They are read once; when the service has other keys, make another gate.
   */
  readonly ownKeys?: KeySet | undefined;
}

/** Options of one asynchronous call. */
export interface CallOptions {
  /**
   * Keeps the runtime alive for a key fetch that this call started, as `ctx.waitUntil` does in a Worker:
   * `{ waitUntil: (work) => ctx.waitUntil(work) }`.
   */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** The hooks with their defaults, none of which throws. */
export interface Host {
  /** Unix seconds, or `NaN` when the hook failed, which the core refuses as `clock_invalid`. */
  now(): number;
  fetch(url: string, init: RequestInit): Promise<Response>;
  emit(event: TollgateEvent): void;
  /** Whether anybody is told: what costs something is only looked up then. */
  readonly listens: boolean;
  readonly ownKeys: KeySet | undefined;
}

/** What is told of a decision. */
export function decisionEvent(
  decision:
    | { readonly outcome: "allow"; readonly rule: string | null }
    | { readonly outcome: "deny" | "unavailable"; readonly code: string; readonly status: number },
  cached?: true,
): DecisionEvent {
  const known = cached === undefined ? undefined : { cached };
  return decision.outcome === "allow"
    ? { type: "decision", outcome: "allow", code: null, rule: decision.rule, status: null, ...known }
    : {
        type: "decision",
        outcome: decision.outcome,
        code: decision.code,
        rule: null,
        status: decision.status,
        ...known,
      };
}

const HOOK_NAMES = ["now", "fetch", "onEvent", "ownKeys"] as const;

/**
 * Checks the hooks and fills in the defaults.
 *
 * @throws TollgateError `config_invalid` for an unknown hook or one of the wrong type
 */
export function host(hooks: Hooks = {}): Host {
  if (typeof hooks !== "object" || hooks === null) throw configError("hooks", "an object");
  for (const name of Object.keys(hooks)) {
    if (!(HOOK_NAMES as readonly string[]).includes(name))
      throw configError(`hooks.${name}`, "now, fetch, onEvent or ownKeys");
  }
  const { now, fetch, onEvent, ownKeys } = ownHooks(hooks);
  return {
    now: clock(now),
    fetch: fetch ?? ((url, init) => globalThis.fetch(url, init)),
    emit: listener(onEvent),
    listens: onEvent !== undefined,
    ownKeys,
  };
}

/** The host's clock, or the runtime's. It never throws. */
export function clock(now: (() => number) | undefined): () => number {
  return now === undefined ? () => Date.now() / 1000 : () => readClock(now);
}

/** Tells `onEvent`, where there is one. It never throws. */
export function listener<Event>(onEvent: ((event: Event) => void) | undefined): (event: Event) => void {
  return onEvent === undefined ? () => {} : (event) => tell(onEvent, event);
}

function ownHooks(hooks: Hooks): Hooks {
  const own: Record<string, unknown> = Object.create(null);
  for (const name of HOOK_NAMES) {
    const value = Object.hasOwn(hooks, name) ? hooks[name] : undefined;
    if (value !== undefined) checkHook(name, value);
    own[name] = value;
  }
  return own;
}

function checkHook(name: (typeof HOOK_NAMES)[number], hook: unknown): void {
  if (name !== "ownKeys" && typeof hook !== "function") throw configError(`hooks.${name}`, "a function");
  // What is in it is judged with the configuration.
  if (name === "ownKeys" && (typeof hook !== "object" || hook === null))
    throw configError("hooks.ownKeys", "a key set");
}

function readClock(now: () => number): number {
  try {
    const time: unknown = now();
    return typeof time === "number" ? time : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

function tell<Event>(onEvent: (event: Event) => unknown, event: Event): void {
  try {
    const result = onEvent(event);
    // An async hook that rejects must not become an unhandled rejection, which ends a Node process.
    if (result instanceof Promise) result.catch(() => {});
  } catch {
    // The decision stands whatever the listener does.
  }
}
