// The one error this package throws. It never holds a token, a key or a claim.

/** Details that some codes carry. */
export interface TollgateErrorDetails {
  /** `config_invalid`: path of the member, as in `issuers[0].audience`; empty for the whole document. */
  readonly member?: string | undefined;
  /** `keys_unavailable`: seconds until asking again makes sense, at least 1. */
  readonly retryAfterSeconds?: number | undefined;
  /** `claim_missing` and `claim_malformed`: the claim's name, or that of its role. */
  readonly claim?: string | undefined;
  /** What was thrown underneath, for `internal_error` and `module_invalid`. */
  readonly cause?: unknown;
}

/**
 * Thrown by every function of this package that throws: `code` is stable and meant for programs, `message` is for
 * people and may change.
 *
 * Beside the codes of the core (`token_expired`, `signature_invalid`, `keys_due`, `config_invalid` …) there are four of
 * this package: `closed` (used after `close()`), `internal_error` (the wasm instance trapped; it was rebuilt),
 * `module_invalid` (the wasm module is not the one this package was built with) and `keys_unavailable` from `ready()`.
 *
 * @example
 * ```ts
 * try {
 *   verifier.verifySync(token);
 * } catch (error) {
 *   if (error instanceof TollgateError && error.code === "token_expired") return renew();
 *   throw error;
 * }
 * ```
 */
export class TollgateError extends Error {
  /** Stable code, such as `token_expired`. */
  readonly code: string;
  /** `config_invalid` only: which member of the configuration or of the hooks. */
  readonly member?: string;
  /** `claim_missing` and `claim_malformed` only: the claim's name, or that of its role. */
  readonly claim?: string;
  /** `keys_unavailable` only: seconds until asking again makes sense, at least 1. */
  readonly retryAfterSeconds?: number;

  constructor(code: string, message: string, details: TollgateErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "TollgateError";
    this.code = code;
    if (details.member !== undefined) this.member = details.member;
    if (details.claim !== undefined) this.claim = details.claim;
    if (details.retryAfterSeconds !== undefined) this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** A configuration error at `member`. */
export function configError(member: string, expected: string): TollgateError {
  const where = member === "" ? "" : ` ${member}:`;
  return new TollgateError("config_invalid", `configuration:${where} expected ${expected}`, { member });
}
