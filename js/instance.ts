// Holds the instance of a wasm module. Compiles nothing before the first use, and never uses an instance again after a trap.

import type { Kernel, KernelName, LimitTables } from "./arithmetic.js";
import { TollgateError } from "./error.js";
import type { Core as GateCore } from "./generated/gate/tollgate.js";
import type { Core as TokensCore } from "./generated/tokens/tollgate.js";
import type { InitOutput, Core as VerifierCore } from "./generated/verifier/tollgate.js";

/** The core's object. Each module has its part of it: the verifier's has not what only gates or token services are asked. */
export type Core = GateCore & TokensCore;

/** What all modules export. */
type Exports = Pick<InitOutput, "memory">;

/** wasm-bindgen's glue for one of the modules; it has that module's one instance. */
export interface Glue {
  readonly Core: {
    readonly prototype: object;
    chooseKernel(best: string): string;
    limitTables(bytes: number): void;
    tablesMade(): number;
    /** A token service's module is not asked why. */
    verifier(config: string, kernel: string): Omit<VerifierCore, "explainToken">;
    gate?(config: string, kernel: string, ownKeys?: string | null): GateCore;
    tokens?(config: string, keys: string, kernel: string): TokensCore;
  };
  initSync(source: { module: WebAssembly.Module }): Exports;
  __wbg_reset_state(): void;
}

/** What differs between runtimes, and between the modules. */
export interface Platform {
  readonly glue: Glue;
  /** The compiled module. Called once, at first use. */
  module(): WebAssembly.Module;
  /** The best kernel that the module has for this engine. */
  readonly kernel: Kernel;
  /** What `fetch` is given for a key set, beside what it always is. */
  readonly keyRequest: RequestInit;
}

/** What a core is made of: which of its faces, and that one's texts. */
export type Source =
  | { readonly kind: "verifier"; readonly config: string }
  | { readonly kind: "gate"; readonly config: string; readonly ownKeys: string | undefined }
  | { readonly kind: "tokens"; readonly config: string; readonly keys: string };

/** A quarter of what a module's memory can be; more would be a mistake. */
const MAX_TABLE_BYTES = 2 ** 30;

/** What `limitTables` was given last, for instances to come. */
let tableBytes: number | undefined;

/** The one instance of a platform's module, which all verifiers, gates or token services share. */
export class Instance {
  /** Grows when the instance is rebuilt; a `Core` of an earlier generation is a dangling pointer. */
  generation = 0;
  readonly #platform: Platform;
  /** The instance at hand trapped and could not be replaced yet. */
  #poisoned = false;
  /** All of the instance's memory. Made again when that has grown or is another's. */
  #memory = new Uint8Array();
  #module: WebAssembly.Module | undefined;
  #exports: Exports | undefined;

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** The memory of the instance at hand. */
  get memory(): Uint8Array<ArrayBuffer> {
    // A buffer that has grown leaves its views with no bytes.
    if (this.#memory.byteLength === 0 && this.#exports !== undefined) {
      this.#memory = new Uint8Array(this.#exports.memory.buffer as ArrayBuffer);
    }
    return this.#memory;
  }

  /** @throws TollgateError `config_invalid`, `module_invalid` or `internal_error` */
  create(source: Source): Core {
    this.#ready();
    try {
      return made(this.#platform, source) as Core;
    } catch (error) {
      if (isConfigError(error)) throw new TollgateError(error.code, error.message, { member: error.member });
      throw this.rebuild(error);
    }
  }

  /** The kernel in use. @throws TollgateError as `create` does */
  kernel(): Kernel {
    this.#ready();
    return this.#platform.glue.Core.chooseKernel(this.#platform.kernel) as Kernel;
  }

  /** How many tables of ES256 keys the instance at hand has made. */
  tablesMade(): number {
    return this.#platform.glue.Core.tablesMade();
  }

  /** Bounds the tables of the instance at hand to what `limitTables` was given last. */
  limitTables(): void {
    const isAtHand = this.generation > 0 && !this.#poisoned;
    if (isAtHand && tableBytes !== undefined) this.#platform.glue.Core.limitTables(tableBytes);
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

  #ready(): void {
    if (this.generation === 0) this.#start();
    if (this.#poisoned && !this.#replace()) throw failure(undefined);
  }

  #start(): void {
    const { glue } = this.#platform;
    try {
      const module = this.#platform.module();
      if (!isComplete(module, glue)) throw new TypeError("an export of the core is missing");
      this.#module = module;
      this.#exports = glue.initSync({ module });
    } catch (cause) {
      throw wrongModule(cause);
    }
    this.generation = 1;
    this.limitTables();
  }

  #replace(): boolean {
    const { glue } = this.#platform;
    this.generation += 1;
    try {
      glue.__wbg_reset_state();
      // Starts nothing, because it has been started: it answers with the exports of the instance that was just made.
      if (this.#module !== undefined) this.#exports = glue.initSync({ module: this.#module });
      this.#memory = new Uint8Array();
      this.#poisoned = false;
      this.limitTables();
    } catch {
      // No memory for another instance, say. It is tried again at the next call, and until then all is refused.
      this.#poisoned = true;
    }
    return !this.#poisoned;
  }
}

/** @throws ConfigFault, or anything when the core trapped */
function made({ glue: { Core }, kernel }: Platform, source: Source): object {
  switch (source.kind) {
    case "verifier":
      return Core.verifier(source.config, kernel);
    case "gate":
      if (Core.gate === undefined) throw new TypeError("this module has no gate");
      return Core.gate(source.config, kernel, source.ownKeys);
    case "tokens":
      if (Core.tokens === undefined) throw new TypeError("this module has no token service");
      return Core.tokens(source.config, source.keys, kernel);
  }
}

const instances = new Map<Platform, Instance>();

/** The instance of a platform's module. */
export function instanceOf(platform: Platform): Instance {
  let instance = instances.get(platform);
  if (instance === undefined) {
    instance = new Instance(platform);
    instances.set(platform, instance);
  }
  return instance;
}

/**
 * `kernel` for one runtime: what the first instance uses, or `platform`'s where there is none yet.
 *
 * @internal
 */
export function kernelFor(platform: Platform): KernelName {
  return () => {
    const [first = instanceOf(platform)] = instances.values();
    return first.kernel();
  };
}

/** `limitTables`, whatever the runtime. */
export const limitTablesOfAll: LimitTables = (bytes) => {
  if (!Number.isInteger(bytes) || bytes < 0 || bytes > MAX_TABLE_BYTES) {
    throw new RangeError(`expected a whole number of bytes, from 0 to ${MAX_TABLE_BYTES}`);
  }
  tableBytes = bytes;
  for (const instance of instances.values()) instance.limitTables();
};

/** Whether the module has a function for every method of the glue's class: one of another version may not. */
function isComplete(module: WebAssembly.Module, { Core }: Glue): boolean {
  const exported = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const statics = Object.getOwnPropertyNames(Core).filter(
    (name) => typeof Core[name as keyof typeof Core] === "function",
  );
  const methods = [...Object.getOwnPropertyNames(Core.prototype), ...statics];
  const inGlueOnly = new Set(["constructor", "free", "__destroy_into_raw", "__wrap"]);
  return methods.every((name) => inGlueOnly.has(name) || exported.has(`core_${name}`));
}

function failure(cause: unknown): TollgateError {
  return new TollgateError("internal_error", "the core failed, so the answer is a refusal", { cause });
}

function wrongModule(cause: unknown): TollgateError {
  const message = "the wasm module is not the one that this package was built with, or this engine cannot run it";
  return new TollgateError("module_invalid", message, { cause });
}

interface ConfigFault extends Error {
  readonly code: "config_invalid";
  readonly member: string;
}

function isConfigError(error: unknown): error is ConfigFault {
  return error instanceof Error && (error as Partial<ConfigFault>).code === "config_invalid";
}
