// What users see of the arithmetic: which kernel runs, and how much its tables may take. Holds no code.

/**
 * How the arithmetic is done: plain integers, SIMD, or relaxed SIMD with fused multiply-add. All give the same answers; the
 * last is the fastest. ES256 gains nothing from plain SIMD and runs on integers there.
 */
export type Kernel = "scalar" | "simd" | "relaxed-simd";

/**
 * Which kernel the package uses in this process: the best that the engine compiles and that computes known answers right.
 *
 * @throws TollgateError `module_invalid` when none does; every token is refused then
 * @example
 * ```ts
 * import { kernel } from "tollgate";
 * console.log(kernel()); // "relaxed-simd" in current V8: Node 22 and later, Workers, Chrome, Deno
 * ```
 */
export type KernelName = () => Kernel;

/**
 * Sets how many bytes the tables of ES256 keys may take in all, for every verifier and gate of the process.
 *
 * A table is 256 KiB, and one goes to the curve's base point; the default, 8 MiB, is enough for 31 keys. Keys for which
 * there is no room are verified without, half as fast. Tables beyond the new limit are dropped at once, the
 * least recently used first.
 *
 * @param bytes a whole number, 0 (no tables) to 2^30
 * @throws RangeError for another number
 * @example
 * ```ts
 * import { limitTables } from "tollgate";
 * limitTables(2 * 1024 * 1024); // seven keys
 * ```
 */
export type LimitTables = (bytes: number) => void;
