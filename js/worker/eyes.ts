// What the Worker tells of itself where its configuration asks for it: Server-Timing fields, and data points for Analytics
// Engine. No point holds a token, a key, a claim or a path that a client chose; and none changes an answer.

import type { TollgateEvent } from "../hooks.ts";
import { binding } from "./config.ts";

/** The part of an Analytics Engine binding that is used. */
interface Dataset {
  writeDataPoint(point: DataPoint): void;
}

/** One index, 20 blobs and 20 doubles at most (developers.cloudflare.com/analytics/analytics-engine/limits). */
interface DataPoint {
  readonly indexes: [string];
  readonly blobs: string[];
  readonly doubles: number[];
}

/** What is looked at, as the configuration asks. */
export interface Eyes {
  readonly serverTiming: boolean;
  /** Writes an event to Analytics Engine; absent where nobody asks for it. */
  readonly write: ((event: TollgateEvent) => void) | undefined;
}

/** The `observe` member as the core hands it out. */
interface ObserveMember {
  readonly serverTiming: boolean;
  readonly analytics: string | null;
}

/** Analytics Engine takes indexes of 96 bytes, and 16 KB of blobs in all. */
const MAX_INDEX_BYTES = 96;
const MAX_BLOB_LENGTH = 1_000;

/** @throws Error when the configuration names a binding that is not there */
export function readEyes(member: string, env: object): Eyes {
  const { serverTiming, analytics }: ObserveMember = JSON.parse(member);
  if (analytics === null) return { serverTiming, write: undefined };
  const dataset = binding(env, analytics) as Dataset | undefined;
  // A binding to a Worker has a method of every name.
  if (typeof dataset !== "object" || typeof dataset.writeDataPoint !== "function" || "fetch" in dataset) {
    throw new Error(
      `tollgate: configuration: observe.analytics: expected an Analytics Engine binding named ${analytics}`,
    );
  }
  return { serverTiming, write: (event) => write(dataset, event) };
}

function write(dataset: Dataset, event: TollgateEvent): void {
  try {
    dataset.writeDataPoint(dataPoint(event));
  } catch {
    // More points than a request may write, say: it is answered all the same.
  }
}

/**
 * An event as a data point: blobs are type, outcome, code, rule, issuer and reason; doubles are 1, the status, milliseconds, keys, keys
 * skipped, tables made, and 1 for a hit of the cache. What an event has not is empty, or 0. The index, by which Analytics Engine
 * samples, is the code of a decision or the type of another event: rare ones are kept.
 */
export function dataPoint(event: TollgateEvent): DataPoint {
  const of: Readonly<Record<string, unknown>> = { ...event };
  const text = (name: string) => String(of[name] ?? "").slice(0, MAX_BLOB_LENGTH);
  const number = (name: string) => Number(of[name] ?? 0);
  const index = event.type === "decision" ? (event.code ?? event.outcome) : event.type;
  return {
    indexes: [index.slice(0, MAX_INDEX_BYTES)],
    blobs: [event.type, text("outcome"), text("code"), text("rule"), text("issuer") || text("kernel"), text("reason")],
    doubles: [
      1,
      number("status"),
      number("milliseconds"),
      number("keys"),
      number("skipped"),
      number("tables"),
      number("cached"),
    ],
  };
}

/**
 * The answer with a `Server-Timing` field, in milliseconds. At Cloudflare a Worker's clock moves only when something was waited
 * for: so this is the time that the decision waited for keys, and 0 for all others.
 */
export function timed(answer: Response, milliseconds: number): Response {
  if (answer.webSocket) return answer;
  // The fields of some answers can't be changed.
  const response = new Response(answer.body, answer);
  response.headers.append("server-timing", `tollgate;dur=${milliseconds}`);
  return response;
}
