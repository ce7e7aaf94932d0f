// Finds the functions of a wasm module that only engines with relaxed SIMD compile. Changes nothing.
//
// The module holds all kernels. Where an engine lacks relaxed SIMD, js/kernel.ts overwrites the bodies listed here before it
// compiles the module, and the core never calls them. Plain SIMD, which every engine has had since 2023, is everywhere in the
// module: the compiler copies with it.

import { Trouble } from "./project.mjs";

const CODE_SECTION = 10;

/**
 * The bodies to overwrite: `[start, length]` in the module's bytes, without the length that precedes a body.
 *
 * @param {Uint8Array} bytes a module
 * @param binaryen the package of that name
 * @returns {[number, number][]}
 */
export function relaxedBodies(bytes, binaryen) {
  const bodies = functionBodies(bytes);
  const texts = functionTexts(bytes, binaryen);
  if (texts.length !== bodies.length) throw new Trouble("the module's text and its code have different functions");
  const found = bodies.filter((_, index) => /\.relaxed_/.test(texts[index]));
  if (found.length === 0) throw new Trouble("the module has no function for relaxed SIMD");
  return found;
}

/** The module with a trap in place of each of those bodies: no locals, unreachable, nops up to the end. */
export function without(bytes, bodies) {
  const module = Uint8Array.from(bytes);
  for (const [start, length] of bodies) {
    module.fill(0x01, start, start + length);
    module.set([0x00, 0x00], start);
    module[start + length - 1] = 0x0b;
  }
  return module;
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
function functionTexts(bytes, binaryen) {
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
