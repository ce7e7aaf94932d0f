// Breaks the arithmetic and the cache, one small change at a time, in a copy, and runs its tests: each change must make one
// fail. Changes nothing in the clone. What survives is listed, and fails.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { MUTATIONS } from "./mutations.mjs";
import { ask, path, run, runMain, seconds, Trouble } from "./project.mjs";
import { setUp } from "./setup.mjs";

/** The tests that `npm test` has for each folder. */
const TESTS = {
  "src/crypto/p256": ["crypto::p256", "crypto::es256"],
  "src/crypto/rsa": ["crypto::rsa", "crypto::rs256"],
  src: ["cache"],
};
/** A change may make a loop endless: that is caught too, some time after all tests together would have ended. */
const LIMIT_MINUTES = 4;

const testsOf = (file) => TESTS[dirname(file)];

/** The clone as it is now, without what is ignored. */
function copy() {
  const listed = ask("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  if (!listed) throw new Trouble("git does not list this clone's files");
  const folder = mkdtempSync(join(tmpdir(), "tollgate-mutants-"));
  for (const file of listed.split("\0").filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(path(file), join(folder, file));
  }
  return folder;
}

/** Compiles the tests and runs those. @returns {Promise<"passed" | "failed" | "hangs" | "does not compile">} */
async function verdict(folder, tests) {
  const command = [
    "test",
    "--lib",
    "--locked",
    "--config",
    "profile.test.debug=0",
    "--no-run",
    "--message-format=json",
  ];
  const env = { CARGO_TARGET_DIR: path("target", "mutants") };
  const { code, stdout } = await run("cargo", command, { cwd: folder, quiet: true, env });
  const binary = stdout.match(/"executable":"([^"]+)"/)?.[1];
  if (code !== 0 || !binary) return "does not compile";
  // Run by itself: killing cargo would leave it running. Nobody reads a backtrace of these.
  const options = { cwd: folder, quiet: true, limitMinutes: LIMIT_MINUTES, env: { RUST_BACKTRACE: "0" } };
  const tested = await run(JSON.parse(`"${binary}"`), tests, options);
  if (tested.signal === "SIGKILL") return "hangs";
  return tested.code === 0 ? "passed" : "failed";
}

async function main() {
  const parts = process.argv.slice(2);
  const chosen = (name) => parts.length === 0 || parts.some((part) => name.includes(part));
  const mutations = MUTATIONS.filter(({ file, what }) => chosen(`${file}: ${what}`));
  if (mutations.length === 0) throw new Trouble(`no mutation's name has one of these in it: ${parts.join(", ")}`);
  await setUp("native");
  const folder = copy();
  const wrong = [];
  try {
    const all = [...new Set(mutations.flatMap(({ file }) => testsOf(file)))];
    if ((await verdict(folder, all)) !== "passed") throw new Trouble("the tests fail before anything is changed");
    for (const { file, what, text, instead } of mutations) {
      const started = Date.now();
      const source = readFileSync(join(folder, file), "utf8");
      if (source.split(text).length !== 2) throw new Trouble(`${file}: ${what}: its text does not stand there once`);
      writeFileSync(
        join(folder, file),
        source.replace(text, () => instead),
      );
      const found = await verdict(folder, testsOf(file));
      writeFileSync(join(folder, file), source);
      const caught = found === "failed" || found === "hangs";
      if (!caught) wrong.push(`${file}: ${what}: ${found === "passed" ? "survived" : found}`);
      const how = found === "failed" ? "" : `, ${found}`;
      console.log(`${caught ? "✔ caught" : "✖ not caught"}: ${file}: ${what} (${seconds(started)}${how})`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${mutations.length - wrong.length} of ${mutations.length} mutations are caught`);
  for (const line of wrong) console.log(`✖ ${line}`);
  return wrong.length > 0 ? 1 : 0;
}

if (process.argv[1] === path("scripts", "mutants.mjs")) await runMain(main);
