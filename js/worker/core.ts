// A core in this isolate, a gate's or a token service's. Makes it anew when its instance of the module is gone, and decides
// nothing.

import type { Core as GateCore } from "../generated/gate/tollgate.js";
import type { Core as TokensCore } from "../generated/tokens/tollgate.js";

/** A gate's core, or a token service's. */
export interface Core extends GateCore, TokensCore {
  requestAt(bytes: number): number;
  answeredAt(): number;
  decide(length: number, count: number, now: number, lastTry: boolean): boolean;
}

/** The crate as worker-build makes it, with or without the token service. */
export interface Crate {
  readonly Core: CoreStart;
  /** `fetch_key_set` of src/worker/keys.rs. */
  fetchKeySet(
    issuer: string,
    url: string,
    cachedSince: number | undefined,
    newerThan: number | undefined,
    signal: AbortSignal,
  ): Promise<string>;
  /** `share_key_set` of src/worker/keys.rs. */
  shareKeySet(issuer: string, url: string, text: string, fetchedAt: number): Promise<void>;
}

/** What makes cores. */
export interface CoreStart {
  memory(): WebAssembly.Memory;
  chooseKernel(best: string): string;
  tablesMade(): number;
  gate(config: string, kernel: string, ownKeys?: string): Core;
}

/** The best kernel, which has been compiled with the module. */
export const KERNEL = "relaxed-simd";

/** One core for the isolate's life. All share the module's one instance: a trap in any of them ends that of all. */
export class LiveCore<Start extends CoreStart = CoreStart> {
  readonly #start: Start;
  readonly #make: (start: Start, kernel: string) => Core;
  /** Called with each core made again, to fill it. */
  readonly #remade: (core: Core) => void;
  /** Absent after a trap: its memory may be half written, so nothing of it is used again. */
  #core: Core | undefined;

  /** @throws Error when the configuration can't be right; the message names the member and what was expected */
  constructor(start: Start, make: (start: Start, kernel: string) => Core, remade: (core: Core) => void = () => {}) {
    this.#start = start;
    this.#make = make;
    this.#remade = remade;
    this.#core = this.#made();
  }

  /** Runs `use` with the core. @throws anything when the core trapped, after which the next call works */
  call<Result>(use: (core: Core) => Result): Result {
    try {
      return this.#try(use);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      // The core's methods return their errors as data. What is no trap says that another's trap, a Durable Object's of
      // this isolate for one, has ended the instance: this question was not asked yet.
      return this.#try(use);
    }
  }

  /** Has the core made anew before the next question. */
  renew(): void {
    this.#core = undefined;
  }

  #try<Result>(use: (core: Core) => Result): Result {
    const core = this.#live();
    try {
      return use(core);
    } catch (error) {
      if (this.#core === core) this.#core = undefined;
      this.#renewInstance();
      throw error;
    }
  }

  #live(): Core {
    if (this.#core === undefined) {
      this.#core = this.#made();
      this.#remade(this.#core);
    }
    return this.#core;
  }

  #made(): Core {
    try {
      return this.#make(this.#start, KERNEL);
    } catch (error) {
      throw new Error(`tollgate: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /**
   * Has worker-build's glue replace an instance that ended, which it does at the next call into the module. Not later: a
   * promise of Rust's that settled first would be that call, and would run in the new instance with addresses of the old one.
   */
  #renewInstance(): void {
    try {
      this.#start.memory();
    } catch {
      // The next question tries again.
    }
  }
}
