// Which of the module's kernels this engine can compile, and the module without the others. Measures nothing: the core
// checks itself that a kernel computes right, and falls back.

import type { Platform } from "./core.js";
import { bytes, relaxedBodies } from "./generated/inline.js";

/**
 * How the arithmetic is done: plain integers, SIMD, or relaxed SIMD with fused multiply-add. All give the same answers; the
 * last is the fastest. SIMD is done without where an algorithm gains nothing from it.
 */
export type Kernel = "scalar" | "simd" | "relaxed-simd";

/** A function that makes vectors of zero and multiplies and adds them with f64x2.relaxed_madd. */
const RELAXED_SIMD = [
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0],
  ...[65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 135, 2, 11],
];

/** The best kernel that this engine compiles. Every engine has had plain SIMD since 2023. */
function bestKernel(): Kernel {
  return WebAssembly.validate(Uint8Array.from(RELAXED_SIMD)) ? "relaxed-simd" : "simd";
}

/** The package with its module inline, using `kernel` at best. */
export function platformFor(kernel: Kernel = bestKernel()): Platform {
  return {
    kernel,
    module: () => new WebAssembly.Module(kernel === "relaxed-simd" ? bytes() : withoutRelaxed(bytes())),
    keyRequest: { credentials: "omit", cache: "no-store" },
  };
}

/** The module with a trap in place of each function that needs relaxed SIMD. */
function withoutRelaxed(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  for (const [start, length] of relaxedBodies) {
    // No locals, unreachable, nops up to the end: a body of the same length, so that nothing moves.
    module.fill(0x01, start, start + length);
    module.set([0x00, 0x00], start);
    module[start + length - 1] = 0x0b;
  }
  return module;
}
