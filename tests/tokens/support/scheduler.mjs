// Decides which of the waiting requests goes on next, by a seed: interleavings that are real and can be had again. Runs one
// at a time, and judges nothing.

import { AsyncLocalStorage } from "node:async_hooks";

/** The request that the running code belongs to: whatever was given to `launch`. */
const context = new AsyncLocalStorage();
export const currentRequest = () => context.getStore();

export class Scheduler {
  #random;
  #running = 0;
  #waiting = [];
  #quiet = () => {};

  constructor(random) {
    this.#random = random;
  }

  /** Starts a request; `request.id` orders it among others. Its promise settles with `work`'s. */
  async launch(request, work) {
    this.#running += 1;
    try {
      return await context.run(request, work);
    } finally {
      // What gives up waiting for a process that is gone has nobody's turn.
      if (!request.isAbandoned) this.#leave();
    }
  }

  /** Waits until it is this request's turn. */
  turn() {
    return new Promise((wake) => {
      this.#waiting.push({ id: currentRequest().id, wake });
      this.#leave();
    });
  }

  /** Whether nobody waits. */
  get isIdle() {
    return this.#waiting.length === 0;
  }

  /** Does a request's `work` some time later, though nobody waits for it. */
  later(request, work) {
    this.#waiting.push({ id: request.id, work: () => context.run(request, work) });
  }

  /** The request's process is gone: nothing of it runs any more. */
  abandon() {
    currentRequest().isAbandoned = true;
    this.#leave();
    return new Promise(() => {});
  }

  #leave() {
    this.#running -= 1;
    if (this.#running === 0) this.#quiet();
  }

  /** Lets one after the other go on until nobody waits. */
  async run() {
    for (;;) {
      if (this.#running > 0) {
        await new Promise((quiet) => {
          this.#quiet = quiet;
        });
        continue;
      }
      if (this.#waiting.length === 0) return;
      // By request, not by arrival: the same seed must choose the same one.
      this.#waiting.sort((one, other) => one.id - other.id);
      const [{ wake, work }] = this.#waiting.splice(this.#random.whole(0, this.#waiting.length - 1), 1);
      this.#running += 1;
      if (wake) {
        wake();
      } else {
        // What fails late has nobody left to tell.
        await work().catch(() => {});
        this.#running -= 1;
      }
    }
  }
}
