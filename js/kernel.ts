// Which of the module's kernels this engine can compile, and the module without the others. Measures nothing: the core
// checks itself that a kernel computes right, and falls back.

import type { Platform } from "./core.js";
import { bytes, kernelBodies } from "./generated/inline.js";

/**
 * How the arithmetic is done: plain integers, SIMD, or relaxed SIMD with fused multiply-add. All give the same answers; the
 * last is the fastest.
 */
export type Kernel = "scalar" | "simd" | "relaxed-simd";

/** (module (func (result v128) (i8x16.splat (i32.const 0)))), which compiles where SIMD does. */
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];

/** The same with f64x2.relaxed_madd of three such vectors. */
const RELAXED_SIMD = [
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0],
  ...[65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 135, 2, 11],
];

/** The best kernel that this engine compiles. */
export function bestKernel(): Kernel {
  const compiles = (module: readonly number[]) => WebAssembly.validate(Uint8Array.from(module));
  if (compiles(RELAXED_SIMD)) return "relaxed-simd";
  return compiles(SIMD) ? "simd" : "scalar";
}

/** The package with its module inline, using `kernel` at best. */
export function platformFor(kernel: Kernel = bestKernel()): Platform {
  return {
    kernel,
    module: () => new WebAssembly.Module(bytesFor(kernel)),
    keyRequest: { credentials: "omit", cache: "no-store" },
  };
}

/** The module's bytes with a trap in place of each function that `kernel` does not use. */
function bytesFor(kernel: Kernel): Uint8Array<ArrayBuffer> {
  const module = bytes();
  const unused = [
    ...(kernel === "relaxed-simd" ? [] : kernelBodies["relaxed-simd"]),
    ...(kernel === "scalar" ? kernelBodies.simd : []),
  ];
  for (const [start, length] of unused) {
    // No locals, unreachable, nops up to the end: a body of the same length, so that nothing moves.
    module.fill(0x01, start, start + length);
    module.set([0x00, 0x00], start);
    module[start + length - 1] = 0x0b;
  }
  return module;
}
