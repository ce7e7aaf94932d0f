// Breaks the arithmetic, one small change at a time, in a copy, and runs its tests: each change must make one fail. Changes
// nothing in the clone. What survives is listed, and fails.

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
};
/** A change may make a loop endless: that is caught too. */
const LIMIT_MINUTES = 10;

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

/** Compiles the tests and runs those. @returns {Promise<"passed" | "failed" | "does not compile">} */
async function verdict(folder, tests) {
  const options = { cwd: folder, quiet: true, limitMinutes: LIMIT_MINUTES };
  // Nobody reads a backtrace of these.
  options.env = { CARGO_TARGET_DIR: path("target", "mutants"), RUST_BACKTRACE: "0" };
  const command = ["test", "--lib", "--locked", "--config", "profile.test.debug=0"];
  const compiled = await run("cargo", [...command, "--no-run"], options);
  if (compiled.code !== 0) return "does not compile";
  const { code } = await run("cargo", [...command, "--", ...tests], options);
  return code === 0 ? "passed" : "failed";
}

async function main() {
  const [only = ""] = process.argv.slice(2);
  const mutations = MUTATIONS.filter(({ file, what }) => `${file}: ${what}`.includes(only));
  if (mutations.length === 0) throw new Trouble(`no mutation's name has "${only}" in it`);
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
      const caught = found === "failed";
      if (!caught) wrong.push(`${file}: ${what}: ${found === "passed" ? "survived" : found}`);
      console.log(`${caught ? "✔ caught" : `✖ ${found}`}: ${file}: ${what} (${seconds(started)})`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${mutations.length - wrong.length} of ${mutations.length} mutations are caught`);
  for (const line of wrong) console.log(`✖ ${line}`);
  return wrong.length > 0 ? 1 : 0;
}

if (process.argv[1] === path("scripts", "mutants.mjs")) await runMain(main);
