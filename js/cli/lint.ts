// `tollgate lint`: prints every problem of a configuration. Changes no file.

import type { Command } from "commander";
import { example, GOOD, Misuse, note, print, printJson, progressLine, REFUSED, readText, shown } from "./io.js";
import { type Finding, lint, type Report } from "./lint/lint.js";

interface Options {
  readonly kind?: string;
  readonly errorsOnly?: boolean;
  readonly json?: boolean;
}

export function addLint(program: Command): void {
  const command = program
    .command("lint")
    .summary("say every problem of a configuration, and how to mend it")
    .description(
      "Says every problem of a configuration, with its place and how to mend it, and warns of what is seldom meant.",
    )
    .argument("[file]", "the configuration; - for standard input", "tollgate.json")
    .option("--kind <kind>", "gate or verifier; without it, what the document looks like")
    .option("--errors-only", "leave the warnings out")
    .option("--json", "print JSON")
    .action((file: string, options: Options) => {
      process.exitCode = run(file, options);
    });
  example(command, "npx tollgate lint tollgate.json", "npx tollgate lint --json - < tollgate.json");
}

function run(file: string, { kind, errorsOnly, json }: Options): number {
  if (kind !== undefined && kind !== "gate" && kind !== "verifier")
    throw new Misuse("--kind: expected gate or verifier");
  const source = readText(file);
  const line = progressLine();
  const report = lint(source, kind, (found) => line.tell(`${found} problems so far`));
  line.end();
  const findings = report.findings.filter(({ severity }) => severity === "error" || errorsOnly !== true);
  const name = file === "-" ? "stdin" : file;
  if (json === true) {
    const { anyTenant, more } = report;
    printJson({ file: name, kind: report.kind, good: findings.length === 0, findings, more, anyTenant });
  } else printReport(name, findings, report);
  return findings.length === 0 ? GOOD : REFUSED;
}

function printReport(name: string, findings: readonly Finding[], { kind, more, anyTenant }: Report): void {
  for (const { severity, member, line, column, problem, mend } of findings) {
    const what = `${severity === "warning" ? "warning: " : ""}${member === "" ? "the document" : member}`;
    print(shown(`${name}:${line}:${column} ${what}: ${problem}; ${mend}`));
  }
  const counted = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings] = [counted("error"), counted("warning")];
  if (findings.length === 0) {
    print(`${name}: good, as the configuration of a ${kind}`);
    if (anyTenant.length > 0) print(shown(`no tenant is compared for ${anyTenant.join(", ")}`));
  } else
    note(`${errors} ${errors === 1 ? "problem" : "problems"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}`);
  if (more) note("there may be more: mend these first, and run it again");
}
