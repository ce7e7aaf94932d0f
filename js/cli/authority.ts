// Whose tokens a command takes: from a configuration, or from a key set with an issuer and an audience. A token never says it for itself.

import type { Command } from "commander";
import type { Hooks, KeySet } from "../index.js";
import { defaultConfig, isUrl, jsonOf, Misuse, nameOf, note, readJson, readSource, timeOf } from "./io.js";
import { isMembers, type Members, textOf } from "./lint/judge.js";

/** The options of a command that needs to know whose tokens are good. */
export interface AuthorityOptions {
  readonly config?: string;
  readonly jwks?: string;
  readonly issuer?: string;
  readonly audience?: readonly string[];
  readonly ownKeys?: string;
  readonly now?: string;
  readonly json?: boolean;
}

export interface Authority {
  readonly config: Members;
  readonly hooks: Hooks;
  readonly now: () => number;
}

/** An address that nobody has: what is "fetched" from it is the file. */
const KEY_FILE = "https://key-set.invalid/jwks.json";

export function withAuthority(command: Command): Command {
  return command
    .option("--config <file>", "the configuration; tollgate.json where there is one and no --jwks")
    .option("--jwks <file>", "a key set: a file, an address, or - for standard input; with --issuer and --audience")
    .option("--issuer <iss>", "the exact iss of its tokens")
    .option("--audience <aud>", "what aud must hold; given again, one of them", repeated)
    .option(
      "--own-keys <file>",
      "the key set of the preset tollgate: a file or an address; else it is fetched from tokens.issuer",
    )
    .option("--now <time>", "judge at another time: seconds since 1970, or 2026-01-31T12:00:00Z")
    .option("--json", "print JSON");
}

/** An option that may be given more than once. */
export function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export async function authorityOf(options: AuthorityOptions): Promise<Authority> {
  const { jwks, issuer, audience, ownKeys } = options;
  const at = timeOf(options.now);
  const now = () => at ?? Date.now() / 1000;
  const told = { now, onEvent };
  if (jwks !== undefined) {
    if (options.config !== undefined) throw new Misuse("take one of --config and --jwks");
    if (issuer === undefined || audience === undefined) {
      throw new Misuse("--jwks goes with --issuer and --audience: a token may not choose them itself");
    }
    const one = { issuer, audience, algorithms: ["ES256", "RS256"], jwksUri: isUrl(jwks) ? jwks : KEY_FILE };
    const text = isUrl(jwks) ? undefined : keySetText(await readSource(jwks), nameOf(jwks));
    const hooks = text === undefined ? told : { ...told, fetch: async () => new Response(text) };
    return { config: { issuers: [one] }, hooks, now };
  }
  const file = options.config ?? defaultConfig();
  if (file === undefined)
    throw new Misuse("name whose tokens are good: --config FILE, or --jwks, --issuer and --audience");
  const config = readJson(file);
  if (!isMembers(config)) throw new Misuse(`${nameOf(file)}: expected an object`);
  return { config, hooks: { ...told, ...(await ownKeysOf(config, ownKeys)) }, now };
}

/** A single public key, as `keygen` prints it, is a set of one. */
function keySetText(text: string, name: string): string {
  const document = jsonOf(text, name);
  return isMembers(document) && "kty" in document ? JSON.stringify({ keys: [document] }) : text;
}

/** What the core tells of key sets, for whoever wonders why a key is unknown. */
const onEvent: NonNullable<Hooks["onEvent"]> = (event) => {
  if (event.type === "keys_fetch_failed") note(`the key set of ${event.issuer} could not be fetched: ${event.reason}`);
  if (event.type === "key_skipped") note(`key ${event.index} of ${event.issuer} is not used: ${event.reason}`);
};

/** The keys of the preset `tollgate`, which a gate has from the token service beside it. */
async function ownKeysOf(config: Members, source: string | undefined): Promise<{ ownKeys?: KeySet }> {
  const issuers = Array.isArray(config.issuers) ? config.issuers : [];
  const { tokens } = config;
  const isOwn = issuers.some((issuer) => isMembers(issuer) && issuer.preset === "tollgate");
  if (!isOwn || !isMembers(tokens)) return {};
  const from = source ?? `${textOf(tokens.issuer)}/.well-known/jwks.json`;
  const keys = jsonOf(await readSource(from), from);
  if (!isMembers(keys) || !Array.isArray(keys.keys)) throw new Misuse(`${from}: expected a key set, { "keys": [ … ] }`);
  return { ownKeys: keys as unknown as KeySet };
}

/** The verifier's part of a configuration; the preset `tollgate`, which only a gate knows, is spelt out. */
export function verifierPart(config: Members, ownKeys: KeySet | undefined): Members {
  const part: Members = {};
  for (const name of ["issuers", "clockToleranceSeconds"]) if (name in config) part[name] = config[name];
  const { tokens, issuers } = config;
  if (!isMembers(tokens) || !Array.isArray(issuers)) return part;
  part.issuers = issuers.map((issuer) => {
    if (!isMembers(issuer) || issuer.preset !== "tollgate") return issuer;
    const { preset, ...rest } = issuer;
    const { issuer: name, audience } = tokens;
    const spelt = { issuer: name, audience, algorithms: ["ES256"], types: ["at+jwt"], claims: { tenant: "tid" } };
    return { ...rest, ...spelt, jwks: ownKeys };
  });
  return part;
}

/** The token: the argument, or standard input. Its text is never printed. */
export async function tokenOf(argument: string | undefined): Promise<string> {
  const text = argument === undefined || argument === "-" ? await readSource("-") : argument;
  const token = text.trim().replace(/^(?:authorization:\s*)?bearer\s+/i, "");
  if (token === "") throw new Misuse("expected a token, as the argument or on standard input");
  return token;
}
