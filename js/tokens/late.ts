// A bound on waiting for what others promise. Stops nobody's work.

/** Waited for too long. */
export class LateError extends Error {
  constructor() {
    super("waited for too long");
    this.name = "LateError";
  }
}

/**
 * What `promise` resolves with, if it does so within so many milliseconds.
 *
 * @param late called when it does not
 * @throws LateError then; and whatever the promise rejects with
 */
export function within<Value>(milliseconds: number, promise: Promise<Value>, late = () => {}): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new LateError());
      late();
    }, milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
