// Which of the modules' kernels this engine can compile, and a module without the others. Measures nothing: the core checks
// itself that a kernel computes right, and falls back.

import type { Kernel } from "./arithmetic.js";
import * as inline from "./generated/verifier/inline.js";
import * as glue from "./generated/verifier/tollgate.js";
import type { Glue, Platform } from "./instance.js";

/** A module as text, with the bodies of the functions that only engines with relaxed SIMD compile. */
interface Inline {
  bytes(): Uint8Array<ArrayBuffer>;
  readonly relaxedBodies: readonly (readonly [number, number])[];
}

/** A function that makes vectors of zero and multiplies and adds them with f64x2.relaxed_madd. */
const RELAXED_SIMD = [
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0],
  ...[65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 135, 2, 11],
];

/** The best kernel that this engine compiles. Every engine has had plain SIMD since 2023. */
function bestKernel(): Kernel {
  return WebAssembly.validate(Uint8Array.from(RELAXED_SIMD)) ? "relaxed-simd" : "simd";
}

/** A module that is inline, using `kernel` at best. */
export function inlinePlatform(glue: Glue, { bytes, relaxedBodies }: Inline, kernel: Kernel = bestKernel()): Platform {
  const module = () => (kernel === "relaxed-simd" ? bytes() : withTraps(bytes(), relaxedBodies));
  return {
    glue,
    kernel,
    module: () => new WebAssembly.Module(module()),
    keyRequest: { credentials: "omit", cache: "no-store" },
  };
}

/** The verifier's module, using `kernel` at best: to compare kernels in one process. */
export function platformFor(kernel: Kernel): Platform {
  return inlinePlatform(glue, inline, kernel);
}

/** The module with a trap in place of each of those functions. */
function withTraps(module: Uint8Array<ArrayBuffer>, bodies: Inline["relaxedBodies"]): Uint8Array<ArrayBuffer> {
  for (const [start, length] of bodies) {
    // No locals, unreachable, nops up to the end: a body of the same length, so that nothing moves.
    module.fill(0x01, start, start + length);
    module.set([0x00, 0x00], start);
    module[start + length - 1] = 0x0b;
  }
  return module;
}
