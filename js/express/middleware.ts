// A gate as middleware of Express 4 and 5, Connect, and whatever else calls `(request, response, next)` of node:http. Guards what is
// mounted after it, and no WebSocket: Node hands an upgrade to the server, past every middleware.

import { decide, dress, finish, type GateOrConfig, gateOf, type Refusal, SERVERS_OWN } from "../adapter.js";
import { type Allow, type CreateGate, failed, type Gate } from "../gate.js";
import type { Hooks } from "../hooks.js";
import type { Fields } from "../response.js";
import type { Principal } from "../verifier.js";
import { finishAtHead, type NodeResponse } from "./head.js";

declare global {
  // Express's own types are extended in this way (`@types/express-serve-static-core`).
  namespace Express {
    interface Request {
      /** Who asks; `null` on a public rule, and for a preflight that is passed on. Absent where `tollgate/express` was not asked. */
      principal?: Principal | null;
    }
  }
}

type NodeHeaders = Record<string, string | string[] | undefined>;

/** What is used of `http.IncomingMessage`, and of what Express and Connect add to it. */
export interface NodeRequest {
  method?: string | undefined;
  url?: string | undefined;
  /** The target as it was received; `url` is what is left of it below a mount path. */
  originalUrl?: string | undefined;
  headers: NodeHeaders;
  headersDistinct?: Record<string, string[] | undefined>;
  rawHeaders: string[];
  principal?: Principal | null;
}

/** Middleware as `app.use` takes it. */
export type ExpressMiddleware = (request: NodeRequest, response: NodeResponse, next: () => void) => void;

/**
 * Makes middleware. What the gate refuses is answered, and `next` is not called. For what it lets through, `request.principal` says
 * who asks, and the request's headers have the gate's identity fields, none of the client's, and no credential. The answer is marked
 * `private` unless the rule is public, and gets the CORS fields of the configuration, when its head is written. The body is not
 * touched, and what handlers throw is theirs.
 *
 * The gate judges `request.originalUrl`: rules hold whole paths, wherever the middleware is mounted.
 *
 * @param policy a gate, or the configuration as in `tollgate.json`
 * @param hooks clock, fetch and events, where a configuration is given
 * @throws TollgateError `config_invalid`, naming the member and what was expected
 * @example
 * ```ts
 * const app = express();
 * app.use(tollgate(config));
 * app.get("/me", (request, response) => response.json({ user: request.principal?.userId }));
 * ```
 */
export type TollgateForExpress = (policy: GateOrConfig, hooks?: Hooks) => ExpressMiddleware;

/**
 * The middleware for one runtime.
 *
 * @internal
 */
export function middlewareFor(createGate: CreateGate): TollgateForExpress {
  return (policy, hooks) => {
    const gate = gateOf(createGate, policy, hooks);
    // No promise is given back: Express 4 would leave its rejection to nobody, and `admit` has none.
    return (request, response, next) => {
      void admit(gate, request, response).then((decision) => {
        if (decision.outcome === "allow") next();
        else refuse(response, decision);
      });
    };
  };
}

/** Decides, and has handlers see the request as the gate leaves it. Never rejects. */
async function admit(gate: Gate, request: NodeRequest, response: NodeResponse): Promise<Allow | Refusal> {
  try {
    const decision = await decide(gate, {
      method: request.method as string, // where there is none, the gate refuses
      url: (request.originalUrl ?? request.url) as string,
      headers: request.headersDistinct ?? request.headers,
    });
    if (decision.outcome !== "allow") return decision;
    dress(fieldsOf(request), decision, SERVERS_OWN);
    finishAtHead(response, (headers) => finish(headers, decision));
    request.principal = decision.principal;
    return decision;
  } catch {
    return failed();
  }
}

/** Every view of the request's fields: a proxy forwards one, a body parser reads another. */
function fieldsOf({ headers, headersDistinct, rawHeaders }: NodeRequest): Pick<Fields, "set" | "delete"> {
  return {
    set(name, value) {
      headers[name] = value;
      if (headersDistinct !== undefined) headersDistinct[name] = [value];
      rawHeaders.push(name, value);
    },
    delete(name) {
      delete headers[name];
      if (headersDistinct !== undefined) delete headersDistinct[name];
      for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
        if (rawHeaders[at]?.toLowerCase() === name) rawHeaders.splice(at, 2);
      }
    },
  };
}

function refuse(response: NodeResponse, { status, headers, body }: Refusal): void {
  // Somebody else may have answered while keys were fetched, such as a time limit.
  if (response.headersSent) return;
  // One by one: what others put around `writeHead` does not always understand a list.
  for (const [name, value] of headers) {
    const others = headers.filter(([other]) => other === name);
    response.setHeader(name, others.length === 1 ? value : others.map(([, one]) => one));
  }
  response.statusCode = status;
  response.end(body);
}
