// Zips built for a test, and functions started from them. Each is stopped, and each zip removed, when the file's tests are done.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { functionZip } from "../../../scripts/lambda.mjs";
import { startFunction } from "./ric.mjs";

/**
 * @param after `node:test`'s
 * @returns `zip(kind, config, more)`, which resolves to the path of a zip, and `start(zip, options)`, a started function
 */
export function functions(after) {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-zips-"));
  const running = [];
  let count = 0;
  after(async () => {
    for (const { stop } of running) await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    /** @param more `options` and `embedSeconds` of `functionZip` */
    async zip(kind, config, more = {}) {
      const bytes = await functionZip(kind, { where: "tollgate.json", text: JSON.stringify(config), ...more });
      count += 1;
      const file = join(folder, `${count}.zip`);
      writeFileSync(file, bytes);
      return file;
    },
    async start(zip, options) {
      const started = await startFunction(zip, options);
      running.push(started);
      return started;
    },
  };
}
