// CloudFront's viewer-request events as requests, and allowed requests as CloudFront takes them back. Tidies nothing: path and
// query string stay byte for byte, and what CloudFront lets no function change is left alone.

import { configError } from "../error.js";
import type { Allow } from "../gate.js";
import type { RequestLike } from "../request.js";

/** Header fields as CloudFront has them: by lower-case name, a list with an entry for each time that the field stands there. */
export interface CloudFrontHeaders {
  [name: string]: { key?: string | undefined; value: string }[];
}

/** What is read of a viewer request. `CloudFrontRequest` of `@types/aws-lambda` has it. */
export interface ViewerRequest {
  readonly method: string;
  readonly uri: string;
  /** Without the question mark; empty where there is none. */
  readonly querystring: string;
  readonly headers: CloudFrontHeaders;
}

/** What is read of an event. `CloudFrontRequestEvent` of `@types/aws-lambda` has it. */
export interface ViewerRequestEvent<Request extends ViewerRequest = ViewerRequest> {
  readonly Records: readonly {
    readonly cf: {
      readonly config: { readonly eventType: string };
      readonly request: Request;
    };
  }[];
}

/**
 * What a viewer-request function may neither set nor remove, else CloudFront answers 502: the disallowed headers, which it is not
 * shown either, and those that are read-only in viewer request events ("Restrictions on all edge functions" in the CloudFront
 * Developer Guide).
 */
const LOCKED = new Set([
  ...["connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"],
  ...["trailer", "upgrade", "x-accel-buffering", "x-accel-charset", "x-accel-limit-rate", "x-accel-redirect"],
  ...["x-amzn-auth", "x-amzn-cf-billing", "x-amzn-cf-id", "x-amzn-cf-xff", "x-amzn-errortype", "x-amzn-fle-profile"],
  ...["x-amzn-header-count", "x-amzn-header-order", "x-amzn-lambda-integration-tag", "x-amzn-requestid", "x-cache"],
  ...["x-forwarded-proto", "x-real-ip"],
  ...["content-length", "host", "transfer-encoding", "via"],
]);
const LOCKED_PREFIXES = ["x-amz-cf-", "x-edge-"];

const isLocked = (name: string) => LOCKED.has(name) || LOCKED_PREFIXES.some((prefix) => name.startsWith(prefix));

const RECORD = "event.Records[0].cf";

/**
 * The one request of a viewer-request event.
 *
 * @throws TollgateError `config_invalid` for everything else: the trigger is not the one that this handler is for
 */
export function viewerRequestOf<Request extends ViewerRequest>(event: ViewerRequestEvent<Request>): Request {
  const records: unknown = event?.Records;
  if (!Array.isArray(records) || records.length !== 1) throw configError("event.Records", "one record of CloudFront");
  const cf = event.Records[0]?.cf;
  if (cf?.config?.eventType !== "viewer-request") {
    // An origin-request trigger is skipped on a cache hit, and the gate with it.
    throw configError(`${RECORD}.config.eventType`, "viewer-request: associate the function with that event");
  }
  const { request } = cf;
  for (const name of ["method", "uri", "querystring"] as const) {
    if (typeof request?.[name] !== "string") throw configError(`${RECORD}.request.${name}`, "a text");
  }
  // Else a part of it would be taken for a host or for a query string, which CloudFront would not.
  if (!/^\/[^?#]*$/.test(request.uri)) throw configError(`${RECORD}.request.uri`, "a path");
  if (!areHeaders(request.headers)) throw configError(`${RECORD}.request.headers`, "lists of header fields by name");
  return request;
}

function areHeaders(headers: unknown): headers is CloudFrontHeaders {
  if (typeof headers !== "object" || headers === null) return false;
  return Object.values(headers).every(
    (fields) => Array.isArray(fields) && fields.every((field) => typeof field?.value === "string"),
  );
}

/** The request as the gate judges it. */
export function judged({ method, uri, querystring, headers }: ViewerRequest): RequestLike {
  const fields = Object.entries(headers).map(([name, list]) => [name, list.map(({ value }) => value)]);
  // CloudFront shows no `Upgrade`, and a WebSocket that looked like a plain GET could be opened by another site's page.
  const isWebSocket = Object.keys(headers).some((name) => name.toLowerCase().startsWith("sec-websocket-"));
  if (isWebSocket) fields.push(["upgrade", ["websocket"]]);
  return {
    method,
    // The host is in the header field; a scheme there is none, and so the gate assumes https.
    url: querystring === "" ? uri : `${uri}?${querystring}`,
    headers: Object.fromEntries(fields),
  };
}

/** An allowed request as CloudFront forwards it: all as it came, but for the header fields that the decision names. */
export function forwarded<Request extends ViewerRequest>(request: Request, decision: Allow): Request {
  const removed = new Set(decision.removeHeaders);
  const set = decision.setHeaders.filter(([name]) => !isLocked(name));
  // What stands there under a name that is set would otherwise reach the origin beside it.
  for (const [name] of set) removed.add(name);
  const kept = Object.entries(request.headers).filter(([name]) => {
    const lower = name.toLowerCase();
    return isLocked(lower) || !removed.has(lower);
  });
  // fromEntries defines members: a field that is called __proto__ is a field.
  const headers = Object.fromEntries([...kept, ...set.map(([name, value]) => [name, [{ key: name, value }]])]);
  return { ...request, headers };
}
