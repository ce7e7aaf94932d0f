// A token service's configuration, keys and clients, made anew at each run. Checks nothing.

import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";

/** 2026-01-01T00:00:00Z. */
export const NOW = 1_767_225_600;

const privateJwk = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });

/** A keys document of one key for each kind of token, used from `from` on. */
export function keysDocument(from = NOW - 86_400) {
  return JSON.stringify({ access: [{ from, jwk: privateJwk() }], refresh: [{ from, jwk: privateJwk() }] });
}

/** A client with a secret of its own. */
export function client(id, changes = {}) {
  const secret = randomBytes(32).toString("base64url");
  const hash = createHash("sha256").update(secret).digest("base64url");
  return { id, secret, entry: { id, secretHashes: [`sha256:${hash}`], ...changes } };
}

/** A configuration with these clients. */
export function tokensConfig(clients, { tokens = {}, ...changes } = {}) {
  return {
    tokens: {
      issuer: "https://api.example.com",
      audience: "orders-api",
      entitlements: null,
      clients: clients.map(({ entry }) => entry),
      ...tokens,
    },
    ...changes,
  };
}

/** The record of a family that began just now, of an hour. */
export const record = {
  schema: 1,
  fam: "f1",
  user: "ann",
  tenant: "acme",
  client: "web",
  version: 1,
  seq: 1,
  created_at: NOW * 1000,
  rotated_at_ms: NOW * 1000,
  successor_exp: NOW + 3_600,
  absolute_exp: NOW + 3_600,
  idle_exp: null,
  kid: "k1",
  user_epoch: 0,
  tenant_epoch: 0,
  revoked_at: null,
  write: "write-1",
};

/** A form, as RFC 6749 wants it posted. */
export function form(path, parameters, headers = {}) {
  return new Request(`https://api.example.com${path}`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(parameters).toString(),
  });
}

export const basic = ({ id, secret }) => ({ authorization: `Basic ${btoa(`${id}:${secret}`)}` });
