// Runs the fuzz targets of fuzz/, each for so many seconds, from seeds made of the vectors beside the clone. Needs a
// nightly Rust and a C++ compiler, and installs neither.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ask, path, run, runMain, stateDirectory, Trouble } from "./project.mjs";
import { setUp } from "./setup.mjs";

const VECTORS = process.env.TOLLGATE_VECTORS ?? path("..", "shared", "vectors");

/** The targets: the longest input that one reads whole, and its seeds. */
const TARGETS = {
  es256: { longest: 161, seeds: es256Seeds },
  rs256: { longest: 6 + 3 * 512, seeds: rs256Seeds },
};

/** Without a line for each input that reached something new: the sums at the end are enough. */
const QUIET = ["-verbosity=0", "-print_final_stats=1"];

const USAGE = "npm run fuzz -- [--seconds N] [--target es256|rs256]";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const vectors = (file) => JSON.parse(readFileSync(join(VECTORS, file), "utf8"));

/** Big-endian, in exactly so many bytes; undefined for a number that needs more. */
function padded(hex, length) {
  const digits = hex.replace(/^0+/, "");
  return digits.length > 2 * length ? undefined : Buffer.from(digits.padStart(2 * length, "0"), "hex");
}

/** What fuzz/src/es256.rs reads: a mode, x, y, the hash, r and s. */
function es256Seeds() {
  const seeds = [];
  const add = (x, y, message, r, s) => {
    const numbers = [x, y, sha256(message).toString("hex"), r, s].map((number) => padded(number, 32));
    if (numbers.includes(undefined)) return;
    // Without tables and with; now and then often enough for the key's own; and as what makes a signature.
    for (const mode of seeds.length % 16 === 0 ? [0, 8, 0xf8, 3, 7] : [0, 8]) {
      seeds.push(Buffer.concat([Buffer.of(mode), ...numbers]));
    }
  };
  for (const { publicKey, tests } of vectors("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json").testGroups) {
    const [, x, y] = publicKey.uncompressed.match(/^04(.{64})(.{64})$/) ?? [];
    for (const { msg, sig } of tests) {
      if (x && sig.length === 128) add(x, y, Buffer.from(msg, "hex"), sig.slice(0, 64), sig.slice(64));
    }
  }
  for (const { x, y, msg, r, s } of vectors("nist-cavp/es256_rs256_subset.json").ecdsa_p256_sha256_sigver) {
    add(x, y, Buffer.from(msg, "hex"), r, s);
  }
  return seeds;
}

const DIGEST_INFO = Buffer.from("3031300d060960864801650304020105000420", "hex");

/** What fuzz/src/rs256.rs reads: the exponent, how much longer than 256 bytes n is, n, s and the padded hash. */
function rs256Seeds() {
  const seeds = [];
  for (const bits of [2048, 3072, 4096]) {
    for (const { publicKey, tests } of vectors(`wycheproof/rsa_signature_${bits}_sha256_test.json`).testGroups) {
      const [size, exponent] = [bits / 8, padded(publicKey.publicExponent, 4)];
      const n = padded(publicKey.modulus, size);
      for (const { msg, sig } of tests) {
        if (!exponent || !n || sig.length !== 2 * size) continue;
        const encoded = Buffer.concat([
          Buffer.of(0, 1),
          Buffer.alloc(size - 3 - DIGEST_INFO.length - 32, 0xff),
          Buffer.of(0),
          DIGEST_INFO,
          sha256(Buffer.from(msg, "hex")),
        ]);
        const length = Buffer.alloc(2);
        length.writeUInt16BE(size - 256);
        seeds.push(Buffer.concat([exponent, length, n, Buffer.from(sig, "hex"), encoded]));
      }
    }
  }
  return seeds;
}

/** Writes a target's seeds anew. @returns {string[]} the folder that has them, if there are any */
function seeded(target) {
  const folder = join(stateDirectory, "fuzz", target);
  rmSync(folder, { recursive: true, force: true });
  if (!existsSync(VECTORS)) {
    console.error(`missing ../shared/vectors: ${target} starts from nothing, and finds less`);
    return [];
  }
  mkdirSync(folder, { recursive: true });
  const seeds = TARGETS[target].seeds();
  for (const seed of seeds) writeFileSync(join(folder, sha256(seed).toString("hex")), seed);
  console.log(`${target}: ${seeds.length} seeds from the vectors`);
  return [folder];
}

/** What cargo-fuzz builds with. */
function ensureNightly() {
  const found = ask("rustup", ["toolchain", "list"]);
  if (found === undefined)
    throw new Trouble("rustup is missing, and fuzzing needs its nightly Rust: https://rustup.rs");
  if (!/^nightly/m.test(found)) {
    throw new Trouble("fuzzing needs a nightly Rust: run `rustup toolchain install nightly --profile minimal`");
  }
  const compiler = process.env.CXX ?? "c++";
  if (!ask(compiler, ["--version"])) {
    throw new Trouble(`fuzzing needs a C++ compiler, and ${compiler} does not run: install one, or name it in CXX`);
  }
}

function asked() {
  let values;
  try {
    ({ values } = parseArgs({ options: { seconds: { type: "string" }, target: { type: "string" } } }));
  } catch (error) {
    throw new Trouble(`${error.message}: ${USAGE}`);
  }
  const { seconds = "60", target } = values;
  if (!/^[1-9]\d{0,6}$/.test(seconds)) throw new Trouble(`--seconds takes a whole number: ${USAGE}`);
  if (target !== undefined && !Object.hasOwn(TARGETS, target)) {
    throw new Trouble(`there is no target ${target}: take of ${Object.keys(TARGETS).join(", ")}`);
  }
  return { seconds: Number(seconds), targets: target ? [target] : Object.keys(TARGETS) };
}

async function main() {
  const { seconds, targets } = asked();
  ensureNightly();
  await setUp("fuzz");
  let failed = 0;
  for (const target of targets) {
    const corpus = path("fuzz", "corpus", target);
    mkdirSync(corpus, { recursive: true });
    const folders = [corpus, ...seeded(target)];
    // No memory is managed by hand natively, so no sanitizer would find anything.
    const build = [
      "--sanitizer",
      "none",
      "--features",
      "libfuzzer",
      "--fuzz-dir",
      "fuzz",
      "--target-dir",
      "target/fuzz",
    ];
    const limits = [
      `-max_total_time=${seconds}`,
      `-max_len=${TARGETS[target].longest}`,
      "-len_control=0",
      "-timeout=10",
      ...QUIET,
    ];
    const { code } = await run("cargo", ["+nightly", "fuzz", "run", ...build, target, ...folders, "--", ...limits]);
    console.log(
      code === 0 ? `✔ ${target}: nothing differs in ${seconds} s` : `✖ ${target}: see above, and fuzz/artifacts`,
    );
    if (code !== 0) failed += 1;
  }
  return failed > 0 ? 1 : 0;
}

if (process.argv[1] === path("scripts", "fuzz.mjs")) await runMain(main);
