// jsonwebtoken, synchronous, given a key object: the fastest form of key that its documentation names.

import jsonwebtoken from "jsonwebtoken";
import { AUDIENCE, ISSUER } from "../tokens.mjs";

export async function contenders(algorithm, { keys }) {
  const key = keys[algorithm].publicKey;
  const options = { algorithms: [algorithm], issuer: ISSUER, audience: AUDIENCE };
  return [
    { name: "jsonwebtoken verify", checks: "whole", verify: ({ token }) => jsonwebtoken.verify(token, key, options) },
  ];
}
