// `tollgate keygen`: a new key pair as JWKs. Writes only the file that it is told to, and never over one.

import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { example, GOOD, Misuse, note, print, progressLine } from "./io.js";
import { newPair } from "./sign.js";

interface Options {
  readonly alg: string;
  readonly bits: string;
  readonly kid?: string;
  readonly outPrivate?: string;
  readonly json?: boolean;
}

export function addKeygen(program: Command): void {
  const command = program
    .command("keygen")
    .summary("make a key pair for tests or for an issuer of your own")
    .description(
      'Makes a key pair and prints it as { "private": JWK, "public": JWK }. With --out-private, the private half goes into that file, which only you can read, and the public half alone is printed.',
    )
    .option("--alg <alg>", "ES256 or RS256", "ES256")
    .option("--bits <bits>", "the size of an RSA key, 2048 to 4096", "2048")
    .option("--kid <id>", "the key's id; its thumbprint (RFC 7638) without it")
    .option("--out-private <file>", "where the private half goes; the file must not exist")
    .option("--json", "print JSON, which it does anyway")
    .action((options: Options) => {
      process.exitCode = run(options);
    });
  example(command, "npx tollgate keygen --alg ES256 --out-private key.json > public.json");
}

function run({ alg, bits, kid, outPrivate }: Options): number {
  if (alg !== "ES256" && alg !== "RS256") throw new Misuse("--alg: expected ES256 or RS256");
  const size = Number(bits);
  if (!Number.isInteger(size) || size < 2048 || size > 4096 || size % 8 !== 0) {
    throw new Misuse("--bits: expected 2048 to 4096, and a multiple of 8");
  }
  if (kid !== undefined && (kid === "" || Buffer.byteLength(kid) > 256))
    throw new Misuse("--kid: expected 1 to 256 bytes");
  const line = progressLine();
  line.tell("making a key");
  const pair = newPair(alg, size, kid);
  line.end();
  if (outPrivate === undefined) {
    print(JSON.stringify(pair, null, 2));
    return GOOD;
  }
  try {
    writeFileSync(outPrivate, `${JSON.stringify(pair.private, null, 2)}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Misuse(`${outPrivate}: ${code === "EEXIST" ? "is there already, and no key is written over" : message}`);
  }
  note(`the private key is in ${outPrivate}`);
  print(JSON.stringify(pair.public, null, 2));
  return GOOD;
}
