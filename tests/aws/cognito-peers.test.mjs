// aws-jwt-verify and Tollgate on the same Cognito-shaped tokens. They agree but on the kinds that are listed, each with what says
// that it must be refused. A kind that is not listed, or one of which there are more or fewer, fails.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createVerifier } from "tollgate";
import { tool } from "../node/support/root.mjs";
import { makeKey } from "../node/support/tokens.mjs";
import { Random } from "../tokens/support/random.mjs";
import { CLIENTS, NOW, POOL, REGION, shaped, TOLERANCE } from "./support/cognito-shaped.mjs";

const SEED = 20_260_101;
const TOKENS = 10_000;

/** What the peer alone takes: Tollgate's code, the case of the catalogue of attacks (or the RFC), and how many of them. */
const LENIENT = {
  "aud: an empty list": ["claim_malformed", "H05", 17],
  "aud: empty": ["claim_malformed", "H05", 23],
  "base64url: a payload of one character more, though signed": ["malformed_base64url", "A08", 19],
  "base64url: another last character of the signature": ["malformed_base64url", "A05", 40],
  "base64url: padding behind the payload, though signed": ["malformed_base64url", "A04", 42],
  "base64url: padding behind the signature": ["malformed_base64url", "A04", 38],
  "bound to a key": ["sender_constrained", "RFC 7800", 31],
  "client: azp disagrees": ["client_mismatch", "H08", 36],
  "client_id: empty": ["claim_malformed", "H07", 15],
  "client_id: list": ["claim_malformed", "H07", 7],
  "client_id: null": ["claim_malformed", "H07", 9],
  "client_id: number": ["claim_malformed", "H07", 15],
  "client_id: object": ["claim_malformed", "H07", 13],
  "client_id: true": ["claim_malformed", "H07", 17],
  "cognito:groups: null": ["claim_malformed", "I07", 40],
  "cognito:groups: number": ["claim_malformed", "I07", 26],
  "cognito:groups: object": ["claim_malformed", "I07", 32],
  "cognito:groups: true": ["claim_malformed", "I07", 22],
  "email: a number": ["claim_malformed", "H07", 23],
  "email_verified: a number": ["claim_malformed", "H07", 39],
  "exp: 1e30": ["claim_malformed", "G06", 34],
  "exp: absent": ["claim_missing", "G01", 34],
  "exp: after the year 9999": ["claim_malformed", "G06", 30],
  "exp: at the tolerance": ["token_expired", "G03", 34],
  "exp: in milliseconds": ["claim_malformed", "G06", 36],
  "groups: lists in a list": ["claim_malformed", "I07", 35],
  "groups: one that is empty": ["claim_malformed", "I07", 28],
  "groups: one with a number": ["claim_malformed", "I07", 29],
  "header b64: false": ["header_not_supported", "C09", 26],
  "header b64: true": ["header_not_supported", "C09", 25],
  "header crit: empty": ["crit_not_supported", "C08", 26],
  "header crit: unknown": ["crit_not_supported", "C08", 34],
  "header enc": ["header_not_supported", "C13", 24],
  "header typ: JWT": ["typ_not_allowed", "C12", 28],
  "header typ: a number": ["malformed_header", "C12", 27],
  "header typ: at+jwt": ["typ_not_allowed", "C12", 22],
  "header zip": ["header_not_supported", "C10", 29],
  "header: alg twice": ["malformed_json", "C07", 32],
  "header: alg twice, by an escape": ["malformed_json", "C07", 28],
  "header: kid twice": ["malformed_json", "C07", 32],
  "header: over 2 KiB": ["header_too_large", "A03", 34],
  "iat: 1e30": ["claim_malformed", "G06", 36],
  "iat: after exp": ["times_contradict", "G08", 37],
  "iat: past the tolerance": ["issued_in_future", "G07", 39],
  "iss: the multi-region name": ["unknown_issuer", "H02", 30],
  "jti: empty": ["claim_malformed", "H07", 22],
  "nbf: after exp": ["times_contradict", "G08", 22],
  "over 8 KiB": ["token_too_large", "A03", 32],
  "payload: 40 deep": ["malformed_json", "F07", 29],
  "payload: a member twice": ["malformed_json", "F02", 140],
  "payload: a member twice, by an escape": ["malformed_json", "F02", 32],
  "payload: a nested member twice": ["malformed_json", "F02", 41],
  "payload: half a surrogate pair": ["malformed_json", "F03", 32],
  "payload: not UTF-8": ["malformed_json", "F03", 30],
  "permissions: an object": ["claim_malformed", "I07", 32],
  "permissions: broken JSON in a text": ["claim_malformed", "I06", 27],
  "permissions: with a number": ["claim_malformed", "I07", 28],
  "plan: a list": ["claim_malformed", "I05", 34],
  "scope: a tab": ["claim_malformed", "I08", 26],
  "scope: two spaces": ["claim_malformed", "I08", 28],
  "sub: absent": ["claim_missing", "H07", 35],
  "sub: empty": ["claim_malformed", "H07", 35],
  "tenant_id: a number": ["tenant_malformed", "I01", 25],
  "tenant_id: empty": ["tenant_malformed", "I01", 32],
};

/**
 * What Tollgate alone takes: with an `azp`, or another token's `client_id`, in the place of the claim that this kind of token has.
 * Cognito makes no such token, and a trigger cannot: `azp`, `aud`, `client_id` and `token_use` are among the claims it keeps.
 */
const ALONE = {
  "client: absent, and azp ours": 31,
  "client: another, and azp ours": 16,
  "token_use: the other one": 1,
};

const keys = ["k1", "k2", "k1"].map((kid) => makeKey("RS256", kid));
const jwks = { keys: keys.slice(0, 2).map((key) => key.jwk) };

/** A judge of each kind: access tokens, ID tokens, and access tokens of one group. */
const MODES = {
  access: { tokenUse: "access" },
  id: { tokenUse: "id" },
  group: { tokenUse: "access", groups: ["staff"] },
};

const judges = Object.fromEntries(
  Object.entries(MODES).map(([mode, { tokenUse, groups }]) => {
    const peer = tool("aws-jwt-verify").CognitoJwtVerifier.create({
      userPoolId: POOL,
      clientId: CLIENTS,
      tokenUse,
      groups,
      graceSeconds: TOLERANCE,
    });
    peer.cacheJwks(jwks);
    const issuer = {
      preset: "cognito",
      region: REGION,
      userPoolId: POOL,
      clientIds: CLIENTS,
      tokenUse: [tokenUse],
      jwks,
    };
    const ours = createVerifier({ issuers: [issuer], clockToleranceSeconds: TOLERANCE }, { now: () => NOW });
    const inGroup = ({ principal }) => groups === undefined || groups.some((group) => principal.groups.includes(group));
    return [
      mode,
      {
        peer: (token) => verdict(() => Boolean(peer.verifySync(token))),
        ours: (token) => verdict(() => inGroup(ours.verifySync(token))),
      },
    ];
  }),
);

/** `true`, or why not. */
function verdict(judge) {
  try {
    return judge() || "not in the group";
  } catch (error) {
    return error.code ?? error.name;
  }
}

/** Mostly the judge that is for this kind of token, so that what is wrong with it decides. */
function modeFor(kind, random) {
  if (random.chance(0.1)) return random.pick(Object.keys(MODES));
  if (kind === "id") return "id";
  return random.chance(0.15) ? "group" : "access";
}

test(`aws-jwt-verify and Tollgate agree on ${TOKENS} Cognito-shaped tokens, but where the peer is too lenient`, (t) => {
  t.diagnostic(`seed ${SEED}`);
  t.mock.timers.enable({ apis: ["Date"], now: NOW * 1000 });
  const random = new Random(SEED);
  const seen = new Map();
  const lenient = {};
  const alone = {};
  let both = 0;
  for (let count = 0; count < TOKENS; count += 1) {
    const { kind, what, token } = shaped(random, keys);
    const judge = judges[modeFor(kind, random)];
    const ours = judge.ours(token);
    const peer = judge.peer(token);
    seen.set(what, (seen.get(what) ?? 0) + 1);
    if (ours === true && peer === true) both += 1;
    else if (peer === true) {
      lenient[what] ??= [ours, LENIENT[what]?.[1], 0];
      assert.equal(ours, lenient[what][0], `two reasons for one kind: ${what}`);
      lenient[what][2] += 1;
    } else if (ours === true) alone[what] = (alone[what] ?? 0) + 1;
  }
  const peers = Object.values(lenient).reduce((sum, [, , times]) => sum + times, 0);
  const kinds = `${seen.size} kinds, the rarest ${Math.min(...seen.values())} times`;
  t.diagnostic(`${kinds}; both take ${both}, the peer alone ${peers}`);
  assert.ok(both > TOKENS / 5, "enough of them are good");
  assert.deepEqual(alone, ALONE);
  assert.deepEqual(lenient, LENIENT);
});
