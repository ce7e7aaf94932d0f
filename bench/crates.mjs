// Builds bench/crates to wasm, optimised for speed and as Tollgate's own module is. Skipped when nothing has changed.

import { join } from "node:path";
import { filesUnder, unlessFresh } from "../scripts/freshness.mjs";
import { ask, must, path, stateDirectory } from "../scripts/project.mjs";

export const CRATES_DIRECTORY = join(stateDirectory, "bench", "crates");

const FEATURES = [
  "bulk-memory",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
];

export function buildCrates() {
  const wasm = join(CRATES_DIRECTORY, "crates_bg.wasm");
  return unlessFresh(
    {
      name: "bench-crates",
      inputs: filesUnder([
        "bench/crates/Cargo.toml",
        "bench/crates/Cargo.lock",
        "bench/crates/src",
        "bench/crates.mjs",
      ]),
      extra: ask("rustc", ["--version"]),
      outputs: [wasm, join(CRATES_DIRECTORY, "crates.js")],
    },
    async () => {
      const target = path("target", "bench");
      await must("compiling the crates to wasm", "cargo", [
        ...["build", "--release", "--locked", "--target", "wasm32-unknown-unknown"],
        ...["--manifest-path", path("bench", "crates", "Cargo.toml"), "--target-dir", target],
      ]);
      const built = join(target, "wasm32-unknown-unknown", "release", "tollgate_bench_crates.wasm");
      const names = [
        `--out-dir=${CRATES_DIRECTORY}`,
        "--out-name=crates",
        "--omit-default-module-path",
        "--no-typescript",
      ];
      await must("wasm-bindgen", "wasm-bindgen", ["--target=web", ...names, built]);
      const enabled = FEATURES.map((feature) => `--enable-${feature}`);
      await must("wasm-opt", "wasm-opt", ["-O3", "--strip-debug", ...enabled, "-o", wasm, wasm]);
    },
  );
}
