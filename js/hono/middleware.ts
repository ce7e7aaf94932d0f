// A gate as Hono's middleware. Guards the routes that are registered after it, and no others.

import { decide, dress, finish, type GateOrConfig, gateOf, type Refusal, refused, SERVERS_OWN } from "../adapter.js";
import { type Allow, type CreateGate, failed, type Gate } from "../gate.js";
import type { CallOptions, Hooks } from "../hooks.js";
import type { Principal } from "../verifier.js";

/** For `new Hono<{ Variables: Variables }>()`, so that `c.get("principal")` has a type. */
export interface Variables {
  /** Who asks; `null` on a public rule, and for a preflight that is passed on. */
  principal: Principal | null;
}

/** What is used of Hono's `Context`. */
export interface HonoContext {
  readonly req: { raw: Request };
  readonly executionCtx: { waitUntil(work: Promise<unknown>): void };
  res: Response | undefined;
  set(name: "principal", value: Principal | null): void;
}

/** Middleware as `app.use` takes it. */
export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined>;

/**
 * Makes middleware. What the gate refuses is answered, and nothing after it is called. For what it lets through, `c.get("principal")`
 * says who asks, and `c.req` has the gate's identity fields, none of the client's, and no credential. The answer is marked `private`
 * unless the rule is public, and gets the CORS fields of the configuration; that of a WebSocket is handed on as it is. What
 * handlers throw goes to `app.onError`, as always.
 *
 * @param policy a gate, or the configuration as in `tollgate.json`
 * @param hooks clock, fetch and events, where a configuration is given
 * @throws TollgateError `config_invalid`, naming the member and what was expected
 * @example
 * ```ts
 * const app = new Hono<{ Variables: Variables }>();
 * app.use(tollgate(config));
 * app.get("/me", (c) => c.json({ user: c.get("principal")?.userId }));
 * ```
 */
export type TollgateForHono = (policy: GateOrConfig, hooks?: Hooks) => HonoMiddleware;

/**
 * The middleware for one runtime.
 *
 * @internal
 */
export function middlewareFor(createGate: CreateGate): TollgateForHono {
  return (policy, hooks) => {
    const gate = gateOf(createGate, policy, hooks);
    return async (context, next) => {
      const decision = await admit(gate, context);
      if (decision.outcome !== "allow") return refused(decision);
      await next();
      finishAnswer(context, decision);
      return undefined;
    };
  };
}

/** Decides, and has handlers see the request as the gate leaves it. Never rejects. */
async function admit(gate: Gate, context: HonoContext): Promise<Allow | Refusal> {
  try {
    const { raw } = context.req;
    const decision = await decide(gate, raw, callOptions(context));
    if (decision.outcome !== "allow") return decision;
    const inner = copyOf(raw);
    dress(inner.headers, decision, SERVERS_OWN);
    context.req.raw = inner;
    context.set("principal", decision.principal);
    return decision;
  } catch {
    return failed();
  }
}

/** The request for handlers, with fields that can be changed. */
function copyOf(raw: Request): Request {
  // Bun opens a WebSocket only with the very request that its server made. Its fields can be changed; where they can't, that throws.
  if ("Bun" in globalThis && raw.headers.has("upgrade")) return raw;
  // A request whose body was read already can't be copied; Hono has kept what was read of it.
  return raw.bodyUsed ? new Request(raw.url, { method: raw.method, headers: raw.headers }) : new Request(raw);
}

/** Hono's getter throws where the runtime has no such context. */
function callOptions(context: HonoContext): CallOptions {
  try {
    const { executionCtx } = context;
    return { waitUntil: (work) => executionCtx.waitUntil(work) };
  } catch {
    return {};
  }
}

function finishAnswer(context: HonoContext, decision: Allow): void {
  const { res } = context;
  // A WebSocket's: there is nothing to cache, no page reads its fields, and a copy would lose the socket.
  if (res === undefined || res.status === 101) return;
  try {
    finish(res.headers, decision);
  } catch {
    // The fields of an answer that `fetch` gave can't be changed.
    context.res = new Response(res.body, res);
    finish(context.res.headers, decision);
  }
}
