// The last word on an answer's fields, just before they are sent. Holds no answer back and reads no body.

import type { Fields } from "../response.js";

/** What is used of `http.ServerResponse`. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent: boolean;
  getHeader(name: string): string | number | readonly string[] | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: each of Node's overloads and of its frameworks' must fit
  setHeader(name: string, value: any): unknown;
  removeHeader(name: string): void;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  writeHead: (...all: any[]) => any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  end: (...all: any[]) => any;
}

/** Calls `finish` with the answer's fields when the handlers have set all of theirs: Node calls `writeHead` for every answer. */
export function finishAtHead(response: NodeResponse, finish: (headers: Fields) => void): void {
  const { writeHead } = response;
  response.writeHead = (status: number, ...rest: unknown[]) => {
    const reason = typeof rest[0] === "string" ? [rest.shift()] : [];
    setAll(response, rest[0]);
    finish(fieldsOf(response));
    return writeHead.call(response, status, ...reason);
  };
}

/** Sets what `writeHead` was given, in each of the forms that Node takes: an object, or names and values in turn. */
function setAll(response: NodeResponse, given: unknown): void {
  if (typeof given !== "object" || given === null) return;
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given)) if (value !== undefined) response.setHeader(name, value);
    return;
  }
  const flat = given.flat();
  const fields = new Map<string, unknown[]>();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const name = String(flat[at]).toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), flat[at + 1]]);
  }
  for (const [name, values] of fields) response.setHeader(name, values.length === 1 ? values[0] : values);
}

function fieldsOf(response: NodeResponse): Fields {
  const get = (name: string): string | null => {
    const value = response.getHeader(name);
    return value === undefined ? null : String(value);
  };
  return {
    get,
    set: (name, value) => response.setHeader(name, value),
    delete: (name) => response.removeHeader(name),
    append: (name, value) => response.setHeader(name, get(name) === null ? value : `${get(name)}, ${value}`),
  };
}
