// What is sent, and by whom: files of Authorization values, one a kind of traffic, and Debian's wrk, which takes them in
// turn. Judges no number.

import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Trouble } from "../../scripts/project.mjs";
import { AUDIENCE, ISSUER, makeKey, makeSample, tampered } from "../tokens.mjs";

/** Distinct tokens of each kind. */
export const TOKENS = 2_000;
/** Open at once, all by one thread of wrk: enough that workerd is never idle. */
const CONNECTIONS = 16;

/** An hour ago: past any tolerance. */
const hourAgo = () => Math.floor(Date.now() / 1000) - 3600;
const many = (make) => Array.from({ length: TOKENS }, (_, index) => `Bearer ${make(index)}`);

/** One key of each algorithm, and the Authorization values of each kind of traffic; `-` is none at all. */
export function makeTraffic() {
  const keys = { ES256: makeKey("ES256", "bench-es256-key-1"), RS256: makeKey("RS256", "bench-rs256-key-1") };
  const stranger = makeKey("ES256", "no-such-key");
  const past = hourAgo();
  const of = (key, changes) => (index) => makeSample(key, index, changes).token;
  const [first] = many(of(keys.ES256));
  return {
    jwks: { keys: [keys.ES256.jwk, keys.RS256.jwk] },
    lines: {
      ES256: many(of(keys.ES256)),
      RS256: many(of(keys.RS256)),
      repeated: [first],
      "no token": ["-"],
      // As long as a token, and none: refused before its claims are looked at.
      malformed: many((index) => `${String(index).padStart(8, "0")}${"rubbish.".repeat(57)}`),
      expired: many(of(keys.ES256, { iat: past - 600, exp: past })),
      "unknown key": many(of(stranger)),
    },
    /** What nobody may let through, by name. */
    bad: {
      "a signature with one bit changed": `Bearer ${tampered(makeSample(keys.ES256, 1)).token}`,
      "an RS256 signature with one bit changed": `Bearer ${tampered(makeSample(keys.RS256, 1)).token}`,
      "a token for another audience": `Bearer ${makeSample(keys.ES256, 1, { aud: `${AUDIENCE}.other` }).token}`,
      "a token of another issuer": `Bearer ${makeSample(keys.ES256, 1, { iss: `${ISSUER}.other` }).token}`,
      "a token that has expired": `Bearer ${of(keys.ES256, { iat: past - 600, exp: past })(1)}`,
      "a token by an unknown key": `Bearer ${of(stranger)(1)}`,
      "what is no token": "Bearer rubbish",
      "no token": undefined,
    },
  };
}

/** @throws Trouble, loudly: nothing here can be measured without it */
export function needWrk() {
  // It has no --version; asked for one it says its usage, and exits 1.
  if (spawnSync("wrk", ["--version"]).error === undefined) return;
  throw new Trouble("wrk IS MISSING, and nothing can be measured without it: `apt-get install wrk`, as .ci/run does");
}

/** Writes the values of each kind into `folder`; answers the files by kind. */
export function writeLines(folder, lines) {
  const entries = Object.entries(lines).map(([kind, values]) => {
    const file = join(folder, `${kind.replaceAll(" ", "-")}.txt`);
    writeFileSync(file, `${values.join("\n")}\n`);
    return [kind, file];
  });
  return Object.fromEntries(entries);
}

/** Runs wrk for `seconds`; resolves to `{ requests, seconds, p50, p99, refused, lost }`, latencies in µs. */
export async function runWrk({ port, file, seconds }) {
  const script = join(import.meta.dirname, "wrk.lua");
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "-s", script, `http://127.0.0.1:${port}/`, "--", file];
  const child = spawn("wrk", args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const code = await new Promise((ended, failed) => child.once("error", failed).once("close", ended));
  const line = said.split("\n").find((one) => one.startsWith("{"));
  if (code !== 0 || line === undefined) throw new Trouble(`wrk failed (exit ${code}): ${said.trim()}`);
  return JSON.parse(line);
}
