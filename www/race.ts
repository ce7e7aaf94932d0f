// The race of the bench tab: the wasm's verifySync against crypto.subtle.verify, in turns, in this browser. Draws nothing.

import { createVerifier } from "tollgate";
import { claimsAt } from "./examples.js";
import { type Algorithm, cutOut, headerFor, makeKey, SIGNATURE, type SigningKey, sign } from "./tokens.js";

/** One contestant with one algorithm, and what each round took. */
export interface Lane {
  readonly algorithm: Algorithm;
  readonly name: string;
  readonly isTollgate: boolean;
  /** Microseconds a check, a number a round. */
  readonly rounds: number[];
}

const ALGORITHMS = ["ES256", "RS256"] as const;
const ROUNDS = 24;
/** Browsers show time in steps of up to a millisecond, so a round takes many of those. */
const ROUND_MS = 20;
/** Until engines have optimised what runs often. */
const WARM_MS = 200;
/** So many different tokens a key, in turn. */
const TOKENS = 8;

/** Checks so many tokens. @throws Error where one does not hold, which would make the time worthless */
type Runner = (times: number) => void | Promise<void>;

interface Contestant {
  readonly lane: Lane;
  readonly run: Runner;
}

/**
 * Runs the race.
 *
 * @param signal ends it between two rounds
 * @param told is given the part that is done, 0 to 1
 * @throws DOMException `AbortError` when it was cancelled
 */
export async function race(signal: AbortSignal, told: (done: number) => void): Promise<Lane[]> {
  const keys = await Promise.all(ALGORITHMS.map(makeKey));
  const contestants = (await Promise.all(keys.map((key) => contestantsFor(key)))).flat();
  const times = new Map<Contestant, number>();
  for (const contestant of contestants) {
    await pause(signal);
    times.set(contestant, await timesFor(contestant.run));
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const contestant of contestants) {
      await pause(signal);
      const count = times.get(contestant) ?? 1;
      contestant.lane.rounds.push(((await duration(contestant.run, count)) * 1000) / count);
    }
    told((round + 1) / ROUNDS);
  }
  return contestants.map(({ lane }) => lane);
}

async function contestantsFor(key: SigningKey): Promise<Contestant[]> {
  const { algorithm } = key;
  const tokens = await tokensOf(key);
  const lane = (name: string, isTollgate: boolean): Lane => ({ algorithm, name, isTollgate, rounds: [] });
  return [
    { lane: lane("Tollgate in WebAssembly", true), run: inWasm(key, tokens) },
    { lane: lane("crypto.subtle", false), run: inSubtle(key, tokens) },
  ];
}

function tokensOf(key: SigningKey): Promise<string[]> {
  const now = Math.floor(Date.now() / 1000);
  const one = (index: number) =>
    sign(key, JSON.stringify(headerFor(key)), JSON.stringify(claimsAt(now, { exp: now + 3600, jti: String(index) })));
  return Promise.all(Array.from({ length: TOKENS }, (_, index) => one(index)));
}

function inWasm(key: SigningKey, tokens: readonly string[]): Runner {
  const verifier = createVerifier({
    issuers: [
      {
        issuer: "https://issuer.example",
        audience: "orders-api",
        algorithms: [key.algorithm],
        jwks: { keys: [key.jwk] },
      },
    ],
  });
  return (times) => {
    for (let index = 0; index < times; index += 1) verifier.verifySync(tokens[index % TOKENS] ?? "");
  };
}

function inSubtle({ algorithm, publicKey }: SigningKey, tokens: readonly string[]): Runner {
  const cut = tokens.map(cutOut);
  return async (times) => {
    for (let index = 0; index < times; index += 1) {
      const one = cut[index % TOKENS];
      const holds = one && (await crypto.subtle.verify(SIGNATURE[algorithm], publicKey, one.signature, one.signed));
      if (!holds) throw new Error("crypto.subtle refused a good signature");
    }
  };
}

/** How many checks take about a round, found while it warms up. */
async function timesFor(run: Runner): Promise<number> {
  let count = 1;
  for (let spent = 0; ; ) {
    const took = await duration(run, count);
    spent += took;
    if (spent >= WARM_MS) return Math.max(1, Math.round((count * ROUND_MS) / took));
    if (took < ROUND_MS) count *= 2;
  }
}

async function duration(run: Runner, times: number): Promise<number> {
  const started = performance.now();
  const running = run(times);
  // What is done already is not waited for: that alone would take longer than some checks.
  if (running !== undefined) await running;
  return performance.now() - started;
}

/** Lets the page draw and be used. */
async function pause(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal.throwIfAborted();
}

export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** The median, and what 10 % of the rounds are below and above. */
export function spread(rounds: readonly number[]): Spread {
  const sorted = [...rounds].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
  return { low: at(0.1), median: at(0.5), high: at(0.9) };
}
