// fast-jwt: without its cache, and with it. The cache answers for a token it has seen, so that row verifies nothing.

import { createVerifier } from "fast-jwt";
import { AUDIENCE, ISSUER } from "../tokens.mjs";

export const CACHED = "fast-jwt, cache hit";

export async function contenders(algorithm, { keys, samples }) {
  const key = keys[algorithm].publicKey.export({ type: "spki", format: "pem" });
  const options = { key, algorithms: [algorithm], allowedIss: ISSUER, allowedAud: AUDIENCE };
  const verify = createVerifier(options);
  const cached = createVerifier({ ...options, cache: 4 * samples[algorithm].length });
  return [
    { name: "fast-jwt, no cache", checks: "whole", verify: ({ token }) => verify(token) },
    {
      name: CACHED,
      checks: "nothing: seen before",
      picture: false,
      verify: ({ token }) => cached(token),
    },
  ];
}
