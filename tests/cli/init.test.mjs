// `tollgate init` as a stranger uses it: an empty folder, the packed tarball, and no tool on the machine but node and npm.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { command, folderWith, tollgate } from "./support/cli.mjs";

const tarball = process.env.TOLLGATE_TARBALL;
/** The repository, whose tools are used; what is tested is never from there. */
const root = process.env.TOLLGATE_ROOT;

const folders = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A command of this machine. */
function found(name) {
  const places = process.env.PATH.split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return realpathSync(places.map((folder) => join(folder, name)).find(existsSync));
}

/** An empty folder with the tarball in it, and an environment in which there is nothing but node, npm and the shell. */
function stranger() {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-stranger-"));
  folders.push(folder);
  const bin = join(folder, ".bin");
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, "node"));
  for (const name of ["npm", "npx", "sh"]) symlinkSync(found(name), join(bin, name));
  copyFileSync(tarball, join(folder, basename(tarball)));
  const npm = {
    npm_config_offline: "true",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_cache: join(folder, ".npm"),
  };
  return { folder, env: { PATH: bin, HOME: folder, PORT: "0", ...npm } };
}

/** Runs what was printed, line by line, as it would be typed; `npm start` goes on until it is stopped. */
async function follow(lines, { folder, env }) {
  let cwd = folder;
  for (const line of lines) {
    const into = /^cd (\S+)$/.exec(line)?.[1];
    if (into !== undefined) cwd = join(cwd, into);
    else if (line === "npm start") return started(cwd, env);
    else {
      const { code, stdout, stderr } = await command("/bin/sh", ["-c", line], { cwd, env });
      assert.equal(code, 0, `${line}:\n${stdout}\n${stderr}`);
      // The project's own tests must have run.
      if (line === "npm test") assert.match(stdout, /pass [5-9]/);
    }
  }
  return undefined;
}

async function started(cwd, env) {
  const child = spawn("/bin/sh", ["-c", "npm start"], { cwd, env, detached: true });
  after(() => process.kill(-child.pid));
  let said = "";
  child.stdout.setEncoding("utf8");
  for await (const text of child.stdout) {
    said += text;
    if (said.includes("globex")) break;
  }
  return said;
}

/** What follows "Next:". */
const printed = (stdout) => [...stdout.matchAll(/^ {2}(\S.*)$/gm)].map(([, line]) => line);

for (const host of ["workers", "api-gateway"]) {
  test(`init for ${host}, followed by its own commands, is a protected API that passes its tests`, async () => {
    const { folder, env } = stranger();
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    const install = await command("/bin/sh", ["-c", `npm install ./${basename(tarball)}`], { cwd: folder, env });
    assert.equal(install.code, 0, install.stderr);
    const made = await command("/bin/sh", ["-c", `npx tollgate init my-api --for ${host}`], { cwd: folder, env });
    assert.equal(made.code, 0, made.stderr);
    const lines = printed(made.stdout);
    assert.deepEqual(lines.slice(0, 3), ["cd my-api", "npm install", "npm test"]);
    const said = await follow(lines, { folder, env });
    const lint = await command("/bin/sh", ["-c", "npm run --silent lint"], { cwd: join(folder, "my-api"), env });
    assert.deepEqual([lint.code, /: good/.test(lint.stdout)], [0, true], lint.stdout);
    if (said === undefined) return;
    const answers = [];
    for (const [, url, field] of said.matchAll(/^curl -i (\S+)(?: -H "authorization: ([^"]+)")?$/gm)) {
      const response = await fetch(url, { headers: field === undefined ? {} : { authorization: field } });
      answers.push([new URL(url).pathname, response.status]);
      await response.arrayBuffer();
    }
    assert.deepEqual(answers, [
      ["/health", 200],
      ["/t/acme/orders/7", 401],
      ["/t/acme/orders/7", 200],
      ["/t/globex/orders/7", 403],
    ]);
  });
}

test("the Workers' project is one that wrangler bundles, and it judges in workerd", async () => {
  const { folder, env } = stranger();
  const project = join(folder, "my-api");
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const install = `npm install ./${basename(tarball)}`;
  for (const line of [install, "npx tollgate init my-api --for workers", "cd my-api && npm install"]) {
    assert.equal((await command("/bin/sh", ["-c", line], { cwd: folder, env })).code, 0, line);
  }
  const pair = (await tollgate(["keygen"])).json();
  const config = JSON.parse(readFileSync(join(project, "tollgate.json"), "utf8"));
  const { jwksUri, ...issuer } = config.issuers[0];
  config.issuers = [{ ...issuer, jwks: { keys: [pair.public] } }];
  writeFileSync(join(project, "tollgate.json"), JSON.stringify(config));
  const out = join(folder, "out");
  const wrangler = join(root, "node_modules", ".bin", "wrangler");
  const settings = {
    ...process.env,
    HOME: folder,
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: join(folder, "logs"),
    CI: "1",
  };
  const bundled = await command(wrangler, ["deploy", "--dry-run", "--outdir", out], { cwd: project, env: settings });
  assert.equal(bundled.code, 0, bundled.stderr);
  const { startWorkerd } = await import(pathToFileURL(join(root, "demo", "workerd.mjs")));
  const names = readdirSync(out).filter((name) => /\.(?:js|wasm)$/.test(name));
  const modules = names.sort((one) => (one === "index.js" ? -1 : 1)).map((name) => [name, join(out, name)]);
  const [, compatibilityDate] = readFileSync(join(project, "wrangler.toml"), "utf8").match(
    /^compatibility_date = "(.*)"/m,
  );
  const worker = { name: "my-api", bindings: {}, compatibilityDate, compatibilityFlags: ["fetch_legacy_url"], modules };
  const { port, stop } = await startWorkerd([worker], { cache: "127.0.0.1:1" });
  after(stop);
  const claims = [
    "--subject",
    "ada",
    "--issuer",
    issuer.issuer,
    "--audience",
    issuer.audience,
    "--claims",
    '{"tenant_id":"acme"}',
  ];
  const token = (await tollgate(["mint", "--key", "-", ...claims], { input: JSON.stringify(pair) })).stdout.trim();
  const ask = async (path, headers = {}) => (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status;
  const authorization = `Bearer ${token}`;
  assert.deepEqual(
    [
      await ask("/health"),
      await ask("/t/acme/orders/7"),
      await ask("/t/acme/orders/7", { authorization }),
      await ask("/t/globex/orders/7", { authorization }),
    ],
    [200, 401, 200, 403],
  );
});

test("npx runs every command from the tarball, with no other tool on the machine", async () => {
  const { folder, env } = stranger();
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const sh = (line) => command("/bin/sh", ["-c", line], { cwd: folder, env });
  assert.equal((await sh(`npm install ./${basename(tarball)}`)).code, 0);
  const key = await sh("npx tollgate keygen --out-private key.json");
  writeFileSync(join(folder, "public.json"), key.stdout);
  const minted = await sh("npx tollgate mint --key key.json --issuer https://i.example --audience a --subject ada");
  const verify = "npx tollgate verify - --jwks public.json --issuer https://i.example --audience a";
  const verified = await command("/bin/sh", ["-c", verify], { cwd: folder, env, input: minted.stdout });
  assert.deepEqual([verified.code, verified.stdout.startsWith("good")], [0, true], verified.stderr);
  assert.equal((await sh("npx tollgate jwks inspect public.json --errors-only")).code, 0);
});

test("init writes over nothing, and leaves what is there as it was", async () => {
  const cwd = folderWith({ "src/index.js": "mine" });
  const { code, stdout, stderr } = await tollgate(["init", ".", "--for", "workers"], { cwd });
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /src\/index\.js is there already/);
  assert.equal(readFileSync(join(cwd, "src", "index.js"), "utf8"), "mine");
  assert.ok(!existsSync(join(cwd, "package.json")));
});

test("init into the folder itself prints no cd, and --json what it wrote", async () => {
  const cwd = folderWith();
  const { code, json } = await tollgate(["init", "--for", "api-gateway", "--json"], { cwd });
  assert.equal(code, 0);
  assert.equal(json().next[0], "npm install");
  for (const name of json().files) {
    const text = readFileSync(join(cwd, name), "utf8");
    assert.doesNotMatch(text, /\{\{|\}\}(?!\))/, name);
  }
});

test("init takes only the hosts that it knows", async () => {
  for (const args of [["init"], ["init", "--for", "fastly"], ["init", "--for", "constructor"]]) {
    assert.equal((await tollgate(args, { cwd: folderWith() })).code, 2, args.join(" "));
  }
});
