// The package in workerd (Cloudflare Workers): wasm as a static module, because workerd compiles none at run time.

import { type KernelName, kernelFor, type LimitTables, limitTablesFor, type Platform } from "./core.js";
import { type CreateGate, gateFor } from "./gate.js";
import module from "./generated/tollgate_bg.wasm";
import { type CreateVerifier, verifierFor } from "./verifier.js";

const platform: Platform = {
  module: () => module,
  kernel: "relaxed-simd", // has been compiled with the module
  keyRequest: { cache: "no-store" }, // workerd has no cookies to omit, and refuses `credentials`
};

/** Makes a verifier; see `CreateVerifier`. */
export const createVerifier: CreateVerifier = verifierFor(platform);
/** Makes a gate; see `CreateGate`. */
export const createGate: CreateGate = gateFor(platform);
/** Which arithmetic the package uses here; see `Kernel`. */
export const kernel: KernelName = kernelFor(platform);
/** Sets how many bytes the tables of ES256 keys may take in all; see `LimitTables`. */
export const limitTables: LimitTables = limitTablesFor(platform);
export * from "./public.js";
