// The independent vectors, judged by the core as wasm in workerd: the verdicts are those of the native build, to the case.
// Knows no expected answer of its own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildSync } from "esbuild";
import { startCache } from "../../demo/cache.mjs";
import { startWorkerd } from "../../demo/workerd.mjs";
import { orders, root, stopAfter } from "./support/gate.mjs";
import { send } from "./support/http.mjs";

const beside = join(root, "..", "shared", "vectors");
const vectors = process.env.TOLLGATE_VECTORS ?? (existsSync(beside) ? beside : undefined);
const skip = vectors === undefined && "missing ../shared/vectors";
const keep = stopAfter(after);
const folder = mkdtempSync(join(tmpdir(), "tollgate-verdicts-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let port;
before(
  async () => {
    if (skip) return;
    const target = "wasm32-unknown-unknown";
    must("cargo", ["build", "--example", "verdicts", "--features", "js", "--target", target]);
    const { target_directory } = JSON.parse(must("cargo", ["metadata", "--no-deps", "--format-version=1"]));
    const built = join(target_directory, target, "debug", "examples", "verdicts.wasm");
    must("wasm-bindgen", ["--target=web", `--out-dir=${join(folder, "verdicts")}`, built]);
    copyFileSync(join(folder, "verdicts", "verdicts_bg.wasm"), join(folder, "verdicts_bg.wasm"));
    copyFileSync(join(root, "tests", "workerd", "fixtures", "verdicts.js"), join(folder, "entry.js"));
    const main = join(folder, "main.js");
    const external = ["./verdicts_bg.wasm"];
    // The glue's own way to its wasm is for browsers; here the module is an import.
    const define = { "import.meta.url": '"https://verdicts.invalid/"' };
    buildSync({
      entryPoints: [join(folder, "entry.js")],
      outfile: main,
      bundle: true,
      format: "esm",
      external,
      define,
    });
    const modules = [
      ["main.js", main],
      ["verdicts_bg.wasm", join(folder, "verdicts_bg.wasm")],
    ];
    const cache = keep(await startCache());
    ({ port } = keep(await startWorkerd([{ ...orders(), modules }], { cache: cache.address })));
  },
  { timeout: 20 * 60_000 },
);

function must(command, args, input = "") {
  const options = { cwd: root, encoding: "utf8", input, maxBuffer: 64 * 1024 * 1024 };
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  assert.equal(status, 0, `${command} ${args.join(" ")}\n${error ?? stderr}`);
  return stdout;
}

/** A vector file's text; of a folder, an object of file path to content in hexadecimal. */
function read(file) {
  const place = join(vectors, file);
  if (!file.endsWith("/")) return readFileSync(place, "utf8");
  const names = readdirSync(place, { recursive: true }).filter((name) => statSync(join(place, name)).isFile());
  const content = (name) => readFileSync(join(place, name)).toString("hex");
  return JSON.stringify(Object.fromEntries(names.map((name) => [name.replaceAll("\\", "/"), content(name)])));
}

for (const kernel of ["scalar", "simd", "relaxed-simd"]) {
  test(`${kernel} in workerd gives every vector the verdict that the native build gives it [N10]`, {
    skip,
    timeout: 20 * 60_000,
  }, async (t) => {
    const suites = JSON.parse((await send(port, { target: "/suites" })).text);
    const texts = Object.fromEntries(suites.map(({ file }) => [file, read(file)]));
    const run = ["run", "--quiet", "--example", "native_verdicts"];
    const native = JSON.parse(must("cargo", run, JSON.stringify(texts)));
    let judged = 0;
    for (const { file, cases, accepted } of suites) {
      const target = `/verdicts?kernel=${kernel}&file=${encodeURIComponent(file)}`;
      const answer = await send(port, { method: "POST", target, body: texts[file] });
      const verdicts = JSON.parse(answer.text);
      assert.equal(verdicts.length, cases, `${file}: cases`);
      assert.equal(verdicts.filter(([, isAccepted]) => isAccepted).length, accepted, `${file}: accepted`);
      assert.deepEqual(verdicts, native[file], file);
      judged += verdicts.length;
    }
    t.diagnostic(`${judged} cases in ${suites.length} files`);
  });
}
