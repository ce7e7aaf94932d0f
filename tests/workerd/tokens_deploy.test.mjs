// wrangler takes wrangler.toml as it stands, and with the lines that a token service needs. Deploys nothing.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "./support/gate.mjs";

const folder = mkdtempSync(join(tmpdir(), "tollgate-deploy-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const asItStands = readFileSync(join(root, "wrangler.toml"), "utf8");
/** Takes the other main, and the # away, as the file says. */
const withTokens = asItStands
  .replace('main = "js/worker.ts"', 'main = "js/worker-tokens.ts"')
  .replace(
    /^# (?=\[\[(?:durable_objects|migrations|services)|(?:name|class_name|tag|new_sqlite_classes|binding|service) = )/gm,
    "",
  );

/** What wrangler says of it. The Worker has been built, and is found from anywhere. */
function dryRun(text) {
  const file = join(folder, "wrangler.toml");
  writeFileSync(file, text.replace(/^\[build\]\n.*\n/m, "").replace('main = "', `main = "${root}/`));
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--config", file, "--outdir", join(folder, "out")];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: join(folder, "logs") };
  return spawnSync(process.execPath, args, { encoding: "utf8", env });
}

test("wrangler takes the file as it stands, which binds nothing that only tokens need", () => {
  const { status, stdout, stderr } = dryRun(asItStands);
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stdout, /TOLLGATE_FAMILIES|ENTITLEMENTS/);
});

test("wrangler takes it with the bindings and the migration of a token service", () => {
  const { status, stdout, stderr } = dryRun(withTokens);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /TOLLGATE_FAMILIES.*Families/);
  assert.match(stdout, /ENTITLEMENTS.*entitlements/);
});
