// The package as the playground has it: one module for verifiers and gates, the gate's, as in workerd, and compressed. Its
// public names are those of `tollgate`, and so is everything that decides.

import { inflateSync } from "fflate";
import deflated from "gate-module";
import type { KernelName, LimitTables } from "../../js/arithmetic.js";
import { type CreateGate, gateFor } from "../../js/gate.js";
import { relaxedBodies } from "../../js/generated/gate/inline.js";
import * as glue from "../../js/generated/gate/tollgate.js";
import { kernelFor, limitTablesOfAll } from "../../js/instance.js";
import { inlinePlatform } from "../../js/kernel.js";
import { type CreateVerifier, verifierFor } from "../../js/verifier.js";

/** Inflated by code and not by DecompressionStream, because a gate is made at once or not at all. */
const platform = inlinePlatform(glue, { bytes: () => inflateSync(deflated), relaxedBodies });

/** Makes a verifier; see `CreateVerifier`. */
export const createVerifier: CreateVerifier = verifierFor(platform);
/** Makes a gate; see `CreateGate`. */
export const createGate: CreateGate = gateFor(platform);
/** Says which arithmetic runs; see `KernelName`. */
export const kernel: KernelName = kernelFor(platform);
/** Bounds the tables of ES256 keys; see `LimitTables`. */
export const limitTables: LimitTables = limitTablesOfAll;
export * from "../../js/public.js";
