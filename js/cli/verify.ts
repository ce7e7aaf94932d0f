// `tollgate verify`: says whether a token is good, and what it says. What is not verified is marked so.

import type { Command } from "commander";
import { createVerifier, type Principal, TollgateError, type Verification, type VerifierConfig } from "../index.js";
import { type AuthorityOptions, authorityOf, tokenOf, verifierPart, withAuthority } from "./authority.js";
import { dateOf, example, GOOD, print, printJson, REFUSED, shown, withProgress } from "./io.js";

/** What says nothing of a token: it could not be judged. */
export const UNJUDGED = [
  "config_invalid",
  "keys_due",
  "keys_unavailable",
  "internal_error",
  "module_invalid",
  "clock_invalid",
];

export function addVerify(program: Command): void {
  const command = program
    .command("verify")
    .summary("say whether a token is good, and what it says")
    .description(
      "Says whether a token is good, and what it says. Standard input keeps a token out of the list of processes.",
    )
    .argument("[token]", "the token; without it, or for -, standard input");
  withAuthority(command).action(async (token: string | undefined, options: AuthorityOptions) => {
    process.exitCode = await run(token, options);
  });
  example(
    command,
    "npx tollgate verify --config tollgate.json < token.txt",
    "npx tollgate verify - --jwks jwks.json --issuer https://issuer.example --audience orders-api < token.txt",
  );
}

async function run(argument: string | undefined, options: AuthorityOptions): Promise<number> {
  const { config, hooks, now } = await authorityOf(options);
  const { ownKeys, ...others } = hooks;
  const verifier = createVerifier(verifierPart(config, ownKeys) as unknown as VerifierConfig, others);
  const token = await tokenOf(argument);
  try {
    const verification = await withProgress("fetching the issuer's keys", verifier.verify(token));
    if (options.json === true) printJson({ good: true, ...verification });
    else printGood(verification, now());
    return GOOD;
  } catch (error) {
    if (!(error instanceof TollgateError) || UNJUDGED.includes(error.code)) throw error;
    const unverified = contentOf(token);
    if (options.json === true) {
      const { code, message, claim } = error;
      printJson({ good: false, code, message, ...(claim === undefined ? {} : { claim }), unverified });
    } else printRefused(error, unverified);
    return REFUSED;
  }
}

function printGood({ header, claims, principal }: Verification, now: number): void {
  print("good: the signature holds, and so does all that was asked of the claims");
  print(shown(linesOf(principal).join("\n")));
  print(`  expires     ${dateOf(principal.expiresAt)}, in ${Math.round(principal.expiresAt - now)} s`);
  print(shown(`header ${JSON.stringify(header, null, 2)}\nclaims ${JSON.stringify(claims, null, 2)}`));
}

/** A principal, a line a member; what is absent has none. */
export function linesOf(principal: Principal): string[] {
  const { kind, userId, clientId, tenantId, plan, email, groups, permissions, scopes, issuer } = principal;
  const members = {
    kind,
    user: userId,
    client: clientId,
    tenant: tenantId,
    plan,
    email,
    groups,
    permissions,
    scopes,
    issuer,
  };
  return Object.entries(members)
    .map(([name, value]): [string, string] => [name, Array.isArray(value) ? value.join(" ") : String(value ?? "")])
    .filter(([, text]) => text !== "")
    .map(([name, text]) => `  ${name.padEnd(11)} ${text}`);
}

function printRefused({ code, message }: TollgateError, unverified: Content | null): void {
  print(shown(`refused: ${code}: ${message}`));
  if (unverified === null) return;
  print("what it says, NOT VERIFIED:");
  print(
    shown(`header ${JSON.stringify(unverified.header, null, 2)}\nclaims ${JSON.stringify(unverified.claims, null, 2)}`),
  );
}

interface Content {
  readonly header: unknown;
  readonly claims: unknown;
}

/** What a token says, whoever made it; `null` where it can't be read. For the eyes of who gave it. */
function contentOf(token: string): Content | null {
  const [header, claims] = token.split(".").map((part): unknown => {
    try {
      return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    } catch {
      return undefined;
    }
  });
  return header === undefined || claims === undefined ? null : { header, claims };
}
