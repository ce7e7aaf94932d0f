// A verifier's, a gate's or a token service's core, which outlives the wasm instance, and what a host needs around it. Decides nothing.

import { configText, type KeySet } from "./config.js";
import { configError, TollgateError } from "./error.js";
import { type CallOptions, type Hooks, type Host, host } from "./hooks.js";
import { type Core, type Instance, instanceOf, type Platform, type Source } from "./instance.js";
import { KeyFetcher } from "./keys.js";
import { fetchTransport } from "./transport.js";

export type { Platform } from "./instance.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** `MAX_TOKEN_BYTES` of the core, which has as much room for a token. */
export const MAX_TOKEN_BYTES = 8 * 1024;

/** Where tokens are written in the memory of one core at a time. */
class Input {
  readonly #instance: Instance;
  #core: Core | undefined;
  #bytes = new Uint8Array();

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  /**
   * Verifies a token: its bytes are written into the core's memory, and the answer is read out of it.
   *
   * @returns JSON text, or a negative number for an answer that is kept: see `Core.verify` of the core
   * @throws TollgateError `token_too_large`
   */
  verify(core: Core, token: string, now: number, lastTry: boolean): string | number {
    const { read, written } = encoder.encodeInto(token, this.#of(core));
    if (read < token.length) {
      throw new TollgateError("token_too_large", `the token is longer than ${MAX_TOKEN_BYTES} bytes`);
    }
    const length = core.verify(written, now, lastTry);
    if (length < 0) return length;
    const from = core.answerAt();
    return decoder.decode(this.#instance.memory.subarray(from, from + length));
  }

  #of(core: Core): Uint8Array {
    // A buffer that has grown leaves its views with no bytes.
    if (this.#core !== core || this.#bytes.byteLength === 0) {
      const at = core.inputAt();
      this.#bytes = this.#instance.memory.subarray(at, at + MAX_TOKEN_BYTES);
      this.#core = core;
    }
    return this.#bytes;
  }
}

/** One core, which outlives the wasm instance: it is made again from the texts that it was made of. */
export class Handle {
  readonly instance: Instance;
  readonly #source: Source;
  /** Called with each core made again, to fill it. */
  readonly #restored: (core: Core) => void;
  #core: Core | undefined;
  #generation: number;

  constructor(platform: Platform, source: Source, restored: (core: Core) => void) {
    this.instance = instanceOf(platform);
    this.#source = source;
    this.#restored = restored;
    this.#core = this.instance.create(source);
    this.#generation = this.instance.generation;
  }

  /**
   * Runs `use` with the core.
   *
   * @throws TollgateError `closed`; `internal_error` when the core trapped, after which the next call works
   */
  call<Answer>(use: (core: Core) => Answer): Answer {
    if (this.#core === undefined) throw new TollgateError("closed", "it was closed and can't be used again");
    try {
      return use(this.#live(this.#core));
    } catch (error) {
      if (error instanceof TollgateError) throw error;
      // The core's methods return their errors as data: whatever they throw is a trap.
      throw this.instance.rebuild(error);
    }
  }

  /** Frees the core. Later calls throw `closed`. */
  close(): void {
    if (this.#core !== undefined && this.#generation === this.instance.generation) this.#core.free();
    this.#core = undefined;
  }

  /** `core`, or the one made in its place when the instance it belonged to is gone. */
  #live(core: Core): Core {
    if (this.#generation === this.instance.generation) return core;
    const remade = this.instance.create(this.#source);
    this.#core = remade;
    this.#generation = this.instance.generation;
    this.#restored(remade);
    return remade;
  }
}

/** What a verifier and a gate have in common: a core, the host's hooks and the keys. */
export class Client {
  readonly host: Host;
  readonly #handle: Handle;
  readonly #input: Input;
  readonly #keys: KeyFetcher;
  /** What was told of the instance; the first has the generation 1. */
  #told = { generation: 0, tables: 0 };

  constructor(platform: Platform, kind: "verifier" | "gate", config: unknown, hooks: Hooks | undefined) {
    this.host = host(hooks);
    const source = sourceOf(kind, configText(config), this.host.ownKeys);
    this.#handle = new Handle(platform, source, (core) => this.#keys.restore(core));
    this.#input = new Input(this.#handle.instance);
    const { now, emit, fetch } = this.host;
    const transport = fetchTransport(fetch, platform.keyRequest);
    this.#keys = new KeyFetcher(keyCore(this.#handle), { now, emit, transport });
  }

  /** Asks the core about a token. It answers with a negative number where `keepAnswer` was called after its answer. */
  verify<Answer>(token: string, lastTry: boolean): Answer | number {
    const now = this.host.now();
    const answer = this.#handle.call((core) => this.#input.verify(core, token, now, lastTry));
    if (this.host.listens) this.#tellInstance();
    return typeof answer === "number" ? answer : JSON.parse(answer);
  }

  /** Tells the core that its last answer about a token is kept. */
  keepAnswer(): void {
    this.#handle.call((core) => core.keepAnswer());
  }

  /** Asks the core, which answers with JSON text. */
  ask<Answer>(question: (core: Core) => string): Answer {
    const answer = this.#handle.call(question);
    if (this.host.listens) this.#tellInstance();
    return JSON.parse(answer);
  }

  /** Waits for the keys of an issuer; see `KeyFetcher.settle`. */
  settle(issuer: number, options: CallOptions | undefined): Promise<void> {
    return this.#keys.settle(issuer, options?.waitUntil);
  }

  /** Starts background fetches; a failure to start one is no failure of the call that noticed. */
  refresh(issuers: readonly number[] | undefined, options: CallOptions | undefined): void {
    if (issuers === undefined || issuers.length === 0) return;
    try {
      this.#keys.refresh(issuers, options?.waitUntil);
    } catch {
      // The core trapped and was rebuilt: the next call lists what is due again.
    }
  }

  /** @throws TollgateError `keys_unavailable` when an issuer has no set after the attempt */
  async ready(options: CallOptions | undefined): Promise<void> {
    const missing = await this.#keys.preload(options?.waitUntil);
    if (missing.length === 0) return;
    const where = missing.map((issuer) => `issuers[${issuer}]`).join(", ");
    throw new TollgateError("keys_unavailable", `no usable key set could be fetched for ${where}`, {
      retryAfterSeconds: 1,
    });
  }

  close(): void {
    this.#handle.close();
  }

  /** What became of the instance since the last question. */
  #tellInstance(): void {
    const { instance } = this.#handle;
    const made = instance.tablesMade();
    const { generation: told, tables } = this.#told;
    this.#told = { generation: instance.generation, tables: made };
    if (told !== instance.generation) {
      this.host.emit({ type: "core_started", kernel: instance.kernel(), again: told > 0 });
    } else if (made > tables) this.host.emit({ type: "tables_made", tables: made - tables });
  }
}

function sourceOf(kind: "verifier" | "gate", config: string, ownKeys: KeySet | undefined): Source {
  if (kind === "gate") return { kind, config, ownKeys: ownKeys === undefined ? undefined : configText(ownKeys) };
  if (ownKeys !== undefined) throw configError("hooks.ownKeys", "no keys: a verifier alone has no token service");
  return { kind, config };
}

function keyCore(handle: Handle): ConstructorParameters<typeof KeyFetcher>[0] {
  return {
    remoteIssuers: () => handle.call((core) => core.remoteIssuers()),
    beginFetch: (issuer, now) => handle.call((core) => core.beginFetch(issuer, now)),
    fetchSucceeded: (...event) => handle.call((core) => core.fetchSucceeded(...event)),
    fetchFailed: (...event) => handle.call((core) => core.fetchFailed(...event)),
  };
}
