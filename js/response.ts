// What a decision asks of the API's answer: that no shared cache keeps what one principal was given, and that the gate's word on CORS
// is the only one. Decides no status and reads no body.

import type { HeaderField } from "./gate.js";

/** The part of `Headers` that is needed here. */
export interface Fields {
  get(name: string): string | null;
  set(name: string, value: string): void;
  delete(name: string): void;
  append(name: string, value: string): void;
}

/** RFC 9110 section 7.6.1: they describe one connection and end with it. */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];
/** Directions to shared caches alone, which read them before `Cache-Control`. */
const SHARED_CACHE_FIELDS = ["cdn-cache-control", "cloudflare-cdn-cache-control", "surrogate-control"];
/** With `cors` configured, what the API says about these does not count. */
const CORS_FIELDS = [
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-expose-headers",
];

/** Removes what ends with the connection that the answer came by. */
export function dropHopByHop(headers: Fields): void {
  for (const name of (headers.get("connection") ?? "").split(",")) {
    const nominated = name.trim();
    if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(nominated)) headers.delete(nominated);
  }
  for (const name of HOP_BY_HOP) headers.delete(name);
}

/** `private` or `no-store` from the API stays; otherwise `public` and `s-maxage` give way to `private`. */
export function keepPrivate(headers: Fields): void {
  for (const name of SHARED_CACHE_FIELDS) headers.delete(name);
  const directives = (headers.get("cache-control") ?? "").match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  const kept = directives
    .map((directive) => directive.trim())
    .filter((directive) => directive !== "" && !/^(?:public|s-maxage|private)(?:\s*=|$)/i.test(directive));
  // `private` is written anew: with field names it would be about those fields only (RFC 9111 section 5.2.2.7).
  const isStored = !kept.some((directive) => /^no-store$/i.test(directive));
  const wasPrivate = directives.some((directive) => /^\s*private\s*(?:=|$)/i.test(directive));
  if (isStored || wasPrivate) kept.unshift("private");
  headers.set("cache-control", kept.join(", "));
}

/** Sets the decision's `responseHeaders` in place of the API's own CORS fields. Without any, nothing changes. */
export function applyCors(headers: Fields, responseHeaders: readonly HeaderField[] | null | undefined): void {
  if (responseHeaders === null || responseHeaders === undefined) return;
  for (const name of CORS_FIELDS) headers.delete(name);
  for (const [name, value] of responseHeaders) {
    if (name === "vary") headers.append(name, value);
    else headers.set(name, value);
  }
}
