// Key sets between the fetcher, the Rust transport and the shared cache. Shares a set only after the core accepted it.

import type { TollgateEvent } from "../hooks.ts";
import type { WaitUntil } from "../keys.ts";
import { type KeyResponse, type Transport, TransportError } from "../transport.ts";
import type { Crate } from "./core.ts";

/** A tenth of a second before the fetcher gives up, so that an older copy can still be handed over. */
const EXCHANGE_MS = 2_900;

interface Brought {
  readonly issuer: string;
  readonly url: string;
  readonly text: string;
  readonly fetchedAt: number;
  readonly isFromOrigin: boolean;
}

/** The transport of the Worker, and what it remembers about the sets it brought. */
export class SharedKeys {
  /** How many times a copy was taken instead of asking the origin. */
  copiesTaken = 0;
  /** By issuer: when the set that the core holds was fetched. */
  readonly #held = new Map<string, number>();
  /** By issuer: brought, and not judged by the core yet. */
  readonly #brought = new Map<string, Brought>();
  /** Issuers whose shared copy the core refused, as it may after a change of configuration: their origin is asked. */
  readonly #distrusted = new Set<string>();
  /** Accepted by the core, and not in the shared cache yet. */
  #accepted: Brought[] = [];
  readonly #crate: Pick<Crate, "fetchKeySet" | "shareKeySet">;

  constructor(crate: Pick<Crate, "fetchKeySet" | "shareKeySet">) {
    this.#crate = crate;
  }

  readonly transport: Transport = async (url, { signal, issuer, cachedSince }) => {
    const ends = AbortSignal.any([signal, AbortSignal.timeout(EXCHANGE_MS)]);
    const since = this.#distrusted.has(issuer) ? undefined : (cachedSince ?? undefined);
    const answer: KeyResponse | { readonly reason: string } = JSON.parse(
      await this.#crate.fetchKeySet(issuer, url, since, this.#held.get(issuer), ends),
    );
    if ("reason" in answer) throw new TransportError(ends.aborted ? "timeout" : answer.reason);
    if (answer.status !== 200) return answer;
    const { text } = answer;
    const fetchedAt = answer.fetchedAt ?? Date.now() / 1000;
    if (answer.fetchedAt !== null && since !== undefined && fetchedAt >= since) this.copiesTaken += 1;
    this.#brought.set(issuer, { issuer, url, text, fetchedAt, isFromOrigin: answer.fetchedAt === null });
    return { ...answer, fetchedAt };
  };

  /** To be told every event: a set that the core accepted is held now, and worth sharing. */
  noteOutcome(event: TollgateEvent): void {
    if (event.type === "keys_dropped") this.#held.delete(event.issuer);
    if (event.type !== "keys_fetched" && event.type !== "keys_fetch_failed") return;
    const { issuer } = event;
    const brought = this.#brought.get(issuer);
    if (brought === undefined) return;
    this.#brought.delete(issuer);
    if (event.type === "keys_fetch_failed") {
      if (!brought.isFromOrigin) this.#distrusted.add(issuer);
      return;
    }
    this.#held.set(issuer, brought.fetchedAt);
    this.#distrusted.delete(issuer);
    if (brought.isFromOrigin) this.#accepted.push(brought);
  }

  /** Keeps the runtime alive for a fetch, and then for the sharing of what it brought: after whoever waits for it is answered. */
  waitUntil(context: ExecutionContext): WaitUntil {
    return (work) => context.waitUntil(work.then(() => scheduler.wait(0)).then(() => this.#share()));
  }

  async #share(): Promise<void> {
    const accepted = this.#accepted;
    this.#accepted = [];
    const share = ({ issuer, url, text, fetchedAt }: Brought) => this.#crate.shareKeySet(issuer, url, text, fetchedAt);
    await Promise.all(accepted.map(share));
  }
}
