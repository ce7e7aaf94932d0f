// jose, with a local key set and with an imported key, both as its documentation shows them.

import { createLocalJWKSet, importJWK, jwtVerify } from "jose";
import { AUDIENCE, ISSUER } from "../tokens.mjs";

export const LOCAL_KEY_SET = "jose jwtVerify, local key set";

export async function contenders(algorithm, { keys, jwks }) {
  const options = { issuer: ISSUER, audience: AUDIENCE, algorithms: [algorithm] };
  const keySet = createLocalJWKSet(jwks);
  const key = await importJWK(keys[algorithm].jwk, algorithm);
  const claims = async (from, token) => (await jwtVerify(token, from, options)).payload;
  return [
    { name: LOCAL_KEY_SET, checks: "whole", async: true, verify: ({ token }) => claims(keySet, token) },
    { name: "jose jwtVerify, imported key", checks: "whole", async: true, verify: ({ token }) => claims(key, token) },
  ];
}
