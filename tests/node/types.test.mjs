// The published types: what must compile does, and what must not does not.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { root } from "./support/root.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");

/** Type-checks files of types/ as a user's project would, the package's own declarations included. */
function check(files, options) {
  const project = join(here, `tsconfig.${files.join("-").replaceAll(".ts", "")}.${options.moduleResolution}.json`);
  const compilerOptions = {
    target: "es2022",
    lib: ["es2023", "dom", "dom.iterable"],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    ...options,
  };
  writeFileSync(project, JSON.stringify({ compilerOptions, files: files.map((name) => `types/${name}`) }));
  return spawnSync(process.execPath, [tsc, "--project", project], { encoding: "utf8", cwd: here });
}

for (const [module, moduleResolution] of [
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
]) {
  test(`types compile where they must and fail where they must, resolved by ${moduleResolution}`, () => {
    const parts = ["", "tokens-", "adapters-"].flatMap((part) => [`${part}accepted.ts`, `${part}refused.ts`]);
    for (const file of parts) {
      const { status, stdout, stderr } = check([file], { module, moduleResolution });
      assert.equal(status, 0, `${file}\n${stdout}${stderr}`);
    }
  });
}

test("types resolve under the condition workerd", () => {
  const { status, stdout } = check(["accepted.ts", "tokens-accepted.ts", "adapters-accepted.ts"], {
    module: "esnext",
    moduleResolution: "bundler",
    customConditions: ["workerd"],
  });
  assert.equal(status, 0, stdout);
});
