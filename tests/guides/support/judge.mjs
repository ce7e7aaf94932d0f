// Runs a guide step by step in a folder of its own, as a reader would, and throws at the first that is not as it says. The
// network ends at the loopback.

import assert from "node:assert/strict";
import { fork, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createGate } from "tollgate";
import { createTokens, memoryStore } from "tollgate/tokens";
import { root, tool } from "../../node/support/root.mjs";
import { keysDocument } from "../../node/support/token-service.mjs";
import { makeKey, signed } from "../../node/support/tokens.mjs";
import { checkCommand, isRun } from "./commands.mjs";
import { answers, fileOf, needs, steps } from "./guide.mjs";
import { LIMIT_MILLISECONDS, Shell } from "./shell.mjs";

/** The port that guides write, for which a free one is taken. */
const PORT = "8080";
const here = dirname(fileURLToPath(import.meta.url));
const preload = pathToFileURL(join(here, "preload.mjs")).href;
/** The folder in which the packed package is installed. */
const project = dirname(dirname(dirname(here)));

/** A guide's folder, and what its steps share. */
export class Sandbox {
  static async of(text, readGuide) {
    const sandbox = new Sandbox(await freePort());
    for (const { file, guide } of needs(text)) sandbox.write(file, fileOf(readGuide(guide), file));
    return sandbox;
  }

  constructor(port) {
    this.port = String(port);
    this.folder = mkdtempSync(join(project, "guide-"));
    const tarball = process.env.TOLLGATE_TARBALL;
    if (tarball) copyFileSync(tarball, join(this.folder, tarball.split("/").at(-1)));
  }

  write(name, text) {
    writeFileSync(join(this.folder, name), text.replaceAll(PORT, this.port));
  }

  get shell() {
    const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
    this.opened ??= new Shell(this.folder, {
      ...process.env,
      PATH,
      npm_config_offline: "true",
      npm_config_update_notifier: "false",
    });
    return this.opened;
  }

  close() {
    this.opened?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function freePort() {
  const probe = createServer();
  await new Promise((listening) => probe.listen(0, "127.0.0.1", listening));
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  return port;
}

/** Judges a whole guide; `each` is told of every step, and may make a test of it. */
export async function judge(text, readGuide, each = (_title, act) => act()) {
  const sandbox = await Sandbox.of(text, readGuide);
  try {
    for (const step of steps(text)) {
      if (step.name) sandbox.write(step.name, step.body);
      if (step.kind === "gate") sandbox.config = JSON.parse(step.body);
      await each(step.title, () => JUDGES[step.kind](step, sandbox));
    }
  } finally {
    sandbox.close();
  }
}

const JUDGES = {
  module: runModule,
  gate: ({ body }) => makeGate(JSON.parse(body)),
  data: ({ body }) => void JSON.parse(body),
  lines: ({ body }) =>
    body
      .trim()
      .split("\n")
      .forEach((line) => void JSON.parse(line)),
  types: checkTypes,
  wrangler: readWrangler,
  shell: runShell,
  answers: askGate,
};

/** A gate of this configuration, of the keys that are made here, whoever the issuers are. */
async function makeGate(config) {
  const options = {
    keys: keysDocument(),
    store: memoryStore(),
    entitlements: config.tokens?.entitlements === null ? null : () => null,
  };
  const ownKeys = config.tokens && (await createTokens(config, options).keySet());
  const gate = createGate(config, {
    ...(ownKeys && { ownKeys }),
    fetch: async () => Response.json({ keys: [es.jwk, rs.jwk] }),
  });
  return gate;
}

const es = makeKey("ES256", "es-1");
const rs = makeKey("RS256", "rs-1");

/** Runs a module to its end, or, if it is a server, until it listens. What it prints must be what stands behind its arrows. */
async function runModule({ name, body }, { folder }) {
  // A file of tests must not take itself for a part of these.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = fork(join(folder, name), { cwd: folder, env, execArgv: ["--import", preload], silent: true });
  const messages = [];
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  child.on("message", (message) => {
    messages.push(message);
    if (message.listening) child.kill();
  });
  const late = setTimeout(() => child.kill("SIGKILL"), LIMIT_MILLISECONDS);
  const code = await new Promise((closed) => child.on("close", closed));
  clearTimeout(late);
  const isServer = messages.some(({ listening }) => listening);
  assert.ok(code === 0 || isServer, `${name} exited with ${code}\n${output}`);
  assert.deepEqual(
    messages.flatMap(({ reached }) => reached ?? []),
    [],
    `${name} asked the network`,
  );
  body.split("\n").forEach((text, index) => {
    const [, expected] = /\/\/ → (.*)$/.exec(text) ?? [];
    if (expected === undefined) return;
    const printed = messages
      .filter(({ file, line }) => file === name && line === index + 1)
      .map(({ printed }) => printed);
    assert.equal(printed.join(", then "), expected.trim(), `${name}:${index + 1}\n${output}`);
  });
}

/** Type-checks a file as a strict project would. */
function checkTypes({ name }, { folder }) {
  const compilerOptions = {
    target: "es2022",
    lib: ["es2023", "dom", "dom.iterable"],
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    resolveJsonModule: true,
    types: [],
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
  };
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [name] }));
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "--project", "tsconfig.json"], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout);
}

/** Wrangler reads the file, and what it names is there. */
async function readWrangler({ name }, { folder }) {
  const { experimental_readRawConfig } = await import(pathToFileURL(tool.resolve("wrangler")));
  const { rawConfig } = experimental_readRawConfig({ config: join(folder, name) });
  assert.ok(
    rawConfig.name && readdirSync(folder).includes(rawConfig.main),
    `${name} names a Worker's file that is there`,
  );
}

/**
 * Runs commands, each to its end. What stands behind an arrow begins a line that the command prints; all exit with 0, but for
 * those that say otherwise.
 */
async function runShell({ body }, { port, shell }) {
  for (const { command, expected, exit } of commands(body)) {
    checkCommand(command);
    if (!isRun(command)) continue;
    const { output, code } = await shell.run(command.replaceAll(PORT, port));
    assert.equal(code, exit, `${command}\n${output}`);
    if (command.endsWith("&")) await answered(port);
    if (expected === undefined) continue;
    assert.ok(
      output.split("\n").some((line) => line.startsWith(expected)),
      `${command}: expected ${expected}\n${output}`,
    );
  }
}

function commands(body) {
  const lines = body.replaceAll(/\\\n\s*/g, "").split("\n");
  return lines
    .filter((line) => line.trim() && !line.startsWith("#"))
    .map((line) => {
      const [command, said = ""] = line.split(/\s+# /);
      const [, expected, exit] = /^→ ?(.*?) ?(?:\(exit code (\d)\))?$/.exec(said) ?? [];
      return { command: command.trim(), expected: expected || undefined, exit: Number(exit ?? 0) };
    });
}

/** Until something listens on the port. */
async function answered(port) {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise((told) => {
      const socket = connect(Number(port), "127.0.0.1", () => told(true)).on("error", () => told(false));
      socket.unref();
    });
    if (open) return;
    await new Promise((later) => setTimeout(later, 100));
  }
  assert.fail(`nothing listens on ${port}`);
}

/** Each row of a table of answers, by the configuration above it. */
async function askGate({ body }, { config }) {
  assert.ok(config, "a table of answers stands below a configuration");
  const gate = await makeGate(config);
  for (const { method, url, headers, claims, answer } of answers(body)) {
    const authorization = claims && { authorization: `Bearer ${tokenFor(config, claims)}` };
    const decision = await gate.check({ method, url, headers: { ...headers, ...authorization } });
    const said = decision.outcome === "allow" ? "allow" : `${decision.status} ${decision.code}`;
    assert.equal(said, answer, `${method} ${url} ${JSON.stringify(claims)}`);
  }
  gate.close();
}

/** A good token of the issuer that the claims name, or of the first, but for these claims. */
function tokenFor({ issuers }, claims) {
  const names = issuers.map(issuerName);
  const place = claims.iss === undefined ? 0 : names.indexOf(claims.iss);
  assert.ok(place >= 0, `no issuer ${claims.iss}`);
  const { preset, audience, clientIds, algorithms = ["RS256"] } = issuers[place];
  const cognito = preset === "cognito";
  const key = algorithms.includes("ES256") ? es : rs;
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: key.algorithm, kid: key.kid, ...(cognito ? {} : { typ: "JWT" }) };
  const usual = {
    iss: names[place],
    sub: "user-1",
    iat: now - 5,
    exp: now + 600,
    ...(audience && { aud: [audience].flat()[0] }),
    ...(clientIds && { client_id: clientIds[0] }),
    ...(cognito && { token_use: "access" }),
  };
  return signed(key, JSON.stringify(header), JSON.stringify({ ...usual, ...claims }));
}

/** As src/config has it for the presets. */
function issuerName({ issuer, preset, region, userPoolId, domain }) {
  if (preset === "cognito") return `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`;
  if (preset === "auth0") return `https://${domain}/`;
  return issuer;
}
