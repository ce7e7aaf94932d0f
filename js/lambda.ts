// A gate in a Lambda function: keys that were embedded when the function was built, and an instance that is frozen as soon as it
// has answered. Decides nothing itself, and keeps no time between calls.

import type { Config, KeySet } from "./config.js";
import { configError } from "./error.js";
import type { CreateGate, Decision, Gate } from "./gate.js";
import { clock, type Hooks } from "./hooks.js";
import { atMost } from "./keys.js";
import type { RequestLike } from "./request.js";
import { TransportError } from "./transport.js";

/** Key sets that were fetched when the function was built, so that the function itself fetches none. */
export interface EmbeddedKeys {
  /**
   * Until when they are used, in Unix seconds. From then on every request that needs a key is `keys_unavailable`, and
   * the event `keys_fetch_failed` has the reason `embedded_keys_too_old`: build and publish the function again.
   */
  readonly until: number;
  /** A key set for each of the configuration's `issuers`, in their order; `null` for one that has a `jwks` of its own. */
  readonly sets: readonly (KeySet | null)[];
}

/** The hooks of a gate, and the keys that the function was built with. */
export interface LambdaHooks extends Hooks {
  /** Without them, key sets are fetched by the function. */
  readonly embeddedKeys?: EmbeddedKeys | undefined;
}

/** Decides about a request. Never rejects. */
export type Check = (request: RequestLike) => Promise<Decision>;

/** The end of the year 9999 in seconds. A time in milliseconds lies beyond it, and keys until then would never be too old. */
const MAX_SECONDS = 253_402_300_799;

/** How long an answer waits for a fetch that nobody needs yet, in milliseconds. */
const BACKGROUND_WAIT_MS = 1_000;

/**
 * A gate for one Lambda function.
 *
 * @throws TollgateError `config_invalid`, naming the member of the configuration or of the hooks
 */
export function lambdaGate(createGate: CreateGate, config: Config, hooks: LambdaHooks = {}): Check {
  const { embeddedKeys, ...others } = hooks;
  if (embeddedKeys === undefined) {
    const gate = createGate(config, others);
    return (request) => settled(gate, request);
  }
  const { until, sets } = checked(embeddedKeys, config);
  const gate = createGate(withKeys(config, sets), others);
  const now = clock(others.now);
  let afterwards: Gate | undefined;
  return (request) => {
    if (now() < until) return settled(gate, request);
    // A gate that never had a key: what needs none is decided as before.
    afterwards ??= createGate(config, { ...others, fetch: tooOld });
    return settled(afterwards, request);
  };
}

/** Decides, and lets a fetch of keys that goes on meanwhile end: once it has answered, Lambda stops the instance's time. */
async function settled(gate: Gate, request: RequestLike): Promise<Decision> {
  const fetches: Promise<unknown>[] = [];
  const decision = await gate.check(request, { waitUntil: (fetch) => fetches.push(fetch) });
  if (fetches.length > 0) await atMost(Promise.all(fetches), BACKGROUND_WAIT_MS);
  return decision;
}

async function tooOld(): Promise<never> {
  throw new TransportError("embedded_keys_too_old");
}

function checked(keys: EmbeddedKeys, config: Config): EmbeddedKeys {
  if (!(Number.isFinite(keys?.until) && keys.until <= MAX_SECONDS))
    throw configError("hooks.embeddedKeys.until", "Unix seconds");
  if (!Array.isArray(keys.sets) || keys.sets.length !== config?.issuers?.length) {
    throw configError("hooks.embeddedKeys.sets", "as many key sets (or null) as there are issuers");
  }
  return keys;
}

/** The configuration with each issuer's keys in it, and no address of them. */
function withKeys(config: Config, sets: EmbeddedKeys["sets"]): Config {
  const issuers = config.issuers.map((issuer, index) => {
    const jwks = sets[index] ?? null;
    if (jwks === null) return issuer;
    const { jwksUri: _, ...rest } = issuer as { readonly jwksUri?: string | null };
    return { ...rest, jwks } as Config["issuers"][number];
  });
  return { ...config, issuers };
}
