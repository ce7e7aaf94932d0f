// Tests of configuration.mjs with a stand-in for the core: what is judged, and how a refusal reads.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
written("tollgate_bg.wasm", "");
written(
  "tollgate.js",
  `export function initSync() {}
export const Core = { gate(text) {
  if (text === "good") return { free() {} };
  throw Object.assign(new Error("expected a list"), { code: "config_invalid", member: "issuers" });
} };
`,
);

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
