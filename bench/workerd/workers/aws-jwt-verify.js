// aws-jwt-verify, its generic verifier, as its documentation shows it.

import { env } from "cloudflare:workers";
import { JwtVerifier } from "aws-jwt-verify";
import { bearer, pass, refuse } from "./pass.js";

const verifier = JwtVerifier.create({ issuer: env.ISSUER, audience: env.AUDIENCE, jwksUri: env.JWKS_URI });

export default {
  async fetch(request, bindings) {
    const token = bearer(request);
    if (token === undefined) return refuse();
    try {
      await verifier.verify(token);
    } catch {
      return refuse();
    }
    return pass(request, bindings);
  },
};
