// `npm start`: set-up, build, then the demonstration in this very process. Serves nothing itself.

import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { path, runMain, Trouble } from "./project.mjs";
import { setUp } from "./setup.mjs";

const DEMONSTRATION = path("demo", "start.mjs");

/**
 * Makes every way of stopping one clean stop. Ctrl-C can arrive twice, from the terminal and from npm; the second must
 * not cut the first one's work short. And npm's shell, killed, tells its child nothing: it is missed instead.
 */
function stopCleanly() {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, "SIGTERM");
  }, 500);
  watch.unref();
}

await runMain(async () => {
  await setUp("build");
  await build();
  if (!existsSync(DEMONSTRATION)) throw new Trouble("demo/start.mjs is missing");
  stopCleanly();
  await import(pathToFileURL(DEMONSTRATION).href);
  // It serves on, and ends the process itself.
  await new Promise(() => {});
});
