// `npm start`: set-up, build, then the demonstration. Serves nothing itself.

import { existsSync } from "node:fs";
import { build } from "./build.mjs";
import { node, path, run, runMain, Trouble } from "./project.mjs";
import { setUp } from "./setup.mjs";

const DEMONSTRATION = path("demo", "start.mjs");

await runMain(async () => {
  await setUp("build");
  await build();
  if (!existsSync(DEMONSTRATION)) throw new Trouble("demo/start.mjs is missing");
  const { code, signal } = await run(node, [DEMONSTRATION, ...process.argv.slice(2)]);
  // Stopped by Ctrl-C is stopped as asked.
  return signal === "SIGINT" ? 0 : code;
});
