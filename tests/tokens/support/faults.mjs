// A store that fails as stores do. Wraps any store; what it lets through is the store's own.

/** What can go wrong with one call, and what its caller learns of it. */
export const FAULTS = [
  "before", // the connection broke, and nothing was written
  "after", // it was written, and the connection broke
  "throttle", // refused for today's load
  "hang", // no answer in time, and nothing was written
  "late", // no answer in time, and it is written afterwards
  "crash-before", // the caller's process ends before the write
  "crash-after", // it ends after the write and before the answer
];

const REASONS = { before: "network", after: "network", throttle: "throttled", hang: "timeout", late: "timeout" };
const never = () => new Promise(() => {});

/**
 * @param store whose methods are called
 * @param plan `(operation, args) => fault | undefined`, asked at each call
 * @param options.error `(operation, reason) => Error`: what a store rejects with
 * @param options.turn awaited before and after each call
 * @param options.later does what is written afterwards
 * @param options.crash what a call of a process that ended becomes: never answered
 */
export function faulty(store, plan, { error, turn = async () => {}, later = (work) => void work(), crash = never }) {
  const method =
    (operation) =>
    async (...args) => {
      await turn();
      const fault = plan(operation, args);
      const work = () => store[operation](...args);
      if (fault === "crash-before") return crash();
      if (fault === "late") later(work);
      const isDone = fault === undefined || fault === "after" || fault === "crash-after";
      const result = isDone ? await work() : undefined;
      if (fault === "crash-after") return crash();
      await turn();
      if (fault !== undefined) throw error(operation, REASONS[fault]);
      return result;
    };
  const operations = ["load", "create", "rotate", "revoke", "revokeAll"];
  return Object.fromEntries(operations.map((operation) => [operation, method(operation)]));
}
