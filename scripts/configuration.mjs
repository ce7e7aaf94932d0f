// Checks at build what the Worker would check at its first request: its configuration, and the bindings that it names.
// Repairs nothing, and sees no secret.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { newDocument } from "./keys.mjs";
import { path, Trouble } from "./project.mjs";

/** Workers limits a variable to 5 KB. */
const MAX_VARIABLE_BYTES = 5 * 1024;

const WRANGLER_FILE = path("wrangler.toml");

/** The top level of wrangler.toml and each environment, as [where, settings]. None inherits bindings and variables. */
async function places(file) {
  if (!existsSync(file)) throw new Trouble("wrangler.toml is missing");
  const { experimental_readRawConfig } = await import("wrangler");
  const { rawConfig } = experimental_readRawConfig({ config: file });
  const environments = Object.entries(rawConfig.env ?? {}).map(([name, environment]) => [`env.${name}.`, environment]);
  const { main, migrations } = rawConfig;
  return [["", rawConfig], ...environments.map(([at, own]) => [at, { main, migrations, ...own }])];
}

/** Every TOLLGATE_CONFIG of wrangler.toml, as [where, text, settings]. */
async function variables(file) {
  return (await places(file))
    .filter(([, { vars }]) => vars && Object.hasOwn(vars, "TOLLGATE_CONFIG"))
    .map(([at, settings]) => {
      const value = settings.vars.TOLLGATE_CONFIG;
      return [`[${at}vars]`, typeof value === "string" ? value : JSON.stringify(value), settings];
    });
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

/**
 * Lets the core itself judge tollgate.json and every TOLLGATE_CONFIG, and looks for the bindings that they name.
 *
 * @param generated where the modules are that judge: `gate` and `tokens`
 * @throws Trouble naming the member
 */
export async function checkConfigurations(generated, files = {}) {
  const { bundled = path("tollgate.json"), wrangler = WRANGLER_FILE } = files;
  const cores = { Gate: await core(join(generated, "gate")), Tokens: await core(join(generated, "tokens")) };
  const [[, settings]] = await places(wrangler);
  const texts = [["tollgate.json", readFileSync(bundled, "utf8"), settings]];
  for (const [where, text, own] of await variables(wrangler)) {
    texts.push([`wrangler.toml ${where} TOLLGATE_CONFIG`, text, own]);
  }
  for (const [where, text, own] of texts) {
    named(where, () => judge(text, cores));
    checkBindings(where, tokensOf(text), own);
  }
}

/**
 * Lets the core itself judge the configuration of a gate that has no token service beside it.
 *
 * @param where what the text is called
 * @throws Trouble naming the member
 */
export async function checkGate(where, text) {
  const Gate = await core(path("js", "generated", "gate"));
  named(where, () => Gate.gate(text, "scalar").free());
}

/** Judges; a refusal says whose it is, and which member. */
function named(where, judges) {
  try {
    judges();
  } catch (error) {
    if (error.code !== "config_invalid") throw error;
    const isNamed = !error.member || error.message.includes(error.member);
    throw new Trouble(`${where}: ${error.message}${isNamed ? "" : ` (at ${error.member})`}`);
  }
}

async function core(folder) {
  const { Core, initSync } = await import(pathToFileURL(join(folder, "tollgate.js")).href);
  initSync({ module: readFileSync(join(folder, "tollgate_bg.wasm")) });
  return Core;
}

/** The `tokens` member, if the text is JSON that has one. The core judges both. */
function tokensOf(text) {
  try {
    return JSON.parse(text).tokens ?? null;
  } catch {
    return null;
  }
}

function judge(text, { Gate, Tokens }) {
  if (tokensOf(text) === null) return Gate.gate(text, "scalar").free();
  // The real keys are secrets. These take their place while the rest is judged, and are forgotten.
  const tokens = Tokens.tokens(text, JSON.stringify(newDocument(1)), "scalar");
  Gate.gate(text, "scalar", tokens.tokensKeySet(Date.now() / 1000)).free();
  tokens.free();
}

/** What a token service needs of wrangler.toml. Whether a secret is there can't be seen from here. */
function checkBindings(where, tokens, { main, durable_objects: objects, migrations = [], services = [] }) {
  if (tokens === null) return;
  const refuse = (member, expected) => {
    const place = ["tokens", member].filter(Boolean).join(".");
    throw new Trouble(`${where}: ${place}: expected ${expected} in wrangler.toml, beside that configuration`);
  };
  if (main === "js/worker.ts") refuse("", 'main = "js/worker-tokens.ts"');
  const name = tokens.store?.durableObject ?? "TOLLGATE_FAMILIES";
  const bound = objects?.bindings?.find((binding) => binding.name === name);
  if (bound?.class_name !== "Families") {
    refuse("store.durableObject", `[[durable_objects.bindings]] with the name ${name} and the class_name Families`);
  }
  // A class of another Worker is that one's to make.
  const isMade = migrations.some(({ new_sqlite_classes: made }) => made?.includes("Families"));
  if (bound.script_name === undefined && !isMade) {
    refuse("store.durableObject", `[[migrations]] with Families among the new_sqlite_classes`);
  }
  const service = tokens.entitlements?.service;
  if (service != null && !services.some(({ binding }) => binding === service)) {
    refuse("entitlements.service", `[[services]] with the binding ${service}`);
  }
}
