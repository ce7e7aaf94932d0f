// One HTTP exchange for a key set. Follows no redirect, trusts no content type, sends no credential, reads 64 KiB at most.

/** What a fetch of a key set must respect. */
export interface KeyRequest {
  /** Aborts 3 s after the start; covers headers and body. */
  readonly signal: AbortSignal;
  /** The configured issuer, for a cache key. */
  readonly issuer: string;
  /**
   * A copy from a shared cache may be used when it was fetched at this Unix time (seconds) or later; `null` means that
   * the origin must be asked.
   */
  readonly cachedSince: number | null;
}

/** What came back. Only status 200 is a key set. */
export interface KeyResponse {
  /** The HTTP status; 0 for a redirect that the runtime hides. */
  readonly status: number;
  /** The body, for status 200. */
  readonly text: string;
  /** Unix seconds at which the origin gave it, for a copy from a cache; `null` for now. */
  readonly fetchedAt: number | null;
  /** `Retry-After`, in seconds; `null` when absent. */
  readonly retryAfterSeconds: number | null;
}

/** Fetches a key set. Rejects with a `TransportError` to give a reason; any other rejection is `network`. */
export type Transport = (url: string, request: KeyRequest) => Promise<KeyResponse>;

/** Why there was no usable response: a few fixed words for the event. */
export class TransportError extends Error {
  /** `network`, `too_large` or `not_utf8`. */
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.name = "TransportError";
    this.reason = reason;
  }
}

/** Largest key set body, in bytes, counted after decompression (`MAX_JWKS_BYTES` of the core). */
export const MAX_JWKS_BYTES = 64 * 1024;

/** A `fetch`, reduced to what is called here. */
export type FetchKeys = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The transport over `fetch`.
 *
 * No conditional request is made: `If-None-Match` would cost browsers a CORS preflight, and a key set is small. So a 304
 * is an answer to a question that was not asked, and counts as a failure.
 *
 * @param init what the runtime needs beside `redirect`, `headers` and `signal`
 */
export function fetchTransport(fetch: FetchKeys, init: RequestInit): Transport {
  return async (url, { signal }) => {
    const response = await fetch(url, {
      ...init,
      method: "GET",
      redirect: "manual",
      headers: { accept: "application/jwk-set+json, application/json" },
      signal,
    });
    const { status } = response;
    if (status !== 200) {
      discard(response);
      return { status, text: "", fetchedAt: null, retryAfterSeconds: retryAfterSeconds(response.headers) };
    }
    return { status, text: await boundedText(response), fetchedAt: null, retryAfterSeconds: null };
  };
}

/**
 * The body as text, refused as soon as it is longer than 64 KiB, and cancelled then.
 *
 * @throws TransportError `too_large`, or `not_utf8`
 */
export async function boundedText(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  // ignoreBOM keeps a byte order mark in the text, so that the core can refuse it.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decode(decoder);
    size += value.byteLength;
    if (size > MAX_JWKS_BYTES) {
      reader.cancel().catch(() => {});
      throw new TransportError("too_large");
    }
    text += decode(decoder, value);
  }
}

function decode(decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch {
    throw new TransportError("not_utf8");
  }
}

/** Lets the connection go without reading the body. */
function discard(response: Response): void {
  response.body?.cancel().catch(() => {});
}

/** `Retry-After` in either form of RFC 9110 section 10.2.3, as seconds; `null` when absent or unreadable. */
export function retryAfterSeconds(headers: Headers): number | null {
  const value = headers.get("retry-after");
  if (value === null) return null;
  if (/^[0-9]{1,9}$/.test(value)) return Number(value);
  const seconds = Math.ceil((Date.parse(value) - Date.now()) / 1000);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}
