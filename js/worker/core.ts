// A core in this isolate, a gate's or a token service's. Makes it anew when its instance of the module is gone, and decides
// nothing.

import { Core } from "../../build/index.js";

export { Core };

/** The best kernel, which has been compiled with the module. */
export const KERNEL = "relaxed-simd";

/** One core for the isolate's life. All share the module's one instance: a trap in any of them ends that of all. */
export class LiveCore {
  readonly #make: () => Core;
  /** Called with each core made again, to fill it. */
  readonly #remade: (core: Core) => void;
  /** Absent after a trap: its memory may be half written, so nothing of it is used again. */
  #core: Core | undefined;

  /** @throws whatever `make` does */
  constructor(make: () => Core, remade: (core: Core) => void = () => {}) {
    this.#make = make;
    this.#remade = remade;
    this.#core = make();
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
      renewInstance();
      throw error;
    }
  }

  #live(): Core {
    if (this.#core === undefined) {
      this.#core = this.#make();
      this.#remade(this.#core);
    }
    return this.#core;
  }
}

/**
 * Has worker-build's glue replace an instance that ended, which it does at the next call into the module. Not later: a promise of
 * Rust's that settled first would be that call, and would run in the new instance with addresses of the old one.
 */
function renewInstance(): void {
  try {
    Core.memory();
  } catch {
    // The next question tries again.
  }
}

/** Makes a core. @throws Error when the configuration can't be right; the message names the member and what was expected */
export function startCore(make: (start: typeof Core, kernel: string) => Core): Core {
  try {
    return make(Core, KERNEL);
  } catch (error) {
    throw new Error(`tollgate: ${error instanceof Error ? error.message : String(error)}`);
  }
}
