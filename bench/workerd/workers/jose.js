// jose, as its documentation shows `createRemoteJWKSet` with `jwtVerify`.

import { env } from "cloudflare:workers";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { bearer, pass, refuse } from "./pass.js";

const keys = createRemoteJWKSet(new URL(env.JWKS_URI));
const options = { issuer: env.ISSUER, audience: env.AUDIENCE, algorithms: ["ES256", "RS256"] };

export default {
  async fetch(request, bindings) {
    const token = bearer(request);
    if (token === undefined) return refuse();
    try {
      await jwtVerify(token, keys, options);
    } catch {
      return refuse();
    }
    return pass(request, bindings);
  },
};
