// The loop of the token service: does what the core's steps say, and tells the core what became of it. Decides nothing about
// a token or a session, and answers 503 whenever it could not do what it was told.

import { TollgateError } from "../error.js";
import type { HeaderField } from "../gate.js";
import type { FlatRequest } from "../request.js";
import { NO_BODY } from "./body.js";
import type { Ask, EntitlementsQuestion } from "./entitlements.js";
import type { TokensEvent } from "./events.js";
import { LateError, within } from "./late.js";
import { type FamilyRecord, type Store, StoreError, type StoreOperation } from "./store.js";

/** A store that has said nothing for this long, in milliseconds, is down: two of its own requests may have timed out. */
const STORE_MILLISECONDS = 5_000;
/** Most refreshes of one family at a time. More is no client that works, and would only race. */
const MAX_IN_FLIGHT = 16;
/** Far more steps than any request takes: the core gives up a race after a few rounds. */
const MAX_STEPS = 64;

/** The core's questions. The last two answer with a step, as JSON. */
export interface StepCore {
  /** Whether a URL is one of the service's own. */
  serves(url: string): boolean;
  begin(request: FlatRequest, body: Uint8Array, now: number): string;
  next(state: string, outcome: string, now: number): string;
}

/** A request of any host. */
export interface TokenRequest {
  readonly flat: FlatRequest;
  /** Reads the body, up to one byte past the limit; `null` where there is none. Called once, if the request is for here. */
  readonly body: (() => Promise<Uint8Array>) | null;
}

/** An answer for any host. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly HeaderField[];
  /** Empty for none. */
  readonly body: string;
}

/** What the steps are done with. */
export interface StepHost {
  readonly store: Store;
  /** `null` where the configuration says that nobody is asked. */
  readonly ask: Ask | null;
  /** How long an answer of `ask` is waited for. */
  readonly askMilliseconds: number;
  /** Unix seconds. Never throws. */
  now(): number;
  /** Never throws. */
  emit(event: TokensEvent): void;
}

type Load = Parameters<Store["load"]>[0];

/** What the core says is next. `state` is the core's own, carried and not read. */
type Step = { readonly events?: readonly TokensEvent[] } & (
  | { readonly do: "answer"; readonly answer: Answer }
  | ({ readonly state: string } & Work)
);

/** What a step asks to have done. */
type Work =
  | { readonly do: "load"; readonly at: Load }
  | { readonly do: "entitle"; readonly ask: EntitlementsQuestion }
  | { readonly do: "create"; readonly record: FamilyRecord }
  | { readonly do: "rotate"; readonly expected: number; readonly record: FamilyRecord }
  | { readonly do: "revoke"; readonly at: Parameters<Store["revoke"]>[0]; readonly nowMs: number }
  | { readonly do: "revokeAll"; readonly target: Parameters<Store["revokeAll"]>[0]; readonly nowMs: number };

/** Does the steps of one token service's requests. */
export class Steps {
  readonly #host: StepHost;
  readonly #inFlight = new Map<string, number>();

  constructor(host: StepHost) {
    this.#host = host;
  }

  /**
   * The answer to a request; `null` for one that is not for the token service, whose body is unread then.
   *
   * @throws TollgateError (as a rejection) `closed`; nothing else
   */
  async answer(core: StepCore, request: TokenRequest): Promise<Answer | null> {
    const turn = new Turn(this.#inFlight);
    try {
      return await this.#run(core, request, turn);
    } catch (error) {
      if (error instanceof TollgateError && error.code === "closed") throw error;
      // The core trapped. What was written stays, and a retry finds it.
      this.#host.emit({ type: "tokens_failed", time: this.#host.now() });
      return unavailable();
    } finally {
      turn.end();
    }
  }

  async #run(core: StepCore, { flat, body }: TokenRequest, turn: Turn): Promise<Answer | null> {
    const { now, emit } = this.#host;
    // The body must stay unread where the request is not for here.
    if (!core.serves(flat.url)) return null;
    const bytes = body === null ? NO_BODY : await body().catch(() => null);
    // The client went away, and hears no answer.
    if (bytes === null) return unavailable();
    let step: Step = JSON.parse(core.begin(flat, bytes, now()));
    for (let count = 0; count < MAX_STEPS; count += 1) {
      for (const event of step.events ?? []) emit(event);
      if (step.do === "answer") return step.answer;
      step = JSON.parse(core.next(step.state, await this.#outcome(step, turn), now()));
    }
    throw new Error("the core comes to no answer");
  }

  /** Does it, and says what became of it, as JSON. */
  async #outcome(work: Work, turn: Turn): Promise<string> {
    const { store } = this.#host;
    switch (work.do) {
      case "entitle":
        return this.#entitlements(work.ask);
      case "load":
        if (!turn.enter(work.at.family)) return failed("busy");
        return this.#stored("load", async () => ({ loaded: await store.load(work.at) }));
      case "create":
        return this.#stored("create", async () => ({ written: await store.create(work.record) }));
      case "rotate":
        return this.#stored("rotate", async () => ({ written: await store.rotate(work.expected, work.record) }));
      case "revoke":
        return this.#stored("revoke", async () => ({ revoked: await store.revoke(work.at, work.nowMs) }));
      case "revokeAll":
        return this.#stored("revokeAll", async () => ({ marked: await store.revokeAll(work.target, work.nowMs) }));
    }
    throw new Error("a step that this host does not know");
  }

  async #stored(operation: StoreOperation, work: () => Promise<object>): Promise<string> {
    const { now, emit } = this.#host;
    try {
      return JSON.stringify(await within(STORE_MILLISECONDS, work()));
    } catch (error) {
      emit({ type: "store_failed", time: now(), operation, reason: reasonOf(error) });
      return failed("store");
    }
  }

  async #entitlements(question: EntitlementsQuestion): Promise<string> {
    const { ask, askMilliseconds } = this.#host;
    if (ask === null) return failed("entitlements");
    const abort = new AbortController();
    try {
      const text = await within(askMilliseconds, ask(question, abort.signal), () => abort.abort());
      return JSON.stringify({ entitlements: text });
    } catch {
      return failed("entitlements");
    }
  }
}

/** A request's place among those that refresh one family. Only what the core has verified counts: it asks to load then. */
class Turn {
  readonly #inFlight: Map<string, number>;
  #family: string | null = null;

  constructor(inFlight: Map<string, number>) {
    this.#inFlight = inFlight;
  }

  /** Whether there is room for one more; a request that is in stays in. */
  enter(family: string | null): boolean {
    if (family === null || family === this.#family) return true;
    const before = this.#inFlight.get(family) ?? 0;
    if (before >= MAX_IN_FLIGHT) return false;
    this.end();
    this.#family = family;
    this.#inFlight.set(family, before + 1);
    return true;
  }

  end(): void {
    if (this.#family === null) return;
    const left = (this.#inFlight.get(this.#family) ?? 0) - 1;
    if (left > 0) this.#inFlight.set(this.#family, left);
    else this.#inFlight.delete(this.#family);
    this.#family = null;
  }
}

function failed(what: "store" | "entitlements" | "busy"): string {
  return JSON.stringify({ failed: what });
}

function reasonOf(error: unknown): string {
  if (error instanceof StoreError) return error.reason;
  return error instanceof LateError ? "timeout" : "unexpected";
}

/** The answer where there is no core to give one: closed, and in the core's own words. */
export function unavailable(): Answer {
  return {
    status: 503,
    headers: [
      ["content-type", "application/json"],
      ["cache-control", "no-store"],
      ["pragma", "no-cache"],
      ["retry-after", "1"],
    ],
    body: JSON.stringify({ error: "temporarily_unavailable" }),
  };
}
