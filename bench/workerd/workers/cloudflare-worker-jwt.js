// @tsndr/cloudflare-worker-jwt. It knows no key sets, issuers and audiences: the key is found by `kid` and imported once, which
// its documentation allows and is faster than a JWK at each call, and the two claims are compared here.

import { env } from "cloudflare:workers";
import jwt from "@tsndr/cloudflare-worker-jwt";
import { bearer, pass, refuse } from "./pass.js";

const IMPORT = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
};

/** By `kid`, each with the one algorithm that it is for. */
const keys = new Map();
for (const jwk of env.JWKS.keys) {
  const key = await crypto.subtle.importKey("jwk", jwk, IMPORT[jwk.alg], false, ["verify"]);
  keys.set(jwk.kid, { key, algorithm: jwk.alg });
}

async function verified(token) {
  const found = keys.get(jwt.decode(token).header?.kid);
  if (found === undefined) return false;
  const payload = (await jwt.verify(token, found.key, { algorithm: found.algorithm }))?.payload;
  return payload?.iss === env.ISSUER && payload.aud === env.AUDIENCE;
}

export default {
  async fetch(request, bindings) {
    const token = bearer(request);
    if (token === undefined) return refuse();
    try {
      if (!(await verified(token))) return refuse();
    } catch {
      return refuse();
    }
    return pass(request, bindings);
  },
};
