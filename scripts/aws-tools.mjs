// What the suite `aws` runs beside the package: AWS's Lambda runtime client, a Cognito server, and Node 22. Installs them into
// .tools/aws, once; never touches the system, and judges no test.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, path, run, seconds } from "./project.mjs";

const directory = path(".tools", "aws");
const FILES = ["package.json", "package-lock.json"];

/** What AWS's runtime client is built with; all are Debian's packages of these names, but for `libtoolize`, which is `libtool`'s. */
const BUILDERS = ["cmake", "make", "autoconf", "automake", "libtoolize", "g++"];

/**
 * Makes the packages of tests/aws/tools/package.json present. They serve tests only, so nothing that is missing stops a command: the
 * answer says `missing`, and the tests that need it are skipped, or fail in CI.
 *
 * @returns {Promise<{ directory?: string, missing?: string }>}
 */
export async function ensureAwsTools() {
  const digest = createHash("sha256");
  for (const name of FILES) digest.update(readFileSync(path("tests", "aws", "tools", name)));
  const wanted = digest.digest("hex");
  const stamp = join(directory, ".packages-sha256");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return { directory };
  const lacking = BUILDERS.filter((name) => ask(name, ["--version"]) === undefined);
  if (lacking.length > 0)
    return { missing: `missing ${lacking.join(", ")}: install what AWS's Lambda client is built with` };
  const started = Date.now();
  console.log("set-up: installing AWS's Lambda runtime client and a Cognito server (a minute or two, once)");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const name of FILES) copyFileSync(path("tests", "aws", "tools", name), join(directory, name));
  const flags = ["--no-audit", "--no-fund", "--loglevel=error", "--no-update-notifier"];
  const { code, output } = await run("npm", ["ci", ...flags], { cwd: directory, quiet: true });
  if (code !== 0) {
    process.stderr.write(output);
    return { missing: "missing AWS's Lambda runtime client: npm could not install tests/aws/tools/package.json" };
  }
  writeFileSync(stamp, wanted);
  console.log(`set-up: they are installed (${seconds(started)})`);
  return { directory };
}
