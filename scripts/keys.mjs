// `npm run keys`: makes signing keys and client secrets, prints them once, and keeps none. Signs nothing, reads no secret but
// the document that it is to add to, and writes into no file of the repository.

import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, fstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { path, root, runMain, Trouble } from "./project.mjs";

/** `NEXT_KEY_SECONDS` and `RETIRED_KEY_SECONDS` of src/limits.rs, and the defaults of the configuration. */
const NEXT_KEY_SECONDS = 3_900;
const RETIRED_KEY_SECONDS = 300;
const DEFAULTS = { accessTokenSeconds: 900, familySeconds: 2_592_000 };

/** A Worker's secret has 5 KB at most. */
const MAX_SECRET_BYTES = 5 * 1024;
/** `MAX_SIGNING_KEYS` of src/limits.rs. */
const MAX_KEYS = 16;
/** 9999-12-31T23:59:59Z, as in src/limits.rs. */
const MAX_DATE = 253_402_300_799;

const HELP = `npm run --silent keys -- new [--from DATE | --next | --add] [--config FILE]
    Prints a keys document: a key for access tokens and one for refresh tokens, which sign from now on.
    --from DATE    from this date on, as 2026-01-31T12:00:00Z or in seconds since 1970
    --next         from ${NEXT_KEY_SECONDS} s on, when every verifier knows the new key: a document for another secret
    --add          reads the document there is, drops keys that are of no more use, and adds such a next pair
    --config FILE  whose tokens say how long tokens last; tollgate.json without it
npm run --silent keys -- client ID
    Prints a secret for a client and its hash: the secret is the client's, the hash goes into tokens.clients.

Without --silent, npm's own lines would stand before the document. To a Worker, and to AWS Secrets Manager:

    npm run --silent keys -- new | npx wrangler secret put TOLLGATE_KEYS
    npm run --silent keys -- new | aws secretsmanager create-secret --name tollgate --secret-string file:///dev/stdin

The next keys. A Worker's secret can't be read back, so they get one of their own, named in tokens.keys beside the first:

    npm run --silent keys -- new --next | npx wrangler secret put TOLLGATE_KEYS_2
    aws secretsmanager get-secret-value --secret-id tollgate --query SecretString --output text |
      npm run --silent keys -- new --add |
      aws secretsmanager put-secret-value --secret-id tollgate --secret-string file:///dev/stdin
`;

/** A dated private key, which has no id: that is computed from it. */
function newKey(from) {
  const { kty, crv, x, y, d } = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  return { from, jwk: { kty, crv, x, y, d } };
}

/** A keys document whose keys sign from `from` on, in seconds since 1970. */
export function newDocument(from) {
  return { access: [newKey(from)], refresh: [newKey(from)] };
}

/**
 * A document with a next pair of keys, and without those that are of no more use at `now`.
 *
 * @throws Trouble when it is none, or has a next key already; no message holds a part of it
 */
export function withNext(document, now, { accessTokenSeconds, familySeconds }) {
  const next = newDocument(now + NEXT_KEY_SECONDS);
  const lives = { access: accessTokenSeconds + RETIRED_KEY_SECONDS, refresh: familySeconds };
  const grown = {};
  for (const [use, life] of Object.entries(lives)) {
    const keys = datedKeys(document, use);
    const coming = keys.find(({ from }) => from > now);
    if (coming)
      throw new Trouble(`there is a next key for ${use} tokens already: it signs from ${isoDate(coming.from)}`);
    // A key counts for as long after its successor's date as a token of its may be valid.
    const living = keys.filter((_, index) => keys[index + 1] === undefined || now < keys[index + 1].from + life);
    grown[use] = [...living, ...next[use]];
    if (grown[use].length > MAX_KEYS) {
      throw new Trouble(
        `${use} tokens would have more than ${MAX_KEYS} keys, all still of use: add the next one later`,
      );
    }
  }
  return grown;
}

/** The keys of one use, the earliest first. */
function datedKeys(document, use) {
  const keys = document?.[use];
  const isKey = (key) =>
    Number.isInteger(key?.from) && ["kty", "crv", "x", "y", "d"].every((name) => typeof key.jwk?.[name] === "string");
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isKey)) {
    throw new Trouble(`expected a keys document on stdin, with a list of dated private keys called ${use}`);
  }
  return [...keys].sort((one, other) => one.from - other.from);
}

const isoDate = (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

/** A client's secret of 256 bits, and its hash. Nobody can guess such a secret, so the hash needs neither salt nor stretching. */
export function newClient(id) {
  if (!/^[A-Za-z0-9._~-]{1,64}$/.test(id ?? ""))
    throw new Trouble("expected a client's id: 1 to 64 letters, digits, . _ ~ and -");
  const secret = randomBytes(32).toString("base64url");
  return { id, secret, secretHash: `sha256:${createHash("sha256").update(secret).digest("base64url")}` };
}

/** How long tokens last, by the configuration. */
function lives(file) {
  if (file === undefined && !existsSync(path("tollgate.json"))) return DEFAULTS;
  try {
    return { ...DEFAULTS, ...JSON.parse(readFileSync(file ?? path("tollgate.json"), "utf8")).tokens };
  } catch (error) {
    throw new Trouble(`the configuration can't be read: ${error.message}`);
  }
}

/** A date without a time zone would mean another one on another machine. */
const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/;

/** Seconds since 1970. */
function readDate(text) {
  const date = ISO_DATE.test(text) ? Date.parse(text) / 1000 : Number.NaN;
  const seconds = /^\d+$/.test(text) ? Number(text) : date;
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_DATE) {
    throw new Trouble("expected --from as 2026-01-31T12:00:00Z, or in seconds since 1970");
  }
  return seconds;
}

function readDocument() {
  try {
    return JSON.parse(readFileSync(0, "utf8"));
  } catch {
    // What is wrong with it may hold a part of it.
    throw new Trouble("expected a keys document on stdin, as JSON");
  }
}

/** Refuses a stdout that is a file of the repository: what is there can be committed. */
function checkOutput() {
  const out = fstatSync(1, { bigint: true });
  if (out.isFile() && holds(root, out)) {
    throw new Trouble("refusing to write a private key into the repository: pipe it to where secrets are kept");
  }
}

function holds(folder, file) {
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    const place = join(folder, entry.name);
    if (entry.isDirectory()) return !["node_modules", ".git", "target"].includes(entry.name) && holds(place, file);
    if (!entry.isFile()) return false;
    const { dev, ino } = statSync(place, { bigint: true });
    return dev === file.dev && ino === file.ino;
  });
}

function newKeys(options) {
  if ([options.from !== undefined, options.next, options.add].filter(Boolean).length > 1) {
    throw new Trouble("take one of --from, --next and --add");
  }
  const now = Math.floor(Date.now() / 1000);
  if (options.add) return withNext(readDocument(), now, lives(options.config));
  if (options.next) return newDocument(now + NEXT_KEY_SECONDS);
  return newDocument(options.from === undefined ? now : readDate(options.from));
}

function print(value) {
  const text = JSON.stringify(value);
  if (text.length > MAX_SECRET_BYTES) {
    console.error(
      `tollgate: ${text.length} bytes are too long for a Worker's secret, which has ${MAX_SECRET_BYTES} at most`,
    );
  }
  console.log(text);
}

function parsed(args) {
  const options = { from: "string", config: "string", next: "boolean", add: "boolean", help: "boolean" };
  const types = Object.fromEntries(Object.entries(options).map(([name, type]) => [name, { type }]));
  try {
    return parseArgs({ args, options: types, allowPositionals: true });
  } catch (error) {
    throw new Trouble(`${error.message.split("\n")[0]}\n\n${HELP}`);
  }
}

if (process.argv[1] === path("scripts", "keys.mjs")) {
  await runMain(() => {
    const { values, positionals } = parsed(process.argv.slice(2));
    const [command, id, ...more] = positionals;
    if (values.help || command === "help") {
      process.stdout.write(HELP);
      return 0;
    }
    if (command === "new" && id === undefined) {
      checkOutput();
      print(newKeys(values));
    } else if (command === "client" && more.length === 0 && Object.keys(values).length === 0) {
      checkOutput();
      print(newClient(id));
    } else {
      throw new Trouble(`expected new, or client and its id\n\n${HELP}`);
    }
    return 0;
  });
}
