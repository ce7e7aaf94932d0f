// What the token service tells a host's event hook, after the fact. No event holds a token, a key or a part of either.

import type { StoreOperation } from "./store.js";

/** Whose session it is. */
export interface SessionOf {
  /** When it happened, in Unix seconds. */
  readonly time: number;
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
  /** Why it is a replay, in a few fixed words. */
  readonly why: string;
}

/** A session was revoked on request. */
export interface SessionRevokedEvent extends SessionOf {
  readonly type: "session_revoked";
}

/** A refresh token was refused. Its client was told only `invalid_grant`. */
export interface SessionRefusedEvent extends SessionOf {
  readonly type: "session_refused";
  /** Why, in a few fixed words. */
  readonly why: string;
}

/** All sessions of a user or a tenant were revoked. */
export interface SessionsRevokedEvent {
  readonly type: "sessions_revoked";
  /** When it happened, in Unix seconds. */
  readonly time: number;
  /** The client that asked for it. */
  readonly client: string;
  readonly user?: string;
  readonly tenant?: string;
}

/** The store could not do something; the answer was 503. */
export interface StoreFailedEvent {
  readonly type: "store_failed";
  /** When it happened, in Unix seconds. */
  readonly time: number;
  readonly operation: StoreOperation;
  /** `StoreError.reason`, or `timeout`, or `unexpected` for any other error. */
  readonly reason: string;
}

/** Nobody could say what the user may do; the answer was 503, and nothing was written. */
export interface EntitlementsFailedEvent extends Partial<SessionOf> {
  readonly type: "entitlements_failed";
  /** Why, in a few words. */
  readonly reason?: string;
}

/** The record of a session is of no form that this version reads; the answer was 503. */
export interface RecordUnreadableEvent extends Partial<SessionOf> {
  readonly type: "record_unreadable";
}

/** The signing keys could not be had. Those at hand stay in use; where there are none, the answer was 503. */
export interface SigningKeysFailedEvent {
  readonly type: "signing_keys_failed";
  /** When it happened, in Unix seconds. */
  readonly time: number;
  /** `unavailable`: the text was not given. `invalid`: it is not what a token service can start with. */
  readonly reason: "unavailable" | "invalid";
  /** Which member is wrong. */
  readonly member?: string;
}

/** The core failed; the answer was 503, and the next request finds it made anew. */
export interface TokensFailedEvent {
  readonly type: "tokens_failed";
  /** When it happened, in Unix seconds. */
  readonly time: number;
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
