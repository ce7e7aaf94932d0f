// The Worker's entry: decides with one synchronous call, then answers or forwards. Reads no body, and never lets
// through what could not be decided.

import { env } from "cloudflare:workers";
import Rust, { Families } from "../build/index.js";
import { flatten } from "./request.ts";
import { answerToClient, badGateway, failedClosed, refusal } from "./worker/answer.ts";
import { configText, readUpstream, type Upstream } from "./worker/config.ts";
import { forward } from "./worker/forward.ts";
import { type Allow, WorkerGate } from "./worker/gate.ts";

/** The class of the Durable Objects that keep families of refresh tokens. */
export { Families };

// At module scope, so that a configuration that cannot be right keeps the Worker from starting at all.
const gate = new WorkerGate(configText(env));
const upstream = readUpstream(gate.upstream(), env);

export default {
  async fetch(request, bindings, context) {
    const decision = await gate.decide(flatten(request), context);
    if (decision === undefined) return failedClosed();
    if (decision.outcome !== "allow") return refusal(decision);
    // The crate's own handler answers what has nowhere to go.
    if (upstream === null) return new Rust(context, bindings).fetch(request);
    return exchange(request, decision, upstream);
  },
} satisfies ExportedHandler<Cloudflare.Env>;

async function exchange(request: Request, decision: Allow, to: Upstream): Promise<Response> {
  try {
    return answerToClient(await forward(request, decision, to), decision);
  } catch {
    // The message may hold an address of the inside.
    return badGateway(decision);
  }
}
