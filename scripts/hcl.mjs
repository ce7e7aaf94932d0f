// Formats infra/ as `terraform fmt` does, with the same formatter, which npm has. With --check, names what is not formatted and
// changes nothing. Judges no more than the format.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { format } from "@cdktf/hcl-tools";
import { path, runMain } from "./project.mjs";

const ENDINGS = [".tf", ".tfvars.example", ".tftest.hcl"];

await runMain(async () => {
  const isCheck = process.argv.includes("--check");
  const names = readdirSync(path("infra"), { recursive: true }).filter(
    (name) => !name.includes(".terraform") && ENDINGS.some((ending) => name.endsWith(ending)),
  );
  let others = 0;
  for (const name of names) {
    const text = readFileSync(path("infra", name), "utf8");
    const formatted = await format(text);
    if (formatted === text) continue;
    others += 1;
    if (isCheck) console.error(`infra/${name} is not formatted: npm run format`);
    else writeFileSync(path("infra", name), formatted);
  }
  return isCheck && others > 0 ? 1 : 0;
});
