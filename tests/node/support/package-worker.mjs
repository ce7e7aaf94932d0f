// A Worker that imports the installed package, in real workerd: bundled under that runtime's condition, without nodejs_compat.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { root, tool } from "./root.mjs";

/**
 * Starts a Worker whose main module has this source.
 *
 * @returns its `port`, and `stop()`
 */
export async function startPackageWorker(source) {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-workerd-"));
  await tool("esbuild").build({
    stdin: { contents: source, resolveDir: dirname(fileURLToPath(import.meta.url)) },
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker"],
    loader: { ".wasm": "copy" },
    outfile: join(folder, "worker.mjs"),
    logLevel: "silent",
  });
  const { startWorkerd } = await import(pathToFileURL(join(root, "demo", "workerd.mjs")));
  const files = readdirSync(folder).sort((one) => (one === "worker.mjs" ? -1 : 1));
  const modules = files.map((name) => [name, join(folder, name)]);
  const settings = { name: "package", bindings: {}, compatibilityDate: "2026-10-01", compatibilityFlags: [] };
  const { port, stop } = await startWorkerd([{ ...settings, modules }], { cache: "127.0.0.1:1" });
  return { port, stop: () => stop().finally(() => rmSync(folder, { recursive: true, force: true })) };
}
