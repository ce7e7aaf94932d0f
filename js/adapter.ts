// What the adapters for frameworks have in common: the gate, the identity on its way in, the answer on its way out. Each fails closed.

import type { Config } from "./config.js";
import { configError } from "./error.js";
import { type Allow, type CreateGate, type Deny, failed, type Gate, type Unavailable } from "./gate.js";
import type { CallOptions, Hooks } from "./hooks.js";
import type { RequestLike } from "./request.js";
import { applyCors, type Fields, keepPrivate } from "./response.js";

/** A gate that was made already, or the configuration of one. */
export type GateOrConfig = Gate | Config;

/** Anything but "it may pass". */
export type Refusal = Deny | Unavailable;

/**
 * The gate that was given, or one that is made of the configuration.
 *
 * @throws TollgateError `config_invalid`, for a configuration that can't be right, and for hooks beside a gate, which has its own
 */
export function gateOf(createGate: CreateGate, given: GateOrConfig, hooks: Hooks | undefined): Gate {
  if (!isGate(given)) return createGate(given, hooks);
  if (hooks !== undefined) throw configError("hooks", "none beside a gate: give them to createGate");
  return given;
}

function isGate(given: GateOrConfig): given is Gate {
  return typeof given === "object" && given !== null && "check" in given && typeof given.check === "function";
}

/** Asks the gate; a failure is a refusal. Never rejects. */
export async function decide(gate: Gate, request: RequestLike, options?: CallOptions): Promise<Allow | Refusal> {
  try {
    return await gate.check(request, options);
  } catch {
    return failed();
  }
}

/** Removes first, then sets: what a client sent under one of our names is gone before ours is there. */
export function dress(
  headers: Pick<Fields, "set" | "delete">,
  { removeHeaders, setHeaders }: Allow,
  keep: ReadonlySet<string> = new Set(),
): void {
  for (const name of removeHeaders) if (!keep.has(name)) headers.delete(name);
  for (const [name, value] of setHeaders) headers.set(name, value);
}

/**
 * What stays with a request that its own server goes on with: the connection ends here, so its framing is no intruder's, and body
 * parsers look for it; and who is believed about the client's address is the server's own setting, such as Express's `trust proxy`.
 */
export const SERVERS_OWN: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"],
  "x-forwarded-for",
]);

/** Makes the API's answer fit for the client: `private` unless the rule is public, and with the gate's word on CORS. */
export function finish(headers: Fields, { principal, responseHeaders }: Allow): void {
  if (principal !== null) keepPrivate(headers);
  applyCors(headers, responseHeaders);
}

/** A refusal as a `Response`. */
export function refused({ status, headers, body }: Refusal): Response {
  return new Response(body || null, { status, headers });
}
