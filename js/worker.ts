// The Worker's entry: has the token service answer what is for it, decides about all else with one synchronous call, then
// answers or forwards. Reads no body of what it forwards, and never lets through what could not be decided.

import { env } from "cloudflare:workers";
import Rust, { Families } from "../build/index.js";
import { flatten } from "./request.ts";
import { answered, answerToClient, badGateway, failedClosed } from "./worker/answer.ts";
import { configText, readUpstream, type Upstream } from "./worker/config.ts";
import { readEyes, timed } from "./worker/eyes.ts";
import { forward } from "./worker/forward.ts";
import { type Allow, type Refusal, WorkerGate } from "./worker/gate.ts";
import { readTokens } from "./worker/tokens.ts";

/** The class of the Durable Objects that keep families of refresh tokens. */
export { Families };

// At module scope, so that a configuration that cannot be right keeps the Worker from starting at all.
const config = configText(env);
const tokens = readTokens(config, env);
const gate = new WorkerGate(config, (time) => tokens?.keySet(time));
const upstream = readUpstream(gate.upstream(), env);
const eyes = readEyes(gate.observe(), env);
gate.tellsAll(eyes.write);

export default {
  async fetch(request, bindings, context) {
    const flat = flatten(request);
    const answer = tokens === null ? null : await tokens.answer(request, flat);
    if (answer !== null) return answered(answer);
    const began = eyes.serverTiming ? Date.now() : 0;
    const decision = await gate.decide(flat, context);
    if (!eyes.serverTiming) return respond(request, bindings, context, decision);
    const milliseconds = Date.now() - began;
    return timed(await respond(request, bindings, context, decision), milliseconds);
  },
} satisfies ExportedHandler<Cloudflare.Env>;

function respond(
  request: Request,
  bindings: Cloudflare.Env,
  context: ExecutionContext,
  decision: Allow | Refusal | undefined,
): Response | Promise<Response> {
  if (decision === undefined) return failedClosed();
  if (decision.outcome !== "allow") return answered(decision);
  // The crate's own handler answers what has nowhere to go.
  if (upstream === null) return new Rust(context, bindings).fetch(request);
  return exchange(request, decision, upstream);
}

async function exchange(request: Request, decision: Allow, to: Upstream): Promise<Response> {
  try {
    return answerToClient(await forward(request, decision, to), decision);
  } catch {
    // The message may hold an address of the inside.
    return badGateway(decision);
  }
}
