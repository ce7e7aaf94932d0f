// Asks the gate. Reads texts in, and gives what the gate says, or which text cannot be asked about and why. Touches no page.

import {
  type Check,
  type Config,
  createGate,
  type Decision,
  type HeaderField,
  TollgateError,
  type TollgateEvent,
} from "tollgate";

export type Carrier = "bearer" | "cookie" | "none";

/** The texts of the page's fields. */
export interface Inputs {
  readonly method: string;
  readonly url: string;
  readonly headers: string;
  readonly token: string;
  readonly carrier: Carrier;
  /** Unix seconds, or empty for the clock. */
  readonly time: string;
  readonly config: string;
  readonly keys: string;
}

/** A text that cannot be asked about. */
export interface Problem {
  readonly field: keyof Inputs;
  readonly message: string;
}

/** What came of the key set. */
export interface KeysSaid {
  readonly text: string;
  readonly isBad: boolean;
}

export interface Evaluation {
  readonly checks: readonly Check[];
  readonly decision: Decision;
  /** The header fields of the request, the credential among them. */
  readonly sent: readonly HeaderField[];
  readonly keys: KeysSaid;
}

export type Answer = { readonly problems: readonly Problem[] } | Evaluation;

/** Never throws on what stands in a field. */
export async function evaluate(inputs: Inputs): Promise<Answer> {
  const problems: Problem[] = [];
  const config = read(problems, "config", () => configOf(inputs.config));
  const sent = read(problems, "headers", () => headerFields(inputs.headers));
  const now = read(problems, "time", () => clockOf(inputs.time));
  if (config === undefined || sent === undefined || now === undefined) return { problems };
  const credential = read(problems, "config", () => credentialOf(inputs, config));
  if (credential === undefined) return { problems };
  const events: TollgateEvent[] = [];
  const hooks = {
    now,
    fetch: async () => new Response(inputs.keys),
    onEvent: (event: TollgateEvent) => events.push(event),
  };
  const gate = read(problems, "config", () => createGate(config as Config, hooks));
  if (gate === undefined) return { problems };
  try {
    // So that something is said of the key set even when the request never gets as far as to need it.
    await gate.ready().catch(() => {});
    const fields = [...sent, ...credential];
    const { checks, decision } = await gate.explain({
      method: inputs.method,
      url: inputs.url,
      headers: record(fields),
    });
    return { checks, decision, sent: fields, keys: keysSaid(events) };
  } finally {
    gate.close();
  }
}

/** What `reading` gives, or `undefined` after the problem was noted. */
function read<T>(problems: Problem[], field: keyof Inputs, reading: () => T): T | undefined {
  try {
    return reading();
  } catch (error) {
    problems.push({ field, message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

/** @throws TollgateError, or SyntaxError in the engine's words */
function configOf(text: string): object {
  try {
    const config: unknown = JSON.parse(text);
    if (typeof config === "object" && config !== null) return config;
  } catch (error) {
    throw new SyntaxError(`This is no JSON: ${(error as Error).message}`);
  }
  throw new TollgateError("config_invalid", "configuration: expected an object");
}

/** One field a line. @throws SyntaxError naming the line */
function headerFields(text: string): HeaderField[] {
  return text.split(/\r?\n/).flatMap((line, index): HeaderField[] => {
    if (line.trim() === "") return [];
    const colon = line.indexOf(":");
    if (colon < 1) throw new SyntaxError(`Line ${index + 1} is no “name: value”.`);
    return [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
  });
}

/** @throws SyntaxError */
function clockOf(text: string): () => number {
  if (text.trim() === "") return () => Math.floor(Date.now() / 1000);
  if (!/^\d{1,12}$/.test(text.trim())) throw new SyntaxError("Write whole seconds since 1970, or leave it empty.");
  const time = Number(text);
  return () => time;
}

/** @throws SyntaxError where the configuration reads no cookie */
function credentialOf({ carrier, token }: Inputs, config: object): HeaderField[] {
  if (carrier === "none") return [];
  if (carrier === "bearer") return [["authorization", `Bearer ${token.trim()}`]];
  const { credentials } = config as { credentials?: { cookie?: { name?: unknown } | null } | null };
  const name = credentials?.cookie?.name;
  if (typeof name === "string") return [["cookie", `${name}=${token.trim()}`]];
  throw new SyntaxError("The token is to come in a cookie, and no cookie is read: give credentials.cookie a name.");
}

/** Names to values; one that stands twice has two. */
function record(fields: readonly HeaderField[]): Record<string, string[]> {
  const out: Record<string, string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const values = out[name] ?? [];
    values.push(value);
    out[name] = values;
  }
  return out;
}

function keysSaid(events: readonly TollgateEvent[]): KeysSaid {
  const failed = events.find((event) => event.type === "keys_fetch_failed");
  if (failed !== undefined) return { text: `This key set can’t be used: ${failed.reason}.`, isBad: true };
  const fetched = events.find((event) => event.type === "keys_fetched");
  if (fetched === undefined)
    return { text: "Not read: no issuer of the configuration fetches its keys.", isBad: false };
  const skipped = events.flatMap((event) =>
    event.type === "key_skipped" ? [`key ${event.index} is left out: ${event.reason}`] : [],
  );
  const usable = `${fetched.keys} usable ${fetched.keys === 1 ? "key" : "keys"}`;
  return { text: `${[usable, ...skipped].join("; ")}.`, isBad: false };
}
