// The package in Node, browsers, Deno, Bun and bundlers: wasm inline. Opens no file and fetches no module.

import { type KernelName, kernelFor, type LimitTables, limitTablesFor } from "./core.js";
import { type CreateGate, gateFor } from "./gate.js";
import { platformFor } from "./kernel.js";
import { type CreateVerifier, verifierFor } from "./verifier.js";

const platform = platformFor();

/** Makes a verifier; see `CreateVerifier`. */
export const createVerifier: CreateVerifier = verifierFor(platform);
/** Makes a gate; see `CreateGate`. */
export const createGate: CreateGate = gateFor(platform);
/** Which arithmetic the package uses here; see `Kernel`. */
export const kernel: KernelName = kernelFor(platform);
/** Sets how many bytes the tables of ES256 keys may take in all; see `LimitTables`. */
export const limitTables: LimitTables = limitTablesFor(platform);
export * from "./public.js";
