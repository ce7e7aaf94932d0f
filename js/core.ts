// Holds the wasm instance. Compiles nothing before the first use, and never uses an instance again after a trap.

import type { Kernel, KernelName, LimitTables } from "./arithmetic.js";
import { configText } from "./config.js";
import { TollgateError } from "./error.js";
import {
  type Core,
  type InitOutput,
  initSync,
  __wbg_reset_state as resetState,
  Core as WasmCore,
} from "./generated/tollgate.js";
import { type CallOptions, type Hooks, type Host, host } from "./hooks.js";
import { KeyFetcher } from "./keys.js";
import { fetchTransport } from "./transport.js";

/** Which of the core's two faces a configuration is for. */
export type Kind = "verifier" | "gate";

/** What differs between runtimes. */
export interface Platform {
  /** The compiled module. Called once, at first use. */
  module(): WebAssembly.Module;
  /** The best kernel that the module has for this engine. */
  readonly kernel: Kernel;
  /** What `fetch` is given for a key set, beside what it always is. */
  readonly keyRequest: RequestInit;
}

/** A quarter of what a module's memory can be; more would be a mistake. */
const MAX_TABLE_BYTES = 2 ** 30;

/** The one instance of the wasm module that all verifiers and gates of this package share. */
class Instance {
  /** Grows when the instance is rebuilt; a `Core` of an earlier generation is a dangling pointer. */
  generation = 0;
  /** The instance at hand trapped and could not be replaced yet. */
  #poisoned = false;
  /** All of the instance's memory. Made again when that has grown or is another's. */
  #memory = new Uint8Array();
  #module: WebAssembly.Module | undefined;
  /** What `limitTables` was given last. */
  #tableBytes: number | undefined;
  #exports: InitOutput | undefined;

  /** The memory of the instance at hand. */
  get memory(): Uint8Array<ArrayBuffer> {
    // A buffer that has grown leaves its views with no bytes.
    if (this.#memory.byteLength === 0 && this.#exports !== undefined) {
      this.#memory = new Uint8Array(this.#exports.memory.buffer as ArrayBuffer);
    }
    return this.#memory;
  }

  /** @throws TollgateError `config_invalid`, `module_invalid` or `internal_error` */
  create(platform: Platform, kind: Kind, config: string): Core {
    this.#ready(platform);
    try {
      const make = kind === "gate" ? WasmCore.gate : WasmCore.verifier;
      return make(config, platform.kernel);
    } catch (error) {
      if (isConfigError(error)) throw new TollgateError(error.code, error.message, { member: error.member });
      throw this.rebuild(error);
    }
  }

  /** The kernel in use. @throws TollgateError as `create` does */
  kernel(platform: Platform): Kernel {
    this.#ready(platform);
    return WasmCore.chooseKernel(platform.kernel) as Kernel;
  }

  /** Bounds the tables of ES256 keys, now and in each instance to come. @throws TollgateError as `create` does */
  limitTables(platform: Platform, bytes: number): void {
    this.#tableBytes = bytes;
    this.#ready(platform);
    WasmCore.limitTables(bytes);
  }

  #ready(platform: Platform): void {
    if (this.generation === 0) this.#start(platform);
    if (this.#poisoned && !this.#replace()) throw failure(undefined);
  }

  #start(platform: Platform): void {
    try {
      const module = platform.module();
      if (!isComplete(module)) throw new TypeError("an export of the core is missing");
      this.#module = module;
      this.#exports = initSync({ module });
      // Throws where no kernel computes right.
      WasmCore.chooseKernel(platform.kernel);
    } catch (cause) {
      throw wrongModule(cause);
    }
    this.generation = 1;
  }

  /**
   * Replaces the instance after a trap: the old one's memory may be half written, so nothing of it is used again.
   *
   * @returns the error to throw, which never is a success
   */
  rebuild(cause: unknown): TollgateError {
    this.#poisoned = true;
    this.#replace();
    return failure(cause);
  }

  #replace(): boolean {
    this.generation += 1;
    try {
      resetState();
      // Starts nothing, because it has been started: it answers with the exports of the instance that was just made.
      if (this.#module !== undefined) this.#exports = initSync({ module: this.#module });
      this.#memory = new Uint8Array();
      if (this.#tableBytes !== undefined) WasmCore.limitTables(this.#tableBytes);
      this.#poisoned = false;
    } catch {
      // No memory for another instance, say. It is tried again at the next call, and until then all is refused.
    }
    return !this.#poisoned;
  }
}

const instance = new Instance();

/**
 * `kernel` for one runtime.
 *
 * @internal
 */
export function kernelFor(platform: Platform): KernelName {
  return () => instance.kernel(platform);
}

/**
 * `limitTables` for one runtime.
 *
 * @internal
 */
export function limitTablesFor(platform: Platform): LimitTables {
  return (bytes) => {
    if (!Number.isInteger(bytes) || bytes < 0 || bytes > MAX_TABLE_BYTES) {
      throw new RangeError(`expected a whole number of bytes, from 0 to ${MAX_TABLE_BYTES}`);
    }
    instance.limitTables(platform, bytes);
  };
}

/** Whether the module has a function for every method of the glue's class: one of another version may not. */
function isComplete(module: WebAssembly.Module): boolean {
  const exported = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const statics = ["verifier", "gate", "chooseKernel", "limitTables"];
  const methods = [...Object.getOwnPropertyNames(WasmCore.prototype), ...statics];
  const inGlueOnly = new Set(["constructor", "free", "__destroy_into_raw"]);
  return methods.every((name) => inGlueOnly.has(name) || exported.has(`core_${name}`));
}

function failure(cause: unknown): TollgateError {
  return new TollgateError("internal_error", "the core failed, so the answer is a refusal", { cause });
}

function wrongModule(cause: unknown): TollgateError {
  const message = "the wasm module is not the one that this package was built with";
  return new TollgateError("module_invalid", message, { cause });
}

interface ConfigFault extends Error {
  readonly code: "config_invalid";
  readonly member: string;
}

function isConfigError(error: unknown): error is ConfigFault {
  return error instanceof Error && (error as Partial<ConfigFault>).code === "config_invalid";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** `MAX_TOKEN_BYTES` of the core, which has as much room for a token. */
const MAX_TOKEN_BYTES = 8 * 1024;

/**
 * Verifies a token: its bytes are written into the core's memory, and the answer is read out of it.
 *
 * @returns JSON text
 * @throws TollgateError `token_too_large`
 */
function verify(core: Core, token: string, now: number, lastTry: boolean): string {
  const at = core.inputAt();
  const { read, written } = encoder.encodeInto(token, instance.memory.subarray(at, at + MAX_TOKEN_BYTES));
  if (read < token.length) {
    throw new TollgateError("token_too_large", `the token is longer than ${MAX_TOKEN_BYTES} bytes`);
  }
  const length = core.verify(written, now, lastTry);
  const from = core.answerAt();
  return decoder.decode(instance.memory.subarray(from, from + length));
}

/** One verifier's or gate's core, which outlives the wasm instance: it is made again from its configuration's text. */
export class Handle {
  readonly #platform: Platform;
  readonly #kind: Kind;
  readonly #config: string;
  /** Called with each core made again, to fill it. */
  readonly #restored: (core: Core) => void;
  #core: Core | undefined;
  #generation: number;

  constructor(platform: Platform, kind: Kind, config: string, restored: (core: Core) => void) {
    this.#platform = platform;
    this.#kind = kind;
    this.#config = config;
    this.#restored = restored;
    this.#core = instance.create(platform, kind, config);
    this.#generation = instance.generation;
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
      throw instance.rebuild(error);
    }
  }

  /** Frees the core. Later calls throw `closed`. */
  close(): void {
    if (this.#core !== undefined && this.#generation === instance.generation) this.#core.free();
    this.#core = undefined;
  }

  /** `core`, or the one made in its place when the instance it belonged to is gone. */
  #live(core: Core): Core {
    if (this.#generation === instance.generation) return core;
    const remade = instance.create(this.#platform, this.#kind, this.#config);
    this.#core = remade;
    this.#generation = instance.generation;
    this.#restored(remade);
    return remade;
  }
}

/** What a verifier and a gate have in common: a core, the host's hooks and the keys. */
export class Client {
  readonly host: Host;
  readonly #handle: Handle;
  readonly #keys: KeyFetcher;

  constructor(platform: Platform, kind: Kind, config: unknown, hooks: Hooks | undefined) {
    this.host = host(hooks);
    this.#handle = new Handle(platform, kind, configText(config), (core) => this.#keys.restore(core));
    const { now, emit, fetch } = this.host;
    const transport = fetchTransport(fetch, platform.keyRequest);
    this.#keys = new KeyFetcher(keyCore(this.#handle), { now, emit, transport });
  }

  /** Asks the core about a token. */
  verify<Answer>(token: string, lastTry: boolean): Answer {
    const now = this.host.now();
    return JSON.parse(this.#handle.call((core) => verify(core, token, now, lastTry)));
  }

  /** Asks the core, which answers with JSON text. */
  ask<Answer>(question: (core: Core) => string): Answer {
    return JSON.parse(this.#handle.call(question));
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
}

function keyCore(handle: Handle): ConstructorParameters<typeof KeyFetcher>[0] {
  return {
    remoteIssuers: () => handle.call((core) => core.remoteIssuers()),
    beginFetch: (issuer, now) => handle.call((core) => core.beginFetch(issuer, now)),
    fetchSucceeded: (...event) => handle.call((core) => core.fetchSucceeded(...event)),
    fetchFailed: (...event) => handle.call((core) => core.fetchFailed(...event)),
  };
}
