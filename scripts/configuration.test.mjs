// Tests of configuration.mjs with a stand-in for the core: what is judged, and how a refusal reads.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkConfigurations, checkVariables } from "./configuration.mjs";

const folder = mkdtempSync(join(tmpdir(), "tollgate-configuration-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function written(name, text) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const wranglerFile = (vars) => written("wrangler.toml", `name = "t"\n${vars}`);

written("package.json", '{ "type": "module" }');
for (const name of ["gate", "tokens"]) {
  mkdirSync(join(folder, name));
  written(join(name, "tollgate_bg.wasm"), "");
  written(
    join(name, "tollgate.js"),
    `export function initSync() {}
function made(text) {
  if (text === "bad") throw fault("expected a list", "issuers");
  return { free() {}, tokensKeySet: () => "the keys" };
}
const fault = (words, member) => Object.assign(new Error(words), { code: "config_invalid", member });
export const Core = {
  gate(text, kernel, keys) {
    if (text.includes("tokens") && keys !== "the keys") throw fault("needs keys", "issuers[0].preset");
    return made(text);
  },
  tokens(text, keys) {
    const { access, refresh } = JSON.parse(keys);
    if (access[0].jwk.d === refresh[0].jwk.d) throw fault("one key twice", "keys");
    if (text.includes("wrong")) throw fault("expected a URL", "tokens.issuer");
    return made(text);
  },
};
`,
  );
}

test("a TOLLGATE_CONFIG of exactly 5 KB is taken", async () => {
  await checkVariables(wranglerFile(`[vars]\nTOLLGATE_CONFIG = '${"x".repeat(5120)}'`));
});

test("a TOLLGATE_CONFIG one byte over 5 KB is refused, with where and how long it is", async () => {
  const file = wranglerFile(`[vars]\nTOLLGATE_CONFIG = '${"x".repeat(5121)}'`);
  await assert.rejects(checkVariables(file), /\[vars\]: TOLLGATE_CONFIG is 5121 bytes, and Workers allows 5120/);
});

test("an environment's own variable is judged too, and counted in bytes", async () => {
  const file = wranglerFile(`[env.live.vars]\nTOLLGATE_CONFIG = '${"é".repeat(2561)}'`);
  await assert.rejects(checkVariables(file), /\[env\.live\.vars\]: TOLLGATE_CONFIG is 5122 bytes/);
});

test("without variables there is nothing to refuse", async () => {
  await checkVariables(wranglerFile(""));
});

test("the core's refusal of tollgate.json names file, reason and member", async () => {
  const files = { bundled: written("tollgate.json", "bad"), wrangler: wranglerFile("") };
  await assert.rejects(checkConfigurations(folder, files), /^Error: tollgate\.json: expected a list \(at issuers\)$/);
});

test("the core's refusal of a variable names where it stands", async () => {
  const files = {
    bundled: written("tollgate.json", "good"),
    wrangler: wranglerFile("[vars]\nTOLLGATE_CONFIG = 'bad'"),
  };
  await assert.rejects(checkConfigurations(folder, files), /wrangler\.toml \[vars\] TOLLGATE_CONFIG: expected a list/);
});

test("a configuration that the core takes is taken", async () => {
  await checkConfigurations(folder, { bundled: written("tollgate.json", "good"), wrangler: wranglerFile("") });
});

const withTokens = (more = {}) => JSON.stringify({ tokens: { entitlements: null, ...more } });
const FAMILIES = `
[[durable_objects.bindings]]
name = "TOLLGATE_FAMILIES"
class_name = "Families"
`;
const MIGRATIONS = `
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Families"]
`;
const check = (config, settings) =>
  checkConfigurations(folder, { bundled: written("tollgate.json", config), wrangler: wranglerFile(settings) });

test("tokens whose bindings are there are taken, with keys made for the moment", async () => {
  await check(withTokens(), FAMILIES + MIGRATIONS);
  const services = `[[services]]\nbinding = "ENTITLEMENTS"\nservice = "entitlements"\n`;
  await check(withTokens({ entitlements: { service: "ENTITLEMENTS" } }), FAMILIES + MIGRATIONS + services);
});

test("tokens that can't be right are refused by the core, naming the member", async () => {
  await assert.rejects(check(withTokens({ issuer: "wrong" }), FAMILIES + MIGRATIONS), /tokens\.issuer/);
});

test("tokens without the binding, the class, the migration or the service are refused", async () => {
  const object = /tollgate\.json: tokens\.store\.durableObject: .*name TOLLGATE_FAMILIES and the class_name Families/;
  await assert.rejects(check(withTokens(), MIGRATIONS), object);
  await assert.rejects(check(withTokens(), MIGRATIONS + FAMILIES.replace('"Families"', '"Other"')), object);
  await assert.rejects(check(withTokens({ store: { durableObject: "OTHER" } }), FAMILIES + MIGRATIONS), /name OTHER/);
  await assert.rejects(check(withTokens(), FAMILIES), /tokens\.store\.durableObject: .*new_sqlite_classes/);
  const config = withTokens({ entitlements: { service: "ENTITLEMENTS" } });
  await assert.rejects(check(config, FAMILIES + MIGRATIONS), /tokens\.entitlements\.service: .*binding ENTITLEMENTS/);
});

test("tokens in a Worker that has no token service are refused, wherever main stands", async () => {
  const main = `main = "js/worker.ts"\n`;
  const words = /tollgate\.json: tokens: expected main = "js\/worker-tokens\.ts" in wrangler\.toml/;
  await assert.rejects(check(withTokens(), main + FAMILIES + MIGRATIONS), words);
  await check(withTokens(), main.replace("worker", "worker-tokens") + FAMILIES + MIGRATIONS);
  await check("good", main);
  const own = `[env.live.vars]\nTOLLGATE_CONFIG = '${withTokens()}'\n`;
  const bound = FAMILIES.replace("durable_objects", "env.live.durable_objects");
  await assert.rejects(check("good", main + MIGRATIONS + own + bound), /\[env\.live\.vars\] TOLLGATE_CONFIG: tokens:/);
  const ownMain = `[env.live]\nmain = "js/worker-tokens.ts"\n`;
  await check("good", main + MIGRATIONS + ownMain + own + bound);
});

test("an environment has bindings of its own, and the migrations of all", async () => {
  const own = `[env.live.vars]\nTOLLGATE_CONFIG = '${withTokens()}'\n`;
  const bound = FAMILIES.replace("durable_objects", "env.live.durable_objects");
  await check("good", MIGRATIONS + own + bound);
  await assert.rejects(
    check("good", MIGRATIONS + FAMILIES + own),
    /\[env\.live\.vars\] TOLLGATE_CONFIG: tokens\.store/,
  );
});
