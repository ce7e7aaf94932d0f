// `tollgate`: the command line over the package. Verifies and decides nothing itself, and keeps no key and no token.

import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { TollgateError } from "../index.js";
import { addCompletion } from "./completion.js";
import { addDiff } from "./diff.js";
import { addExplain } from "./explain.js";
import { addInit } from "./init.js";
import { GOOD, MISUSED, Misuse, note } from "./io.js";
import { addJwks } from "./jwks.js";
import { addKeygen } from "./keygen.js";
import { addLint } from "./lint.js";
import { addMint } from "./mint.js";
import { addVerify } from "./verify.js";

const EXITS = `
Exit codes: 0 all is well; 1 the answer is no: a token or request is refused, something was found, an answer changes;
2 it was called wrongly, or something could not be read.`;

/** The command line. A command's result is its exit code. */
function program(): Command {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const all = new Command("tollgate")
    .description("Verifies tokens, checks configurations, and makes keys and tokens for tests.")
    .version(version)
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText("after", EXITS)
    .addHelpText("after", "\nExample:\n  npx tollgate lint tollgate.json");
  for (const add of [addVerify, addExplain, addLint, addJwks, addKeygen, addMint, addDiff, addInit]) add(all);
  addCompletion(all);
  return all;
}

async function main(): Promise<void> {
  try {
    await program().parseAsync();
  } catch (error) {
    process.exitCode = codeOf(error);
  }
}

function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? GOOD : MISUSED;
  if (error instanceof Misuse) note(`tollgate: ${error.message}`);
  else if (error instanceof TollgateError) note(`tollgate: ${error.message}${hint(error)}`);
  else note(`tollgate: a fault of its own: ${error instanceof Error ? error.stack : error}`);
  return MISUSED;
}

function hint({ code }: TollgateError): string {
  return code === "config_invalid" ? "; `tollgate lint` says every problem and how to mend it" : "";
}

// A reader that has seen enough, such as `head`, closes the pipe. That is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exitCode ??= GOOD;
});

await main();
