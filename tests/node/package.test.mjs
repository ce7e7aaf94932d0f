// The packed tarball, as installed: what is in it, how it resolves, and that it brings nothing else along.

import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { root, tool } from "./support/root.mjs";
import { makeKey, NOW, token, verifierConfig } from "./support/tokens.mjs";

const entry = fileURLToPath(import.meta.resolve("tollgate"));
const directory = entry.slice(0, entry.lastIndexOf(`${sep}dist${sep}`));
const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
const files = readdirSync(directory, { recursive: true })
  .filter((name) => statSync(join(directory, name)).isFile())
  .map((name) => name.replaceAll(sep, "/"))
  .sort();
const read = (name) => readFileSync(join(directory, name));

const temporary = [];
after(() => {
  for (const name of temporary) rmSync(name, { recursive: true, force: true });
});
function temporaryDirectory() {
  const name = mkdtempSync(join(tmpdir(), "tollgate-package-"));
  temporary.push(name);
  return name;
}

test("what is tested is the installed tarball, not the working tree", () => {
  const real = realpathSync(directory);
  assert.ok(relative(root, real).startsWith("..") || real.includes(`${sep}node_modules${sep}tollgate`), real);
  assert.ok(!existsSync(join(directory, "Cargo.toml")));
});

test("it has no dependencies of any kind and runs nothing at installation", () => {
  for (const kind of [
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "bundledDependencies",
    "bundleDependencies",
  ]) {
    assert.deepEqual(Object.keys(manifest[kind] ?? {}), [], kind);
  }
  for (const script of ["preinstall", "install", "postinstall", "prepare"])
    assert.equal(manifest.scripts?.[script], undefined);
  assert.ok(!files.includes("binding.gyp"));
});

test("it is ESM with one entry point, and every target of its exports map exists", () => {
  assert.equal(manifest.name, "tollgate");
  assert.equal(manifest.type, "module");
  const targets = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(targets));
  for (const target of targets(manifest.exports)) assert.ok(files.includes(target.replace("./", "")), target);
  assert.ok(manifest.exports["."].types.endsWith(".d.ts"));
  assert.equal(Object.keys(manifest.exports["."])[0], "types", "types must come first");
});

/** What `tollgate init` writes: a project of its own, with its own dependencies. */
const isTemplate = (name) => name.startsWith("dist/npm/templates/");

test("it holds the built package and nothing else", () => {
  const allowed =
    /^(package\.json|README\.md|CHANGELOG\.md|LICENSE[\w.-]*|dist\/npm\/[\w./-]+\.(js|d\.ts|wasm|schema\.json|map))$/;
  for (const name of files.filter((name) => !isTemplate(name))) assert.match(name, allowed);
  for (const name of ["worker.js", "worker.d.ts"]) assert.ok(!files.includes(`dist/npm/${name}`), name);
  for (const name of ["README.md", "CHANGELOG.md"]) assert.ok(files.includes(name), name);
  assert.ok(
    files.some((name) => name.startsWith("LICENSE")),
    "a licence",
  );
});

test("no file names a machine's path, a registry or a Node module", () => {
  for (const name of files) {
    const text = read(name).toString("latin1");
    assert.doesNotMatch(text, /\/(work|root|home|tmp|Users)\/[\w.]/, name);
    assert.doesNotMatch(text, /registry\.npmjs|\/\.cargo\//, name);
    // The command line runs in Node alone.
    if (name === "dist/npm/cli.js" || isTemplate(name)) continue;
    if (name.endsWith(".js")) assert.doesNotMatch(text, /(from|import\()\s*["']node:|require\(/, name);
  }
});

test("only the exports map can be imported", async () => {
  for (const inner of ["tollgate/dist/npm/core.js", "tollgate/core", "tollgate/js/core.ts"]) {
    await assert.rejects(import(inner), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
  }
  const schema = createRequire(import.meta.url)("tollgate/schema.json");
  assert.equal(typeof schema, "object");
});

test("its public names are the fixed ones", async () => {
  const names = Object.keys(await import("tollgate")).sort();
  assert.deepEqual(names, ["TollgateError", "createGate", "createVerifier", "kernel", "limitTables"]);
  const tokens = Object.keys(await import("tollgate/tokens")).sort();
  const makers = ["createTokens", "durableStore", "dynamoDbStore", "memoryStore", "secretsManagerKeys"];
  assert.deepEqual(tokens, ["StoreError", "TollgateError", ...makers]);
  for (const [adapter, name] of Object.entries({ express: "tollgate", hono: "tollgate", worker: "protect" })) {
    assert.deepEqual(Object.keys(await import(`tollgate/${adapter}`)).sort(), ["TollgateError", name]);
  }
});

test("require works where the runtime can require ESM", { skip: !process.features.require_module }, () => {
  const required = createRequire(import.meta.url)("tollgate");
  assert.equal(typeof required.createVerifier, "function");
});

/** Bundles a program that uses the package, as a user's bundler would. */
async function bundle(options, source = 'export { createVerifier } from "tollgate";') {
  const { build } = tool("esbuild");
  const outdir = temporaryDirectory();
  const resolveDir = dirname(fileURLToPath(import.meta.url));
  const { metafile, warnings } = await build({
    stdin: { contents: source, resolveDir },
    bundle: true,
    format: "esm",
    metafile: true,
    minify: true,
    outfile: join(outdir, "bundle.mjs"),
    logLevel: "silent",
    ...options,
  });
  assert.deepEqual(warnings, []);
  const inputs = Object.keys(metafile.inputs).map((name) => name.replaceAll("\\", "/"));
  return { outdir, inputs, has: (name) => inputs.some((input) => input.endsWith(`/dist/npm/${name}`)) };
}

test("bundled for browsers it is one file that works, with the wasm inline", async () => {
  const { outdir, has } = await bundle({ platform: "browser" });
  assert.deepEqual(readdirSync(outdir), ["bundle.mjs"]);
  assert.ok(has("index.js") && has("generated/verifier/inline.js"));
  assert.ok(!has("index.workerd.js") && !has("generated/gate/tollgate_bg.wasm"));
  const { createVerifier } = await import(pathToFileURL(join(outdir, "bundle.mjs")).href);
  const key = makeKey("ES256", "es-1");
  const verifier = createVerifier(verifierConfig([key]), { now: () => NOW });
  assert.equal(verifier.verifySync(token(key)).claims.sub, "user-1");
  assert.throws(() => verifier.verifySync(token(makeKey("ES256", "es-1"))), { code: "signature_invalid" });
});

test("bundled for workerd the wasm stays a module of its own and no copy is inline", async () => {
  const { outdir, has } = await bundle({ conditions: ["workerd", "worker", "browser"], loader: { ".wasm": "copy" } });
  assert.ok(has("index.workerd.js") && has("generated/gate/tollgate_bg.wasm"));
  assert.ok(!has("index.js") && !has("generated/verifier/inline.js"));
  assert.equal(readdirSync(outdir).filter((name) => name.endsWith(".wasm")).length, 1);
  assert.ok(statSync(join(outdir, "bundle.mjs")).size < 64 * 1024);
});

test("a program that only verifies tokens takes no gate along, and the other way round", async () => {
  const size = async (source) =>
    statSync(join((await bundle({ platform: "browser" }, source)).outdir, "bundle.mjs")).size;
  const verifier = await size('export { createVerifier, kernel, limitTables } from "tollgate";');
  const gate = await size('export { createGate } from "tollgate";');
  const both = await size('export { createGate, createVerifier } from "tollgate";');
  assert.ok(verifier < gate && gate < both - verifier / 2, `${verifier}, ${gate} and ${both} bytes`);
});

test("a program that imports only the error class takes no wasm along", async () => {
  const { outdir } = await bundle({ platform: "browser" }, 'export { TollgateError } from "tollgate";');
  assert.ok(statSync(join(outdir, "bundle.mjs")).size < 4 * 1024);
});

/** A copy of the installed package whose inline wasm is replaced, loaded afresh. */
async function tampered(change) {
  const copy = join(temporaryDirectory(), "tollgate");
  cpSync(directory, copy, { recursive: true });
  const inline = join(copy, "dist", "npm", "generated", "verifier", "inline.js");
  const text = readFileSync(inline, "utf8");
  const base64 = text.match(/"([A-Za-z0-9+/=]{1000,})"/)[1];
  const bytes = change(Buffer.from(base64, "base64"));
  writeFileSync(inline, text.replace(base64, bytes.toString("base64")));
  return import(pathToFileURL(join(copy, "dist", "npm", "index.js")).href);
}

test("[N09] a wasm module that is not this build's is refused at first use", async () => {
  const empty = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const changes = {
    "an empty module": () => empty,
    "no module": () => Buffer.from("not wasm"),
    "a truncated module": (bytes) => bytes.subarray(0, bytes.length / 2),
    "a module with its head broken": (bytes) =>
      Buffer.concat([bytes.subarray(0, 8), Buffer.from([0xff]), bytes.subarray(9)]),
  };
  const key = makeKey("ES256", "es-1");
  for (const [name, change] of Object.entries(changes)) {
    const { createVerifier } = await tampered(change);
    for (let call = 0; call < 2; call += 1) {
      assert.throws(() => createVerifier(verifierConfig([key]), { now: () => NOW }), { code: "module_invalid" }, name);
    }
  }
  const { createVerifier } = await tampered((bytes) => bytes);
  createVerifier(verifierConfig([key]), { now: () => NOW }).verifySync(token(key));
});
