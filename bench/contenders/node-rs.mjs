// @node-rs/jsonwebtoken: the Rust crate as a native add-on, with the PEM key that its types and tests show.

import { verifySync } from "@node-rs/jsonwebtoken";
import { AUDIENCE, ISSUER } from "../tokens.mjs";

export async function contenders(algorithm, { keys }) {
  const key = keys[algorithm].publicKey.export({ type: "spki", format: "pem" });
  const validation = { algorithms: [algorithm], iss: [ISSUER], aud: [AUDIENCE] };
  return [
    {
      name: "@node-rs/jsonwebtoken verifySync",
      checks: "whole",
      verify: ({ token }) => verifySync(token, key, validation),
    },
  ];
}
