// The Worker's configuration: a variable or the bundled file, and the bindings it names. Refuses to start without them.

import bundled from "../../tollgate.json";

/** Where allowed requests go; checked against the bindings that are really there. */
export type Upstream =
  | { readonly kind: "service"; readonly service: Fetcher }
  | { readonly kind: "url"; readonly origin: string; readonly proof: string | null };

/** The `upstream` member as the core hands it out. */
interface UpstreamMember {
  readonly service?: string | null;
  readonly url?: string | null;
  readonly secret?: string | null;
}

/** Bindings by name. */
type Bindings = object;

/** Workers limits a variable to 5 KB. */
const MAX_VARIABLE_BYTES = 5 * 1024;

/**
 * The configuration's text: the `TOLLGATE_CONFIG` variable (a string, or an object as wrangler allows), else the
 * bundled tollgate.json. The file is bundled as text, so that the core sees a member that stands twice.
 */
export function configText(env: Bindings): string {
  const variable = binding(env, "TOLLGATE_CONFIG");
  if (variable === undefined) return bundled as unknown as string;
  const text = typeof variable === "string" ? variable : JSON.stringify(variable);
  if (new TextEncoder().encode(text).length > MAX_VARIABLE_BYTES) {
    throw new Error("tollgate: TOLLGATE_CONFIG: expected at most 5 KB; put larger ones in tollgate.json");
  }
  return text;
}

/** The `tokens` member. What can't be read has none: the gate's core says what is wrong with the document. */
export function tokensMember(config: string): object | null {
  try {
    const { tokens } = JSON.parse(config);
    return typeof tokens === "object" ? tokens : null;
  } catch {
    return null;
  }
}

/** @throws Error when the configuration has a token service, which the Worker it is for has not */
export function refuseTokens(config: string): void {
  if (tokensMember(config) !== null) {
    throw new Error('tollgate: configuration: tokens: expected main = "js/worker-tokens.ts" in wrangler.toml');
  }
}

/** The upstream with its bindings looked up, or `null` when none is configured. */
export function readUpstream(member: string, env: Bindings): Upstream | null {
  const upstream: UpstreamMember | null = JSON.parse(member);
  if (upstream === null) return null;
  if (upstream.service != null)
    return { kind: "service", service: readService("upstream.service", upstream.service, env) };
  // The core has checked that one of the two is there, and that a URL has no path.
  const origin = upstream.url!.replace(/\/$/, "");
  return { kind: "url", origin, proof: upstream.secret == null ? null : readProof(upstream.secret, env) };
}

/** The Worker that `member` of the configuration names. @throws Error when there is no such binding */
export function readService(member: string, name: string, env: Bindings): Fetcher {
  const service = binding(env, name) as Fetcher | undefined;
  if (typeof service !== "object" || typeof service.fetch !== "function") {
    throw new Error(`tollgate: configuration: ${member}: expected a service binding named ${name}`);
  }
  return service;
}

/** A secret that could not be sent as it is would be a proof that never matches. */
function readProof(name: string, env: Bindings): string {
  return readSecret("upstream.secret", name, env, /^[\x21-\x7e]+$/, " of visible ASCII characters");
}

/** The secret that `member` of the configuration names. @throws Error when it is missing or not of that form */
export function readSecret(member: string, name: string, env: Bindings, form = /./, formInWords = ""): string {
  const secret = binding(env, name);
  if (typeof secret !== "string" || !form.test(secret)) {
    throw new Error(
      `tollgate: configuration: ${member}: expected a secret named ${name}${formInWords} (wrangler secret put ${name})`,
    );
  }
  return secret;
}

/** What the environment calls `name`. */
export function binding(env: Bindings, name: string): unknown {
  return Object.hasOwn(env, name) ? (env as Record<string, unknown>)[name] : undefined;
}
