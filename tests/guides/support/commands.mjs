// Which commands a guide may have, and which of them are run: all but those that need an account elsewhere.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { read } from "../../node/support/documents.mjs";
import { root, tool } from "../../node/support/root.mjs";

const { name, version, scripts } = JSON.parse(read("package.json"));

/** What is run as it stands: it needs nothing but this machine. */
const LOCAL = /^(?:(?:mkdir|cd|cat|echo|sed|curl|kill|node|npx tollgate|npm init|npm install) |[A-Z]+=)/;

/** Whether a command is run here. */
export const isRun = (command) => LOCAL.test(command);

/** @throws AssertionError when there is no such command */
export function checkCommand(command) {
  for (const part of isRun(command) ? [command] : command.split(" | ")) checkOne(part);
}

function checkOne(command) {
  const [, packages] = /^npm install (.+)$/.exec(command) ?? [];
  if (packages) return assert.equal(packages, `./${name}-${version}.tgz`, "what a guide installs is this package");
  if (isRun(command)) return;
  const [, script] = /^npm (?:run )?(?:--silent )?(\w[\w:-]*)/.exec(command) ?? [];
  if (script === "pack" || Object.hasOwn(scripts, script ?? "")) return checkScript(script, command);
  const [, wrangler] = /^npx wrangler ((?:[a-z]+ ?)+)/.exec(command) ?? [];
  assert.ok(wrangler, `no such command: ${command}`);
  checkWrangler(wrangler.trim());
}

function checkScript(script, command) {
  if (script !== "keys") return;
  const options = command.split(" -- ")[1].split(" ");
  // It reads the keys that there are; those are somewhere else.
  if (options.includes("--add")) return;
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts", "keys.mjs"), ...options]);
  assert.equal(status, 0, `${command}: ${stderr}`);
}

function checkWrangler(words) {
  const binary = tool.resolve("wrangler").replace(/wrangler-dist.*$/, join("bin", "wrangler.js"));
  const env = { ...process.env, WRANGLER_LOG_PATH: tmpdir(), WRANGLER_SEND_METRICS: "false", CI: "1" };
  const { status, stdout } = spawnSync(process.execPath, [binary, ...words.split(" "), "--help"], {
    encoding: "utf8",
    env,
  });
  assert.equal(status, 0, words);
  assert.ok(stdout.includes(`wrangler ${words}`), words);
}
