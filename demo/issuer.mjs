// A development issuer: makes its keys at start, publishes the public halves over HTTP and signs whatever it is asked to.
// Serves loopback only, and writes no key to disk.

import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** How each algorithm is generated and signed with. RFC 7518 section 3.4: ES256 is r then s, never DER. */
const ALGORITHMS = {
  ES256: {
    generate: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
    sign: (input, key) => sign("sha256", input, { key, dsaEncoding: "ieee-p1363" }),
  },
  RS256: {
    generate: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
    sign: (input, key) => sign("sha256", input, key),
  },
};

/** A signing key with its published half. */
export function makeKey(algorithm, kid = `${algorithm.toLowerCase()}-${randomUUID().slice(0, 8)}`) {
  const { privateKey, publicKey } = ALGORITHMS[algorithm].generate();
  return {
    algorithm,
    kid,
    privateKey,
    jwk: { ...publicKey.export({ format: "jwk" }), kid, alg: algorithm, use: "sig" },
  };
}

/** A compact JWS over `claims` (RFC 7515 section 7.1); `header` adds to or replaces its members. */
export function signToken(key, claims, header = {}) {
  const input = `${encode({ alg: key.algorithm, typ: "at+jwt", kid: key.kid, ...header })}.${encode(claims)}`;
  return `${input}.${ALGORITHMS[key.algorithm].sign(Buffer.from(input), key.privateKey).toString("base64url")}`;
}

/** Starts the issuer. Resolves to `{ issuer, jwksUri, keys, claims, token, stop }`. */
export async function startIssuer() {
  const keys = [makeKey("ES256"), makeKey("RS256")];
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/jwks.json") return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "application/jwk-set+json", "cache-control": "max-age=600" });
    response.end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const issuer = `http://127.0.0.1:${server.address().port}`;

  /** The claims of a good access token, with `more` on top. */
  const claims = (more = {}) => {
    const now = Math.floor(Date.now() / 1000);
    return { iss: issuer, aud: "orders-api", sub: "ann", client_id: "web", iat: now, exp: now + 8 * 3600, ...more };
  };
  return {
    issuer,
    jwksUri: `${issuer}/jwks.json`,
    keys,
    claims,
    /** A signed token; the algorithm is that of the key. */
    token: (more, key = keys[0]) => signToken(key, claims(more)),
    stop: () => new Promise((closed) => server.close(closed).closeAllConnections()),
  };
}
