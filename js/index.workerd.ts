// The package in workerd (Cloudflare Workers): wasm as a static module, because workerd compiles none at run time.
//
// One module for both, the gate's: what a Worker imports is uploaded, used or not.

import type { KernelName, LimitTables } from "./arithmetic.js";
import { type CreateGate, gateFor } from "./gate.js";
import * as glue from "./generated/gate/tollgate.js";
import module from "./generated/gate/tollgate_bg.wasm";
import { kernelFor, limitTablesOfAll, type Platform } from "./instance.js";
import { type CreateVerifier, verifierFor } from "./verifier.js";

const platform: Platform = {
  glue,
  module: () => module,
  kernel: "relaxed-simd", // has been compiled with the module
  keyRequest: { cache: "no-store" }, // workerd has no cookies to omit, and refuses `credentials`
};

/** Makes a verifier; see `CreateVerifier`. */
export const createVerifier: CreateVerifier = verifierFor(platform);
/** Makes a gate; see `CreateGate`. */
export const createGate: CreateGate = gateFor(platform);
/** Says which arithmetic runs; see `KernelName`. */
export const kernel: KernelName = kernelFor(platform);
/** Bounds the tables of ES256 keys; see `LimitTables`. */
export const limitTables: LimitTables = limitTablesOfAll;
export * from "./public.js";
