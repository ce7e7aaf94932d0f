// The soak as a program, started by scripts/soak.mjs under the pinned Node: runs, reports, and exits 1 when something is wrong.

import { writeFileSync } from "node:fs";
import { runMain } from "../../scripts/project.mjs";
import { report } from "./report.mjs";
import { faultsOf, soak } from "./run.mjs";

await runMain(async () => {
  const options = JSON.parse(process.argv[2]);
  const result = await soak({ ...options, say: (words) => process.stderr.write(`soak: ${words}\n`) });
  process.stdout.write(`${report(result)}\n`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`);
  return faultsOf(result).length > 0 ? 1 : 0;
});
