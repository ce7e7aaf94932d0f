// The tables of error codes in the guides on moving here: each row is a token, given to both. The libraries are those as published.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CognitoJwtVerifier } from "aws-jwt-verify";
import { Hono } from "hono";
import { jwk } from "hono/jwk";
import { createLocalJWKSet, createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import { createGate, createVerifier } from "tollgate";
import { read } from "../node/support/documents.mjs";
import { base64url, makeKey, signed } from "../node/support/tokens.mjs";
import { rows, spans } from "./support/guide.mjs";

const now = Math.floor(Date.now() / 1000);
const es = makeKey("ES256", "es-1");
const es2 = makeKey("ES256", "es-2");
const rs = makeKey("RS256", "rs-1");
const issuer = "https://issuer.example";
const audience = "orders-api";

const claims = (changes = {}) => ({ iss: issuer, aud: audience, sub: "ada", iat: now - 5, exp: now + 600, ...changes });
const make = (changes, { key = es, ...header } = {}) =>
  signed(
    key,
    JSON.stringify({ alg: key.algorithm, typ: "JWT", kid: key.kid, ...header }),
    JSON.stringify(claims(changes)),
  );
const payload = (text, key = es) => signed(key, JSON.stringify({ alg: key.algorithm, kid: key.kid }), text);
const forged = (key = es) => make({}, { key: { ...makeKey(key.algorithm, key.kid) } });
const future = { nbf: now + 300, exp: now + 900 };

/** Never answers; gives up when it is told to, as `fetch` does. */
const hang = (_url, { signal } = {}) =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
const broken = async () => new Response("", { status: 500 });

/** The code of this package's verifier, of the keys at hand or by a fetch. */
async function ours({ token, keys = [es], fetch, config = {} }) {
  const from = fetch ? { jwksUri: `${issuer}/jwks.json` } : { jwks: { keys: keys.map(({ jwk }) => jwk) } };
  const verifier = createVerifier(
    { issuers: [{ issuer, audience, algorithms: ["ES256"], ...from, ...config }] },
    { fetch },
  );
  return verifier.verify(token).then(
    () => "accepted",
    ({ code }) => code,
  );
}

/** Both sides of every row, and that there is a case for every row. */
function table(name, heading, cases, sides) {
  const text = read(`docs/guides/${name}`);
  const found = rows(text.slice(text.indexOf(heading)).split("\n\n")[0]);
  test(`${name}: every row of the table has a case, and every case a row`, () => {
    assert.deepEqual(found.map(([what]) => what).sort(), Object.keys(cases).sort());
  });
  for (const [what, theirs, mine] of found) {
    test(`${name}: ${what}`, async () => {
      const one = cases[what];
      assert.deepEqual([await sides.theirs(one), await sides.ours(one)], [spans(theirs)[0], spans(mine)[0]]);
    });
  }
}

const JOSE = {
  "not a token": { token: "junk" },
  "an encrypted token": { token: "a.b.c.d.e" },
  "an algorithm that is not allowed": { token: make({}, { key: rs }) },
  "`crit` in the header": { token: make({}, { crit: ["x"], x: 1 }) },
  "no such key": { token: make({}, { kid: "es-9" }) },
  "no `kid`, and several keys fit": { token: make({}, { kid: undefined }), keys: [es, es2] },
  "a signature that does not verify": { token: forged() },
  "a payload that is no JSON object": { token: payload("[1]") },
  expired: { token: make({ exp: now - 60 }) },
  "older than allowed": {
    token: make({ iat: now - 600 }),
    options: { maxTokenAge: 60 },
    config: { maxAgeSeconds: 60 },
  },
  "not yet valid": { token: make(future) },
  "another issuer": { token: make({ iss: "https://evil.example" }) },
  "another audience": { token: make({ aud: "other" }) },
  "no `exp`": { token: make({ exp: undefined }), options: { requiredClaims: ["exp"] } },
  "`exp` is a text": { token: make({ exp: "tomorrow" }) },
  "another `typ`": { token: make(), options: { typ: "at+jwt" }, config: { types: ["at+jwt"] } },
  "the key set takes too long": { token: make(), fetch: hang },
  "the key server answers 500": { token: make(), fetch: broken },
};

async function joseCode({ token, keys = [es], fetch, options }) {
  const set = fetch
    ? createRemoteJWKSet(new URL(`${issuer}/jwks.json`), { [customFetch]: fetch, timeoutDuration: 100 })
    : createLocalJWKSet({ keys: keys.map(({ jwk }) => jwk) });
  const wanted = { issuer, audience, algorithms: ["ES256"], clockTolerance: 30, ...options };
  return jwtVerify(token, set, wanted).then(
    () => "accepted",
    ({ code }) => code,
  );
}

table("from-jose.md", "| case | jose | Tollgate |", JOSE, { theirs: joseCode, ours });

const userPoolId = "eu-west-1_Ab12CdEf3";
const clientId = "1example23456789";
const pool = `https://cognito-idp.eu-west-1.amazonaws.com/${userPoolId}`;
const cognito = (changes, header) =>
  make(
    { iss: pool, aud: undefined, client_id: clientId, token_use: "access", ...changes },
    { key: rs, typ: undefined, ...header },
  );

const COGNITO = {
  "not a token": { token: "junk" },
  "a payload that is no JSON object": { token: payload("[1]", rs) },
  "`exp` is a text": { token: cognito({ exp: "tomorrow" }) },
  "another user pool": { token: cognito({ iss: `${pool}X` }) },
  "no such key": { token: cognito({}, { kid: "rs-9" }) },
  "an algorithm that is not the key's": { token: cognito({}, { key: { ...es, kid: "rs-1" } }) },
  "a signature that does not verify": { token: cognito({}, { key: makeKey("RS256", "rs-1") }) },
  expired: { token: cognito({ exp: now - 60 }) },
  "not yet valid": { token: cognito(future) },
  "an ID token": { token: cognito({ token_use: "id", client_id: undefined, aud: clientId }) },
  "of another client": { token: cognito({ client_id: "another" }) },
  "not in the group": { token: cognito(), options: { groups: ["admins"] }, rule: { groups: { any: ["admins"] } } },
  "without the scope": { token: cognito(), options: { scope: ["orders"] }, rule: { scopes: { any: ["orders"] } } },
  "the keys were not fetched, and the call is synchronous": { token: cognito(), isCold: true },
};

function cognitoCode({ token, options, isCold = false }) {
  const verifier = CognitoJwtVerifier.create({
    userPoolId,
    clientId,
    tokenUse: "access",
    graceSeconds: 30,
    ...options,
  });
  if (!isCold) verifier.cacheJwks({ keys: [rs.jwk] });
  try {
    return verifier.verifySync(token) && "accepted";
  } catch (error) {
    return error.constructor.name;
  }
}

function gateCode({ token, rule, isCold = false }) {
  const keys = isCold ? {} : { jwks: { keys: [rs.jwk] } };
  const gate = createGate({
    issuers: [{ preset: "cognito", region: "eu-west-1", userPoolId, clientIds: [clientId], ...keys }],
    tenant: { required: false },
    rules: [{ path: "/{*rest}", ...rule }],
  });
  return (
    gate.checkSync({ method: "GET", url: "/orders", headers: { authorization: `Bearer ${token}` } }).code ?? "accepted"
  );
}

table("from-aws-jwt-verify.md", "| case | aws-jwt-verify | Tollgate |", COGNITO, {
  theirs: cognitoCode,
  ours: gateCode,
});

const symmetric = `${base64url('{"alg":"HS256","kid":"es-1"}')}.${base64url(JSON.stringify(claims()))}.${base64url("x".repeat(32))}`;

const HONO = {
  "not a token": { token: "junk" },
  "no `kid`, and several keys fit": { token: make({}, { kid: undefined }), keys: [es, es2] },
  "an algorithm that is not allowed": { token: make({}, { key: rs }) },
  HS256: { token: symmetric },
  "`crit` in the header": { token: make({}, { crit: ["x"], x: 1 }) },
  "no such key": { token: make({}, { kid: "es-9" }) },
  "a signature that does not verify": { token: forged() },
  expired: { token: make({ exp: now - 60 }) },
  "not yet valid": { token: make(future) },
  "issued in the future": { token: make({ iat: now + 300 }) },
  "another issuer": { token: make({ iss: "https://evil.example" }) },
  "another audience": { token: make({ aud: "other" }) },
  "no audience": { token: make({ aud: undefined }) },
};

/** The cause of what the middleware throws, and 401 for each. */
async function honoCode({ token, keys = [es] }) {
  const app = new Hono();
  let name = "accepted";
  app.use(jwk({ keys: keys.map(({ jwk }) => jwk), alg: ["ES256"], verification: { iss: issuer, aud: audience } }));
  app.get("/orders", (c) => c.text("orders"));
  app.onError((error) => {
    name = error.cause.name;
    return error.getResponse();
  });
  const { status } = await app.request("/orders", { headers: { authorization: `Bearer ${token}` } });
  assert.equal(status, 401);
  return name;
}

table("from-hono-jwk.md", "| case | hono | Tollgate |", HONO, { theirs: honoCode, ours });

test("without their mistake, the tokens of these tables are good for both", async () => {
  assert.deepEqual([await joseCode({ token: make() }), await ours({ token: make() })], ["accepted", "accepted"]);
  assert.deepEqual([cognitoCode({ token: cognito() }), gateCode({ token: cognito() })], ["accepted", "accepted"]);
  await assert.rejects(honoCode({ token: make() }), /200 !== 401/);
});
