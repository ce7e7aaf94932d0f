// Our access tokens in the verifiers that others use, with default options; and our refresh tokens, which each of them must
// refuse. Given our published keys and nothing else.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { before, test } from "node:test";
import { JwtVerifier } from "aws-jwt-verify";
import { createVerifier } from "fast-jwt";
import { createLocalJWKSet, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { createVerifier as createTollgate } from "tollgate";
import { memoryStore } from "tollgate/tokens";
import { claims, header } from "./support/http.mjs";
import { AUDIENCE, ISSUER } from "./support/keys.mjs";
import { python } from "./support/moto.mjs";
import { makeService } from "./support/service.mjs";
import { signMany } from "./support/signatures.mjs";

/** Each takes a token and our key set, and throws or gives the claims. Of what can be left out, all is. */
const VERIFIERS = {
  jose: async (token, keySet) => (await jwtVerify(token, createLocalJWKSet(keySet))).payload,
  "fast-jwt": (token, keySet) => createVerifier({ key: pem(keySet) })(token),
  jsonwebtoken: (token, keySet) => jsonwebtoken.verify(token, pem(keySet)),
  "aws-jwt-verify": (token, keySet) => {
    const options = { issuer: ISSUER, audience: AUDIENCE, jwksUri: "https://keys.invalid/jwks.json" };
    const verifier = JwtVerifier.create(options);
    verifier.cacheJwks(keySet);
    return verifier.verifySync(token);
  },
  PyJWT: (token, keySet) => pyjwt(token, keySet),
  tollgate: (token, keySet) => {
    const config = { issuers: [{ issuer: ISSUER, audience: [AUDIENCE], algorithms: ["ES256"], jwks: keySet }] };
    return createTollgate(config).verify(token);
  },
};

/** The only key of a set. */
function pem({ keys: [jwk] }) {
  return createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
}

/** PyJWT makes its caller name the algorithm and the audience. */
const PROGRAM = `
import json, sys, jwt
asked = json.load(sys.stdin)
key = jwt.PyJWK.from_dict(asked["jwk"])
try:
    print(json.dumps(jwt.decode(asked["token"], key, algorithms=["ES256"], audience=asked["audience"])))
except jwt.PyJWTError as error:
    print(json.dumps({"refused": type(error).__name__}))
`;

function pyjwt(token, { keys: [jwk] }, audience = AUDIENCE) {
  const input = JSON.stringify({ token, jwk, audience });
  const { status, stdout, stderr } = spawnSync(python().path, ["-c", PROGRAM], { input, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const answer = JSON.parse(stdout);
  if (answer.refused) throw new Error(answer.refused);
  return answer;
}

let pair;
let keySet;
let keys;
before(async () => {
  // Others read the machine's clock.
  const made = makeService({ store: memoryStore(), clock: { now: Date.now() } });
  pair = await made.login();
  keySet = await made.tokens.keySet();
  keys = made.keys;
});

const skipOf = (name) => (name === "PyJWT" && python().missing) || false;

for (const [name, verify] of Object.entries(VERIFIERS)) {
  // catalogue: P03
  test(`${name} takes an access token`, { skip: skipOf(name) }, async () => {
    const verified = await verify(pair.access, keySet);
    assert.equal((verified.claims ?? verified).sub, pair.user);
  });

  // catalogue: P06
  test(`${name} refuses a refresh token`, { skip: skipOf(name) }, async () => {
    await assert.rejects(async () => verify(pair.refresh, keySet));
  });

  // catalogue: P06
  test(`${name} refuses a refresh token that names the published key`, { skip: skipOf(name) }, async () => {
    const [{ jwk }] = keys.refresh;
    const renamed = { ...header(pair.refresh), kid: header(pair.access).kid };
    const parts = [renamed, claims(pair.refresh)].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url"),
    );
    const key = { key: createPrivateKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
    const signature = sign("sha256", Buffer.from(parts.join(".")), key).toString("base64url");
    await assert.rejects(async () => verify([...parts, signature].join("."), keySet));
  });
}

test("what PyJWT refuses is not only the audience", { skip: skipOf("PyJWT") }, () => {
  assert.throws(() => pyjwt(pair.refresh, keySet, claims(pair.refresh).aud), /InvalidSignatureError/);
});

// catalogue: P07
test("an access token is what RFC 9068 says, and lasts as long as configured", () => {
  assert.deepEqual(Object.keys(header(pair.access)).sort(), ["alg", "kid", "typ"]);
  assert.deepEqual([header(pair.access).alg, header(pair.access).typ], ["ES256", "at+jwt"]);
  const { iss, aud, sub, client_id, iat, exp, jti, auth_time, sid, tid } = claims(pair.access);
  assert.deepEqual([iss, aud, sub, client_id, tid], [ISSUER, AUDIENCE, pair.user, "web", pair.tenant]);
  assert.equal(exp - iat, 900);
  assert.match(jti, /^[A-Za-z0-9_-]{22}$/);
  assert.deepEqual([sid, auth_time], [claims(pair.refresh).fam, iat]);
});

// catalogue: P01, P02, P07
test("10,000 signatures have 10,000 first halves and 64 bytes each, and no id stands twice", async () => {
  await signMany(10_000);
});
