// Compiles the core to a wasm module and its glue, as a file and as text; makes any module of the core small. Downloads nothing.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { must, root, Trouble, WASM_FLAGS } from "./project.mjs";
import { relaxedBodies, without } from "./relaxed-simd.mjs";

const TARGET = "wasm32-unknown-unknown";

/** What Rust's wasm32 target turns on by default; wasm-opt must be told. No engine since 2022 lacks any of it. */
const WASM_FEATURES = [
  "--enable-bulk-memory",
  "--enable-multivalue",
  "--enable-mutable-globals",
  "--enable-nontrapping-float-to-int",
  "--enable-reference-types",
  "--enable-sign-ext",
];

/** What the vector kernels use. All engines have had the first since 2023; without the second, see scripts/relaxed-simd.mjs. */
const KERNEL_FEATURES = ["--enable-simd", "--enable-relaxed-simd"];

/**
 * Functions of Rust's libraries that never return: they word a message, find nobody to tell, and trap. A panic is a trap
 * with or without the words, and they and what formats them are a tenth of the module.
 */
const PANICS = new RegExp(
  `^(?:core|alloc)(?:\\[\\w+\\])?::(?:${[
    "panicking::panic\\w*",
    "panicking::panic_const::\\w+",
    "panicking::assert_failed\\w*",
    "option::(?:unwrap|expect)_failed",
    "result::unwrap_failed",
    "str::slice_error_fail\\w*",
    "slice::index::slice_\\w+_fail",
    "slice::copy_from_slice_impl::len_mismatch_fail",
    "cell::panic_already\\w+",
    "raw_vec::(?:handle_error|capacity_overflow)",
    "alloc::handle_alloc_error",
  ].join("|")})(?:::<.*>)?(?:::h[0-9a-f]{16})?$`,
);

/** Where the build machine keeps sources, which messages would name, and what they name instead. */
const PLACES = [
  [join(process.env.CARGO_HOME || join(homedir(), ".cargo"), "registry", "src"), "registry"],
  [root, "tollgate"],
];

/** Compiles the core with one feature into `directory`: module, glue, types, and the module as text. */
export async function wasmModule(directory, feature) {
  const remapped = PLACES.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  const cargo = ["build", "--release", "--target", TARGET, "--features", feature, "--lib"];
  const env = { CARGO_ENCODED_RUSTFLAGS: [...remapped, ...WASM_FLAGS].join("\x1f") };
  await must(`compiling the core to wasm (${feature})`, "cargo", cargo, { env });
  const target = resolve(root, process.env.CARGO_TARGET_DIR || "target");
  const built = join(target, TARGET, "release", "tollgate.wasm");
  await must("wasm-bindgen", "wasm-bindgen", [
    "--target=web",
    "--omit-default-module-path", // bundlers would follow the path to a file that is not there
    "--experimental-reset-state-function", // after a trap the instance is thrown away
    "--remove-producers-section",
    `--out-dir=${directory}`,
    "--out-name=tollgate",
    built,
  ]);
  const module = join(directory, "tollgate_bg.wasm");
  await optimise(module);
  // It declares the raw exports; what the workerd entry imports is the module itself (js/wasm.d.ts).
  rmSync(join(directory, "tollgate_bg.wasm.d.ts"), { force: true });
  const bytes = readFileSync(module);
  const { default: binaryen } = await import("binaryen");
  const bodies = relaxedBodies(bytes, binaryen);
  await checkWithout(bytes, bodies, directory);
  writeFileSync(join(directory, "inline.ts"), inline(bytes, bodies));
}

/**
 * Optimises a module, and takes out of it what is only for reading: the words of panics, and the functions' names.
 * `features` are what the module needs beside the core's, as wasm-opt calls them.
 */
export async function optimise(module, features = []) {
  // Not before set-up has installed it.
  const { default: binaryen } = await import("binaryen");
  writeFileSync(module, withoutPanicMessages(readFileSync(module), binaryen));
  await must("wasm-opt", "wasm-opt", [
    "-O3",
    // Else a function with one caller becomes part of it, and is compiled by the engine even where it is not called.
    "--one-caller-inline-max-function-size=100",
    "--strip-debug",
    ...WASM_FEATURES,
    ...KERNEL_FEATURES,
    ...features,
    "-o",
    module,
    module,
  ]);
}

/** Refuses a module that still needs relaxed SIMD when those bodies are taken out of it. */
async function checkWithout(bytes, bodies, directory) {
  const copy = join(directory, "without.wasm");
  writeFileSync(copy, without(bytes, bodies));
  const flags = [...WASM_FEATURES, "--enable-simd", "--strip-debug", "-o", copy, copy];
  await must("the module without relaxed SIMD", "wasm-opt", flags);
  rmSync(copy);
}

/** The module with a trap in place of each panic's message. @throws Trouble when no name is one of those above */
function withoutPanicMessages(bytes, binaryen) {
  binaryen.setDebugInfo(true); // wasm-opt strips the names
  const module = binaryen.readBinary(bytes);
  try {
    let found = 0;
    for (let index = 0; index < module.getNumFunctions(); index++) {
      const reference = module.getFunctionByIndex(index);
      const { name, module: importedFrom, results } = binaryen.getFunctionInfo(reference);
      if (importedFrom || results !== binaryen.none || !PANICS.test(name)) continue;
      binaryen.Function(reference).body = module.unreachable();
      found += 1;
    }
    if (found < 5) throw new Trouble("the functions that panic have other names than scripts/wasm-module.mjs knows");
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** The module as text, for runtimes and bundlers that cannot import .wasm. `atob` exists in all of them. */
function inline(bytes, bodies) {
  return `// Generated by \`npm run build\`: the wasm module as text. Never edited, never committed.

/** The bodies of the functions that only engines with relaxed SIMD compile: where they start and how long they are. */
export const relaxedBodies: readonly (readonly [number, number])[] = ${JSON.stringify(bodies)};

const text =
  "${bytes.toString("base64")}";

/** What decodes base64 natively: Uint8Array in engines of 2025 and later, Buffer in Node. By hand it takes milliseconds. */
interface Decoders {
  readonly Uint8Array: { fromBase64?(text: string): Uint8Array<ArrayBuffer> };
  readonly Buffer?: { from(text: string, encoding: "base64"): Uint8Array<ArrayBuffer> };
}

/** The module's bytes, decoded anew. */
export function bytes(): Uint8Array<ArrayBuffer> {
  const { Uint8Array: Bytes, Buffer: NodeBytes } = globalThis as unknown as Decoders;
  if (Bytes.fromBase64 !== undefined) return Bytes.fromBase64(text);
  if (NodeBytes !== undefined) return NodeBytes.from(text, "base64");
  const binary = atob(text);
  const out = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
  return out;
}
`;
}
