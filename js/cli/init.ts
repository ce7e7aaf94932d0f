// `tollgate init`: writes a working project into a folder. Writes over nothing, installs nothing, and asks nobody.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { example, GOOD, Misuse, print, printJson } from "./io.js";

/** What a project can be for, and the commands that follow; the last needs an account. */
const KINDS: Readonly<Record<string, { readonly next: readonly string[]; readonly deploy: string }>> = {
  workers: { next: ["npm install", "npm test", "npm start"], deploy: "npx wrangler deploy" },
  "api-gateway": { next: ["npm install", "npm test"], deploy: "sam build && sam deploy --guided" },
};

interface Options {
  readonly for?: string;
  readonly package?: string;
  readonly json?: boolean;
}

export function addInit(program: Command): void {
  const command = program
    .command("init")
    .summary("write a working project")
    .description(
      "Writes a working project: an API, a gate in front of it, and tests. It writes over no file, and prints what to do next.",
    )
    .argument("[directory]", "where it goes; it is made if it is not there", ".")
    .requiredOption("--for <host>", Object.keys(KINDS).join(" or "))
    .option("--package <spec>", "where npm gets tollgate from; without it, from where this one came")
    .option("--json", "print JSON")
    .action((directory: string, options: Options) => {
      process.exitCode = run(directory, options);
    });
  example(command, "npx tollgate init my-api --for workers");
}

function run(directory: string, { for: host = "", package: given, json }: Options): number {
  const kind = Object.hasOwn(KINDS, host) ? KINDS[host] : undefined;
  if (kind === undefined) throw new Misuse(`--for: expected ${Object.keys(KINDS).join(" or ")}`);
  const target = resolve(directory);
  const templates = fileURLToPath(new URL(`./templates/${host}`, import.meta.url));
  const files = readdirSync(templates, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(templates, name)).isFile())
    .sort();
  const there = files.filter((name) => existsSync(join(target, name)));
  if (there.length > 0)
    throw new Misuse(
      `${directory}: ${there.join(", ")} ${there.length === 1 ? "is" : "are"} there already, and nothing is written over`,
    );
  const words: Record<string, string> = { name: projectName(target), package: given ?? ownSource(target) };
  for (const name of files) {
    const text = readFileSync(join(templates, name), "utf8").replace(
      /\{\{(\w+)\}\}/g,
      (whole, word) => words[word] ?? whole,
    );
    mkdirSync(dirname(join(target, name)), { recursive: true });
    writeFileSync(join(target, name), text, { flag: "wx" });
  }
  const into = relative("", target);
  const next = [
    ...(into === "" ? [] : [`cd ${/^[\w./-]+$/.test(into) ? into : `'${into.replaceAll("'", "'\\''")}'`}`]),
    ...kind.next,
  ];
  if (json === true) printJson({ directory, files, next, deploy: kind.deploy });
  else {
    print(`wrote ${files.length} files. Next:\n\n${next.map((line) => `  ${line}`).join("\n")}\n`);
    print(`Then put your identity provider into tollgate.json, and deploy: ${kind.deploy}`);
  }
  return GOOD;
}

/** A name that npm and Cloudflare take. */
function projectName(target: string): string {
  const name = basename(target)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name === "" || name === "tollgate" || name === "node_modules" ? "my-api" : name.slice(0, 60);
}

/** Where npm got this package from, as a dependency of the new project can say it. */
function ownSource(target: string): string {
  const own = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const { version } = JSON.parse(readFileSync(join(own, "package.json"), "utf8"));
  const modules = dirname(own);
  const record = join(modules, ".package-lock.json");
  const resolved = basename(modules) === "node_modules" && existsSync(record) ? resolvedIn(record) : undefined;
  if (resolved === undefined) return basename(modules) === "node_modules" ? version : fileSpec(target, own);
  return resolved.startsWith("file:")
    ? fileSpec(target, resolve(dirname(modules), resolved.slice("file:".length)))
    : version;
}

function resolvedIn(record: string): string | undefined {
  const resolved = JSON.parse(readFileSync(record, "utf8")).packages?.["node_modules/tollgate"]?.resolved;
  return typeof resolved === "string" ? resolved : undefined;
}

/** Relative, so that both can be moved together. */
function fileSpec(target: string, file: string): string {
  return `file:${relative(target, file).replaceAll("\\", "/")}`;
}
