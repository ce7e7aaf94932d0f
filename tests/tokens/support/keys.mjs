// Signing keys and a configuration for a token service, made at run time. Writes no key to any file.

import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";

/** A private key of P-256 as a JWK, and when it becomes the active one, in Unix seconds. */
export function datedKey(from) {
  const { kty, crv, x, y, d } = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  return { from, jwk: { kty, crv, x, y, d } };
}

/** RFC 7638, for an EC key. */
export function thumbprint({ crv, kty, x, y }) {
  return createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
}

/** A keys document with one key of each use for each date. */
export function keysDocument(dates) {
  return { access: dates.map(datedKey), refresh: dates.map(datedKey) };
}

/** A client, its secret, and the secret's hash as the configuration has it. */
export function makeClient(id, more = {}) {
  const secret = randomBytes(32).toString("base64url");
  const hash = createHash("sha256").update(secret).digest("base64url");
  return { id, secret, entry: { id, secretHashes: [`sha256:${hash}`], ...more } };
}

export const ISSUER = "https://api.example.com";
export const AUDIENCE = "orders-api";

/** The configuration of a token service. */
export function configuration(clients, more = {}) {
  return {
    credentials: { cookie: { name: "__Host-access_token", crossSite: "refuse", origins: [] } },
    tokens: {
      issuer: ISSUER,
      audience: AUDIENCE,
      entitlements: { timeoutMilliseconds: 2_000 },
      clients: clients.map(({ entry }) => entry),
      ...more,
    },
  };
}
