// The gate in this isolate: asks its core and fetches keys for it. Lets nothing through by failing.

import type { Deny, HeaderField, Allow as PublicAllow, Unavailable } from "../gate.ts";
import { decisionEvent, type TollgateEvent } from "../hooks.ts";
import { type KeyCore, KeyFetcher, type WaitUntil } from "../keys.ts";
import type { FlatRequest } from "../request.ts";
import { Core, KERNEL, LiveCore, startCore } from "./core.ts";
import { SharedKeys } from "./keys.ts";
import { now, report } from "./log.ts";

export type { HeaderField };
export type Allow = PublicAllow;
/** Denied, or not decidable now. */
export type Refusal = Deny | Unavailable;

/** A decision as the core sends it, with what only the host needs. */
type Answer = (Allow | Refusal) & {
  readonly issuer?: number;
  readonly refresh?: readonly number[];
  readonly cached?: true;
};

/** One gate for the isolate's life. */
export class WorkerGate {
  readonly #core: LiveCore;
  readonly #keys: KeyFetcher;
  readonly #shared = new SharedKeys();
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
  constructor(config: string, ownKeysAt: (time: number) => string | undefined = () => undefined) {
    this.#ownKeysAt = ownKeysAt;
    this.#ownKeys = ownKeysAt(now());
    this.#core = new LiveCore(
      () => startCore((Core, kernel) => Core.gate(config, kernel, this.#ownKeys)),
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

  /** Decides, waiting for keys where they are due. `undefined` when the core failed: nothing may pass then. */
  async decide(request: FlatRequest, context: ExecutionContext): Promise<Allow | Refusal | undefined> {
    try {
      this.#renewOwnKeys();
      const answer = await this.#definitive(request, this.#shared.waitUntil(context));
      if (answer.refresh !== undefined) this.#keys.refresh(answer.refresh, this.#shared.waitUntil(context));
      if (answer.outcome !== "allow") report(decisionEvent(answer, answer.cached));
      if (this.#write !== undefined) this.#tell(this.#write, decisionEvent(answer, answer.cached));
      return answer;
    } catch {
      const event = decisionEvent({ outcome: "unavailable", code: "internal_error", status: 503 });
      report(event);
      this.#write?.(event);
      return undefined;
    }
  }

  /** The decision, and before it what the core did since the last. */
  #tell(write: (event: TollgateEvent) => void, decision: TollgateEvent): void {
    if (!this.#toldStart) write({ type: "core_started", kernel: Core.chooseKernel(KERNEL), again: false });
    this.#toldStart = true;
    const tables = Core.tablesMade();
    if (tables > this.#tables) write({ type: "tables_made", tables: tables - this.#tables });
    this.#tables = tables;
    write(decision);
  }

  async #definitive(request: FlatRequest, waitUntil: WaitUntil): Promise<Answer> {
    const answer = this.#ask(request, false);
    if (!isDue(answer)) return answer;
    const { copiesTaken } = this.#shared;
    await this.#keys.settle(answer.issuer, waitUntil);
    if (this.#shared.copiesTaken === copiesTaken) return this.#ask(request, true);
    // A copy from the shared cache may lack the newest key. That is no reason to refuse before its issuer was asked.
    const second = this.#ask(request, false);
    if (!isDue(second)) return second;
    await this.#keys.settle(second.issuer, waitUntil);
    return this.#ask(request, true);
  }

  /** Keys come and go with time; at start, where the clock may stand at 0, all there are were taken for coming ones. */
  #renewOwnKeys(): void {
    const ownKeys = this.#ownKeysAt(now());
    if (ownKeys === this.#ownKeys) return;
    this.#ownKeys = ownKeys;
    this.#core.renew();
  }

  #ask({ method, url, headers, count }: FlatRequest, lastTry: boolean): Answer {
    return JSON.parse(this.#call((core) => core.check(method, url, headers, count, now(), lastTry)));
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

/** Whether keys must be fetched before this can be decided. */
function isDue(answer: Answer): answer is Answer & { readonly issuer: number } {
  return answer.outcome === "unavailable" && answer.issuer !== undefined;
}
