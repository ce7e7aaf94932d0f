// hono's verifyWithJwks, which is what its `jwk` middleware calls for each request.

import { verifyWithJwks } from "hono/jwt";
import { AUDIENCE, ISSUER } from "../tokens.mjs";

export async function contenders(algorithm, { jwks }) {
  const options = { keys: jwks.keys, allowedAlgorithms: [algorithm], verification: { iss: ISSUER, aud: AUDIENCE } };
  return [
    {
      name: "hono verifyWithJwks",
      checks: "whole",
      async: true,
      verify: ({ token }) => verifyWithJwks(token, options),
    },
  ];
}
