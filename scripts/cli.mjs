// Bundles the command line into one file of the package, with the licences of what is in it, and copies the templates of `init`.
// Bundles nothing of the package itself: the file imports its neighbours.

import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { path } from "./project.mjs";

/** What is bundled, and the file of its licence. */
const BUNDLED = { commander: "LICENSE", "jsonc-parser": "LICENSE.md" };

/** @param out the folder of the package's files */
export async function commandLine(out) {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [path("js", "cli", "main.ts")],
    outfile: join(out, "cli.js"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    mainFields: ["module", "main"],
    charset: "utf8",
    banner: { js: `#!/usr/bin/env node\n${licences()}\n${REQUIRE}` },
    plugins: [neighbours],
    logLevel: "warning",
  });
  for (const kind of ["workers", "api-gateway"]) {
    for (const part of ["shared", kind]) {
      cpSync(path("js", "cli", "templates", part), join(out, "templates", kind), { recursive: true });
    }
  }
}

/** `commander` is CommonJS, and asks for Node's own modules by `require`. */
const REQUIRE = 'import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);';

function licences() {
  return Object.entries(BUNDLED)
    .map(([name, file]) => `/*!\n${name}\n\n${readFileSync(path("node_modules", name, file), "utf8").trim()}\n*/`)
    .join("\n");
}

/** The package's own modules are beside the bundle. */
const neighbours = {
  name: "neighbours",
  setup(bundle) {
    bundle.onResolve({ filter: /^(?:\.\.\/)+(?:index|tokens\/index)\.js$/ }, ({ path: specifier }) => ({
      path: specifier.replace(/^(?:\.\.\/)+/, "./"),
      external: true,
    }));
  },
};
