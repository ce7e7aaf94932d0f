// The events of an authorizer, each as the request that the core judges. Joins nothing that came apart, and lets no path through
// that could have been another one before API Gateway decoded it.

import type { RequestLike } from "../request.js";
import { encoded, type Mapping, stripped } from "./path.js";

/**
 * What asks: an HTTP API with payload 2.0 and simple answers, or with policies; an HTTP API with payload 1.0; a REST API with
 * the whole request, or with the token alone; `$connect` of a WebSocket API.
 */
export type AuthorizerKind = "http" | "http-iam" | "http-1.0" | "rest" | "rest-token" | "websocket";

/** Header names and values, as API Gateway hands them over: the console's tester sends null. */
export type EventHeaders = Readonly<Record<string, string | undefined>> | null | undefined;
/** Header names and all their values. */
export type EventMultiHeaders = Readonly<Record<string, readonly string[] | undefined>> | null | undefined;

/** An HTTP API's event, payload format 2.0: what is read of `APIGatewayRequestAuthorizerEventV2`. */
export interface HttpAuthorizerEvent {
  /** `2.0`. */
  readonly version: string;
  readonly type: "REQUEST";
  readonly routeArn: string;
  /** Decoded, whatever its name says; begins with the stage unless that is `$default`. */
  readonly rawPath: string;
  /** Of a repeated field the values are joined by commas. */
  readonly headers?: EventHeaders;
  /** The cookies, each `name=value`. */
  readonly cookies?: readonly string[] | null | undefined;
  readonly requestContext: {
    readonly domainName?: string | undefined;
    readonly http: { readonly method: string };
  };
}

/** An event of a REST API, type REQUEST, or of an HTTP API with payload 1.0: what is read of `APIGatewayRequestAuthorizerEvent`. */
export interface RestAuthorizerEvent {
  /** `1.0` from an HTTP API; a REST API says none. */
  readonly version?: string | undefined;
  readonly type: "REQUEST";
  readonly methodArn: string;
  /** As it was sent by a REST API, decoded by an HTTP API. */
  readonly path: string;
  readonly httpMethod: string;
  readonly headers?: EventHeaders;
  readonly multiValueHeaders?: EventMultiHeaders;
  readonly requestContext: { readonly domainName?: string | undefined };
}

/** A REST API's event of the type TOKEN: what is read of `APIGatewayTokenAuthorizerEvent`. */
export interface TokenAuthorizerEvent {
  readonly type: "TOKEN";
  readonly methodArn: string;
  /** The whole value of the header that is the token source: `Bearer …`. */
  readonly authorizationToken: string;
}

/** `$connect` of a WebSocket API. It has no path and no method. */
export interface WebSocketAuthorizerEvent {
  readonly type: "REQUEST";
  readonly methodArn: string;
  readonly headers?: EventHeaders;
  readonly multiValueHeaders?: EventMultiHeaders;
  readonly requestContext: {
    readonly domainName?: string | undefined;
    /** `CONNECT`. */
    readonly eventType?: string | undefined;
    /** `$connect`. */
    readonly routeKey?: string | undefined;
  };
}

/** Every kind. */
export const KINDS: readonly AuthorizerKind[] = ["http", "http-iam", "http-1.0", "rest", "rest-token", "websocket"];

/** The event of each kind. */
export interface AuthorizerEvents {
  http: HttpAuthorizerEvent;
  "http-iam": HttpAuthorizerEvent;
  "http-1.0": RestAuthorizerEvent;
  rest: RestAuthorizerEvent;
  "rest-token": TokenAuthorizerEvent;
  websocket: WebSocketAuthorizerEvent;
}

/** The path by which `$connect` is judged: its route key, after a slash. */
export const CONNECT_PATH = "/$connect";

/** A path that the core refuses as `bad_path`. */
const UNJUDGEABLE = "//";

/** A request that the core refuses as `bad_request`. */
const UNREADABLE: RequestLike = { method: "", url: "/", headers: {} };

/** `arn:partition:execute-api:region:account:api/stage/METHOD/path`, of which the path is the client's. */
const METHOD_ARN = /^arn:[^:]*:execute-api:[^:]*:[^:]*:[^/]+\/[^/]+\/([^/]+)(?:\/(.*))?$/s;

/** What kind of event came, in the words of `AuthorizerKind`; undefined when it is none of an authorizer. */
export function kindOf(event: unknown): Exclude<AuthorizerKind, "http-iam"> | undefined {
  const { type, version, methodArn, routeArn, requestContext } = object(event);
  if (type === "TOKEN") return typeof methodArn === "string" ? "rest-token" : undefined;
  if (type !== "REQUEST") return undefined;
  if (version === "2.0") return typeof routeArn === "string" ? "http" : undefined;
  if (typeof methodArn !== "string") return undefined;
  if (version === "1.0") return "http-1.0";
  if (version !== undefined) return undefined;
  const { eventType, routeKey } = object(requestContext);
  if (eventType === undefined && routeKey === undefined) return "rest";
  return eventType === "CONNECT" && routeKey === "$connect" ? "websocket" : undefined;
}

/** The request that an event of the kind tells of. What can't be read becomes one that the core refuses. */
export function requestOf(kind: AuthorizerKind, event: unknown, mapping: Mapping): RequestLike {
  const { headers, multiValueHeaders, cookies, rawPath, path, httpMethod, requestContext, ...token } = object(event);
  const { domainName, http } = object(requestContext);
  switch (kind) {
    case "http":
    case "http-iam":
      return request(
        object(http).method,
        domainName,
        encoded(stripped(rawPath, mapping)),
        fieldsOf(headers, undefined, cookies),
      );
    case "http-1.0":
      return request(httpMethod, domainName, encoded(stripped(path, mapping)), fieldsOf(headers, multiValueHeaders));
    case "rest":
      return request(httpMethod, domainName, stripped(path, mapping), fieldsOf(headers, multiValueHeaders));
    case "rest-token": {
      const [, method, tail = ""] = METHOD_ARN.exec(String(token.methodArn)) ?? [];
      return request(method, undefined, encoded(`/${tail}`), fieldsOf({ authorization: token.authorizationToken }));
    }
    case "websocket":
      return request("GET", domainName, CONNECT_PATH, upgrading(fieldsOf(headers, multiValueHeaders)));
  }
}

/** Header fields by name, as they were spelt; undefined when the event's can't be read. */
export type Fields = Record<string, string | readonly string[]> & { cookie?: string | readonly string[] };

/**
 * The header fields of an event. `multiValueHeaders` goes before `headers`, which has but the last value of each; `cookies`,
 * where the event has them, are one more `cookie` field.
 */
export function fieldsOf(headers: unknown, multiValueHeaders?: unknown, cookies?: unknown): Fields | undefined {
  const fields: Fields = Object.create(null);
  const named = new Set<string>();
  for (const source of [multiValueHeaders, headers]) {
    if (source === undefined || source === null) continue;
    if (typeof source !== "object" || Array.isArray(source)) return undefined;
    const known = new Set(named);
    for (const [name, value] of Object.entries(source)) {
      if (value === undefined || known.has(name.toLowerCase())) continue;
      if (!isText(value) && !isTexts(value)) return undefined;
      fields[name] = value;
      named.add(name.toLowerCase());
    }
  }
  if (cookies === undefined || cookies === null) return fields;
  if (!isTexts(cookies)) return undefined;
  if (cookies.length > 0) fields.cookie = [...[fields.cookie ?? []].flat(), cookies.join("; ")];
  return fields;
}

/** The members of events, and of what is in them, that are read. */
type Member =
  | ("type" | "version" | "methodArn" | "routeArn" | "authorizationToken" | "httpMethod" | "path" | "rawPath")
  | ("headers" | "multiValueHeaders" | "cookies" | "pathParameters" | "requestContext")
  | (
      | "domainName"
      | "http"
      | "method"
      | "eventType"
      | "routeKey"
      | "authorizer"
      | "lambda"
      | "jwt"
      | "claims"
      | "tenant"
    );

/** The members of an object, of which nothing is known; none of anything else. */
export function object(value: unknown): Readonly<Partial<Record<Member, unknown>>> {
  return typeof value === "object" && value !== null ? value : {};
}

const isText = (value: unknown): value is string => typeof value === "string";
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

/** The `Host` field must agree with `domainName`, by which API Gateway was reached: the core sees to that. */
function request(
  method: unknown,
  domainName: unknown,
  path: string | undefined,
  headers: Fields | undefined,
): RequestLike {
  if (typeof method !== "string" || headers === undefined) return UNREADABLE;
  const target = path?.startsWith("/") ? path : UNJUDGEABLE;
  return { method, url: typeof domainName === "string" ? `https://${domainName}${target}` : target, headers };
}

/** API Gateway took `Upgrade` away; without it the request would look like one that needs no origin. */
function upgrading(fields: Fields | undefined): Fields | undefined {
  if (fields === undefined) return undefined;
  const kept = Object.entries(fields).filter(([name]) => name.toLowerCase() !== "upgrade");
  return Object.assign(Object.create(null), Object.fromEntries(kept), { upgrade: "websocket" });
}
