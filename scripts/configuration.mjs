// Checks at build what the Worker would check at its first request: its configuration. Repairs nothing.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { path, Trouble } from "./project.mjs";

/** Workers limits a variable to 5 KB. */
const MAX_VARIABLE_BYTES = 5 * 1024;

const WRANGLER_FILE = path("wrangler.toml");

/** Every TOLLGATE_CONFIG of wrangler.toml, of the top level and of each environment, as [where, text]. */
async function variables(file) {
  if (!existsSync(file)) throw new Trouble("wrangler.toml is missing");
  const { experimental_readRawConfig } = await import("wrangler");
  const { rawConfig } = experimental_readRawConfig({ config: file });
  const places = [["[vars]", rawConfig.vars]];
  for (const [name, environment] of Object.entries(rawConfig.env ?? {}))
    places.push([`[env.${name}.vars]`, environment.vars]);
  return places
    .filter(([, vars]) => vars && Object.hasOwn(vars, "TOLLGATE_CONFIG"))
    .map(([where, { TOLLGATE_CONFIG: value }]) => [where, typeof value === "string" ? value : JSON.stringify(value)]);
}

/** @throws Trouble when a TOLLGATE_CONFIG is too long for a variable */
export async function checkVariables(file = WRANGLER_FILE) {
  for (const [where, text] of await variables(file)) {
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_VARIABLE_BYTES) {
      throw new Trouble(
        `wrangler.toml ${where}: TOLLGATE_CONFIG is ${bytes} bytes, and Workers allows ${MAX_VARIABLE_BYTES}: put the configuration into tollgate.json, which is bundled`,
      );
    }
  }
}

/** Lets the core itself judge tollgate.json and every TOLLGATE_CONFIG. @throws Trouble naming the member */
export async function checkConfigurations(generated, files = {}) {
  const { bundled = path("tollgate.json"), wrangler = WRANGLER_FILE } = files;
  const { Core, initSync } = await import(pathToFileURL(join(generated, "tollgate.js")).href);
  initSync({ module: readFileSync(join(generated, "tollgate_bg.wasm")) });
  const texts = [["tollgate.json", readFileSync(bundled, "utf8")]];
  for (const [where, text] of await variables(wrangler)) texts.push([`wrangler.toml ${where} TOLLGATE_CONFIG`, text]);
  for (const [where, text] of texts) {
    try {
      Core.gate(text, "scalar").free();
    } catch (error) {
      if (error.code !== "config_invalid") throw error;
      const named = !error.member || error.message.includes(error.member);
      throw new Trouble(`${where}: ${error.message}${named ? "" : ` (at ${error.member})`}`);
    }
  }
}
