// What the Worker does with a request: has the token service answer what is for it, decides about all else with one synchronous
// call, then answers or forwards. Reads no body of what it forwards, and never lets through what could not be decided.

import { env } from "cloudflare:workers";
import { type FlatRequest, flatten } from "../request.ts";
import { answered, answerToClient, badGateway, failedClosed, passed, refused } from "./answer.ts";
import { readUpstream, type Upstream } from "./config.ts";
import type { Crate } from "./core.ts";
import { type Eyes, readEyes, timed } from "./eyes.ts";
import { forward } from "./forward.ts";
import { WorkerGate } from "./gate.ts";
import type { Allow, Ruling } from "./rulings.ts";
import type { WorkerTokens } from "./tokens.ts";

/**
 * Makes the Worker's handler.
 *
 * @param tokens the token service beside the gate, if the configuration has one
 * @throws Error when the configuration can't be right, or a binding that it names is missing
 */
export function handler(crate: Crate, config: string, tokens: WorkerTokens | null): ExportedHandler<Cloudflare.Env> {
  const worker = new Worker(crate, config, tokens);
  return { fetch: (request, _bindings, context) => worker.fetch(request, context) };
}

class Worker {
  readonly #tokens: WorkerTokens | null;
  readonly #gate: WorkerGate;
  readonly #upstream: Upstream | null;
  readonly #eyes: Eyes;

  constructor(crate: Crate, config: string, tokens: WorkerTokens | null) {
    this.#tokens = tokens;
    this.#gate = new WorkerGate(crate, config, (time) => tokens?.keySet(time));
    this.#upstream = readUpstream(this.#gate.upstream(), env);
    this.#eyes = readEyes(this.#gate.observe(), env);
    this.#gate.tellsAll(this.#eyes.write);
  }

  fetch(request: Request, context: ExecutionContext): Response | Promise<Response> {
    const flat = flatten(request);
    const tokens = this.#tokens;
    return tokens === null ? this.#gated(request, flat, context) : this.#served(tokens, request, flat, context);
  }

  async #served(
    tokens: WorkerTokens,
    request: Request,
    flat: FlatRequest,
    context: ExecutionContext,
  ): Promise<Response> {
    const answer = await tokens.answer(request, flat);
    return answer === null ? this.#gated(request, flat, context) : answered(answer);
  }

  /** Promises nothing that is there already: a promise costs as much as a refusal. */
  #gated(request: Request, flat: FlatRequest, context: ExecutionContext): Response | Promise<Response> {
    if (this.#eyes.serverTiming) return this.#clocked(request, flat, context);
    const decision = this.#gate.decide(flat, context);
    return decision instanceof Promise
      ? decision.then((late) => this.#done(request, late))
      : this.#done(request, decision);
  }

  /** The same, and says how long the decision took. */
  async #clocked(request: Request, flat: FlatRequest, context: ExecutionContext): Promise<Response> {
    const began = Date.now();
    const decision = await this.#gate.decide(flat, context);
    const milliseconds = Date.now() - began;
    return timed(await this.#done(request, decision), milliseconds);
  }

  #done(request: Request, decision: Ruling | undefined): Response | Promise<Response> {
    if (decision === undefined) return failedClosed();
    if (decision.outcome !== "allow") return refused(decision);
    return this.#upstream === null ? passed(decision) : exchange(request, decision, this.#upstream);
  }
}

async function exchange(request: Request, decision: Allow, to: Upstream): Promise<Response> {
  try {
    return answerToClient(await forward(request, decision, to), decision);
  } catch {
    // The message may hold an address of the inside.
    return badGateway(decision);
  }
}
