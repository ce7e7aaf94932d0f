// What the token service asks of a store, and what a store promises. Holds no rule of rotation: a store compares and writes.

/** A family of refresh tokens, as stores keep it. It holds nothing from which a token can be made without a key. */
export interface FamilyRecord {
  /** 1. A record of another schema is not read. */
  readonly schema: 1;
  /** The family's id. */
  readonly fam: string;
  readonly user: string;
  readonly tenant: string;
  /** The client that asked for the session. */
  readonly client: string;
  /** Grows by 1 with each write. */
  readonly version: number;
  /** The number of the current refresh token, from 1. */
  readonly seq: number;
  /** When the family began, in milliseconds since 1970. */
  readonly created_at: number;
  /** When the current refresh token was made, in milliseconds since 1970. */
  readonly rotated_at_ms: number;
  /** `exp` of the current refresh token, in seconds since 1970. */
  readonly successor_exp: number;
  /** When the family ends, in seconds since 1970. No write changes it. */
  readonly absolute_exp: number;
  /** When it ends unless it is rotated before, in seconds since 1970. */
  readonly idle_exp: number | null;
  /** The id of the key that signs the current refresh token. */
  readonly kid: string;
  /** The user's `Mark.epoch` when the family began. */
  readonly user_epoch: number;
  /** The tenant's `Mark.epoch` when the family began. */
  readonly tenant_epoch: number;
  /** When the family was revoked, in milliseconds since 1970. Nothing sets it back to `null`. */
  readonly revoked_at: number | null;
  /** Who wrote this: 16 random characters of each write, by which a writer knows its own. */
  readonly write: string;
}

/** What ends all families of a user or a tenant. Where none was ever set: `{ epoch: 0, not_before: 0 }`. */
export interface Mark {
  /** How often all were ended. */
  readonly epoch: number;
  /** Families that began at this millisecond or before are over. */
  readonly not_before: number;
}

/** The marks of a family's user and tenant. */
export interface Marks {
  readonly user: Mark;
  readonly tenant: Mark;
}

/** What was read. */
export interface Loaded extends Marks {
  /** `null`: there is no such record, or none was asked for. */
  readonly family: FamilyRecord | null;
}

/** What became of a conditional write. `done: false`: nothing was written, and this is what stands there instead. */
export type Written = ({ readonly done: true } & Marks) | { readonly done: false; readonly loaded: Loaded };

/**
 * Where families and marks are kept.
 *
 * The promise: once `revoke` or `revokeAll` resolved, no `rotate` of such a family resolves with `done: true` to a caller
 * that goes by the marks it got, and no `load` shows the family alive. A store may be late, never wrong: every method
 * rejects with `StoreError` when it cannot know, and the token service answers 503 then. An answer from a replica, a cache
 * or a batch that was read in part is one that it cannot know.
 *
 * What is written is durable before a method resolves. A method that rejects may have written all the same.
 */
export interface Store {
  /** Reads the record and both marks. They need be no one snapshot, but each is newer than the call. */
  load(at: { readonly family: string | null; readonly user: string; readonly tenant: string }): Promise<Loaded>;

  /** Writes the record unless one of its id is there, in one atomic step; then reads both marks. */
  create(record: FamilyRecord): Promise<Written>;

  /**
   * Replaces the record of this id if its version is `expected` and `revoked_at` is `null`: one atomic test and write. Then
   * reads both marks. A condition that fails because the record there carries this very `write` is a success: it was
   * written, and only the answer got lost.
   */
  rotate(expected: number, record: FamilyRecord): Promise<Written>;

  /**
   * Sets `revoked_at` where it is `null` and adds 1 to the version, whatever else happens. Creates nothing.
   *
   * @returns whether this call revoked the family: `false` when it was revoked before, or is unknown
   */
  revoke(at: { readonly family: string; readonly user: string }, nowMs: number): Promise<{ readonly first: boolean }>;

  /** Adds 1 to the mark's epoch and moves `not_before` forward to `nowMs` at least; answers the mark. */
  revokeAll(target: { readonly user: string } | { readonly tenant: string }, nowMs: number): Promise<Mark>;
}

/** The methods of a store. */
export type StoreOperation = keyof Store;

/**
 * The one error a store rejects with. It says what was tried and in a few words why it failed, and holds no id and no token.
 *
 * @example
 * ```ts
 * throw new StoreError("load", "timeout", { cause });
 * ```
 */
export class StoreError extends Error {
  /** What was tried. */
  readonly operation: StoreOperation;
  /** Why it failed, in a few fixed words: `timeout`, `throttled`, `network`, `status_500`, `unreadable`. */
  readonly reason: string;

  constructor(operation: StoreOperation, reason: string, options?: { readonly cause?: unknown }) {
    super(`the store could not ${operation}: ${reason}`, options);
    this.name = "StoreError";
    this.operation = operation;
    this.reason = reason;
  }
}
