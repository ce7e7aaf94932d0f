// Who may import whom. Reads the sources and runs none; keeps the core free of hosts and the tests off the internals.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** The crate's modules, lowest first. A module imports its own layer or a lower one, and never in a circle. */
const LAYERS = [
  ["limits", "error"],
  ["base64url", "json", "jwk", "crypto", "texts"],
  [
    "config",
    "token",
    "cache",
    "keyset",
    "claims",
    "request",
    "route",
    "credentials",
    "tenant",
    "policy",
    "cors",
    "identity",
    "decision",
    "explain",
    "rotation",
  ],
  ["verifier", "mint"],
  ["gate", "tokens"],
  ["crossing"],
  ["js"],
  ["worker"],
];
const layerOf = new Map(LAYERS.flatMap((names, layer) => names.map((name) => [name, layer])));

/** Crates that only some files may name: hosts are the faces' business. */
const OWNERS = [
  {
    names: /\b(?:wasm_bindgen|js_sys|web_sys|serde_wasm_bindgen|worker)::/,
    owners: ["src/js.rs", "src/js/", "src/worker/"],
  },
  // What signs is not what verifies, and makes no randomness of its own.
  { names: /\b(?:p256::ecdsa|primeorder|jsonwebtoken|signature)::/, owners: ["src/mint.rs", "src/mint/"] },
  { names: /\bgetrandom::/, owners: ["src/js/"] },
  // An address is only a value; a socket is not.
  { names: /\bstd::(?:time|fs|env|process|thread|io|net::(?:\{[^}]*)?(?:Tcp|Udp|ToSocket))/, owners: [] },
];

function files(folder, ending) {
  const place = join(root, folder);
  if (!existsSync(place)) return [];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((file) => !file.includes("node_modules/") && !file.startsWith("js/generated/"))
    .sort();
}

/** A Rust file without comments and without its tests, which stand last. */
function rustCode(file) {
  const text = readFileSync(join(root, file), "utf8");
  const tests = text.search(/^#\[cfg\((?:all\()?test\b/m);
  return (tests < 0 ? text : text.slice(0, tests)).replace(/\/\/.*$/gm, "").replace(/\/\*[\s\S]*?\*\//g, "");
}

/** The crate's own files, without those that are compiled for its tests only. */
const rustFiles = () => files("src", /\.rs$/).filter((file) => !/(?:^src\/testing|[/_]tests)(?:\.rs$|\/)/.test(file));
const moduleOf = (file) => file.slice("src/".length).split("/")[0].replace(/\.rs$/, "");

/** The crate's modules that some code names: `crate::a::b`, and `crate::{a::b, c}`. */
function cratePaths(code) {
  const names = [...code.matchAll(/\bcrate::(\w+)/g)].map(([, name]) => name);
  for (const [, group] of code.matchAll(/\bcrate::\{((?:[^{}]|\{[^{}]*\})*)\}/g)) {
    for (const part of group.replace(/\{[^{}]*\}/g, "").split(",")) {
      const name = part.trim().split("::")[0];
      if (name) names.push(name);
    }
  }
  // `crate::Error` and its kind are the public list, which lib.rs re-exports from anywhere.
  return new Set(names.filter((name) => /^[a-z]/.test(name)));
}

function rustEdges() {
  return rustFiles()
    .filter((file) => file !== "src/lib.rs")
    .flatMap((file) => [...cratePaths(rustCode(file))].map((to) => ({ file, from: moduleOf(file), to })))
    .filter(({ from, to }) => from !== to);
}

test("every module of the crate has a layer", () => {
  const modules = new Set(rustFiles().map(moduleOf));
  modules.delete("lib");
  assert.deepEqual(
    [...modules].filter((name) => !layerOf.has(name)),
    [],
  );
});

test("no module imports a higher layer", () => {
  const wrong = rustEdges().filter(({ from, to }) => layerOf.get(to) > layerOf.get(from));
  assert.deepEqual(
    wrong.map(({ file, to }) => `${file} imports ${to}`),
    [],
  );
});

test("no modules import each other in a circle", () => {
  const next = new Map();
  for (const { from, to } of rustEdges()) next.set(from, (next.get(from) ?? new Set()).add(to));
  const done = new Set();
  const visit = (name, trail) => {
    assert.ok(!trail.includes(name), `a circle: ${[...trail, name].join(" -> ")}`);
    if (done.has(name)) return;
    for (const to of next.get(name) ?? []) visit(to, [...trail, name]);
    done.add(name);
  };
  for (const name of next.keys()) visit(name, []);
});

test("only the faces name a host", () => {
  const wrong = [];
  for (const file of rustFiles()) {
    const code = rustCode(file);
    for (const { names, owners } of OWNERS) {
      if (owners.some((owner) => file.startsWith(owner))) continue;
      // A face may use what the standard library offers there.
      if (owners.length === 0 && /^src\/(js\.rs|js\/|worker\/)/.test(file)) continue;
      const found = code.match(names);
      if (found) wrong.push(`${file} names ${found[0]}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("the crates that the arithmetic is compared with are for tests only, or for signing", () => {
  const [, dependencies] = readFileSync(join(root, "Cargo.toml"), "utf8").split(
    /^\[dependencies\]$|^\[\[example\]\]$/m,
  );
  assert.deepEqual(dependencies.match(/^(?:rsa|base64ct)\b.*$/gm), null);
  assert.match(dependencies, /^p256 = \{.*\boptional = true \}$/m);
});

/** The specifiers a JavaScript or TypeScript file imports, static and dynamic. */
function specifiers(file) {
  const text = readFileSync(join(root, file), "utf8").replace(/^\s*(?:\/\/|\*).*$/gm, "");
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s*)(["'])([^"'\n]+)\1/gm;
  return [...text.matchAll(pattern)].map(([, , specifier]) => specifier);
}

/** Where a relative specifier leads, from the root; undefined for a package. */
function target(file, specifier) {
  if (!/^\.{0,2}\//.test(specifier)) return undefined;
  return relative(root, resolve(root, dirname(file), specifier))
    .split(sep)
    .join("/");
}

const javascript = (...folders) => folders.flatMap((folder) => files(folder, /\.(?:[cm]?js|[cm]?ts|html)$/));

test("tests and pages import the package by its public name only", () => {
  const wrong = [];
  for (const file of javascript("tests", "www")) {
    for (const specifier of specifiers(file)) {
      const to = target(file, specifier);
      if (to && /^(?:js|dist|build|src)\//.test(to)) wrong.push(`${file} imports ${specifier}`);
      if (/^tollgate\/dist\b/.test(specifier)) wrong.push(`${file} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("the package imports nothing but itself", () => {
  const wrong = [];
  const own = javascript("js").filter((file) => !/^js\/(?:worker(?:-tokens)?(\.ts$|\/)|cli\/)/.test(file));
  for (const file of own) {
    for (const specifier of specifiers(file)) {
      const to = target(file, specifier);
      if (to === undefined || !to.startsWith("js/") || /^js\/worker[-./]/.test(to)) {
        wrong.push(`${file} imports ${specifier}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test("the command line imports Node, what is bundled into it, and the package's public entries", () => {
  const entries = ["js/index.js", "js/tokens/index.js"];
  const bundled = ["commander", "jsonc-parser"];
  const wrong = [];
  for (const file of javascript("js/cli").filter((name) => !name.startsWith("js/cli/templates/"))) {
    // Its texts have the word "from" in them too, before a quotation mark.
    for (const specifier of specifiers(file).filter((name) => /^[\w@./:-]+$/.test(name))) {
      const to = target(file, specifier);
      const isOwn = to !== undefined && (to.startsWith("js/cli/") || entries.includes(to));
      if (!isOwn && !specifier.startsWith("node:") && !bundled.includes(specifier))
        wrong.push(`${file} imports ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});
