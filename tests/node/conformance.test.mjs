// The independent vectors, judged by the core as wasm under Node: the verdicts are those of the native build, to the case.
// Knows no expected answer of its own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root, vectors } from "./support/root.mjs";

const skip = vectors === undefined && "missing ../shared/vectors";
const folder = mkdtempSync(join(tmpdir(), "tollgate-verdicts-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The core as wasm, and the verdicts of the native build by vector file. */
let wasm;
let native;
const texts = {};

before(
  () => {
    if (skip) return;
    const target = "wasm32-unknown-unknown";
    must("cargo", ["build", "--example", "verdicts", "--features", "js", "--target", target]);
    const built = join(targetDirectory(), target, "debug", "examples", "verdicts.wasm");
    must("wasm-bindgen", ["--target=nodejs", `--out-dir=${folder}`, built]);
    wasm = createRequire(import.meta.url)(join(folder, "verdicts.js"));
    for (const { file } of JSON.parse(wasm.suites())) texts[file] = read(file);
    const run = ["run", "--quiet", "--example", "native_verdicts"];
    native = JSON.parse(must("cargo", run, JSON.stringify(texts)));
  },
  { timeout: 20 * 60_000 },
);

function must(command, args, input = "") {
  const options = { cwd: root, encoding: "utf8", input, maxBuffer: 64 * 1024 * 1024 };
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  assert.equal(status, 0, `${command} ${args.join(" ")}\n${error ?? stderr}`);
  return stdout;
}

function targetDirectory() {
  return JSON.parse(must("cargo", ["metadata", "--no-deps", "--format-version=1"])).target_directory;
}

/** A vector file's text; of a folder, an object of file path to content in hexadecimal. */
function read(file) {
  if (!file.endsWith("/")) return readFileSync(join(vectors, file), "utf8");
  const place = join(vectors, file);
  const names = readdirSync(place, { recursive: true }).filter((name) => statSync(join(place, name)).isFile());
  const content = (name) => readFileSync(join(place, name)).toString("hex");
  return JSON.stringify(Object.fromEntries(names.map((name) => [name.replaceAll("\\", "/"), content(name)])));
}

for (const kernel of ["scalar", "simd", "relaxed-simd"]) {
  test(`[N10] ${kernel} in wasm under Node gives every vector the native build's verdict`, { skip }, () => {
    const suites = JSON.parse(wasm.suites());
    let cases = 0;
    for (const { file, cases: expected, accepted } of suites) {
      const verdicts = JSON.parse(wasm.verdicts(kernel, file, texts[file]));
      assert.equal(verdicts.length, expected, `${file}: cases`);
      assert.equal(verdicts.filter(([, isAccepted]) => isAccepted).length, accepted, `${file}: accepted`);
      assert.deepEqual(verdicts, native[file], file);
      cases += verdicts.length;
    }
    assert.ok(cases > 5_000, `${cases} cases`);
    console.log(`${cases} verdicts in ${suites.length} suites are those of the native build`);
  });
}
