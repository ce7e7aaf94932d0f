// Makes a Lambda function's zip of the guide's own snippet: its imports of the application are what a test gives. Changes nothing
// of the snippet.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { blocks, read } from "../../node/support/documents.mjs";
import { tool } from "../../node/support/root.mjs";

/** A block of docs/aws.md by its name, of which there must be one. */
export function snippet(name) {
  const found = blocks(read("docs/aws.md")).filter((block) => block.name === name);
  if (found.length !== 1) throw new Error(`docs/aws.md has ${found.length} blocks named ${name}`);
  return found[0].body;
}

/**
 * Bundles a module and zips it.
 *
 * @param modules the application's modules by the specifier that imports them: sources
 * @returns `{ zip, remove }`: the path of the zip
 */
export async function functionZip(source, modules = {}) {
  const { outputFiles } = await tool("esbuild").build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    write: false,
    logLevel: "silent",
    plugins: [given(modules)],
  });
  const folder = mkdtempSync(join(tmpdir(), "tollgate-triggers-"));
  const zip = join(folder, "function.zip");
  writeFileSync(zip, zipSync({ "index.mjs": outputFiles[0].contents }));
  return { zip, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const given = (modules) => ({
  name: "given",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\// }, ({ path }) =>
      Object.hasOwn(modules, path) ? { path, namespace: "given" } : undefined,
    );
    onLoad({ filter: /./, namespace: "given" }, ({ path }) => ({ contents: modules[path], loader: "js" }));
  },
});
