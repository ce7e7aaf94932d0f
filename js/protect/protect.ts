// A gate in front of the handler of somebody's own Worker. Judges what `fetch` is called with, and none of the Worker's other events.

import { decide, dress, finish, type GateOrConfig, gateOf, refused } from "../adapter.js";
import { TollgateError } from "../error.js";
import { type Allow, type CreateGate, failed, type Gate } from "../gate.js";
import type { Hooks } from "../hooks.js";
import { dropHopByHop } from "../response.js";
import type { Principal } from "../verifier.js";

/** What is used of the runtime's `ExecutionContext`. */
export interface WorkerContext {
  waitUntil(work: Promise<unknown>): void;
}

/** A Worker's handlers, of which `fetch` is told who asks. */
export interface ProtectedHandlers<Env, Context extends WorkerContext> {
  /**
   * Is called for what the gate lets through. `request` has the gate's identity fields, none of the client's, and no credential.
   * `principal` is `null` on a public rule, and for a preflight that is passed on.
   */
  fetch(request: Request, env: Env, context: Context, principal: Principal | null): Response | Promise<Response>;
}

/** A Worker's other handlers, where `Env` was named and they can't be inferred. */
// biome-ignore lint/suspicious/noExplicitAny: each has a type of its own, which the runtime's declarations know
export type OtherHandlers = Record<string, any>;

/** `fetch` as the runtime calls it. */
export interface Protected<Env, Context extends WorkerContext> {
  fetch(request: Request, env: Env, context: Context): Promise<Response>;
}

/**
 * A gate, a configuration, or what makes one of the two out of the Worker's bindings at the first request. What it makes is kept for
 * the isolate's life; when it throws, requests are answered with 503 until it does not.
 */
export type GateOfEnv<Env> = GateOrConfig | ((env: Env) => GateOrConfig | Promise<GateOrConfig>);

/**
 * Puts a gate in front of a Worker's `fetch`. What it refuses is answered, and `fetch` is not called. Of what it lets through, `fetch`
 * gets the request as the deployed Worker would hand it to its origin: the client's identity fields and credential removed, the
 * gate's set. The answer is marked `private` unless the rule is public, and gets the CORS fields of the configuration; that of a
 * WebSocket is handed on as it is. What `fetch` throws is thrown.
 *
 * Other handlers, such as `scheduled` and `queue`, are own members and stay as they are.
 *
 * @param policy a gate, the configuration as in `tollgate.json`, or a function of the bindings that gives one of the two
 * @param handlers the Worker's handlers
 * @param hooks clock, fetch and events, where a configuration is given
 * @throws TollgateError `config_invalid`, naming the member and what was expected; not for what a function gives
 * @example
 * ```ts
 * import { protect } from "tollgate/worker";
 * import config from "./tollgate.json";
 *
 * export default protect(config as Config, {
 *   fetch: (request, env, context, principal) => Response.json({ hello: principal?.userId }),
 * });
 * ```
 */
export type Protect = <
  Env = unknown,
  Context extends WorkerContext = WorkerContext,
  Others extends object = OtherHandlers,
>(
  policy: GateOfEnv<Env>,
  handlers: ProtectedHandlers<Env, Context> & Others,
  hooks?: Hooks,
) => Omit<Others, "fetch"> & Protected<Env, Context>;

/**
 * `protect` for one runtime.
 *
 * @internal
 */
export function protectFor(createGate: CreateGate): Protect {
  return (policy, handlers, hooks) => {
    const gateIn = gates(createGate, policy, hooks);
    return {
      ...handlers,
      async fetch(request, env, context) {
        const admitted = await admit(gateIn, request, env, context);
        if (admitted instanceof Response) return admitted;
        const { decision, inner } = admitted;
        return finished(await handlers.fetch(inner, env, context, decision.principal), decision);
      },
    };
  };
}

/** The gate for these bindings: made at once, where they are not needed for it. */
function gates<Env>(
  createGate: CreateGate,
  policy: GateOfEnv<Env>,
  hooks: Hooks | undefined,
): (env: Env) => Gate | Promise<Gate> {
  if (typeof policy !== "function") {
    const gate = gateOf(createGate, policy, hooks);
    return () => gate;
  }
  let made: Promise<Gate> | undefined;
  return (env) => {
    made ??= Promise.resolve(env)
      .then(policy)
      .then((given) => gateOf(createGate, given, hooks))
      .catch((error) => {
        made = undefined;
        throw tellOperator(error);
      });
    return made;
  };
}

/** Nobody else hears of it: the client gets a 503. A stranger's message could hold what the bindings do. */
function tellOperator(error: unknown): unknown {
  const told = error instanceof TollgateError ? error.message : (error as Error | undefined)?.name;
  console.error(`tollgate: the gate can't be made: ${told}`);
  return error;
}

type Admitted = { readonly decision: Allow; readonly inner: Request };

/** The request as the handler gets it, or the answer that it gets instead. Never rejects. */
async function admit<Env>(
  gateIn: (env: Env) => Gate | Promise<Gate>,
  request: Request,
  env: Env,
  context: WorkerContext,
): Promise<Admitted | Response> {
  try {
    const decision = await decide(await gateIn(env), request, { waitUntil: (work) => context.waitUntil(work) });
    if (decision.outcome !== "allow") return refused(decision);
    const inner = new Request(request);
    dress(inner.headers, decision);
    // Set by Cloudflare's edge, which overwrites what a client sends under this name.
    const client = request.headers.get("cf-connecting-ip");
    if (client !== null) inner.headers.set("x-forwarded-for", client);
    return { decision, inner };
  } catch {
    return refused(failed());
  }
}

function finished(answer: Response, decision: Allow): Response {
  // A WebSocket's: there is nothing to cache, no page reads its fields, and a copy would lose the socket.
  if (answer.status === 101) return answer;
  const response = new Response(answer.body, answer);
  dropHopByHop(response.headers);
  finish(response.headers, decision);
  return response;
}
