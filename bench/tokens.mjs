// Keys made at run time and the tokens that every contender gets: the same bytes for all. Keeps nothing on disk.

import { AUDIENCE, ISSUER, makeKey, signed } from "../tests/node/support/tokens.mjs";

export { AUDIENCE, ISSUER, makeKey };
export const ALGORITHMS = ["ES256", "RS256"];

/** Contenders read the real clock, as they do in production; no run takes this long. */
const LIFETIME_SECONDS = 6 * 3600;

/** One issuer: a key of each algorithm in one key set, and `count` distinct tokens by each. */
export function makeWorld(count) {
  const keys = { ES256: makeKey("ES256", "bench-es256-key-1"), RS256: makeKey("RS256", "bench-rs256-key-1") };
  const jwks = { keys: ALGORITHMS.map((algorithm) => keys[algorithm].jwk) };
  const samples = Object.fromEntries(
    ALGORITHMS.map((algorithm) => [algorithm, Array.from({ length: count }, (_, i) => makeSample(keys[algorithm], i))]),
  );
  return { keys, jwks, samples };
}

/** The configuration of a Tollgate verifier for tokens by these keys. */
export function tollgateConfig(jwks) {
  const claims = { tenant: "tenant_id", plan: "plan", permissions: "permissions" };
  return { issuers: [{ issuer: ISSUER, audience: AUDIENCE, algorithms: ALGORITHMS, jwks, claims }] };
}

/** A token of some 470 (ES256) or 730 (RS256) bytes, and its parts for contenders that check the signature alone. */
export function makeSample(key, index, changes = {}) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: `user-${String(index).padStart(6, "0")}`,
    iat: now - 60,
    exp: now + LIFETIME_SECONDS,
    jti: `${String(index).padStart(8, "0")}-bench`,
    tenant_id: "acme",
    plan: "pro",
    permissions: ["orders:read", "orders:write", "reports:read"],
    ...changes,
  };
  const header = { alg: key.algorithm, typ: "JWT", kid: key.kid };
  return { ...parts(signed(key, JSON.stringify(header), JSON.stringify(claims))), subject: claims.sub, key };
}

function parts(token) {
  const dot = token.lastIndexOf(".");
  return { token, input: Buffer.from(token.slice(0, dot)), signature: Buffer.from(token.slice(dot + 1), "base64url") };
}

/** The sample with one bit of its signature changed: for ES256 in the last byte of s. */
export function tampered(sample) {
  const signature = Buffer.from(sample.signature);
  signature[signature.length - 1] ^= 1;
  const signedPart = sample.token.slice(0, sample.token.lastIndexOf("."));
  return { ...sample, ...parts(`${signedPart}.${signature.toString("base64url")}`) };
}

/** The sample with a subject that its signature does not cover. */
export function forged(sample) {
  const [header, payload, signature] = sample.token.split(".");
  const claims = { ...JSON.parse(Buffer.from(payload, "base64url")), sub: "admin" };
  const other = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return { ...sample, ...parts(`${header}.${other}.${signature}`) };
}
