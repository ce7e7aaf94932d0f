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
  const from = join(root, "dist", "worker");
  const directory = mkdtempSync(join(tmpdir(), "tollgate-fault-"));
  for (const file of readdirSync(from)) {
    if (!file.endsWith(".wasm")) copyFileSync(join(from, file), join(directory, file));
    else writeFileSync(join(directory, file), withFault(readFileSync(join(from, file)), name, at, value));
  }
  return { directory, stop: async () => rmSync(directory, { recursive: true, force: true }) };
}

function withFault(bytes, name, at, value) {
  const module = binaryen.readBinary(bytes);
  try {
    module.setFeatures(binaryen.Features.All);
    const { value: target } = binaryen.getExportInfo(module.getExport(name));
    const { params, results } = binaryen.getFunctionInfo(module.getFunction(target));
    const types = binaryen.expandType(params);
    const locals = types.map((type, index) => module.local.get(index, type));
    const body = module.block(
      null,
      [
        module.if(module.i32.eq(module.local.get(at, binaryen.i32), module.i32.const(value)), module.unreachable()),
        module.call(target, locals, results),
      ],
      results,
    );
    module.addFunction("tollgate_fault", params, results, [], body);
    module.removeExport(name);
    module.addFunctionExport("tollgate_fault", name);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}
