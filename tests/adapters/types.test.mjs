// The published types beside the frameworks' own: what must compile does, and what must not does not.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

const here = import.meta.dirname;
const root = resolve(here, "..", "..");

/** What each file's project has beside the language: the types of its runtime. */
const RUNTIMES = {
  "express.ts": { types: ["node"] },
  "hono.ts": { lib: ["es2023", "dom", "dom.iterable"] },
  "worker.ts": { types: ["@cloudflare/workers-types"] },
};

function check(file) {
  const folder = mkdtempSync(join(here, "types", ".check-"));
  try {
    const compilerOptions = {
      target: "es2022",
      module: "esnext",
      moduleResolution: "bundler",
      lib: ["es2023"],
      types: [],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      ...RUNTIMES[file],
    };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: [join(here, "types", file)] }),
    );
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    return spawnSync(process.execPath, [tsc, "--project", folder], { encoding: "utf8", cwd: root });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("each file of types/ has a runtime here", () => {
  assert.deepEqual(
    readdirSync(join(here, "types"))
      .filter((name) => name.endsWith(".ts"))
      .sort(),
    Object.keys(RUNTIMES),
  );
});

for (const file of Object.keys(RUNTIMES)) {
  test(`${file}: compiles beside the framework's types where it must, and fails where it must`, () => {
    const { status, stdout, stderr } = check(file);
    assert.equal(status, 0, `${stdout}${stderr}`);
  });
}
