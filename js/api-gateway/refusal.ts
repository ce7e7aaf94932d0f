// The answers with which a handler refuses: byte for byte the gate's. Holds no claim but the plan, as the gate's does.

/** An answer of a Lambda function behind API Gateway, in every event version. */
export interface Refusal {
  readonly statusCode: 401 | 403 | 503;
  readonly headers: Record<string, string>;
  /** Problem details (RFC 9457). */
  readonly body: string;
}

/** What a guard refuses for. */
export type Reason = "invalid_token" | "tenant" | "plan_required" | "permission_required" | "unavailable";

const PUBLIC = {
  invalid_token: [401, "The token is not valid"],
  tenant: [403, "The token is not for this tenant"],
  plan_required: [403, "Another plan is required"],
  permission_required: [403, "A permission is missing"],
  unavailable: [503, "The request can't be authenticated right now"],
} as const;

/** The refusal for a reason; `more` are the members that go with it. */
export function refuse(reason: Reason, more: Readonly<Record<string, unknown>> = {}): Refusal {
  const [statusCode, title] = PUBLIC[reason];
  const headers: Record<string, string> = { "content-type": "application/problem+json", "cache-control": "no-store" };
  if (statusCode === 401) headers["www-authenticate"] = `Bearer realm="api", error="${reason}"`;
  if (statusCode === 503) headers["retry-after"] = "1";
  return {
    statusCode,
    headers,
    body: JSON.stringify({ type: `urn:tollgate:${reason}`, title, status: statusCode, ...more }),
  };
}
