// Fills dist/www with the playground: static files that name each other relatively, and so can be put anywhere.

import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { path } from "./project.mjs";

/** Where the files go. */
export const OUT = path("dist", "www");
/** What is copied as it is. */
const PAGES = ["index.html", "playground.html", "icon.svg"];

export async function wwwFiles() {
  const { build } = await import("esbuild");
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  for (const name of PAGES) copyFileSync(path("www", name), join(OUT, name));
  await build({
    entryPoints: { playground: path("www", "main.ts"), frame: path("www", "frame.css") },
    outdir: OUT,
    bundle: true,
    minify: true,
    // A module would be fetched as another origin's: the frame that it runs in has none.
    format: "iife",
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
    alias: { tollgate: path("scripts", "www", "package.ts") },
    plugins: [gateModule()],
  });
  await build({
    entryPoints: { playground: path("www", "playground.css") },
    outdir: OUT,
    minify: true,
    logLevel: "warning",
  });
}

/**
 * The wasm module inside the script, deflated before it is written as base64: a server's compression takes back what base64
 * adds, and without one the page is not much larger.
 */
function gateModule() {
  const file = path("js", "generated", "gate", "tollgate_bg.wasm");
  return {
    name: "gate-module",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^gate-module$/ }, () => ({ path: file, namespace: "deflated" }));
      onLoad({ filter: /./, namespace: "deflated" }, () => ({
        contents: deflateRawSync(readFileSync(file), { level: 9 }),
        loader: "binary",
      }));
    },
  };
}
