// The deployed bundle with a fault put into its wasm, so that a trap can be seen without a way to one in the product.

import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import binaryen from "binaryen";
import { root } from "./gate.mjs";

/**
 * A copy of dist/worker whose wasm export `name` traps when its parameter number `at` equals `value`.
 *
 * @returns `{ directory, stop }`
 */
export function faultyBundle(name, at, value) {
  return bundleWith("worker", [name], (module) =>
    module.i32.eq(module.local.get(at, binaryen.i32), module.i32.const(value)),
  );
}

/**
 * A copy of dist/worker-tokens that traps in the `count`th step of Rust's futures in each instance of the wasm: whoever waits for
 * such a future waits for ever.
 *
 * @returns `{ directory, stop }`
 */
export function trapsAtStep(count) {
  const steps = "tollgate_steps";
  return bundleWith("worker-tokens", /closures_+invoke/, (module) => {
    if (!module.getGlobal(steps)) module.addGlobal(steps, binaryen.i32, true, module.i32.const(0));
    const step = module.i32.add(module.global.get(steps, binaryen.i32), module.i32.const(1));
    const counted = [module.global.set(steps, step), module.global.get(steps, binaryen.i32)];
    return module.i32.eq(module.block(null, counted, binaryen.i32), module.i32.const(count));
  });
}

/** `condition(module)` is the expression that decides whether the exports, by name or pattern, trap. */
function bundleWith(bundle, names, condition) {
  const from = join(root, "dist", bundle);
  const directory = mkdtempSync(join(tmpdir(), "tollgate-fault-"));
  for (const file of readdirSync(from)) {
    if (!file.endsWith(".wasm")) copyFileSync(join(from, file), join(directory, file));
    else writeFileSync(join(directory, file), withFault(readFileSync(join(from, file)), names, condition));
  }
  return { directory, stop: async () => rmSync(directory, { recursive: true, force: true }) };
}

function withFault(bytes, names, condition) {
  const module = binaryen.readBinary(bytes);
  try {
    module.setFeatures(binaryen.Features.All);
    const exported = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);
    const faulty = exported.filter((name) => (names instanceof RegExp ? names.test(name) : names.includes(name)));
    if (faulty.length === 0) throw new Error(`no export is called ${names}`);
    for (const name of faulty) addFault(module, name, condition(module));
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

function addFault(module, name, condition) {
  const { value: target } = binaryen.getExportInfo(module.getExport(name));
  const { params, results } = binaryen.getFunctionInfo(module.getFunction(target));
  const locals = binaryen.expandType(params).map((type, index) => module.local.get(index, type));
  const body = module.block(
    null,
    [module.if(condition, module.unreachable()), module.call(target, locals, results)],
    results,
  );
  module.addFunction(`tollgate_fault_${name}`, params, results, [], body);
  module.removeExport(name);
  module.addFunctionExport(`tollgate_fault_${name}`, name);
}
