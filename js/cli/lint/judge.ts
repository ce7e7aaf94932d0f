// Asks the core what is wrong with a configuration, with stand-ins for the keys and hooks that a host would give. Decides nothing itself.

import { generateKeyPairSync } from "node:crypto";
import {
  type Config,
  createGate,
  createVerifier,
  type KeySet,
  TollgateError,
  type VerifierConfig,
} from "../../index.js";
import { createTokens, memoryStore, type TokensConfig } from "../../tokens/index.js";

/** What a document configures: a gate, with or without a token service, or a verifier alone. */
export type Kind = "gate" | "verifier";

/** What the core refuses first. */
export interface Fault {
  readonly member: string;
  readonly problem: string;
}

/** A document, or a part of it. */
export type Members = Record<string, unknown>;

export const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A text as it is, and anything else as none: not every value of a document can be made a text. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** The first fault of the document; `null` when there is none. */
export function firstFault(kind: Kind, document: Members): Fault | null {
  return faultOf(() => {
    if (kind === "verifier") return createVerifier(document as unknown as VerifierConfig).close();
    createGate(document as unknown as Config, { ownKeys: standIns().published }).close();
    if (isMembers(document.tokens)) judgeTokens(document, document.tokens);
  });
}

/** Why the core would not use a key of an issuer's own set; `null` when it would. */
export function keyFault(key: unknown, algorithms: unknown): string | null {
  const issuer = { issuer: "https://lint.invalid", audience: "lint", algorithms, jwks: { keys: [key] } };
  const fault = faultOf(() => createVerifier({ issuers: [issuer] } as unknown as VerifierConfig).close());
  return fault === null ? null : fault.problem.replace(/^the key set has no usable key$/, "cannot be used");
}

function faultOf(judge: () => void): Fault | null {
  try {
    judge();
    return null;
  } catch (error) {
    if (!(error instanceof TollgateError) || error.code !== "config_invalid") throw error;
    const member = error.member ?? "";
    const problem = error.message.replace(/^configuration: /, "");
    return {
      member,
      problem: member !== "" && problem.startsWith(`${member}: `) ? problem.slice(member.length + 2) : problem,
    };
  }
}

function judgeTokens(document: Members, tokens: Members): void {
  // Whether somebody is asked is the configuration's to say, and the host's function must agree.
  const isAsked = typeof tokens.entitlements === "object" && tokens.entitlements !== null;
  const entitlements = isAsked ? async () => null : null;
  const options = { keys: standIns().document, store: memoryStore(), entitlements };
  createTokens(document as unknown as TokensConfig, options).close();
}

interface StandIns {
  readonly published: KeySet;
  readonly document: string;
}

let made: StandIns | undefined;

/** Keys that stand for the secret ones while a configuration is judged. They sign nothing, and are gone with the process. */
function standIns(): StandIns {
  if (made !== undefined) return made;
  const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
  const secret = () => {
    const { kty, crv, x, y, d } = pair().privateKey.export({ format: "jwk" });
    return { from: 1, jwk: { kty, crv, x, y, d } };
  };
  made = {
    published: { keys: [pair().publicKey.export({ format: "jwk" })] },
    document: JSON.stringify({ access: [secret()], refresh: [secret()] }),
  };
  return made;
}
