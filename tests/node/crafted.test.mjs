// Twenty-five crafted tokens on which other verifiers disagree. Each carries a valid RS256 signature but for two, where
// the text of the signature is what is crafted.

import { test } from "node:test";
import { createVerifier } from "tollgate";
import { throwsCode } from "./support/assert.mjs";
import {
  base64url,
  claims,
  ISSUER,
  makeKey,
  NOW,
  signature,
  signed,
  token,
  verifierConfig,
} from "./support/tokens.mjs";

const rs = makeKey("RS256", "rs-1");
const verifier = createVerifier(verifierConfig([rs]), { now: () => NOW });
const onlyJwt = createVerifier(verifierConfig([rs], { types: ["JWT"] }), { now: () => NOW });

const header = JSON.stringify({ alg: "RS256", typ: "JWT", kid: "rs-1" });
const payload = JSON.stringify(claims());
const withHeader = (members) => token(rs, {}, members);
const withPayload = (bytes) => signed(rs, header, bytes);
const nested = (depth) => `${payload.slice(0, -1)},"deep":${"[".repeat(depth)}${"]".repeat(depth)}}`;

/** A good token whose signature has a `-` or `_`, spelt in the standard alphabet. */
function standardAlphabet() {
  for (let turn = 0; ; turn += 1) {
    const text = token(rs, { turn });
    const [head, body, tail] = text.split(".");
    if (/[-_]/.test(tail)) return `${head}.${body}.${tail.replaceAll("-", "+").replaceAll("_", "/")}`;
  }
}

function fourParts() {
  const input = `${base64url(header)}.${base64url(payload)}.${base64url("more")}`;
  return `${input}.${base64url(signature(rs, input))}`;
}

const cases = [
  ["no exp", "claim_missing", token(rs, { exp: undefined })],
  ["no aud, with an audience configured", "claim_missing", token(rs, { aud: undefined })],
  ["no iss, with an issuer configured", "claim_missing", token(rs, { iss: undefined })],
  ["exp as a string", "claim_malformed", token(rs, { exp: "9999999999" })],
  ["nbf in an hour", "token_not_yet_valid", token(rs, { nbf: NOW + 3600, exp: NOW + 7200 })],
  ["iat in an hour", "issued_in_future", token(rs, { iat: NOW + 3600, exp: NOW + 7200 })],
  ["iss as an array", "claim_malformed", token(rs, { iss: [ISSUER] })],
  ["an unknown crit", "crit_not_supported", withHeader({ crit: ["x"], x: 1 })],
  ["an empty crit", "crit_not_supported", withHeader({ crit: [] })],
  ["crit as a string", "crit_not_supported", withHeader({ crit: "x" })],
  ["b64 false, with crit", "crit_not_supported", withHeader({ b64: false, crit: ["b64"] })],
  ["typ at+jwt where only JWT is listed", "typ_not_allowed", withHeader({ typ: "at+jwt" }), onlyJwt],
  ["typ dpop+jwt", "typ_not_allowed", withHeader({ typ: "dpop+jwt" })],
  ["typ 1", "malformed_header", withHeader({ typ: 1 })],
  ["two alg in the header", "malformed_json", signed(rs, `{"alg":"RS256","alg":"RS256","kid":"rs-1"}`, payload)],
  ["two exp in the payload", "malformed_json", withPayload(`${payload.slice(0, -1)},"exp":${NOW + 600}}`)],
  ["a payload that is an array", "malformed_json", withPayload(`[${payload}]`)],
  ["four parts", "malformed_token", fourParts()],
  ["== after the signature", "malformed_base64url", `${token(rs)}==`],
  ["the standard alphabet in the signature", "malformed_base64url", standardAlphabet()],
  ["a trailing line feed", "malformed_base64url", `${token(rs)}\n`],
  ["a payload of 1 MiB", "token_too_large", token(rs, { filler: "x".repeat(1024 * 1024) })],
  ["JSON 5,000 deep", "token_too_large", withPayload(nested(5000))],
  [
    "invalid UTF-8 in the payload",
    "malformed_json",
    withPayload(Buffer.concat([Buffer.from(payload.slice(0, -1)), Buffer.from(',"a":"\xff"}', "latin1")])),
  ],
  ["a byte order mark before the payload", "malformed_json", withPayload(`\ufeff${payload}`)],
];

for (const [name, code, text, by = verifier] of cases) {
  test(`refuses ${name}`, () => {
    throwsCode(code, () => by.verifySync(text), name);
  });
}

test("there are twenty-five of them", () => {
  if (cases.length !== 25) throw new Error(`${cases.length} cases`);
});

test("accepts the same token uncrafted, typ at+jwt by the default rule, and JSON within the depth", () => {
  verifier.verifySync(token(rs));
  onlyJwt.verifySync(token(rs));
  verifier.verifySync(withHeader({ typ: "at+jwt" }));
  verifier.verifySync(withPayload(nested(10)));
});

test("refuses JSON that is too deep though small enough", () => {
  throwsCode("malformed_json", () => verifier.verifySync(withPayload(nested(33))));
});
