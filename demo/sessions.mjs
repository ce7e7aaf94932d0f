// The token service of the demonstration: signing keys and a client's secret made at start, and sessions to play with.
// Writes neither to disk.

import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";

/** The token service's own name. Nobody asks it for keys: the gate has them from memory. */
const ISSUER = "https://tollgate.localhost";

/** A keys document (`npm run keys -- new`): one key for access tokens, one for refresh tokens, both active. */
export function makeKeys() {
  const key = () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return { from: Math.floor(Date.now() / 1000) - 60, jwk: privateKey.export({ format: "jwk" }) };
  };
  return JSON.stringify({ access: [key()], refresh: [key()] });
}

/** A client and its secret, of which the configuration holds the hash (`npm run keys -- client`). */
export function makeClient(id = "web") {
  const secret = randomBytes(32).toString("base64url");
  const hash = `sha256:${createHash("sha256").update(secret).digest("base64url")}`;
  return { id, secret, config: { id, secretHashes: [hash], cookies: true, revokeAll: true } };
}

/** `config` with a token service for `client`, whose tokens the gate takes. */
export function withTokens(config, client) {
  return {
    ...config,
    issuers: [...config.issuers, { preset: "tollgate" }],
    tokens: {
      issuer: ISSUER,
      audience: "orders-api",
      entitlements: { service: "ENTITLEMENTS" },
      clients: [client.config],
    },
  };
}

/** Asks the token endpoint for a pair of tokens. */
async function pair(port, client, parameters) {
  const response = await fetch(`http://127.0.0.1:${port}/auth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
    body: new URLSearchParams(parameters),
  });
  if (response.status !== 200)
    throw new Error(`the token service answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Begins a session. */
export const login = (port, client, user, tenant) =>
  pair(port, client, { grant_type: "urn:tollgate:session", user, tenant });

/** Goes on with one. */
export const refresh = (port, client, { refresh_token }) =>
  pair(port, client, { grant_type: "refresh_token", refresh_token });
