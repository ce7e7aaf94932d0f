// `tollgate explain`: every check of a token or of a request, one by one. Decides nothing: the checks are the gate's own.

import type { Command } from "commander";
import { type Check, type Config, createGate, createVerifier, type VerifierConfig } from "../index.js";
import { type AuthorityOptions, authorityOf, repeated, tokenOf, verifierPart, withAuthority } from "./authority.js";
import { example, GOOD, MISUSED, Misuse, print, printJson, REFUSED, shown, withProgress } from "./io.js";
import { linesOf, UNJUDGED } from "./verify.js";

interface Options extends AuthorityOptions {
  readonly method?: string;
  readonly url?: string;
  readonly header?: readonly string[];
}

export function addExplain(program: Command): void {
  const command = program
    .command("explain")
    .summary("say why a token or a request is let through or refused")
    .description(
      "Says why a token is good or refused; with --url, why a request is let through or refused. A token beside --url is sent as Authorization.",
    )
    .argument("[token]", "the token; - for standard input")
    .option("--url <url>", "the request's URL, or its target such as /orders/7")
    .option("--method <method>", "its method; GET without it")
    .option("--header <field>", "a header field of it, as 'name: value'; may be given again", repeated);
  withAuthority(command).action(async (token: string | undefined, options: Options) => {
    process.exitCode = await run(token, options);
  });
  example(
    command,
    "npx tollgate explain --config tollgate.json < token.txt",
    "npx tollgate explain - --url https://acme.api.example.com/reports/7 --config tollgate.json < token.txt",
  );
}

async function run(token: string | undefined, options: Options): Promise<number> {
  if (options.url !== undefined) return explainRequest(token, options.url, options);
  if (options.method !== undefined || options.header !== undefined)
    throw new Misuse("--method and --header go with --url");
  return explainToken(token, options);
}

async function explainToken(argument: string | undefined, options: Options): Promise<number> {
  const { config, hooks } = await authorityOf(options);
  const { ownKeys, ...others } = hooks;
  const verifier = createVerifier(verifierPart(config, ownKeys) as unknown as VerifierConfig, others);
  const told = await withProgress("fetching the issuer's keys", verifier.explain(await tokenOf(argument)));
  const isGood = told.verification !== null;
  if (options.json === true) printJson({ good: isGood, ...told });
  else {
    printChecks(told.checks);
    print(shown(isGood ? "good" : `refused: ${told.code}: ${told.message}`));
  }
  if (told.code !== null && UNJUDGED.includes(told.code)) return MISUSED;
  return isGood ? GOOD : REFUSED;
}

async function explainRequest(token: string | undefined, url: string, options: Options): Promise<number> {
  const { config, hooks } = await authorityOf(options);
  if (options.jwks !== undefined)
    throw new Misuse("a request needs rules, so --config: --jwks goes with a token alone");
  const gate = createGate(config as unknown as Config, hooks);
  const headers = headersOf(options.header ?? []);
  if (token !== undefined) headers.push(["authorization", `Bearer ${await tokenOf(token)}`]);
  const request = { method: options.method ?? "GET", url, headers: recordOf(headers) };
  const { checks, decision } = await withProgress("fetching the issuer's keys", gate.explain(request));
  if (options.json === true) printJson({ checks, decision });
  else {
    printChecks(checks);
    if (decision.outcome === "allow") {
      print(shown(`allow, by the rule ${decision.rule ?? "of preflights"}`));
      if (decision.principal !== null) print(shown(linesOf(decision.principal).join("\n")));
      for (const [name, value] of decision.setHeaders) print(shown(`  sets ${name}: ${value}`));
    } else print(shown(`${decision.outcome}: ${decision.code}, answered with ${decision.status}`));
  }
  if (decision.outcome === "unavailable") return MISUSED;
  return decision.outcome === "allow" ? GOOD : REFUSED;
}

function headersOf(fields: readonly string[]): [string, string][] {
  return fields.map((field) => {
    const colon = field.indexOf(":");
    if (colon < 1) throw new Misuse("--header: expected 'name: value'");
    return [field.slice(0, colon).trim(), field.slice(colon + 1).trim()];
  });
}

/** A name that stands twice keeps both values: the gate must see them. */
function recordOf(fields: readonly [string, string][]): Record<string, string[]> {
  const record: Record<string, string[]> = Object.create(null);
  for (const [name, value] of fields) record[name] = [...(record[name] ?? []), value];
  return record;
}

const MARKS = { pass: "✔", fail: "✖", not_reached: "·" } as const;

function printChecks(checks: readonly Check[]): void {
  for (const { name, outcome, code, expected, found } of checks) {
    const parts = [expected === null ? "" : `expected ${expected}`, found === null ? "" : `found ${found}`].filter(
      (part) => part !== "",
    );
    const what = outcome === "not_reached" ? "not reached" : parts.join("; ");
    print(shown(`${MARKS[outcome]} ${name.padEnd(18)} ${code === null ? "" : `${code}: `}${what}`));
  }
}
