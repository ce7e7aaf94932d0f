// The package in Node, browsers, Deno, Bun and bundlers: wasm inline. Opens no file and fetches no module.
//
// Two modules: a program that only verifies tokens is bundled without the gate's.

import type { KernelName, LimitTables } from "./arithmetic.js";
import { type CreateGate, gateFor } from "./gate.js";
import * as gateInline from "./generated/gate/inline.js";
import * as gateGlue from "./generated/gate/tollgate.js";
import * as verifierInline from "./generated/verifier/inline.js";
import * as verifierGlue from "./generated/verifier/tollgate.js";
import { kernelFor, limitTablesOfAll } from "./instance.js";
import { inlinePlatform } from "./kernel.js";
import { type CreateVerifier, verifierFor } from "./verifier.js";

const verifierPlatform = /* @__PURE__ */ inlinePlatform(verifierGlue, verifierInline);
const gatePlatform = /* @__PURE__ */ inlinePlatform(gateGlue, gateInline);

/** Makes a verifier; see `CreateVerifier`. */
export const createVerifier: CreateVerifier = /* @__PURE__ */ verifierFor(verifierPlatform);
/** Makes a gate; see `CreateGate`. */
export const createGate: CreateGate = /* @__PURE__ */ gateFor(gatePlatform);
/** Says which arithmetic runs; see `KernelName`. */
export const kernel: KernelName = /* @__PURE__ */ kernelFor(verifierPlatform);
/** Bounds the tables of ES256 keys; see `LimitTables`. */
export const limitTables: LimitTables = limitTablesOfAll;
export * from "./public.js";
