// `tollgate policy diff`: which requests two configurations answer differently. Nothing is fetched, and no real key is used.

import type { Command } from "commander";
import { type Config, createGate, type Decision, type Gate, type KeySet } from "../index.js";
import {
  example,
  GOOD,
  jsonOf,
  Misuse,
  nameOf,
  note,
  print,
  printJson,
  progressLine,
  REFUSED,
  readJson,
  readText,
  shown,
  timeOf,
} from "./io.js";
import { isMembers, type Members } from "./lint/judge.js";
import { type Algorithm, newPair, type Pair, signToken } from "./sign.js";

interface Options {
  readonly requests: string;
  readonly now?: string;
  readonly json?: boolean;
}

/** One line of the requests' file. */
interface Line {
  readonly number: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Members;
  readonly claims: Members | undefined;
  readonly now: number | undefined;
}

/** What became of one request. */
interface Change {
  readonly line: number;
  readonly method: string;
  readonly url: string;
  readonly old: Decision;
  readonly new: Decision;
}

export function addDiff(program: Command): void {
  const policy = program.command("policy").summary("compare policies").description("Compares policies.");
  const command = policy
    .command("diff")
    .summary("say which requests two configurations answer differently")
    .description(
      'Says which requests two configurations answer differently. A line of the requests\' file is {"method","url","headers"?,"claims"?,"now"?}. With claims, a token is made for it with a stand-in key that both configurations are given; iss, aud, sub, iat and exp are filled in unless the claims have them.',
    )
    .argument("<old>", "the configuration as it is")
    .argument("<new>", "the configuration as it may become")
    .requiredOption("--requests <file>", "requests, one JSON object a line; - for standard input")
    .option("--now <time>", "the time where a line has none: seconds since 1970, or 2026-01-31T12:00:00Z")
    .option("--json", "print JSON")
    .action((before: string, after: string, options: Options) => {
      process.exitCode = run(before, after, options);
    });
  example(command, "npx tollgate policy diff tollgate.json next.json --requests requests.jsonl");
}

function run(before: string, after: string, { requests, now, json }: Options): number {
  if ([before, after, requests].filter((file) => file === "-").length > 1)
    throw new Misuse("standard input can stand for one file only");
  const usual = timeOf(now) ?? Math.floor(Date.now() / 1000);
  const keys = { ES256: newPair("ES256", 0, "stand-in-es256"), RS256: newPair("RS256", 2048, "stand-in-rs256") };
  const clock = { now: usual };
  const [one, other] = [sideOf(before, keys, clock), sideOf(after, keys, clock)];
  const lines = linesOf(readText(requests), nameOf(requests));
  const progress = progressLine();
  const changes: Change[] = [];
  for (const line of lines) {
    progress.tell(`${line.number} of ${lines.length} requests, ${changes.length} changed`);
    clock.now = line.now ?? usual;
    const request = { method: line.method, url: line.url, headers: headersOf(line, one.config, keys, clock.now) };
    const [old, next] = [one.gate.checkSync(request), other.gate.checkSync(request)];
    if (answerOf(old) !== answerOf(next)) {
      changes.push({ line: line.number, method: line.method, url: line.url, old, new: next });
    }
  }
  progress.end();
  if (json === true) printJson({ requests: lines.length, changed: changes.length, changes });
  else {
    for (const { line, method, url, old, new: next } of changes) {
      print(
        shown(`${nameOf(requests)}:${line} ${method} ${url}: ${wordOf(old)} -> ${wordOf(next)}${detailOf(old, next)}`),
      );
    }
    note(`${changes.length} of ${lines.length} requests are answered differently`);
  }
  return changes.length === 0 ? GOOD : REFUSED;
}

type Keys = Readonly<Record<Algorithm, Pair>>;

interface Side {
  readonly config: Members;
  readonly gate: Gate;
}

/** A gate of a configuration whose issuers have the stand-in keys in the place of their own. */
function sideOf(file: string, keys: Keys, clock: { readonly now: number }): Side {
  const config = readJson(file);
  if (!isMembers(config)) throw new Misuse(`${nameOf(file)}: expected an object`);
  const issuers = issuersOf(config).map((issuer) => {
    if (issuer.preset === "tollgate") return issuer;
    const { jwksUri, ...others } = issuer;
    const jwks = { keys: algorithmsOf(issuer).map((algorithm) => keys[algorithm].public) };
    // What was wrong stays wrong: without a key set, or with two, the configuration is refused as it is.
    return jwksUri == null && issuer.jwks == null && issuer.preset == null ? issuer : { ...others, jwks };
  });
  const ownKeys: KeySet = { keys: [keys.ES256.public] };
  const stood = { ...config, ...("issuers" in config ? { issuers } : {}) };
  return { config, gate: createGate(stood as unknown as Config, { now: () => clock.now, ownKeys }) };
}

function issuersOf(config: Members): Members[] {
  return Array.isArray(config.issuers) ? config.issuers.filter(isMembers) : [];
}

function algorithmsOf({ algorithms, preset }: Members): Algorithm[] {
  const stated = Array.isArray(algorithms) ? algorithms.filter((name) => name === "ES256" || name === "RS256") : [];
  if (stated.length > 0) return stated;
  return preset === "tollgate" ? ["ES256"] : ["RS256"];
}

function linesOf(text: string, name: string): Line[] {
  return text.split(/\r?\n/).flatMap((line, index): Line[] => {
    if (line.trim() === "") return [];
    const where = `${name}:${index + 1}`;
    const { method = "GET", url, headers = {}, claims, now, ...others } = lineOf(line, where);
    const [unknown] = Object.keys(others);
    if (unknown !== undefined)
      throw new Misuse(`${where}: ${unknown}: expected method, url, headers, claims and now only`);
    if (typeof method !== "string" || typeof url !== "string")
      throw new Misuse(`${where}: expected a method and a url, as texts`);
    const isField = (value: unknown) => [value].flat().every((one) => typeof one === "string");
    if (!isMembers(headers) || !Object.values(headers).every(isField))
      throw new Misuse(`${where}: headers: expected an object of texts`);
    if (claims !== undefined && !isMembers(claims)) throw new Misuse(`${where}: claims: expected an object`);
    if (now !== undefined && typeof now !== "number") throw new Misuse(`${where}: now: expected seconds since 1970`);
    return [{ number: index + 1, method, url, headers, claims, now }];
  });
}

function lineOf(line: string, where: string): Members {
  const value = jsonOf(line, where);
  if (!isMembers(value)) throw new Misuse(`${where}: expected an object`);
  return value;
}

/** The request's fields, with a token of its claims where the configuration looks for one. */
function headersOf(
  { headers, claims }: Line,
  config: Members,
  keys: Keys,
  now: number,
): Record<string, string | string[]> {
  const fields = { ...headers } as Record<string, string | string[]>;
  if (claims === undefined) return fields;
  const token = tokenFor(claims, config, keys, now);
  const credentials = isMembers(config.credentials) ? config.credentials : {};
  const { header, cookie } = credentials;
  if (header === false && isMembers(cookie)) {
    const before = fields.cookie;
    fields.cookie = `${typeof before === "string" ? `${before}; ` : ""}${String(cookie.name)}=${token}`;
  } else fields.authorization = `Bearer ${token}`;
  return fields;
}

/** A token as the issuer that the claims name would make it; without one, the first of the old configuration. */
function tokenFor(claims: Members, config: Members, keys: Keys, now: number): string {
  const issuers = issuersOf(config);
  const issuer = issuers.find((one) => nameOfIssuer(one, config) === claims.iss) ?? issuers[0] ?? {};
  const tokens = isMembers(config.tokens) ? config.tokens : {};
  const isOwn = issuer.preset === "tollgate";
  const audience = isOwn ? tokens.audience : issuer.audience;
  const client = Array.isArray(issuer.clientIds) ? issuer.clientIds[0] : undefined;
  const use = Array.isArray(issuer.tokenUse) ? issuer.tokenUse[0] : issuer.preset === "cognito" ? "access" : undefined;
  const usual = {
    iss: nameOfIssuer(issuer, config),
    sub: "user",
    aud: audience,
    client_id: client,
    token_use: use,
    iat: now,
    exp: now + 300,
  };
  const whole = Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined && value !== null);
  const [algorithm = "RS256"] = algorithmsOf(issuer);
  return signToken(keys[algorithm], Object.fromEntries(whole), { typ: typOf(issuer) });
}

/** The `iss` of an issuer, as its preset makes it. */
function nameOfIssuer({ preset, issuer, region, userPoolId, domain }: Members, config: Members): unknown {
  if (preset === "cognito") return `https://cognito-idp.${region}.amazonaws.com/${userPoolId}`;
  if (preset === "auth0") return `https://${domain}/`;
  if (preset === "tollgate") return isMembers(config.tokens) ? config.tokens.issuer : undefined;
  return issuer;
}

function typOf({ preset, types }: Members): unknown {
  if (Array.isArray(types)) return types[0] ?? null;
  return preset === "cognito" ? null : preset === "tollgate" ? "at+jwt" : "JWT";
}

/** All that the client or the API sees of a decision. Which rule it was, neither sees. */
function answerOf(decision: Decision): string {
  const { rule, ...seen } = decision as Decision & { rule?: unknown };
  return JSON.stringify(seen);
}

function wordOf(decision: Decision): string {
  return decision.outcome === "allow" ? "allow" : `${decision.outcome} ${decision.code} (${decision.status})`;
}

/** What differs where the outcome is the same. */
function detailOf(old: Decision, next: Decision): string {
  if (wordOf(old) !== wordOf(next)) return "";
  const [one, other] = [old, next] as unknown as [Members, Members];
  const names = Object.keys({ ...one, ...other }).filter((name) => name !== "rule");
  const changed = names.filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
  const sets = (decision: Members) => new Map((decision.setHeaders ?? decision.headers ?? []) as [string, string][]);
  const [before, after] = [sets(one), sets(other)];
  const fields = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
  const said = fields.map((name) => `${name}: ${before.get(name) ?? "nothing"} -> ${after.get(name) ?? "nothing"}`);
  return `, but ${said.length > 0 ? said.join(", ") : changed.join(", ")}`;
}
