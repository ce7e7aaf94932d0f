// `tollgate jwks inspect`: what is wrong with the keys of a set. Prints no member of a key but kty, crv, alg, use and kid.

import { createHash } from "node:crypto";
import type { Command } from "commander";
import { example, GOOD, isUrl, jsonOf, nameOf, note, print, printJson, REFUSED, readSource, shown } from "./io.js";
import { isMembers, keyFault, type Members } from "./lint/judge.js";

/** `MAX_JWKS_BYTES` and `MAX_JWKS_KEYS` of the core. */
const MAX_BYTES = 64 * 1024;
const MAX_KEYS = 100;
/** What only the holder of a private or shared key should have (RFC 7518 sections 6.2.2, 6.3.2 and 6.4). */
const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

interface Finding {
  readonly severity: "error" | "warning";
  /** The key's position; `null` for the whole set. */
  readonly key: number | null;
  readonly problem: string;
  readonly mend: string;
}

interface Inspected {
  readonly index: number;
  readonly kid: string | null;
  readonly kty: string | null;
  readonly alg: string | null;
  readonly use: string | null;
  readonly bits: number | null;
  /** Its thumbprint (RFC 7638): what two keys have in common only when they are one. */
  readonly thumbprint: string | null;
  readonly usable: boolean;
}

export function addJwks(program: Command): void {
  const jwks = program.command("jwks").summary("look at key sets").description("Looks at key sets.");
  const command = jwks
    .command("inspect")
    .summary("say what is wrong with the keys of a set")
    .description(
      "Says what is wrong with the keys of a set: weak and private ones, duplicates, missing members, and its size.",
    )
    .argument("[source]", "a file, an address, or - for standard input", "-")
    .option("--errors-only", "leave the warnings out")
    .option("--json", "print JSON")
    .action(async (source: string, { errorsOnly, json }: { errorsOnly?: boolean; json?: boolean }) => {
      process.exitCode = await run(source, errorsOnly === true, json === true);
    });
  example(command, "npx tollgate jwks inspect https://issuer.example/jwks.json");
}

async function run(source: string, errorsOnly: boolean, json: boolean): Promise<number> {
  const text = await readSource(source);
  const name = isUrl(source) ? source : nameOf(source);
  const { keys, findings: all } = inspect(text, jsonOf(text, name));
  const findings = all.filter(({ severity }) => severity === "error" || !errorsOnly);
  if (json) printJson({ source, good: findings.length === 0, bytes: Buffer.byteLength(text), keys, findings });
  else {
    for (const key of keys) {
      const { index, kty, alg, bits, kid } = key;
      const what = [
        alg ?? kty ?? "?",
        bits === null ? "" : `${bits} bits`,
        kid === null ? "without kid" : `kid ${JSON.stringify(kid)}`,
      ];
      print(shown(`key ${index}: ${what.filter((part) => part !== "").join(", ")}${key.usable ? "" : ", not usable"}`));
      printFindings(findings.filter((finding) => finding.key === index));
    }
    printFindings(findings.filter(({ key }) => key === null));
    const what = findings.length === 0 ? "all is well" : counted(findings.length, "finding");
    note(`${counted(keys.length, "key")}, ${Buffer.byteLength(text)} bytes; ${what}`);
  }
  return findings.length === 0 ? GOOD : REFUSED;
}

const counted = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;

function printFindings(findings: readonly Finding[]): void {
  for (const { severity, problem, mend } of findings) print(shown(`  ${severity}: ${problem}; ${mend}`));
}

/** What is there and what is wrong with it. A single JWK counts as a set of one. */
function inspect(text: string, document: unknown): { keys: Inspected[]; findings: Finding[] } {
  const findings: Finding[] = [];
  const wrong = (key: number | null, problem: string, mend: string) =>
    findings.push({ severity: "error", key, problem, mend });
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES)
    wrong(
      null,
      `has ${bytes} bytes, and a verifier takes ${MAX_BYTES}`,
      "publish only keys that still sign, and leave x5c out",
    );
  const isOne = isMembers(document) && "kty" in document;
  const entries: unknown = isOne ? [document] : isMembers(document) ? document.keys : undefined;
  if (!Array.isArray(entries)) {
    wrong(null, "is no key set", 'write { "keys": [ … ] }');
    return { keys: [], findings };
  }
  if (isOne)
    findings.push({
      severity: "warning",
      key: null,
      problem: "is one key and no set",
      mend: 'publish it as { "keys": [ … ] }',
    });
  if (entries.length > MAX_KEYS)
    wrong(null, `has ${entries.length} keys, and a verifier takes ${MAX_KEYS}`, "publish only keys that still sign");
  const keys = entries.map((entry, index) => inspectKey(entry, index, findings));
  findDuplicates(keys, findings);
  if (!keys.some(({ usable }) => usable)) wrong(null, "has no usable key", "publish a key for ES256 or RS256");
  return { keys, findings };
}

function inspectKey(entry: unknown, index: number, findings: Finding[]): Inspected {
  const key: Members = isMembers(entry) ? entry : {};
  const text = (name: string) => (typeof key[name] === "string" ? (key[name] as string) : null);
  const [kty, alg, use, kid] = [text("kty"), text("alg"), text("use"), text("kid")];
  const held = PRIVATE.filter((name) => name in key);
  const reason = keyFault(entry, ["ES256", "RS256"]);
  const add = (severity: Finding["severity"], problem: string, mend: string) =>
    findings.push({ severity, key: index, problem, mend });
  if (held.length > 0) {
    add(
      "error",
      `holds what must stay secret: ${held.join(", ")}`,
      "take it out of the set, stop signing with it, and make a new key",
    );
  } else if (reason !== null) add(...refusalOf(reason, key));
  if (isMembers(entry)) {
    if (!("kid" in key))
      add("warning", "has no kid", 'add one: with two keys and no kid, tokens are refused as "kid_required"');
    if (!("alg" in key))
      add(
        "warning",
        "has no alg",
        `add "alg": "${kty === "RSA" ? "RS256" : "ES256"}", so that no other algorithm can be meant`,
      );
    if (!("use" in key)) add("warning", "has no use", 'add "use": "sig"');
  }
  if (reason === null && kty === "RSA" && key.e !== "AQAB")
    add("warning", "has another e than 65537", "make keys with 65537");
  const usable = reason === null && held.length === 0;
  return {
    index,
    kid,
    kty,
    alg,
    use,
    bits: bitsOf(key),
    thumbprint: held.length > 0 ? null : thumbprintOf(key),
    usable,
  };
}

/** How bad it is that the core does not use a key. What is meant for others is passed over, and does no harm. */
function refusalOf(reason: string, key: Members): [Finding["severity"], string, string] {
  const said = reason.replace(/^the key can't be used: /, "");
  if (/ROCA/.test(said)) return ["error", said, "stop signing with it at once: its private key can be computed"];
  if (/at least 2048 bits/.test(said)) return ["error", `is weak: ${said}`, "make a key of 2048 bits or more"];
  if (/at most 4096 bits/.test(said)) return ["error", `is too large: ${said}`, "make a key of 2048 to 4096 bits"];
  if (/use must be sig|key_ops/.test(said))
    return ["warning", `is not for signatures: ${said}`, "publish it elsewhere, or leave it: it is passed over"];
  const isOther = typeof key.kty === "string" && /kty must be|crv must be|alg must be that/.test(said);
  if (isOther)
    return ["warning", `is not supported: ${said}`, "sign with ES256 or RS256, or leave it: it is passed over"];
  return ["error", said, "make the key anew, or export it with a library: this is no such key"];
}

function findDuplicates(keys: readonly Inspected[], findings: Finding[]): void {
  const kids = new Map<string, Inspected>();
  const prints = new Map<string, Inspected>();
  for (const key of keys) {
    const { index, kid, kty, thumbprint } = key;
    const twin = thumbprint === null ? undefined : prints.get(thumbprint);
    if (twin !== undefined) {
      findings.push({
        severity: "warning",
        key: index,
        problem: `is the same key as key ${twin.index}`,
        mend: "publish it once",
      });
    }
    const namesake = kid === null ? undefined : kids.get(`${kty}\n${kid}`);
    if (namesake !== undefined && twin !== namesake) {
      const problem = `has the kid of key ${namesake.index}, which is another key`;
      findings.push({
        severity: "error",
        key: index,
        problem,
        mend: 'give each key its own: tokens of both are refused as "ambiguous_key"',
      });
    }
    if (thumbprint !== null) prints.set(thumbprint, twin ?? key);
    if (kid !== null) kids.set(`${kty}\n${kid}`, namesake ?? key);
  }
}

function bitsOf(key: Members): number | null {
  const { kty, n, crv } = key;
  if (kty === "EC") return crv === "P-256" ? 256 : null;
  if (kty !== "RSA" || typeof n !== "string") return null;
  const bytes = Buffer.from(n, "base64url");
  const from = bytes.findIndex((byte) => byte !== 0);
  return from < 0 ? 0 : (bytes.length - from) * 8 - Math.clz32(bytes[from] ?? 0) + 24;
}

function thumbprintOf(key: Members): string | null {
  const names = key.kty === "RSA" ? ["e", "kty", "n"] : key.kty === "EC" ? ["crv", "kty", "x", "y"] : undefined;
  if (names === undefined || names.some((name) => typeof key[name] !== "string")) return null;
  const members = JSON.stringify(Object.fromEntries(names.map((name) => [name, key[name]])));
  return createHash("sha256").update(members).digest("base64url");
}
