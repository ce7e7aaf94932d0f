// What an explanation tells: each check of a decision or a verification. Holds no code.

import type { Decision } from "./gate.js";
import type { Verification } from "./verifier.js";

/** What came of one check. After one that failed, none is reached. */
export type CheckOutcome = "pass" | "fail" | "not_reached";

/** One check. `expected` and `found` are for people and may change; `name`, `outcome` and `code` are stable. */
export interface Check {
  /** The check, such as `signature`; docs/EXPLAIN.md lists them. */
  readonly name: string;
  readonly outcome: CheckOutcome;
  /** With `fail`: the exact code, as in `decision.code`, in errors and in events. */
  readonly code: string | null;
  /** What had to be there, as far as it is known; `anything` where nothing is asked for. */
  readonly expected: string | null;
  /**
   * What was there, or why it would not do. `null` where it was not looked at, and where it is part of a token whose signature
   * does not hold: of such a token `alg`, `kid` and `typ` are shown, and no more.
   */
  readonly found: string | null;
}

/** Why a gate decides as it does. */
export interface Explanation {
  /**
   * In the order in which they are made: those before the one that failed passed. A preflight, and a request behind a public rule,
   * have those only that they meet.
   */
  readonly checks: readonly Check[];
  /** What `gate.check` says of the request. */
  readonly decision: Decision;
}

/** Why a verifier takes or refuses a token. */
export interface TokenExplanation {
  /** In the order in which they are made: those before the one that failed passed. */
  readonly checks: readonly Check[];
  /** What `verifier.verify` returns; `null` when it throws. */
  readonly verification: Verification | null;
  /** The code that it throws; `null` when it returns. */
  readonly code: string | null;
  /** The message that it throws, for people; `null` when it returns. */
  readonly message: string | null;
}
