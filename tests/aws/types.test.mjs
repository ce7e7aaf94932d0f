// The published types beside @types/aws-lambda, and the events of these tests against it: what must compile does, and what must not
// does not.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

const here = import.meta.dirname;
const root = resolve(here, "..", "..");

/** Type-checks files as a user's project would, with AWS's types and Node's. */
function check(files, options = {}) {
  const folder = mkdtempSync(join(here, "types", ".check-"));
  try {
    const compilerOptions = {
      target: "es2022",
      module: "nodenext",
      moduleResolution: "nodenext",
      lib: ["es2023", "dom", "dom.iterable"],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ["aws-lambda", "node"],
      typeRoots: [join(root, "node_modules", "@types")],
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      ...options,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    return spawnSync(process.execPath, [tsc, "--project", folder], { encoding: "utf8", cwd: root });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const name of readdirSync(join(here, "types")).filter((file) => file.endsWith(".ts"))) {
  test(`${name}: the types compile beside AWS's where they must, and fail where they must`, () => {
    const { status, stdout, stderr } = check([join(here, "types", name)]);
    assert.equal(status, 0, `${stdout}${stderr}`);
  });
}

test("the events of these tests are those of @types/aws-lambda", () => {
  const files = ["events.mjs", "gateway-events.mjs"].map((name) => join(here, "support", name));
  const options = { allowJs: true, checkJs: true, noImplicitAny: false, exactOptionalPropertyTypes: false };
  const { status, stdout, stderr } = check(files, options);
  assert.equal(status, 0, `${stdout}${stderr}`);
});
