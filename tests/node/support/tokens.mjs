// Keys made at run time and tokens signed by node:crypto, independent of the code under test. Checks nothing.

import { generateKeyPairSync, sign } from "node:crypto";

/** 2026-01-01T00:00:00Z, in Unix seconds. */
export const NOW = 1_767_225_600;
export const ISSUER = "https://issuer.example";
export const AUDIENCE = "https://api.example";

/** A signing key and its public JWK. RSA keys take a while, so tests share theirs. */
export function makeKey(algorithm, kid) {
  const { publicKey, privateKey } =
    algorithm === "ES256"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: "jwk" }), alg: algorithm, use: "sig" };
  if (kid !== undefined) jwk.kid = kid;
  return { algorithm, kid, privateKey, publicKey, jwk };
}

export const base64url = (data) => Buffer.from(data).toString("base64url");

/** Claims that every configuration of these tests accepts. */
export function claims(changes = {}) {
  return without({
    iss: ISSUER,
    aud: AUDIENCE,
    sub: "user-1",
    iat: NOW - 10,
    exp: NOW + 600,
    tenant_id: "acme",
    plan: "pro",
    ...changes,
  });
}

/** A signed token. `header` members replace the usual ones; one that is undefined is left out. */
export function token(key, changes = {}, header = {}) {
  const usual = { alg: key.algorithm, typ: "JWT", kid: key.kid };
  return signed(key, JSON.stringify(without({ ...usual, ...header })), JSON.stringify(claims(changes)));
}

/** A token of these very header and payload texts (or bytes), with a valid signature. */
export function signed(key, header, payload) {
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${base64url(signature(key, input))}`;
}

/** The signature of `input` as JWS wants it: r and s, 32 bytes each, for ES256. */
export function signature(key, input) {
  return sign("sha256", Buffer.from(input), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
}

/** The usual one-issuer configuration over these keys. */
export function verifierConfig(keys, issuer = {}) {
  return { issuers: [issuerConfig(keys, issuer)], clockToleranceSeconds: 30 };
}

export function issuerConfig(keys, changes = {}) {
  return without({
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256", "RS256"],
    jwks: { keys: keys.map((key) => key.jwk) },
    claims: { tenant: "tenant_id", plan: "plan", permissions: "permissions" },
    ...changes,
  });
}

/** A gate of four rules: public, two plans, and the rest; the tenant stands in the host name. */
export function gateConfig(keys, changes = {}) {
  return without({
    ...verifierConfig(keys),
    tenant: { required: true, from: { host: "{tenant}.api.example.com" } },
    rules: [
      { path: "/health", methods: ["GET"], public: true },
      { path: "/reports/{*rest}", plans: ["pro", "enterprise"] },
      { path: "/{*rest}" },
    ],
    identity: { send: ["user", "tenant", "plan"] },
    ...changes,
  });
}

function without(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
