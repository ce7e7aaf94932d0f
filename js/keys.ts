// Key sets over time, the host's half: the core says when to fetch, this fetches. It keeps no key, only the last text.

import type { TollgateEvent } from "./hooks.js";
import { type Transport, TransportError } from "./transport.js";

/** The part of the core that key fetching drives; answers are JSON text. */
export interface KeyCore {
  remoteIssuers(): Uint32Array;
  beginFetch(issuer: number, now: number): string;
  fetchSucceeded(issuer: number, id: number, now: number, fetchedAt: number, body: string): string;
  fetchFailed(issuer: number, id: number, now: number, reason: string, retryAfterSeconds?: number): string;
}

/** What a `KeyFetcher` needs of its host. */
export interface KeyFetcherOptions {
  /** Unix seconds. */
  readonly now: () => number;
  readonly transport: Transport;
  readonly emit: (event: TollgateEvent) => void;
}

/** Registers work that must outlive the request that started it. */
export type WaitUntil = ((work: Promise<unknown>) => void) | undefined;

/** Headers and body of a key set must arrive within this many milliseconds. */
export const FETCH_TIMEOUT_MS = 3_000;
/** A waiter asks the core again after this many milliseconds, whatever became of the fetch it waits for. */
export const WAIT_TIMEOUT_MS = 3_500;
/** A set is preloaded again from this age on, in seconds (`JWKS_BACKGROUND_SECONDS` of the core). */
const PRELOAD_AGE_SECONDS = 300;
/** So many sets are preloaded at once. */
const PRELOAD_WIDTH = 64;

interface FetchStart {
  readonly id: number;
  readonly issuer: string;
  readonly url: string;
  readonly cachedSince: number | null;
}

interface FetchEnd {
  readonly now: number;
  readonly milliseconds: number;
}

interface GoodSet {
  readonly name: string;
  readonly text: string;
  readonly fetchedAt: number;
}

/**
 * Fetches key sets when the core asks for it: one fetch per issuer at a time, which any number of callers await.
 *
 * Nothing here rejects. A failed fetch is told to the core and to `emit`; what it means for a token is the core's answer
 * when it is asked again.
 */
export class KeyFetcher {
  readonly #core: KeyCore;
  readonly #options: KeyFetcherOptions;
  /** The fetch under way for each issuer. The core decides whether it still counts. */
  readonly #flights = new Map<number, Promise<void>>();
  /** The text last accepted for each issuer, to fill a rebuilt core. */
  readonly #good = new Map<number, GoodSet>();
  /** Grows when the core is rebuilt: ids of fetches begun before mean nothing to the new one. */
  #epoch = 0;

  constructor(core: KeyCore, options: KeyFetcherOptions) {
    this.#core = core;
    this.#options = options;
  }

  /**
   * Starts or joins the fetch of `issuer`'s keys and waits for it, 3.5 s at most. Then the core is to be asked again,
   * with `lastTry`.
   */
  async settle(issuer: number, waitUntil?: WaitUntil): Promise<void> {
    const flight = this.#join(issuer, waitUntil);
    if (flight !== undefined) await atMost(flight, WAIT_TIMEOUT_MS);
  }

  /** Starts fetches that nobody waits for. Positions are those that the core listed as `refresh`. */
  refresh(issuers: readonly number[] | undefined, waitUntil?: WaitUntil): void {
    for (const issuer of issuers ?? []) this.#join(issuer, waitUntil);
  }

  /**
   * Fetches every remote set that is absent or older than 300 s, and waits.
   *
   * @returns the positions of the issuers for which no set was ever accepted
   */
  async preload(waitUntil?: WaitUntil): Promise<number[]> {
    const issuers = Array.from(this.#core.remoteIssuers());
    const now = this.#options.now();
    const due = issuers.filter((issuer) => {
      const good = this.#good.get(issuer);
      return good === undefined || !(now - good.fetchedAt < PRELOAD_AGE_SECONDS);
    });
    const lane = async () => {
      for (let issuer = due.shift(); issuer !== undefined; issuer = due.shift()) await this.settle(issuer, waitUntil);
    };
    await Promise.all(Array.from({ length: PRELOAD_WIDTH }, lane));
    return issuers.filter((issuer) => !this.#good.has(issuer));
  }

  /**
   * Gives a rebuilt core the sets that the old one had. `core` must be the new one. A set on which the core traps again
   * is forgotten, so it can't do so for ever.
   */
  restore(core: KeyCore): void {
    this.#epoch += 1;
    this.#flights.clear();
    const now = this.#options.now();
    for (const [issuer, good] of Array.from(this.#good)) {
      this.#good.delete(issuer);
      const start: FetchStart | null = JSON.parse(core.beginFetch(issuer, now));
      if (start === null) continue;
      core.fetchSucceeded(issuer, start.id, now, good.fetchedAt, good.text);
      this.#good.set(issuer, good);
    }
  }

  #join(issuer: number, waitUntil: WaitUntil): Promise<void> | undefined {
    const start: FetchStart | null = JSON.parse(this.#core.beginFetch(issuer, this.#options.now()));
    if (start === null) return this.#flights.get(issuer);
    const flight = this.#fly(issuer, start).finally(() => {
      if (this.#flights.get(issuer) === flight) this.#flights.delete(issuer);
    });
    this.#flights.set(issuer, flight);
    register(waitUntil, flight);
    return flight;
  }

  async #fly(issuer: number, start: FetchStart): Promise<void> {
    const epoch = this.#epoch;
    const begun = this.#options.now();
    const result = await this.#exchange(start);
    if (epoch !== this.#epoch) return;
    const now = this.#options.now();
    try {
      const milliseconds = Math.max(0, Math.round((now - begun) * 1000));
      if (typeof result === "string") this.#failed(issuer, start, { now, milliseconds }, result);
      else if (result.status !== 200) {
        const reason = isRedirect(result.status) ? "redirect" : `status_${result.status}`;
        this.#failed(issuer, start, { now, milliseconds }, reason, result.retryAfterSeconds);
      } else this.#succeeded(issuer, start, { now, milliseconds }, result.fetchedAt ?? now, result.text);
    } catch {
      // The core trapped, and its owner has rebuilt it; or it was closed. Waiters ask again and are told.
    }
  }

  /** The response, or the reason why there is none. */
  async #exchange({ url, issuer, cachedSince }: FetchStart) {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<"timeout">((resolve) => {
      timer = setTimeout(() => {
        resolve("timeout");
        abort.abort();
      }, FETCH_TIMEOUT_MS);
    });
    try {
      const response = this.#options.transport(url, { signal: abort.signal, issuer, cachedSince });
      // A transport that ignores the signal must not hold the fetch open.
      return await Promise.race([response, timeout]);
    } catch (error) {
      return error instanceof TransportError ? error.reason : "network";
    } finally {
      if (timer !== undefined) clearTimeout(timer);
    }
  }

  #succeeded(issuer: number, start: FetchStart, end: FetchEnd, fetchedAt: number, text: string): void {
    const events = parseEvents(this.#core.fetchSucceeded(issuer, start.id, end.now, fetchedAt, text));
    for (const event of events) {
      if (event.type === "keys_fetched") this.#good.set(issuer, { name: start.issuer, text, fetchedAt });
      if (event.type === "keys_dropped") this.#forget(event.issuer);
    }
    this.#emit(events, end);
  }

  /** Rare: the core had no room for it. */
  #forget(name: string): void {
    for (const [issuer, good] of this.#good) if (good.name === name) this.#good.delete(issuer);
  }

  #failed(issuer: number, start: FetchStart, end: FetchEnd, reason: string, retryAfter?: number | null): void {
    this.#emit(parseEvents(this.#core.fetchFailed(issuer, start.id, end.now, reason, retryAfter ?? undefined)), end);
  }

  /** Of the events, those about the fetch itself say how long it took. */
  #emit(events: readonly TollgateEvent[], { milliseconds }: FetchEnd): void {
    for (const event of events) {
      const isOutcome = event.type === "keys_fetched" || event.type === "keys_fetch_failed";
      this.#options.emit(isOutcome ? { ...event, milliseconds } : event);
    }
  }
}

function register(waitUntil: WaitUntil, work: Promise<void>): void {
  try {
    waitUntil?.(work);
  } catch {
    // A request that is over can't register work; the fetch goes on as long as the runtime lets it.
  }
}

function parseEvents(text: string): TollgateEvent[] {
  return JSON.parse(text);
}

function isRedirect(status: number): boolean {
  // 0: browsers hide the status of a redirect that was not followed.
  return status === 0 || (status > 300 && status < 400 && status !== 304);
}

/** Waits for `work`, which never rejects, `milliseconds` at most. Each waiter has a timer of its own. */
export async function atMost(work: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work, timeout]);
  if (timer !== undefined) clearTimeout(timer);
}
