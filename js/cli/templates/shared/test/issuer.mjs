// A stand-in for the identity provider: a key that is made anew each time, and tokens of it.

import { generateKeyPairSync, sign } from "node:crypto";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The configuration with this key in the place of the provider's key set. */
export function withTestKey(config) {
  const [{ jwksUri, ...issuer }, ...others] = config.issuers;
  const jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "test", alg: "ES256", use: "sig" }] };
  return { ...config, issuers: [{ ...issuer, jwks }, ...others] };
}

/** A token that the configuration's first issuer could have made. */
export function tokenFor(config, claims = {}) {
  const [{ issuer, audience }] = config.issuers;
  const now = Math.floor(Date.now() / 1000);
  const whole = {
    iss: issuer,
    aud: audience,
    sub: "ada",
    tenant_id: "acme",
    plan: "pro",
    iat: now,
    exp: now + 3600,
    ...claims,
  };
  const input = `${part({ alg: "ES256", typ: "JWT", kid: "test" })}.${part(whole)}`;
  const signature = sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}
