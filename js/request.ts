// A request as text for the core. Reads method, url and headers; never throws, and never tidies what it reads.

/** The part of `Headers` that is read. */
export interface HeaderList {
  get(name: string): string | null;
  entries(): Iterable<[string, string]>;
}

/**
 * A request: a `Request`, or a plain object of the same three members.
 *
 * In Node, pass `req.headersDistinct`: `req.headers` silently drops a second `Authorization`.
 */
export interface RequestLike {
  /** The method, as received. */
  readonly method: string;
  /** Absolute, or the raw target (`/orders?x=1`); pass the bytes that will be forwarded. */
  readonly url: string;
  /** The header fields: `Headers`, or names to a value or values. A member that is `undefined` is left out. */
  readonly headers: HeaderList | Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A request as the core takes it: `headers` is name and value pairs joined by line feeds. */
export interface FlatRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: string;
  /** The number of pairs. The core refuses a mismatch, so a line feed in a value can't become a header. */
  readonly count: number;
}

/** One more than the core's limit (`MAX_HEADER_COUNT`), so that the core is the one to refuse. */
const HEADER_COUNT_CAP = 129;
/** Longest joined headers, in UTF-16 units. Node stops at 16 KiB and workerd at 128 KiB, so this is nobody's request. */
const HEADER_TEXT_CAP = 256 * 1024;
/** A longer url is cut here, past what the core allows (8 KiB target), so that nothing large is copied into wasm. */
const URL_CAP = 32 * 1024;
/** The longest registered method has 17 letters. */
const METHOD_CAP = 64;

/** The core refuses it as `bad_request`: a request without a method. */
const UNREADABLE: FlatRequest = { method: "", url: "/", headers: "", count: 0 };

/** Flattens `request`. What can't be read becomes a request that the core refuses. */
export function flatten(request: RequestLike): FlatRequest {
  try {
    const { method, url, headers } = request;
    if (typeof method !== "string" || typeof url !== "string") return UNREADABLE;
    if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return UNREADABLE;
    if (method.length > METHOD_CAP) return UNREADABLE;
    const pairs = isHeaderList(headers) ? listPairs(headers) : recordPairs(headers);
    if (pairs === undefined) return UNREADABLE;
    const flat = { method, url: url.slice(0, URL_CAP), headers: pairs.text, count: pairs.count };
    // A lone surrogate would cross into wasm as U+FFFD, and the core would judge other text than the host forwards.
    return isWellFormed(flat.method) && isWellFormed(flat.url) && isWellFormed(flat.headers) ? flat : UNREADABLE;
  } catch {
    return UNREADABLE;
  }
}

function isHeaderList(headers: RequestLike["headers"]): headers is HeaderList {
  return typeof headers.get === "function" && typeof headers.entries === "function";
}

/** ES2024, which the declared language level does not have; where the runtime has not either, nothing is let through. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

class Pairs {
  text = "";
  count = 0;

  /** Adds a pair; `false` when there is no sense in adding more. */
  add(name: string, value: string): boolean {
    if (this.text.length + name.length + value.length > HEADER_TEXT_CAP) {
      this.text = "\n".repeat(2 * HEADER_COUNT_CAP - 1);
      this.count = HEADER_COUNT_CAP;
      return false;
    }
    this.text += this.count === 0 ? `${name}\n${value}` : `\n${name}\n${value}`;
    this.count += 1;
    return this.count < HEADER_COUNT_CAP;
  }
}

function listPairs(headers: HeaderList): Pairs | undefined {
  const pairs = new Pairs();
  if (headers instanceof Headers) {
    // An iterator makes three objects a field.
    let isFull = false;
    headers.forEach((value, name) => {
      if (!isFull) isFull = !pairs.add(name, value);
    });
    return pairs;
  }
  for (const [name, value] of headers.entries()) {
    if (typeof name !== "string" || typeof value !== "string") return undefined;
    if (!pairs.add(name, value)) break;
  }
  return pairs;
}

function recordPairs(headers: Readonly<Record<string, unknown>>): Pairs | undefined {
  const pairs = new Pairs();
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined) continue;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const one of values) {
      if (typeof one !== "string") return undefined;
      if (!pairs.add(name, one)) return pairs;
    }
  }
  return pairs;
}
