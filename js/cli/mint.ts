// `tollgate mint`: signs a token for tests with a key that the caller has. Verifies nothing, and never prints the key.

import type { Command } from "commander";
import { repeated } from "./authority.js";
import { example, GOOD, jsonOf, Misuse, note, print, printJson, readJson, timeOf } from "./io.js";
import { isMembers, type Members } from "./lint/judge.js";
import { pairFrom, signToken } from "./sign.js";

interface Options {
  readonly key: string;
  readonly claims: string;
  readonly issuer?: string;
  readonly audience?: readonly string[];
  readonly subject?: string;
  readonly expiresIn: string;
  readonly typ: string;
  readonly now?: string;
  readonly json?: boolean;
}

/** `MAX_TOKEN_BYTES` of the core. */
const MAX_TOKEN_BYTES = 8 * 1024;

export function addMint(program: Command): void {
  const command = program
    .command("mint")
    .summary("sign a token for tests")
    .description(
      "Signs a token with a key of yours, for tests. iat and exp are filled in unless the claims have them; null leaves a claim out.",
    )
    .requiredOption("--key <file>", "a private JWK, or what keygen prints; - for standard input")
    .option("--claims <json>", "the claims: JSON that starts with {, or a file of it", "{}")
    .option("--issuer <iss>", "iss")
    .option("--audience <aud>", "aud; may be given again", repeated)
    .option("--subject <sub>", "sub")
    .option("--expires-in <seconds>", "exp, counted from now", "300")
    .option("--typ <typ>", "the header's typ; none for no typ", "JWT")
    .option("--now <time>", "another time: seconds since 1970, or 2026-01-31T12:00:00Z")
    .option("--json", "print JSON: the token, its header and its claims")
    .action((options: Options) => {
      process.exitCode = run(options);
    });
  example(
    command,
    'npx tollgate mint --key key.json --issuer https://issuer.example --audience orders-api --subject ada --claims \'{"tenant_id":"acme"}\'',
  );
}

function run(options: Options): number {
  const { key, claims: given, issuer, audience, subject, expiresIn, typ, now } = options;
  if (!/^-?\d{1,10}$/.test(expiresIn))
    throw new Misuse("--expires-in: expected seconds, such as 300; a negative number has expired");
  const pair = pairFrom(readJson(key));
  const time = timeOf(now) ?? Math.floor(Date.now() / 1000);
  const aud = audience?.length === 1 ? audience[0] : audience;
  const usual = { iss: issuer, aud, sub: subject, iat: time, exp: time + Number(expiresIn) };
  const claims = whole({ ...usual, ...claimsOf(given) });
  const header: Members = { typ: typ === "none" ? null : typ };
  const token = signToken(pair, claims, header);
  if (token.length > MAX_TOKEN_BYTES)
    note(`the token has ${token.length} bytes, and a verifier takes ${MAX_TOKEN_BYTES} at most`);
  if (options.json === true) {
    const { alg, kid } = pair.public;
    printJson({ token, header: whole({ alg, ...header, kid }), claims });
  } else print(token);
  return GOOD;
}

/** Claims that are given on the command line, or in a file. */
function claimsOf(given: string): Members {
  const claims = given.trimStart().startsWith("{") ? jsonOf(given, "--claims") : readJson(given);
  if (!isMembers(claims)) throw new Misuse("--claims: expected an object");
  return claims;
}

/** Without what is null or undefined. */
function whole(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));
}
