// infra/ as text and as what HCL's own parser makes of it, and the programs that judge it. Asserts nothing, and evaluates no
// expression: one is a text in `${…}`.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "@cdktf/hcl2json";

const root = process.env.TOLLGATE_ROOT;
export const FOLDER = join(root, "infra");

/** A file of the project. */
export const source = (...parts) => readFileSync(join(root, ...parts), "utf8");

/** Every file of a folder below infra/ that ends so, by its path from there. */
export function texts(...endings) {
  const names = readdirSync(FOLDER, { recursive: true }).filter(
    (name) => !name.includes(".terraform") && endings.some((ending) => name.endsWith(ending)),
  );
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]));
}

const parsed = new Map();

/** All of `files` as one document. A block is a list of its occurrences, as the parser gives it. */
export async function documentOf(files) {
  const parts = [];
  for (const [name, text] of Object.entries(files)) {
    if (!parsed.has(text)) parsed.set(text, await parse(name, text));
    parts.push({ file: name, ...parsed.get(text) });
  }
  return new Infra(parts);
}

/** What the properties are said of. */
class Infra {
  constructor(parts) {
    this.parts = parts;
  }

  /** The arguments of `resource "type" "name"`; undefined when there is none. */
  resource(type, name) {
    return this.all(type).find((found) => found.name === name)?.block;
  }

  /** The arguments of `module "name"`. */
  module(name) {
    return this.parts.find(({ module }) => module?.[name])?.module[name][0];
  }

  /** Every resource of a type. */
  all(type, kind = "resource") {
    return this.parts.flatMap((part) =>
      Object.entries(part[kind]?.[type] ?? {}).map(([name, [block]]) => ({ file: part.file, name, block })),
    );
  }

  /** The types of resources, once each. */
  types() {
    return [...new Set(this.parts.flatMap((part) => Object.keys(part.resource ?? {})))];
  }

  variable(name) {
    return this.variables().find((found) => found.name === name)?.block;
  }

  variables() {
    return this.parts.flatMap(({ file, variable }) =>
      Object.entries(variable ?? {}).map(([name, [block]]) => ({ file, name, block })),
    );
  }

  local(name) {
    return this.parts.flatMap(({ locals }) => locals ?? []).find((found) => Object.hasOwn(found, name))?.[name];
  }

  /** Every statement that allows something to a role or a user; not who may take a role. */
  statements() {
    return this.all("aws_iam_policy_document", "data").flatMap(({ name, block }) =>
      block.statement.map((statement) => ({ policy: name, ...statement })),
    );
  }
}

/** What Terraform there is, or why there is none. Its absence is no failure: nobody needs it to use the package. */
export function terraform() {
  const { status } = spawnSync("terraform", ["version"], { env: environment() });
  return status === 0 ? {} : { lacking: "terraform is not on the PATH: infra/ was NOT validated" };
}

/** Runs Terraform. With TOLLGATE_TERRAFORM_PLUGINS, a folder of providers, it asks no registry. */
export function runTerraform(args, cwd) {
  const { status, stdout, stderr } = spawnSync("terraform", args, { cwd, env: environment(), encoding: "utf8" });
  return { status, output: `${stdout}${stderr}` };
}

/** The arguments of `init`. */
export function initArguments() {
  const plugins = process.env.TOLLGATE_TERRAFORM_PLUGINS;
  return ["init", "-backend=false", "-input=false", "-no-color", ...(plugins ? [`-plugin-dir=${plugins}`] : [])];
}

function environment() {
  return { ...process.env, CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1", TF_INPUT: "0" };
}
