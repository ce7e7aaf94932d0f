// The README's commands and snippets, and the snippet of docs/TOKENS.md, run. Deploys nothing, and reaches no network but the loopback.

import assert from "node:assert/strict";
import { fork, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createGate } from "tollgate";
import { blocks, DOCUMENTS, read } from "./support/documents.mjs";
import { keyServer } from "./support/key-server.mjs";
import { root, tool } from "./support/root.mjs";
import { basic, client, keysDocument } from "./support/token-service.mjs";
import { makeKey, token } from "./support/tokens.mjs";

const readme = read("README.md");

/** Below this file, so that a snippet's `tollgate` is the installed tarball. */
const here = dirname(fileURLToPath(import.meta.url));
const folders = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own with these files. */
function folderWith(files) {
  const folder = mkdtempSync(join(here, "readme-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const snippets = new Map(blocks(readme).map(({ language, name, body }) => [name || language, body]));
const key = makeKey("ES256", "readme-1");

/** A token that the README's policy lets through, made now, because snippets use the real clock. */
function readmeToken(changes = {}) {
  const now = Math.floor(Date.now() / 1000);
  return token(key, { aud: "orders-api", iat: now - 5, exp: now + 600, ...changes });
}

test("README.md is in the package, and its blocks are the ones that are tested here", () => {
  const packed = fileURLToPath(new URL("../../README.md", import.meta.resolve("tollgate")));
  assert.equal(readFileSync(packed, "utf8"), readme);
  assert.deepEqual([...new Set(snippets.keys())].sort(), [
    "handler.mjs",
    "server.mjs",
    "sh",
    "tollgate.json",
    "verify.mjs",
    "why.mjs",
    "worker.js",
    "wrangler.toml",
  ]);
  for (const name of ["server.mjs", "worker.js", "tollgate.json"]) {
    assert.ok(snippets.get(name).trim().split("\n").length <= 16, `${name} is about fifteen lines`);
  }
});

test("every command of the documents exists", () => {
  const { scripts, version } = JSON.parse(read("package.json"));
  const lines = DOCUMENTS.flatMap((name) => {
    const text = read(name);
    const inBlocks = blocks(text).flatMap(({ language, body }) => (language === "sh" ? body.split("\n") : []));
    return [...inBlocks, ...[...text.matchAll(/`((?:npm|npx) [^`]+)`/g)].map(([, command]) => command)];
  });
  const commands = [
    ...new Set(
      lines
        .map((line) =>
          line
            .replace(/\s+#.*$/, "")
            .replace(/\s+/g, " ")
            .trim(),
        )
        .filter(Boolean),
    ),
  ];
  assert.ok(
    commands.includes("npm start") && commands.includes("npm test") && commands.includes("npx wrangler deploy"),
  );
  for (const command of commands.flatMap((line) => line.split(" | "))) checkCommand(command, scripts, version);
});

function checkCommand(command, scripts, version) {
  const [, script, option] = /^npm (?:run )?([\w:]+)(?: -- --(\w+) \S+)?$/.exec(command) ?? [];
  if (script && Object.hasOwn(scripts, script)) {
    if (option) assert.match(read("demo/start.mjs"), new RegExp(`\\b${option}: \\{ type: "string" \\}`), command);
    return;
  }
  const [, keys] = /^npm run (?:--silent )?keys -- (.*)$/.exec(command) ?? [];
  if (keys) {
    const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts", "keys.mjs"), ...keys.split(" ")]);
    return assert.equal(status, 0, `${command}: ${stderr}`);
  }
  const [, zip] = /^npm run (build:[\w-]+)(?: -- --config \S+ --out \S+\.zip(?: --event http)?)?$/.exec(command) ?? [];
  if (zip) return assert.ok(Object.hasOwn(scripts, zip), command); // tests/aws/build.test.mjs runs them
  const [, benchmark] = /^npm run bench -- (\w+)$/.exec(command) ?? [];
  if (benchmark) {
    const { stdout } = spawnSync(process.execPath, [join(root, "scripts", "bench.mjs"), benchmark, "--help"]);
    return assert.ok(stdout.includes(`${command} [options]`), command);
  }
  if (command === "npm pack") return; // how the tarball under test was made
  if (command.startsWith("npm install")) return assert.equal(command, `npm install ./tollgate-${version}.tgz`);
  if (/^npx tollgate\b/.test(command)) {
    const [, line = ""] = /^npx tollgate ((?:jwks |policy )?[a-z]+)/.exec(command) ?? [];
    const cli = join(root, JSON.parse(read("package.json")).bin.tollgate);
    const { status, stdout } = spawnSync(process.execPath, [cli, ...line.split(" ").filter(Boolean), "--help"], {
      encoding: "utf8",
    });
    assert.equal(status, 0, command);
    for (const [option] of command.matchAll(/--[a-z-]+/g)) assert.ok(stdout.includes(option), `${command}: ${option}`);
    return;
  }
  const [, wrangler] = /^npx wrangler ((?:[a-z]+ ?)+)/.exec(command) ?? [];
  assert.ok(wrangler, `no such command: ${command}`);
  const binary = tool.resolve("wrangler").replace(/wrangler-dist.*$/, join("bin", "wrangler.js"));
  const { status, stdout } = spawnSync(process.execPath, [binary, ...wrangler.trim().split(" "), "--help"], {
    encoding: "utf8",
    env: { ...process.env, WRANGLER_LOG_PATH: join(folderWith({}), "log"), WRANGLER_SEND_METRICS: "false", CI: "1" },
  });
  assert.equal(status, 0, command);
  assert.ok(stdout.includes(`wrangler ${wrangler.trim()}`), command);
}

test("the policy starts a gate, and says what the text under it says", async () => {
  const gate = createGate(JSON.parse(snippets.get("tollgate.json")), {
    fetch: async () => new Response(JSON.stringify({ keys: [key.jwk] })),
  });
  await gate.ready();
  const at = (path, changes, host = "acme.api.example.com") => {
    const headers = { authorization: `Bearer ${readmeToken(changes)}` };
    const decision = gate.checkSync({ method: "GET", url: `https://${host}${path}`, headers });
    return decision.outcome === "allow" ? decision.rule : decision.code;
  };
  const reader = { permissions: ["reports:read"] };
  for (const path of ["/reports", "/reports/", "/reports/7"]) {
    assert.equal(at(path, reader), "/reports/{*rest}");
    assert.equal(at(path, { ...reader, plan: "free" }), "plan_required");
    assert.equal(at(path), "permission_required");
  }
  assert.equal(at("/orders", {}, "globex.api.example.com"), "tenant_mismatch");
  assert.equal(at("/me", {}, "globex.api.example.com"), "/me");
  assert.equal(at("/jobs/1"), "principal_kind");
  assert.equal(at("/health"), "/health");
});

test("the route for wrangler.toml is one that wrangler reads", async () => {
  const { experimental_readRawConfig } = await import(pathToFileURL(tool.resolve("wrangler")));
  const text = read("wrangler.toml").replace(/^workers_dev = .*$/m, snippets.get("wrangler.toml"));
  const file = join(folderWith({ "wrangler.toml": text }), "wrangler.toml");
  const { rawConfig } = experimental_readRawConfig({ config: file });
  assert.equal(rawConfig.routes[0].zone_name, "example.com");
  assert.equal(rawConfig.main, "js/worker.ts");
});

/** Runs a snippet in a process of its own, in which the issuer answers, and a server takes a free port of the loopback. */
function runSnippet(name, args = []) {
  const preload = `
    import { Server } from "node:net";
    globalThis.fetch = async (url) => {
      if (String(url) !== "https://issuer.example/jwks.json") throw new Error("the snippet fetched " + url);
      return new Response(${JSON.stringify(JSON.stringify({ keys: [key.jwk] }))});
    };
    const { listen } = Server.prototype;
    Server.prototype.listen = function (port) {
      return listen.call(this, 0, "127.0.0.1", () => process.send({ asked: port, port: this.address().port }));
    };`;
  const files = { [name]: snippets.get(name), "tollgate.json": snippets.get("tollgate.json"), "preload.mjs": preload };
  const cwd = folderWith(files);
  const execArgv = ["--import", pathToFileURL(join(cwd, "preload.mjs")).href];
  const child = fork(join(cwd, name), args, { cwd, execArgv, silent: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
  return { child, ended, said: () => output };
}

/** One request to 127.0.0.1 under another host name. */
function ask(port, host, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, headers: { host, ...headers } };
    const sent = httpRequest(options, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode, headers: response.headers, body });
    });
    sent.on("error", reject).end();
  });
}

test("server.mjs serves, answers refusals and reports decisions", async () => {
  const { child, ended, said } = runSnippet("server.mjs");
  try {
    const { asked, port } = await new Promise((resolve, reject) => {
      child.once("message", resolve);
      ended.then(({ output }) => reject(new Error(`it ended: ${output}`)));
    });
    assert.equal(asked, 8080);
    const host = "acme.api.example.com";
    const authorization = `Bearer ${readmeToken()}`;
    assert.equal((await ask(port, host, "/orders", { authorization })).body, "hello user-1 of acme\n");
    assert.equal((await ask(port, host, "/health")).status, 200);
    const refused = await ask(port, host, "/orders");
    assert.equal(refused.status, 401);
    assert.equal(refused.headers["www-authenticate"], 'Bearer realm="api"');
    assert.equal(JSON.parse(refused.body).type, "urn:tollgate:unauthenticated");
    assert.equal((await ask(port, "globex.api.example.com", "/orders", { authorization })).status, 403);
    const twice = await ask(port, host, "/orders", { authorization: [authorization, "Bearer a.b.c"] });
    assert.equal(twice.status, 400, "headersDistinct shows both");
    assert.match(said(), /code: 'no_credential'/);
  } finally {
    child.kill();
    await ended;
  }
});

test("verify.mjs prints who the token speaks for, and throws a TollgateError for a bad one", async () => {
  const good = await runSnippet("verify.mjs", [readmeToken()]).ended;
  assert.equal(good.code, 0, good.output);
  assert.match(good.output, /^user-1 acme \d+\n$/);
  const bad = await runSnippet("verify.mjs", [readmeToken({ aud: "other" })]).ended;
  assert.equal(bad.code, 1);
  assert.match(bad.output, /TollgateError.*[\s\S]*code: 'audience_mismatch'/);
});

test("why.mjs prints every check, and at which one the request ends", async () => {
  const { code, output } = await runSnippet("why.mjs").ended;
  assert.equal(code, 0, output);
  assert.match(output, /^path pass .* \/Reports\/7$/m);
  assert.match(output, /^rule fail .* would make it meet another rule$/m);
  assert.match(output, /^credential not_reached /m);
  assert.match(output, /\ndeny bad_path\n$/);
});

test("handler.mjs answers who may, and refuses the others as the gate does", async () => {
  const folder = folderWith({ "handler.mjs": snippets.get("handler.mjs") });
  const { handler } = await import(pathToFileURL(join(folder, "handler.mjs")));
  const expiresAt = String(Math.floor(Date.now() / 1000) + 60);
  const reader = {
    userId: "u",
    tenantId: "acme",
    plan: "pro",
    groups: "[]",
    permissions: '["reports:read"]',
    scopes: "[]",
    issuer: "https://issuer.example",
    expiresAt,
    rule: "/reports/{*rest}",
  };
  const call = (context) =>
    handler({ version: "2.0", headers: {}, requestContext: { authorizer: { lambda: { ...reader, ...context } } } });
  assert.deepEqual(await call({}), { statusCode: 200, body: "[]" });
  for (const [context, type] of [
    [{ plan: "free" }, "plan_required"],
    [{ permissions: "[]" }, "permission_required"],
    [{ tenantId: undefined }, "tenant"],
  ]) {
    const { statusCode, body } = await call(context);
    assert.deepEqual([statusCode, JSON.parse(body).type], [403, `urn:tollgate:${type}`]);
  }
});

test("worker.js decides in workerd and forwards to its service", async () => {
  const server = await keyServer([key]);
  const policy = snippets.get("tollgate.json").replaceAll("https://issuer.example/jwks.json", server.jwksUri);
  const orders = `export default { fetch: (request) => Response.json(Object.fromEntries(request.headers)) };`;
  const folder = folderWith({ "worker.js": snippets.get("worker.js"), "tollgate.json": policy, "orders.mjs": orders });
  const outdir = folderWith({});
  await tool("esbuild").build({
    entryPoints: [join(folder, "worker.js")],
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker"],
    loader: { ".wasm": "copy" },
    outdir,
    outExtension: { ".js": ".mjs" },
    logLevel: "silent",
  });
  const { startWorkerd } = await import(pathToFileURL(join(root, "demo", "workerd.mjs")));
  const settings = { compatibilityDate: "2026-10-01", compatibilityFlags: [], bindings: {} };
  const names = readdirSync(outdir).sort((one) => (one === "worker.mjs" ? -1 : 1));
  const modules = names.map((name) => [name, join(outdir, name)]);
  const worker = await startWorkerd(
    [
      { ...settings, name: "gate", modules, bindings: { ORDERS: { service: "orders" } } },
      { ...settings, name: "orders", modules: [["orders.mjs", join(folder, "orders.mjs")]] },
    ],
    { cache: "127.0.0.1:1" },
  );
  try {
    const host = "acme.api.example.com";
    const authorization = `Bearer ${readmeToken()}`;
    const passed = await ask(worker.port, host, "/orders", { authorization, "X-Tollgate-Plan": "evil" });
    assert.equal(passed.status, 200, passed.body);
    const seen = JSON.parse(passed.body);
    assert.equal(seen["x-tollgate-user"], '"user-1"');
    assert.equal(seen["x-tollgate-plan"], '"pro"');
    assert.equal(seen.authorization, undefined);
    assert.equal((await ask(worker.port, host, "/orders")).status, 401);
    assert.equal((await ask(worker.port, host, "/orders/", { authorization: "Basic abc" })).status, 401);
    assert.equal((await ask(worker.port, "globex.api.example.com", "/orders", { authorization })).status, 403);
  } finally {
    await worker.stop();
    await server.stop();
  }
});

/** As much of the AWS SDK as a log-in calls, which has no table: each mark is unset. */
const sdk = (keys) => ({
  "node_modules/@aws-sdk/client-secrets-manager/index.mjs": `
    export class SecretsManager {
      getSecretValue = async ({ SecretId }) => ({ SecretString: SecretId === "tollgate" ? ${JSON.stringify(keys)} : "" });
    }`,
  "node_modules/@aws-sdk/client-dynamodb/index.mjs": `
    export class DynamoDB {
      batchGetItem = async ({ RequestItems }) => ({ Responses: { [Object.keys(RequestItems)[0]]: [] } });
      putItem = async () => ({});
    }`,
});

test("lambda.mjs of docs/TOKENS.md begins a session, and leaves to others what is not for it", async () => {
  const found = new Map(blocks(read("docs/TOKENS.md")).map(({ language, name, body }) => [name || language, body]));
  const web = client("web");
  const config = JSON.parse(found.get("tokens"));
  config.tokens.clients[0].secretHashes = web.entry.secretHashes;
  const main = '{ "exports": "./index.mjs" }';
  const folder = folderWith({
    ...sdk(keysDocument(1_700_000_000)),
    "node_modules/@aws-sdk/client-secrets-manager/package.json": main,
    "node_modules/@aws-sdk/client-dynamodb/package.json": main,
    "tollgate.json": JSON.stringify(config),
    "lambda.mjs": found.get("lambda.mjs"),
    "run.mjs": `
      import { handler } from "./lambda.mjs";
      for (const event of JSON.parse(process.argv[2])) process.send(await handler(event));`,
  });
  const event = {
    version: "2.0",
    rawPath: "/auth/token",
    rawQueryString: "",
    headers: { host: "api.example.com", "content-type": "application/x-www-form-urlencoded", ...basic(web) },
    requestContext: { domainName: "api.example.com", http: { method: "POST" } },
    body: "grant_type=urn:tollgate:session&user=ada&tenant=acme",
    isBase64Encoded: false,
  };
  const child = fork(join(folder, "run.mjs"), [JSON.stringify([event, { ...event, rawPath: "/orders" }])], {
    cwd: folder,
    silent: true,
  });
  const results = [];
  child.on("message", (result) => results.push(result));
  const output = (await child.stdout.toArray()).join("") + (await child.stderr.toArray()).join("");
  assert.equal(results.length, 2, output);
  const [{ statusCode, body }, other] = results;
  assert.equal(statusCode, 200, body);
  assert.equal(JSON.parse(body).token_type, "Bearer");
  assert.match(output, /"type":"session_issued"/);
  assert.deepEqual(other, { statusCode: 404 });
});
