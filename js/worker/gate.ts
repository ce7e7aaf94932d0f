// The core in this isolate: asks it, fetches keys for it, and makes it anew after a trap. Lets nothing through by failing.

import { Core } from "../../build/index.js";
import type { Deny, HeaderField, Allow as PublicAllow, Unavailable } from "../gate.ts";
import type { TollgateEvent } from "../hooks.ts";
import { type KeyCore, KeyFetcher, type WaitUntil } from "../keys.ts";
import type { FlatRequest } from "../request.ts";
import { SharedKeys } from "./keys.ts";

export type { HeaderField };
export type Allow = PublicAllow;
/** Denied, or not decidable now. */
export type Refusal = Deny | Unavailable;

/** A decision as the core sends it, with what only the host needs. */
type Answer = (Allow | Refusal) & { readonly issuer?: number; readonly refresh?: readonly number[] };

/** One gate for the isolate's life. */
export class WorkerGate {
  readonly #config: string;
  readonly #keys: KeyFetcher;
  readonly #shared = new SharedKeys();
  /** Absent after a trap: its memory may be half written, so nothing of it is used again. */
  #core: Core | undefined;

  /** @throws Error when the configuration can't be right; the message names the member and what was expected */
  constructor(config: string) {
    this.#config = config;
    this.#core = startCore(config);
    this.#keys = new KeyFetcher(this.#keyCore(), {
      now,
      transport: this.#shared.transport,
      emit: (event) => {
        this.#shared.noteOutcome(event);
        report(event);
      },
    });
  }

  /** The checked `upstream` member as JSON text. */
  upstream(): string {
    return this.#call((core) => core.upstream());
  }

  /** Decides, waiting for keys where they are due. `undefined` when the core failed: nothing may pass then. */
  async decide(request: FlatRequest, context: ExecutionContext): Promise<Allow | Refusal | undefined> {
    try {
      const answer = await this.#definitive(request, this.#shared.waitUntil(context));
      if (answer.refresh !== undefined) this.#keys.refresh(answer.refresh, this.#shared.waitUntil(context));
      if (answer.outcome !== "allow") {
        report({ type: "decision", outcome: answer.outcome, code: answer.code, rule: null, status: answer.status });
      }
      return answer;
    } catch {
      report({ type: "decision", outcome: "unavailable", code: "internal_error", rule: null, status: 503 });
      return undefined;
    }
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

  #ask({ method, url, headers, count }: FlatRequest, lastTry: boolean): Answer {
    return JSON.parse(this.#call((core) => core.check(method, url, headers, count, now(), lastTry)));
  }

  #call<Result>(use: (core: Core) => Result): Result {
    const core = this.#live();
    try {
      return use(core);
    } catch (error) {
      // The core's methods return their errors as data: whatever is thrown is a trap. The next call into the module
      // makes a new instance of it (worker-build's glue), and the next question a new core.
      if (this.#core === core) this.#core = undefined;
      throw error;
    }
  }

  #live(): Core {
    if (this.#core === undefined) {
      this.#core = startCore(this.#config);
      this.#keys.restore(this.#core);
    }
    return this.#core;
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

function startCore(config: string): Core {
  try {
    return Core.gate(config, "relaxed-simd"); // has been compiled with the module
  } catch (error) {
    throw new Error(`tollgate: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Unix seconds. The clock stands still outside requests, so it is read at each question. */
function now(): number {
  return Date.now() / 1000;
}

/** The event hook of the Worker is its log. No event holds a token, a key or a claim; allowed requests are not logged. */
function report(event: TollgateEvent): void {
  console.log(JSON.stringify(event));
}
