// aws-jwt-verify, its generic verifier with the key set loaded up front, which is what its verifySync asks for.

import { JwtVerifier } from "aws-jwt-verify";
import { AUDIENCE, ISSUER } from "../tokens.mjs";

export async function contenders(_algorithm, { jwks }) {
  const verifier = JwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${ISSUER}/jwks.json` });
  verifier.cacheJwks(jwks);
  return [{ name: "aws-jwt-verify verifySync", checks: "whole", verify: ({ token }) => verifier.verifySync(token) }];
}
