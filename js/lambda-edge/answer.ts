// Refusals as responses that CloudFront generates. Decides no status, and keeps below the size past which CloudFront would
// answer 502 instead.

import type { Deny, HeaderField, Unavailable } from "../gate.js";
import type { CloudFrontHeaders } from "./event.js";

/** A response that CloudFront sends in place of the origin's. `CloudFrontResultResponse` of `@types/aws-lambda` has it. */
export interface ViewerResponse {
  /** The HTTP status, as text. */
  status: string;
  statusDescription: string;
  headers: CloudFrontHeaders;
  /** Absent for a preflight's 204, which CloudFront refuses with a body. */
  body?: string;
}

/**
 * "40 KB" in the Quotas of the CloudFront Developer Guide, headers and body together. Counted here in thousands, and over the
 * JSON text, which is longer than what is sent.
 */
const MAX_RESPONSE_BYTES = 40_000;

/** What a client can't do without. The others grow with the configuration: scopes asked for, CORS fields. */
const ESSENTIAL = new Set(["content-type", "cache-control", "retry-after"]);

/** RFC 9110 section 15, and RFC 6585 for 431: the statuses that a gate answers with. */
const DESCRIPTIONS: Readonly<Record<number, string>> = {
  204: "No Content",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  414: "URI Too Long",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
};

const encoder = new TextEncoder();

/** The gate's answer; where it is too large, with the same status and less said. */
export function answered({ status, headers, body }: Deny | Unavailable): ViewerResponse {
  const whole = response(status, headers, body);
  if (fits(whole)) return whole;
  const brief = response(status, headers, briefly(body));
  if (fits(brief)) return brief;
  return response(
    status,
    headers.filter(([name]) => ESSENTIAL.has(name)),
    briefly(body),
  );
}

function response(status: number, fields: readonly HeaderField[], body: string): ViewerResponse {
  const headers: CloudFrontHeaders = {};
  for (const [key, value] of fields) {
    const list = headers[key] ?? [];
    list.push({ key, value });
    headers[key] = list;
  }
  const answer = { status: String(status), statusDescription: DESCRIPTIONS[status] ?? "Refused", headers };
  return body === "" ? answer : { ...answer, body };
}

const fits = (answer: ViewerResponse) => encoder.encode(JSON.stringify(answer)).length <= MAX_RESPONSE_BYTES;

/** The problem without what it lists. */
function briefly(body: string): string {
  if (body === "") return body;
  const { type, title, status } = JSON.parse(body);
  return JSON.stringify({ type, title, status });
}
