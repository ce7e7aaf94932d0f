// Finds the functions of a wasm module that not every engine compiles: those of the vector kernels. Changes nothing.
//
// The module holds all kernels. Where an engine lacks SIMD or relaxed SIMD, js/kernel.ts overwrites the bodies listed here
// before it compiles the module, and the core never calls them.

import binaryen from "binaryen";
import { Trouble } from "./project.mjs";

/** What each kernel needs beyond the one before, as the text form of a function shows it. */
const INSTRUCTIONS = {
  "relaxed-simd": /\.relaxed_/,
  simd: /\bv128\b|\((?:i8x16|i16x8|i32x4|i64x2|f32x4|f64x2)\./,
};

const CODE_SECTION = 10;

/**
 * The bodies to overwrite, by kernel: `[start, length]` in the module's bytes, without the length that precedes a body.
 *
 * @param {Uint8Array} bytes a module
 * @returns {Record<"simd" | "relaxed-simd", [number, number][]>}
 */
export function kernelBodies(bytes) {
  const bodies = functionBodies(bytes);
  const texts = functionTexts(bytes);
  if (texts.length !== bodies.length) throw new Trouble("the module's text and its code have different functions");
  const found = { simd: [], "relaxed-simd": [] };
  for (const [index, body] of bodies.entries()) {
    const kernel = Object.keys(INSTRUCTIONS).find((name) => INSTRUCTIONS[name].test(texts[index]));
    if (kernel !== undefined) found[kernel].push(body);
  }
  for (const [kernel, list] of Object.entries(found)) {
    if (list.length === 0) throw new Trouble(`the module has no function for the kernel ${kernel}`);
  }
  return found;
}

/** Where each function's body lies: `[start, length]`. */
function functionBodies(bytes) {
  let at = 8; // after the magic number and the version
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const length = number();
    if (section !== CODE_SECTION) {
      at += length;
      continue;
    }
    return Array.from({ length: number() }, () => {
      const size = number();
      at += size;
      return [at - size, size];
    });
  }
  throw new Trouble("the module has no code");
}

/** The text form of each function that has a body, in the module's order. */
function functionTexts(bytes) {
  const module = binaryen.readBinary(bytes);
  try {
    return module
      .emitText()
      .split(/\n(?= \(func )/)
      .slice(1);
  } finally {
    module.dispose();
  }
}
