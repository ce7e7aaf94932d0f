// What the README says of other libraries, run on them as published. It ranks nobody: it keeps the README honest.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { root, tool } from "./support/root.mjs";
import { AUDIENCE as audience, ISSUER as issuer, makeKey, signed, token } from "./support/tokens.mjs";

const rs = makeKey("RS256", "rs-1");
const jwks = { keys: [rs.jwk] };

/** Each verifies with issuer and audience checks, as its documentation advises. */
const PEERS = {
  jose: {
    entry: 'export { createRemoteJWKSet, jwtVerify } from "jose";',
    verify: (text) => {
      const { createLocalJWKSet, jwtVerify } = tool("jose");
      return jwtVerify(text, createLocalJWKSet(jwks), { issuer, audience });
    },
  },
  "aws-jwt-verify": {
    entry: 'export { JwtVerifier } from "aws-jwt-verify";',
    verify: (text) => {
      const verifier = tool("aws-jwt-verify").JwtVerifier.create({ issuer, audience });
      verifier.cacheJwks(jwks);
      return verifier.verifySync(text);
    },
  },
  hono: {
    entry: 'export { jwk } from "hono/jwk";',
    verify: (text) => {
      const options = { keys: jwks.keys, allowedAlgorithms: ["RS256"], verification: { iss: issuer, aud: audience } };
      return tool("hono/jwt").verifyWithJwks(text, options);
    },
  },
};

for (const [name, { entry, verify }] of Object.entries(PEERS)) {
  test(`${name} takes a token without exp and one with a member twice`, async () => {
    const now = Math.floor(Date.now() / 1000);
    await assert.rejects(async () => verify(token(rs, { exp: now - 60, iat: undefined })), "control");
    await verify(token(rs, { exp: undefined, iat: undefined }));
    const twice = `{"exp":${now + 60},"exp":${now + 60},"iss":"${issuer}","aud":"${audience}","sub":"u"}`;
    await verify(signed(rs, '{"alg":"RS256","kid":"rs-1"}', twice));
  });

  test(`the verify path of ${name} is 4 to 7 kB with gzip`, async (t) => {
    const { outputFiles } = await tool("esbuild").build({
      stdin: { contents: entry, resolveDir: root },
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
      conditions: ["workerd", "worker", "browser"],
      mainFields: ["browser", "module", "main"],
      logLevel: "silent",
    });
    const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
    t.diagnostic(`size of ${name}: gzip ${(bytes / 1000).toFixed(1)} kB`);
    assert.ok(bytes > 3_500 && bytes < 7_500, `${bytes} bytes`);
  });
}
