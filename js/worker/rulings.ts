// The core's decisions, from text to what the Worker does about them. Decides nothing.

import type { HeaderField } from "../gate.ts";

/** Let through: remove `removeHeaders`, set `setHeaders`, forward. */
export interface Allow {
  readonly outcome: "allow";
  /** The path pattern of the rule; `null` for a preflight. */
  readonly rule: string | null;
  /** Whether the answer is for one principal, and so for no shared cache. */
  readonly isPersonal: boolean;
  readonly setHeaders: readonly HeaderField[];
  readonly removeHeaders: readonly string[];
  readonly responseHeaders: readonly HeaderField[] | null;
  /** The issuer whose key set should be fetched in the background. */
  readonly refresh: number | undefined;
  /** Present when the token's signature was checked earlier. */
  readonly cached: true | undefined;
}

/** Denied, or not decidable now: an answer that is ready. */
export interface Refusal {
  readonly outcome: "deny" | "unavailable";
  readonly code: string;
  readonly status: number;
  readonly headers: Headers;
  /** `null` where there must be none. */
  readonly body: string | null;
  readonly refresh: number | undefined;
  readonly cached: true | undefined;
}

export type Ruling = Allow | Refusal;

/** Not decidable before the keys of this issuer have been fetched. */
export interface KeysDue {
  readonly outcome: "keys_due";
  readonly issuer: number;
}

/** By position, as src/crossing.rs writes what is let through. */
type AllowText = readonly [
  rule: string | null,
  isPersonal: boolean,
  setHeaders: readonly HeaderField[],
  removeHeaders: readonly string[],
  responseHeaders: readonly HeaderField[] | null,
  refresh: number | null,
  cached: boolean,
];

interface RefusalText {
  readonly outcome: Refusal["outcome"];
  readonly code: string;
  readonly status: number;
  readonly headers: HeaderField[];
  readonly body: string;
  readonly refresh?: number;
  readonly cached?: true;
}

/** A configuration has far fewer ways to refuse; at some 2 KiB each, half a MiB at most. */
const MAX_REFUSALS = 256;

/** Refusals by their texts: a flood has few, and each is read and its headers are made once. */
const refusals = new Map<string, Refusal>();

/** What the core's text says. */
export function ruling(text: string): Ruling | KeysDue {
  if (text.startsWith("[")) return allow(JSON.parse(text));
  if (!text.startsWith("{")) return { outcome: "keys_due", issuer: JSON.parse(text) };
  return refusals.get(text) ?? kept(text, refusal(JSON.parse(text)));
}

function allow([rule, isPersonal, setHeaders, removeHeaders, responseHeaders, refresh, cached]: AllowText): Allow {
  return {
    outcome: "allow",
    rule,
    isPersonal,
    setHeaders,
    removeHeaders,
    responseHeaders,
    refresh: refresh ?? undefined,
    cached: cached || undefined,
  };
}

function refusal({ headers, body, refresh, cached, ...rest }: RefusalText): Refusal {
  return { ...rest, headers: new Headers(headers), body: body === "" ? null : body, refresh, cached };
}

function kept(text: string, read: Refusal): Refusal {
  // All at once, which is seldom: what a flood needs is back with its next request.
  if (refusals.size >= MAX_REFUSALS) refusals.clear();
  refusals.set(text, read);
  return read;
}
