// The command line as a whole: help, exit codes, completion, and what its file holds.

import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { command, folderWith, home, tollgate } from "./support/cli.mjs";

const manifest = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve("tollgate/package.json")), "utf8"));
const file = join(home, "node_modules", "tollgate", manifest.bin.tollgate);
const text = readFileSync(file, "utf8");

const COMMANDS = ["verify", "explain", "lint", "jwks inspect", "keygen", "mint", "policy diff", "init", "completion"];

for (const name of COMMANDS) {
  test(`the help of ${name} shows an example that is a call of it`, async () => {
    const { code, stdout } = await tollgate([...name.split(" "), "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`Examples?:\\n +(?:eval "\\$\\()?npx tollgate ${name} `));
    if (name !== "completion") assert.match(stdout, /--json/);
  });
}

test("the help of all names every command and the exit codes", async () => {
  const { code, stdout } = await tollgate(["--help"]);
  assert.equal(code, 0);
  for (const name of COMMANDS) assert.match(stdout, new RegExp(`^ {2}${name.split(" ")[0]}\\b`, "m"));
  assert.match(stdout, /Exit codes: 0 .*1 .*\n2 /);
  assert.equal((await tollgate(["--version"])).stdout.trim(), manifest.version);
});

test("a command that there is not, a misspelt one and none at all exit 2", async () => {
  const misspelt = await tollgate(["verfy"]);
  assert.equal(misspelt.code, 2);
  assert.match(misspelt.stderr, /Did you mean verify/);
  for (const args of [[], ["jwks"], ["jwks", "look"], ["policy"], ["lint", "--jsonn"]]) {
    assert.equal((await tollgate(args)).code, 2, args.join(" "));
  }
});

test("a pipe that is closed early is no failure", async () => {
  const line = `${process.execPath} ${file} jwks inspect --help | head -c 1`;
  const { stdout, stderr } = await command("/bin/sh", ["-c", line]);
  assert.deepEqual([stdout, stderr], ["U", ""]);
});

test("completion is a script that the shell takes, and completes commands, inner ones and options", async () => {
  const { stdout } = await tollgate(["completion", "bash"]);
  const cwd = folderWith({ "completion.bash": stdout });
  const complete = async (...words) => {
    const line = `. ./completion.bash; COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _tollgate; echo "\${COMPREPLY[*]}"`;
    const answer = await command("bash", ["-c", line], { cwd });
    assert.equal(answer.stderr, "");
    return answer.stdout.trim().split(" ");
  };
  assert.deepEqual(await complete("tollgate", "l"), ["lint"]);
  assert.deepEqual(await complete("tollgate", "jwks", ""), ["inspect", "--help"]);
  assert.deepEqual(await complete("tollgate", "policy", "diff", "--req"), ["--requests"]);
  assert.deepEqual(await complete("tollgate", "lint", "--json", "--err"), ["--errors-only"]);
  assert.ok((await complete("tollgate", "verify", "--")).includes("--jwks"));
});

test("completion knows bash, zsh and fish, and no other shell", async () => {
  for (const shell of ["zsh", "fish"]) {
    const { code, stdout } = await tollgate(["completion", shell]);
    assert.equal(code, 0);
    for (const word of ["lint", "inspect", "--requests"]) assert.ok(stdout.includes(word), word);
  }
  assert.equal((await tollgate(["completion", "cmd"])).code, 2);
});

test("the command is one file that starts by itself, with the licences of what is in it", () => {
  assert.ok(text.startsWith("#!/usr/bin/env node\n"));
  assert.ok(statSync(file).mode & 0o100);
  assert.match(text, /Copyright \(c\) 2011 TJ Holowaychuk/);
  assert.match(text, /Copyright \(c\) Microsoft/);
  const imports = [...text.matchAll(/^import .* from "([^"]+)";/gm)].map(([, name]) => name);
  const inner = imports.filter((name) => !name.startsWith("node:"));
  assert.deepEqual([...new Set(inner)].sort(), ["./index.js", "./tokens/index.js"]);
  assert.ok(dirname(file).endsWith(join("dist", "npm")));
});

test("--json has the members that docs/CLI.md lists", async () => {
  const manual = readFileSync(join(process.env.TOLLGATE_ROOT, "docs", "CLI.md"), "utf8");
  const rows = new Map([...manual.matchAll(/^\| `([a-z ]+)` \| (.*) \|$/gm)].map(([, name, cell]) => [name, cell]));
  const pair = (await tollgate(["keygen"])).json();
  const keys = { issuer: "https://i.example", audience: "a", algorithms: ["ES256"], jwks: { keys: [pair.public] } };
  const cwd = folderWith({
    "key.json": pair,
    "tollgate.json": { issuers: [keys], rules: [{ path: "/{*rest}" }] },
    "bad.json": { issuers: [keys], rules: [] },
    "jwks.json": { keys: [pair.public, {}] },
    "requests.jsonl": '{"url":"/"}',
    "other.json": { issuers: [keys], rules: [{ path: "/{*rest}", public: true }] },
  });
  const mint = (...more) => ["mint", "--key", "key.json", "--issuer", "https://i.example", "--audience", "a", ...more];
  const token = async (...more) => (await tollgate(mint(...more), { cwd })).stdout.trim();
  const [good, bad] = [await token("--subject", "ada"), await token()];
  const samples = {
    verify: [
      ["verify", good],
      ["verify", bad],
    ],
    explain: [
      ["explain", good],
      ["explain", "--url", "/"],
    ],
    lint: [["lint", "bad.json"]],
    "jwks inspect": [["jwks", "inspect", "jwks.json"]],
    keygen: [["keygen"]],
    mint: [mint()],
    "policy diff": [["policy", "diff", "tollgate.json", "other.json", "--requests", "requests.jsonl"]],
    init: [["init", "made", "--for", "workers"]],
  };
  assert.deepEqual([...rows.keys()].sort(), Object.keys(samples).sort());
  for (const [name, calls] of Object.entries(samples)) {
    const printed = [];
    for (const args of calls) printed.push((await tollgate([...args, "--json"], { cwd })).json());
    const inner = printed.flatMap((value) => (value.findings ?? value.changes ?? []).slice(0, 1));
    const members = new Set([...printed, ...inner].flatMap((value) => Object.keys(value)));
    const listed = [...rows.get(name).matchAll(/`([^`]+)`/g)]
      .map(([, word]) => word)
      .filter((word) => !word.startsWith("-"));
    assert.deepEqual([...members].sort(), [...new Set(listed)].sort(), name);
  }
});
