// A request into the core's memory and the decision out of it, as one text each, which is read only where it is another than
// before. Decides nothing.

import type { FlatRequest } from "../request.ts";
import type { Core } from "./core.ts";
import { type KeysDue, type Ruling, ruling } from "./rulings.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Most requests are shorter. */
const FIRST_BYTES = 16 * 1024;

/** The way into one core. Ends with it. */
export class Crossing {
  readonly core: Core;
  readonly #memory: WebAssembly.Memory;
  /** Where the position and the length of an answer stand. */
  readonly #answeredAt: number;
  #requestAt: number;
  #requestBytes = FIRST_BYTES;
  /** All of the memory, twice. Both are made again when it has grown. */
  #bytes = new Uint8Array();
  #numbers = new Uint32Array();
  #last: Ruling | KeysDue | undefined;

  /** @param memory the module's */
  constructor(core: Core, memory: WebAssembly.Memory) {
    this.core = core;
    this.#memory = memory;
    this.#answeredAt = core.answeredAt() / 4;
    this.#requestAt = core.requestAt(FIRST_BYTES);
  }

  /** The decision about a request. @throws anything when the core trapped */
  decide({ method, url, headers, count }: FlatRequest, now: number, lastTry: boolean): Ruling | KeysDue {
    const text = count === 0 ? `${method}\n${url}` : `${method}\n${url}\n${headers}`;
    const isAsBefore = this.core.decide(this.#write(text), count, now, lastTry);
    if (!isAsBefore || this.#last === undefined) this.#last = ruling(this.#answer());
    return this.#last;
  }

  #answer(): string {
    this.#look();
    const at = this.#numbers[this.#answeredAt]!;
    return decoder.decode(this.#bytes.subarray(at, at + this.#numbers[this.#answeredAt + 1]!));
  }

  /** How many bytes were written: none for a text that has no room, which the core refuses as it does any that is no request. */
  #write(text: string): number {
    // No character takes more than three bytes.
    if (text.length * 3 > this.#requestBytes) {
      this.#requestBytes = text.length * 3;
      this.#requestAt = this.core.requestAt(this.#requestBytes);
    }
    this.#look();
    const room = this.#bytes.subarray(this.#requestAt, this.#requestAt + this.#requestBytes);
    const { read, written } = encoder.encodeInto(text, room);
    return read === text.length ? written : 0;
  }

  #look(): void {
    // A buffer that has grown leaves its views with no bytes.
    if (this.#bytes.byteLength > 0) return;
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#numbers = new Uint32Array(this.#memory.buffer);
  }
}
