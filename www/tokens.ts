// Tokens made and taken apart in the page, for show. Judges none: that is the gate's work, and a decoded claim proves nothing.

import { laidOut } from "./json-text.js";

export type Algorithm = "ES256" | "RS256";

/** A key made in this page. The private half cannot be read, by the page either. */
export interface SigningKey {
  readonly algorithm: Algorithm;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** The public half, as a member of a key set. */
  readonly jwk: object;
}

const GENERATE = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  RS256: {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: "SHA-256",
  },
} as const;

/** What `crypto.subtle` signs and verifies with. */
export const SIGNATURE = {
  ES256: { name: "ECDSA", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5" },
} as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Longer tokens than the gate reads are not taken apart (`MAX_TOKEN_BYTES` of the core). */
const MAX_TOKEN_LENGTH = 8 * 1024;

export async function makeKey(algorithm: Algorithm): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey(GENERATE[algorithm], false, ["sign", "verify"]);
  const { publicKey, privateKey } = pair as CryptoKeyPair;
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey("jwk", publicKey);
  const kid = `page-${algorithm.toLowerCase()}`;
  const numbers = algorithm === "ES256" ? { crv, x, y } : { n, e };
  return { algorithm, kid, privateKey, publicKey, jwk: { kty, kid, alg: algorithm, use: "sig", ...numbers } };
}

/** The header of a token that `key` signs. */
export const headerFor = ({ algorithm, kid }: SigningKey): object => ({ alg: algorithm, typ: "at+jwt", kid });

/** Signs the texts as they are, JSON or not: some examples are not what a serialiser would write. */
export async function sign(key: SigningKey, header: string, payload: string): Promise<string> {
  const signed = `${base64url(encoder.encode(header))}.${base64url(encoder.encode(payload))}`;
  const signature = await crypto.subtle.sign(SIGNATURE[key.algorithm], key.privateKey, encoder.encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

/** One of a token's parts: its text laid out, or why it has none. */
export interface Part {
  readonly name: string;
  readonly text: string;
  readonly isReadable: boolean;
}

/** A token's parts, as far as they can be read; a text when it has not even parts. */
export function decoded(token: string): readonly Part[] | string {
  if (token === "") return "There is no token.";
  if (token.length > MAX_TOKEN_LENGTH) return "The token is longer than the 8 KiB that the gate reads.";
  const parts = token.split(".");
  const [header, payload, signature] = parts;
  if (header === undefined || payload === undefined || signature === undefined || parts.length > 3) {
    return parts.length === 5
      ? "Five parts: an encrypted token."
      : `A token has three parts with dots between them; this has ${parts.length}.`;
  }
  return [jsonPart("Header", header), jsonPart("Claims", payload), signaturePart(signature)];
}

function jsonPart(name: string, text: string): Part {
  try {
    return { name, text: laidOut(decoder.decode(bytesOf(text))), isReadable: true };
  } catch {
    return { name, text: "not text in base64url", isReadable: false };
  }
}

function signaturePart(text: string): Part {
  const name = "Signature";
  if (text === "") return { name, text: "empty", isReadable: false };
  try {
    const { length } = bytesOf(text);
    return {
      name,
      text: `${length} bytes${text.endsWith("=") ? ", and padding that a token must not have" : ""}`,
      isReadable: true,
    };
  } catch {
    return { name, text: "not base64url", isReadable: false };
  }
}

/** A time claim, in words. */
export interface Moment {
  readonly claim: string;
  readonly time: Date;
}

/** The times among the claims of a laid-out part, where they are plausible. */
export function moments({ text }: Part): readonly Moment[] {
  try {
    const claims: unknown = JSON.parse(text);
    if (typeof claims !== "object" || claims === null) return [];
    return ["iat", "nbf", "exp"].flatMap((claim) => {
      const time: unknown = (claims as Record<string, unknown>)[claim];
      return typeof time === "number" && time > 0 && time < 1e11 ? [{ claim, time: new Date(time * 1000) }] : [];
    });
  } catch {
    return [];
  }
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** Padding is let pass: it is to be seen. @throws DOMException */
function bytesOf(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** What `verify` of `crypto.subtle` takes of a token. */
export function cutOut(token: string): {
  readonly signed: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
} {
  const dot = token.lastIndexOf(".");
  return { signed: encoder.encode(token.slice(0, dot)), signature: new Uint8Array(bytesOf(token.slice(dot + 1))) };
}
