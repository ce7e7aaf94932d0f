// Forwards an allowed request: same method, target, body stream and upgrade. Follows no redirect and buffers nothing.

import type { Upstream } from "./config.ts";
import type { Allow } from "./rulings.ts";

const PROOF = "x-tollgate-proof";

/** Sends the request on and gives back the upstream's answer as it is. Rejects when there is none. */
export function forward(request: Request, decision: Allow, upstream: Upstream): Promise<Response> {
  if (upstream.kind === "service") {
    const out = new Request(request);
    dress(out.headers, request, decision);
    return upstream.service.fetch(out, { redirect: "manual" });
  }
  // The flag fetch_legacy_url keeps the target's bytes: the rules judged those, so those are forwarded.
  const out = new Request(upstream.origin + rawTarget(request.url), request);
  dress(out.headers, request, decision);
  if (upstream.proof !== null) out.headers.set(PROOF, upstream.proof);
  // Without no-store, a Worker's fetch may be answered from a cache keyed by URL alone: one tenant's file to another.
  return fetch(out, { redirect: "manual", cache: "no-store" });
}

/** Path and query of an absolute URL, byte for byte. */
export function rawTarget(url: string): string {
  const path = url.indexOf("/", url.indexOf("://") + 3);
  return path === -1 ? "/" : url.slice(path);
}

/** Removes first, then sets: what a client sent under one of our names is gone before ours is there. */
function dress(headers: Headers, request: Request, decision: Allow): void {
  for (const name of decision.removeHeaders) headers.delete(name);
  for (const [name, value] of decision.setHeaders) headers.set(name, value);
  // Set by Cloudflare's edge, which overwrites what a client sends under this name.
  const client = request.headers.get("cf-connecting-ip");
  if (client !== null) headers.set("x-forwarded-for", client);
}
