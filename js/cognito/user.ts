// The user of an event, read strictly: an attribute of the wrong type is an error, never absent. What the client sent along
// (`clientMetadata`, `validationData`) is no part of a user.

import type { CognitoEvent, CognitoTexts } from "./events.js";
import { Refusal } from "./refusal.js";

/** A user of the pool. */
export interface CognitoUser {
  /** `sub`, which never changes and is never given to another user. */
  readonly id: string;
  /** The user name in the pool. */
  readonly userName: string;
  /** The app client. */
  readonly clientId: string;
  /** The email, if it is verified; else `null`. */
  readonly email: string | null;
  /** Who vouches for a federated user, and by which id there; none for a user of the pool itself. */
  readonly identities: readonly CognitoIdentity[];
  /**
   * Every attribute. Users may write some of them themselves, and a federated user's come from the other provider:
   * decide nothing by those.
   */
  readonly attributes: CognitoTexts;
}

/** An identity at another provider. */
export interface CognitoIdentity {
  /** The provider's name in the pool. */
  readonly provider: string;
  /** The user's id there. */
  readonly id: string;
}

/** A user who is about to get tokens. */
export interface CognitoTokenUser extends CognitoUser {
  /** The user's groups in the pool. */
  readonly groups: readonly string[];
}

/** An object that is no array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A record's own member. */
export function own(record: unknown, name: string): unknown {
  return isRecord(record) && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** @throws Refusal `event_unexpected` when `value` is no text with something in it */
export function text(value: unknown): string {
  if (typeof value !== "string" || value === "") throw new Refusal("event_unexpected");
  return value;
}

/** @throws Refusal `event_unexpected` when the event has no user, or one that can't be read */
export function userOf(event: CognitoEvent): CognitoUser {
  const attributes = attributesOf(event);
  return {
    id: text(own(attributes, "sub")),
    userName: text(own(event, "userName")),
    clientId: clientOf(event),
    email: own(attributes, "email_verified") === "true" ? text(own(attributes, "email")) : null,
    identities: identitiesOf(own(attributes, "identities")),
    attributes,
  };
}

/** The app client, as Cognito names it. */
export const clientOf = (event: CognitoEvent): string => text(own(own(event, "callerContext"), "clientId"));

/** A federated user: another provider vouches, whether the profile is its own or was linked to it. */
export function isFederated(user: CognitoUser): boolean {
  return user.identities.length > 0 || own(user.attributes, "cognito:user_status") === "EXTERNAL_PROVIDER";
}

/** A copy whose every member is a text. */
function attributesOf(event: CognitoEvent): CognitoTexts {
  const attributes = own(own(event, "request"), "userAttributes");
  if (!isRecord(attributes)) throw new Refusal("event_unexpected");
  const texts: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value !== "string") throw new Refusal("event_unexpected");
    texts[name] = value;
  }
  return Object.freeze(texts);
}

/** `identities` is a JSON array in a text. */
function identitiesOf(json: unknown): readonly CognitoIdentity[] {
  if (json === undefined) return [];
  const identities = parsed(text(json));
  if (!Array.isArray(identities)) throw new Refusal("event_unexpected");
  return identities.map((identity) => ({
    provider: text(own(identity, "providerName")),
    id: text(own(identity, "userId")),
  }));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Refusal("event_unexpected");
  }
}
