// Answers: the gate's own, and the upstream's made fit for the client. Never lets a shared cache keep what one principal
// was given.

import type { HeaderField } from "../gate.ts";
import type { Allow, Refusal } from "./rulings.ts";

/** RFC 9110 section 7.6.1: they describe one connection and end with it. */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];
/** Directions to shared caches alone, which read them before `Cache-Control`. */
const SHARED_CACHE_FIELDS = ["cdn-cache-control", "cloudflare-cdn-cache-control", "surrogate-control"];
/** With `cors` configured, what the upstream says about these does not count. */
const CORS_FIELDS = [
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-expose-headers",
];

const PASSED = new Headers({ "cache-control": "no-store" });

/** What the core says is to be answered. */
interface CoreAnswer {
  readonly status: number;
  readonly headers: readonly HeaderField[];
  readonly body: string;
}

/** The gate's answer to a request that it did not let through. */
export function refused({ status, headers, body }: Refusal): Response {
  return new Response(body, { status, headers });
}

/** The core's answer to a request for the token service. */
export function answered({ status, headers, body }: CoreAnswer): Response {
  return new Response(body === "" ? null : body, { status, headers: headers.map(([name, value]) => [name, value]) });
}

/** To a request that was let through, where no upstream is configured: 200 and no more, for whoever asks only whether it may pass. */
export function passed(decision: Allow): Response {
  const response = new Response(null, { headers: PASSED });
  // To look at the fields of a response makes an object of them.
  if (decision.responseHeaders !== null) applyCors(response.headers, decision);
  return response;
}

/** When nothing could be decided: the core failed, and says nothing about why. */
export function failedClosed(): Response {
  return problem(503, "unavailable", "The request can't be judged right now", [["retry-after", "1"]]);
}

/** When the upstream gave no answer. */
export function badGateway(decision: Allow): Response {
  const response = problem(502, "bad_gateway", "The upstream gave no answer");
  applyCors(response.headers, decision);
  return response;
}

/** The upstream's answer: status, body stream and upgrade as they are, header fields as the decision asks. */
export function answerToClient(answer: Response, decision: Allow): Response {
  if (answer.webSocket)
    return new Response(null, { status: 101, webSocket: answer.webSocket, headers: answer.headers });
  const response = new Response(answer.body, answer);
  dropHopByHop(response.headers);
  if (decision.isPersonal) keepPrivate(response.headers);
  applyCors(response.headers, decision);
  return response;
}

function problem(status: number, kind: string, title: string, more: HeaderField[] = []): Response {
  const fields: HeaderField[] = [["content-type", "application/problem+json"], ["cache-control", "no-store"], ...more];
  return new Response(JSON.stringify({ type: `urn:tollgate:${kind}`, title, status }), {
    status,
    headers: fields.map(([name, value]) => [name, value]),
  });
}

function dropHopByHop(headers: Headers): void {
  for (const name of (headers.get("connection") ?? "").split(",")) {
    const nominated = name.trim();
    if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(nominated)) headers.delete(nominated);
  }
  for (const name of HOP_BY_HOP) headers.delete(name);
}

/** `private` or `no-store` from the upstream stays; otherwise `public` and `s-maxage` give way to `private`. */
export function keepPrivate(headers: Headers): void {
  for (const name of SHARED_CACHE_FIELDS) headers.delete(name);
  const directives = (headers.get("cache-control") ?? "").match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  const kept = directives
    .map((directive) => directive.trim())
    .filter((directive) => directive !== "" && !/^(?:public|s-maxage|private)(?:\s*=|$)/i.test(directive));
  // `private` is written anew: with field names it would be about those fields only (RFC 9111 section 5.2.2.7).
  const isStored = !kept.some((directive) => /^no-store$/i.test(directive));
  const wasPrivate = directives.some((directive) => /^\s*private\s*(?:=|$)/i.test(directive));
  if (isStored || wasPrivate) kept.unshift("private");
  headers.set("cache-control", kept.join(", "));
}

function applyCors(headers: Headers, { responseHeaders }: Allow): void {
  if (responseHeaders === null) return;
  for (const name of CORS_FIELDS) headers.delete(name);
  for (const [name, value] of responseHeaders) {
    if (name === "vary") headers.append(name, value);
    else headers.set(name, value);
  }
}
