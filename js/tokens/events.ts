// What the token service tells a host's event hook, after the fact. No event holds a token, a key or a part of either.

import type { StoreOperation } from "./store.js";

/** What every event has. */
interface Timed {
  /** When it happened, in Unix seconds. */
  readonly time: number;
}

/** Whose session it is. */
export interface SessionOf extends Timed {
  /** The id of the family of refresh tokens, which is the `sid` of its access tokens. */
  readonly family: string;
  readonly user: string;
  readonly tenant: string;
  /** The client that asked for the session. */
  readonly client: string;
  /** The number of the refresh token that this is about: the one made, or the one presented. */
  readonly seq: number;
}

/** A pair of tokens was made: of a new session, by rotation, or once more because the first answer may have got lost. */
export interface SessionMadeEvent extends SessionOf {
  readonly type: "session_issued" | "session_rotated" | "session_repeated";
}

/** A refresh token was used that had been replaced, or that was never made. Its session was revoked. */
export interface SessionReplayedEvent extends SessionOf {
  readonly type: "session_replayed";
  /** `after_grace`, `ancestor` or `ahead`: of a store that was set back. */
  readonly why: string;
}

/** A session was revoked: on request, or because its token had leaked. */
export interface SessionRevokedEvent extends SessionOf {
  readonly type: "session_revoked";
  /** `other_client`: it was not asked for, but another client presented the token. */
  readonly why?: string;
}

/** A refresh was refused. Its client was told only `invalid_grant`. Of a token that is not ours nothing is known. */
export interface SessionRefusedEvent extends Timed, Partial<Omit<SessionOf, "time">> {
  readonly type: "session_refused";
  /** Why, in a few fixed words, such as `revoked`, `expired`, `not_a_member` or `signature_invalid`. */
  readonly why: string;
}

/** All sessions of a user or a tenant were revoked. */
export interface SessionsRevokedEvent extends Timed {
  readonly type: "sessions_revoked";
  readonly user?: string;
  readonly tenant?: string;
  /** The client that asked for it. */
  readonly client: string;
}

/** The store could not do something; the answer was 503. */
export interface StoreFailedEvent extends Timed {
  readonly type: "store_failed";
  readonly operation: StoreOperation;
  /** `StoreError.reason`; `timeout`; or `unexpected` for any other error. */
  readonly reason: string;
}

/** Nobody could say what the user may do, or no token can say it; the answer was 503. */
export interface EntitlementsFailedEvent extends Omit<SessionOf, "seq"> {
  readonly type: "entitlements_failed";
  /** Absent where a session begins. */
  readonly seq?: number;
  /** `unavailable`: no answer, or a late one. `unreadable`: an answer of another form. Otherwise what stood against a token. */
  readonly reason: string;
}

/** The record of a session is of no form that this version reads; the answer was 503. */
export interface RecordUnreadableEvent extends Omit<SessionOf, "seq"> {
  readonly type: "record_unreadable";
  /** Absent where a session begins. */
  readonly seq?: number;
}

/** The signing keys could not be had. Those at hand stay in use; where there are none, the answer was 503. */
export interface SigningKeysFailedEvent extends Timed {
  readonly type: "signing_keys_failed";
  /**
   * `unavailable`: their text was not given. `invalid`: it is none that a token service starts with. `missing`: none has
   * begun to be used, or that of a session is gone.
   */
  readonly reason: "unavailable" | "invalid" | "missing";
  /** Which member is wrong, of the keys or of the configuration. */
  readonly member?: string;
}

/** The core failed; the answer was 503, and the next request finds it made anew. */
export interface TokensFailedEvent extends Timed {
  readonly type: "tokens_failed";
}

/** What `onEvent` of a token service is given. */
export type TokensEvent =
  | SessionMadeEvent
  | SessionReplayedEvent
  | SessionRevokedEvent
  | SessionRefusedEvent
  | SessionsRevokedEvent
  | StoreFailedEvent
  | EntitlementsFailedEvent
  | RecordUnreadableEvent
  | SigningKeysFailedEvent
  | TokensFailedEvent;
