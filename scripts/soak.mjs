// `npm run soak -- --minutes N`: builds the Worker and soaks it in workerd. Exits 1 when an answer was wrong or lost, or memory
// grew; measures nothing itself.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { node, path, run, runMain, Trouble } from "./project.mjs";
import { setUp } from "./setup.mjs";

const HELP = `npm run soak -- [options]

Runs the Worker in workerd under mixed traffic from many tenants, while keys rotate, key servers fail and sessions are
refreshed. Reports wrong answers, lost requests and memory over time, and fails when there is one, one, or more than 2% of growth
after the first minute.

  --minutes N      how long (default 10; fractions too). Memory is judged from 3 minutes on
  --tenants N      how many tenants, each with an issuer (default 200)
  --lanes N        requests at once (default 8)
  --seed N         of the traffic (default 1)
  --json FILE      also write what happened as JSON
  --help           this text
`;

function asked() {
  const text = (usual) => ({ type: "string", default: usual });
  const options = {
    minutes: text("10"),
    tenants: text("200"),
    lanes: text("8"),
    seed: text("1"),
    json: { type: "string" },
  };
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: "boolean", default: false } } });
    const number = (name, least, most) => {
      const value = Number(values[name]);
      if (!(value >= least && value <= most)) throw new Trouble(`--${name} takes a number from ${least} to ${most}`);
      return value;
    };
    return {
      help: values.help,
      json: values.json,
      seconds: 60 * number("minutes", 0.1, 10_000),
      tenants: number("tenants", 8, 2_000),
      lanes: number("lanes", 1, 256),
      seed: number("seed", 0, 2 ** 31),
    };
  } catch (error) {
    throw error instanceof Trouble
      ? error
      : new Trouble(`${error.message.split(". ")[0]}; see \`npm run soak -- --help\``);
  }
}

await runMain(async () => {
  const options = asked();
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.json) writeFileSync(options.json, "");
  await setUp("build");
  await build("worker");
  const { code } = await run(node, [path("tests", "soak", "main.mjs"), JSON.stringify(options)], {
    cwd: process.cwd(),
  });
  return code;
});
