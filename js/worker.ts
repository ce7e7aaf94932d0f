// The Worker's entry: has the token service answer what is for it, decides about all else with one synchronous call, then
// answers or forwards. Reads no body of what it forwards, and never lets through what could not be decided.

import { env } from "cloudflare:workers";
import { Families } from "../build/index.js";
import { type FlatRequest, flatten } from "./request.ts";
import { answered, answerToClient, badGateway, failedClosed, passed, refused } from "./worker/answer.ts";
import { configText, readUpstream, type Upstream } from "./worker/config.ts";
import { readEyes, timed } from "./worker/eyes.ts";
import { forward } from "./worker/forward.ts";
import { WorkerGate } from "./worker/gate.ts";
import type { Allow, Ruling } from "./worker/rulings.ts";
import { readTokens, type WorkerTokens } from "./worker/tokens.ts";

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
  fetch(request, _bindings, context) {
    const flat = flatten(request);
    return tokens === null ? gated(request, flat, context) : served(tokens, request, flat, context);
  },
} satisfies ExportedHandler<Cloudflare.Env>;

async function served(
  service: WorkerTokens,
  request: Request,
  flat: FlatRequest,
  context: ExecutionContext,
): Promise<Response> {
  const answer = await service.answer(request, flat);
  return answer === null ? gated(request, flat, context) : answered(answer);
}

/** Promises nothing that is there already: a promise costs as much as a refusal. */
function gated(request: Request, flat: FlatRequest, context: ExecutionContext): Response | Promise<Response> {
  if (eyes.serverTiming) return clocked(request, flat, context);
  const decision = gate.decide(flat, context);
  return decision instanceof Promise ? decision.then((late) => done(request, late)) : done(request, decision);
}

/** The same, and says how long the decision took. */
async function clocked(request: Request, flat: FlatRequest, context: ExecutionContext): Promise<Response> {
  const began = Date.now();
  const decision = await gate.decide(flat, context);
  const milliseconds = Date.now() - began;
  return timed(await done(request, decision), milliseconds);
}

function done(request: Request, decision: Ruling | undefined): Response | Promise<Response> {
  if (decision === undefined) return failedClosed();
  if (decision.outcome !== "allow") return refused(decision);
  return upstream === null ? passed(decision) : exchange(request, decision, upstream);
}

async function exchange(request: Request, decision: Allow, to: Upstream): Promise<Response> {
  try {
    return answerToClient(await forward(request, decision, to), decision);
  } catch {
    // The message may hold an address of the inside.
    return badGateway(decision);
  }
}
