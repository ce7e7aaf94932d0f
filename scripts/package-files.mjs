// Fills dist/npm with the package's files: what tsc emits, the wasm glue and the command line. Adds no dependency and no install script.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { commandLine } from "./cli.mjs";
import { must, path, Trouble } from "./project.mjs";

const OUT = path("dist", "npm");

export async function packageFiles(generated, modules) {
  rmSync(OUT, { recursive: true, force: true });
  await must("tsc", "tsc", ["--project", path("tsconfig.npm.json")]);
  for (const module of modules) {
    mkdirSync(join(OUT, "generated", module), { recursive: true });
    for (const name of ["tollgate.js", "tollgate.d.ts", "tollgate_bg.wasm"]) {
      copyFileSync(join(generated, module, name), join(OUT, "generated", module, name));
    }
  }
  copyFileSync(join(generated, "tollgate.schema.json"), join(OUT, "tollgate.schema.json"));
  await commandLine(OUT);
  checkManifest();
}

/** The published manifest must promise only files that exist, and run nothing when it is installed. */
function checkManifest() {
  const manifest = JSON.parse(readFileSync(path("package.json"), "utf8"));
  for (const name of ["preinstall", "install", "postinstall", "prepare"]) {
    if (manifest.scripts?.[name]) throw new Trouble(`package.json has a "${name}" script, which users would run`);
  }
  if (manifest.dependencies) throw new Trouble("package.json has dependencies, which users would install");
  for (const file of [...targets(manifest.exports), ...targets(manifest.bin)]) {
    if (!existsSync(path(file))) throw new Trouble(`package.json names ${file}, which the build did not make`);
  }
}

function targets(entry) {
  return typeof entry === "string" ? [entry] : Object.values(entry).flatMap(targets);
}
