// The token service of the demonstration: signing keys and a client's secret made at start, and sessions to play with.
// Writes neither to disk.

import { newClient, newDocument } from "../scripts/keys.mjs";

/** The token service's own name. Nobody asks it for keys: the gate has them from memory. */
const ISSUER = "https://tollgate.localhost";

/** A secret that holds keys, as `npm run keys -- new` prints it; they have been in use for a minute. */
export const makeKeys = () => JSON.stringify(newDocument(Math.floor(Date.now() / 1000) - 60));

/** A client and its secret, as `npm run keys -- client web` prints them, and its place in the configuration. */
export function makeClient() {
  const { id, secret, secretHash } = newClient("web");
  return { id, secret, config: { id, secretHashes: [secretHash], cookies: true, revokeAll: true } };
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
