// Keys made at run time and tokens signed by WebCrypto, which every runtime has. Names nothing of any runtime, and checks nothing.

/** 2026-01-01T00:00:00Z, in Unix seconds. */
export const NOW = 1_767_225_600;
export const ISSUER = "https://issuer.example";
export const AUDIENCE = "https://api.example";

const ALGORITHMS = {
  ES256: [
    { name: "ECDSA", namedCurve: "P-256" },
    { name: "ECDSA", hash: "SHA-256" },
  ],
  RS256: [
    { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
    { name: "RSASSA-PKCS1-v1_5" },
  ],
};

/** A signing key, its public JWK, and its private one. */
export async function makeKey(algorithm, kid) {
  const [kind] = ALGORITHMS[algorithm];
  const { privateKey } = await crypto.subtle.generateKey(kind, true, ["sign", "verify"]);
  const { kty, crv, x, y, n, e, d } = await crypto.subtle.exportKey("jwk", privateKey);
  const members = kty === "EC" ? { kty, crv, x, y } : { kty, n, e };
  return {
    algorithm,
    kid,
    privateKey,
    jwk: { ...members, alg: algorithm, use: "sig", kid },
    secret: { ...members, d },
  };
}

const encoder = new TextEncoder();

export function base64url(data) {
  const bytes = typeof data === "string" ? encoder.encode(data) : new Uint8Array(data);
  const binary = Array.from(bytes, (octet) => String.fromCharCode(octet)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** A token of these very header and payload texts. */
export async function signed({ algorithm, privateKey }, header, payload) {
  const input = `${base64url(header)}.${base64url(payload)}`;
  const [, how] = ALGORITHMS[algorithm];
  return `${input}.${base64url(await crypto.subtle.sign(how, privateKey, encoder.encode(input)))}`;
}

/** A token that is good at NOW, with changes; a member that is undefined is left out. */
export function token(key, changes = {}, header = {}) {
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: "user-1", iat: NOW - 10, exp: NOW + 600, tenant_id: "acme" };
  const head = { alg: key.algorithm, typ: "JWT", kid: key.kid, ...header };
  return signed(key, JSON.stringify(head), JSON.stringify({ ...claims, plan: "pro", ...changes }));
}

/** A configuration of one issuer over these keys. */
export const verifierConfig = (keys, issuer = {}) => ({
  issuers: [
    {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256", "RS256"],
      ...("jwksUri" in issuer ? {} : { jwks: { keys: keys.map(({ jwk }) => jwk) } }),
      ...issuer,
    },
  ],
});

/** A gate of three rules; the tenant stands in the host name. */
export const gateConfig = (keys, changes = {}) => ({
  ...verifierConfig(keys),
  tenant: { from: { host: "{tenant}.api.example.com" } },
  rules: [
    { path: "/health", methods: ["GET"], public: true },
    { path: "/reports/{*rest}", plans: ["pro", "enterprise"] },
    { path: "/orders/{*rest}", permissions: { all: ["orders:read"] } },
  ],
  ...changes,
});
