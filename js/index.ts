// The package in Node, browsers, Deno, Bun and bundlers: wasm inline. Opens no file and fetches no module.

import type { KernelName, LimitTables } from "./arithmetic.js";
import { kernelFor, limitTablesFor } from "./core.js";
import { type CreateGate, gateFor } from "./gate.js";
import { platformFor } from "./kernel.js";
import { type CreateVerifier, verifierFor } from "./verifier.js";

const platform = platformFor();

/** Makes a verifier; see `CreateVerifier`. */
export const createVerifier: CreateVerifier = verifierFor(platform);
/** Makes a gate; see `CreateGate`. */
export const createGate: CreateGate = gateFor(platform);
/** Says which arithmetic runs; see `KernelName`. */
export const kernel: KernelName = kernelFor(platform);
/** Bounds the tables of ES256 keys; see `LimitTables`. */
export const limitTables: LimitTables = limitTablesFor(platform);
export * from "./public.js";
