// `npm run bench`: builds what takes part, then runs bench/main.mjs under npm's Node 24, or for `-- tokens` the token
// service's bench/service/main.mjs, for `-- aws` the Lambda functions' bench/aws/main.mjs, for `npm run bench:workerd` the Workers'
// bench/workerd/main.mjs, and for `npm run bench:scale` the sizes' bench/scale/main.mjs. Measures nothing itself.

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import * as aws from "../bench/aws/options.mjs";
import { buildCrates } from "../bench/crates.mjs";
import { HELP, parseOptions } from "../bench/options.mjs";
import * as scale from "../bench/scale/options.mjs";
import * as service from "../bench/service/options.mjs";
import * as workers from "../bench/workerd/options.mjs";
import { build } from "./build.mjs";
import { alone } from "./freshness.mjs";
import { node, path, run, runMain, Trouble } from "./project.mjs";
import { ensurePython, npm, setUp } from "./setup.mjs";

/** The peer of bench/package.json, once. */
async function installPeer() {
  if (existsSync(path("bench", "node_modules", "@node-rs", "jsonwebtoken"))) return;
  await npm("npm install in bench/", ["install", "--no-package-lock", "--no-audit", "--no-fund"], {
    cwd: path("bench"),
  });
}

/** Before anything takes minutes: where the results cannot be written, they are lost. */
function checkFolders(options, names) {
  for (const name of names) {
    const folder = options[name] === undefined ? "." : dirname(resolve(options[name]));
    if (!existsSync(folder)) throw new Trouble(`--${name} names a file in ${folder}, which does not exist`);
  }
}

/** Tollgate beside its peers. */
async function besidePeers(args) {
  const options = parseOptions(args);
  if (options.help) return help(HELP);
  checkFolders(options, ["json", "svg"]);
  await setUp("build");
  if (options.groups.includes("tollgate") && options.package === undefined) await build("npm");
  if (options.groups.includes("crates")) await alone(buildCrates);
  if (options.groups.includes("node-rs")) await alone(installPeer);
  return measure(["bench", "main.mjs"], args);
}

/** The Lambda functions. */
async function lambdaFunctions(args) {
  const options = aws.parseOptions(args);
  if (options.help) return help(aws.HELP);
  checkFolders(options, ["json"]);
  await setUp("build");
  await build("npm");
  return measure(["bench", "aws", "main.mjs"], args);
}

/** Sizes of configurations. */
async function sizes(args) {
  const options = scale.parseOptions(args);
  if (options.help) return help(scale.HELP);
  checkFolders(options, ["json"]);
  await setUp("build");
  await build("npm");
  return measure(["bench", "scale", "main.mjs"], args);
}

/** The token service on its stores. */
async function tokenService(args) {
  const options = service.parseOptions(args);
  if (options.help) return help(service.HELP);
  checkFolders(options, ["json"]);
  await setUp("build");
  const { python, missing } = options.stores.includes("dynamodb") ? await ensurePython() : {};
  service.needMoto(options.stores, missing);
  await build(options.stores.includes("durable") ? "worker" : "npm");
  return measure(["bench", "service", "main.mjs"], args, { TOLLGATE_PYTHON: python ?? "" });
}

/** Workers in workerd. */
async function inWorkerd(args) {
  const options = workers.parseOptions(args);
  if (options.help) return help(workers.HELP);
  checkFolders(options, ["json", "svg"]);
  await setUp("build");
  await build("worker");
  return measure(["bench", "workerd", "main.mjs"], args);
}

function help(text) {
  process.stdout.write(text);
  return 0;
}

async function measure(main, args, env = {}) {
  // --expose-gc: what one contender leaves behind is collected before the next is timed.
  const { code } = await run(node, ["--expose-gc", path(...main), ...args], { cwd: process.cwd(), env });
  return code;
}

const APART = { tokens: tokenService, aws: lambdaFunctions, workerd: inWorkerd, scale: sizes };

await runMain(() => {
  const [first, ...rest] = process.argv.slice(2);
  return Object.hasOwn(APART, first ?? "") ? APART[first](rest) : besidePeers(process.argv.slice(2));
});
