// Answers: the gate's own, and the upstream's made fit for the client. Never lets a shared cache keep what one principal
// was given.

import type { HeaderField } from "../gate.ts";
import { applyCors, dropHopByHop, keepPrivate } from "../response.ts";
import type { Allow, Refusal } from "./rulings.ts";

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
  if (decision.responseHeaders !== null) applyCors(response.headers, decision.responseHeaders);
  return response;
}

/** When nothing could be decided: the core failed, and says nothing about why. */
export function failedClosed(): Response {
  return problem(503, "unavailable", "The request can't be judged right now", [["retry-after", "1"]]);
}

/** When the upstream gave no answer. */
export function badGateway(decision: Allow): Response {
  const response = problem(502, "bad_gateway", "The upstream gave no answer");
  applyCors(response.headers, decision.responseHeaders);
  return response;
}

/** The upstream's answer: status, body stream and upgrade as they are, header fields as the decision asks. */
export function answerToClient(answer: Response, decision: Allow): Response {
  if (answer.webSocket)
    return new Response(null, { status: 101, webSocket: answer.webSocket, headers: answer.headers });
  const response = new Response(answer.body, answer);
  dropHopByHop(response.headers);
  if (decision.isPersonal) keepPrivate(response.headers);
  applyCors(response.headers, decision.responseHeaders);
  return response;
}

function problem(status: number, kind: string, title: string, more: HeaderField[] = []): Response {
  const fields: HeaderField[] = [["content-type", "application/problem+json"], ["cache-control", "no-store"], ...more];
  return new Response(JSON.stringify({ type: `urn:tollgate:${kind}`, title, status }), {
    status,
    headers: fields.map(([name, value]) => [name, value]),
  });
}
