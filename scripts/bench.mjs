// `npm run bench`: builds what takes part, then runs bench/main.mjs under npm's Node 24. Measures nothing itself.

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { buildCrates } from "../bench/crates.mjs";
import { HELP, parseOptions } from "../bench/options.mjs";
import { build } from "./build.mjs";
import { alone } from "./freshness.mjs";
import { node, path, run, runMain, Trouble } from "./project.mjs";
import { npm, setUp } from "./setup.mjs";

/** The peer of bench/package.json, once. */
async function installPeer() {
  if (existsSync(path("bench", "node_modules", "@node-rs", "jsonwebtoken"))) return;
  await npm("npm install in bench/", ["install", "--no-package-lock", "--no-audit", "--no-fund"], {
    cwd: path("bench"),
  });
}

await runMain(async () => {
  const args = process.argv.slice(2);
  const options = parseOptions(args);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  // Before anything takes minutes: where the results cannot be written, they are lost.
  for (const name of ["json", "svg"]) {
    const folder = options[name] === undefined ? "." : dirname(resolve(options[name]));
    if (!existsSync(folder)) throw new Trouble(`--${name} names a file in ${folder}, which does not exist`);
  }
  await setUp("build");
  if (options.groups.includes("tollgate") && options.package === undefined) await build("npm");
  if (options.groups.includes("crates")) await alone(buildCrates);
  if (options.groups.includes("node-rs")) await alone(installPeer);
  // --expose-gc: what one contender leaves behind is collected before the next is timed.
  const { code } = await run(node, ["--expose-gc", path("bench", "main.mjs"), ...args], { cwd: process.cwd() });
  return code;
});
