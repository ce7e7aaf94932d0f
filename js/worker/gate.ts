// The gate in this isolate: asks its core and fetches keys for it. Lets nothing through by failing.

import { type DecisionEvent, decisionEvent, type TollgateEvent } from "../hooks.ts";
import { type KeyCore, KeyFetcher, type WaitUntil } from "../keys.ts";
import type { FlatRequest } from "../request.ts";
import { type Core, type Crate, KERNEL, LiveCore } from "./core.ts";
import { Crossing } from "./crossing.ts";
import { SharedKeys } from "./keys.ts";
import { now, report, reportDecision } from "./log.ts";
import type { KeysDue, Ruling } from "./rulings.ts";

/** One gate for the isolate's life. */
export class WorkerGate {
  readonly #crate: Crate;
  readonly #core: LiveCore;
  /** Into the core that was asked last. */
  #crossing: Crossing | undefined;
  readonly #keys: KeyFetcher;
  readonly #shared: SharedKeys;
  readonly #ownKeysAt: (time: number) => string | undefined;
  /** The token service's keys, as the core has them. */
  #ownKeys: string | undefined;
  /** Is told of every decision and event. */
  #write: ((event: TollgateEvent) => void) | undefined;
  #toldStart = false;
  /** What was told of the tables. */
  #tables = 0;

  /**
   * @param ownKeysAt the published keys of this Worker's own token service at a Unix time, if it has one
   * @throws Error when the configuration can't be right; the message names the member and what was expected
   */
  constructor(crate: Crate, config: string, ownKeysAt: (time: number) => string | undefined) {
    this.#crate = crate;
    this.#shared = new SharedKeys(crate);
    this.#ownKeysAt = ownKeysAt;
    this.#ownKeys = ownKeysAt(now());
    this.#core = new LiveCore(
      crate.Core,
      (start, kernel) => start.gate(config, kernel, this.#ownKeys),
      (core) => this.#keys.restore(core),
    );
    this.#keys = new KeyFetcher(this.#keyCore(), {
      now,
      transport: this.#shared.transport,
      emit: (event) => {
        this.#shared.noteOutcome(event);
        report(event);
        this.#write?.(event);
      },
    });
  }

  /** The checked `observe` member as JSON text. */
  observe(): string {
    return this.#call((core) => core.observe());
  }

  /** Has every event told to `write`, allowed requests among them, which the log leaves out. */
  tellsAll(write: ((event: TollgateEvent) => void) | undefined): void {
    this.#write = write;
  }

  /** The checked `upstream` member as JSON text. */
  upstream(): string {
    return this.#call((core) => core.upstream());
  }

  /**
   * Decides: at once, or when keys that are due have come. `undefined` when the core failed: nothing may pass then.
   * Neither throws nor rejects.
   */
  decide(request: FlatRequest, context: ExecutionContext): Ruling | undefined | Promise<Ruling | undefined> {
    try {
      this.#renewOwnKeys();
      const first = this.#ask(request, false);
      return first.outcome === "keys_due"
        ? this.#afterKeys(first.issuer, request, context)
        : this.#concluded(first, context);
    } catch {
      return this.#failed();
    }
  }

  async #afterKeys(issuer: number, request: FlatRequest, context: ExecutionContext): Promise<Ruling | undefined> {
    try {
      return this.#concluded(await this.#definitive(issuer, request, this.#shared.waitUntil(context)), context);
    } catch {
      return this.#failed();
    }
  }

  /** The decision, after what it brings with it: a fetch in the background, a line in the log. */
  #concluded(decision: Ruling, context: ExecutionContext): Ruling {
    if (decision.refresh !== undefined) this.#keys.refresh([decision.refresh], this.#shared.waitUntil(context));
    if (decision.outcome !== "allow" || this.#write !== undefined) this.#tell(decisionEvent(decision, decision.cached));
    return decision;
  }

  #failed(): undefined {
    this.#tell(decisionEvent({ outcome: "unavailable", code: "internal_error", status: 503 }));
  }

  /** Logs a refusal; and tells who listens of every decision, and before it of what the core did since the last. */
  #tell(decision: DecisionEvent): void {
    if (decision.outcome !== "allow") reportDecision(decision);
    const write = this.#write;
    if (write === undefined) return;
    if (!this.#toldStart) write({ type: "core_started", kernel: this.#crate.Core.chooseKernel(KERNEL), again: false });
    this.#toldStart = true;
    const tables = this.#crate.Core.tablesMade();
    if (tables > this.#tables) write({ type: "tables_made", tables: tables - this.#tables });
    this.#tables = tables;
    write(decision);
  }

  async #definitive(issuer: number, request: FlatRequest, waitUntil: WaitUntil): Promise<Ruling> {
    const { copiesTaken } = this.#shared;
    await this.#keys.settle(issuer, waitUntil);
    if (this.#shared.copiesTaken === copiesTaken) return this.#askLast(request);
    // A copy from the shared cache may lack the newest key. That is no reason to refuse before its issuer was asked.
    const second = this.#ask(request, false);
    if (second.outcome !== "keys_due") return second;
    await this.#keys.settle(second.issuer, waitUntil);
    return this.#askLast(request);
  }

  /** @throws Error when the core would have keys fetched once more, and so for ever */
  #askLast(request: FlatRequest): Ruling {
    const last = this.#ask(request, true);
    if (last.outcome === "keys_due") throw new Error("keys are due after the last try");
    return last;
  }

  /** Keys come and go with time; at start, where the clock may stand at 0, all there are were taken for coming ones. */
  #renewOwnKeys(): void {
    const ownKeys = this.#ownKeysAt(now());
    if (ownKeys === this.#ownKeys) return;
    this.#ownKeys = ownKeys;
    this.#core.renew();
  }

  #ask(request: FlatRequest, lastTry: boolean): Ruling | KeysDue {
    return this.#call((core) => this.#into(core).decide(request, now(), lastTry));
  }

  #into(core: Core): Crossing {
    if (this.#crossing?.core !== core) this.#crossing = new Crossing(core, this.#crate.Core.memory());
    return this.#crossing;
  }

  #call<Result>(use: (core: Core) => Result): Result {
    return this.#core.call(use);
  }

  #keyCore(): KeyCore {
    return {
      remoteIssuers: () => this.#call((core) => core.remoteIssuers()),
      beginFetch: (issuer, time) => this.#call((core) => core.beginFetch(issuer, time)),
      fetchSucceeded: (...event) => this.#call((core) => core.fetchSucceeded(...event)),
      fetchFailed: (...event) => this.#call((core) => core.fetchFailed(...event)),
    };
  }
}
