// A user pool's token endpoint after the pre token generation trigger, as AWS documents it: which claims an answer can set, that
// groups not handed back are gone, that version 1 reaches the ID token only. Checks nothing of who asks.

import { signed } from "../../node/support/tokens.mjs";
import { REGION } from "./cognito-shaped.mjs";

/** Claims that Cognito keeps whatever a trigger says ("Pre token generation Lambda trigger"). */
const KEPT = [
  ..."acr amr aud at_hash auth_time azp client_id exp iat iss jti nbf nonce origin_jti sub token_use username version".split(
    " ",
  ),
  ..."cognito:username identities event_id device_key".split(" "),
];

/**
 * Makes the tokens of an event that a trigger answered.
 *
 * @param now Unix seconds
 * @returns `{ access, id }`; a client's own has no `id`
 */
export function issue({ event, key, now }) {
  const { userAttributes } = event.request;
  const client = event.callerContext.clientId;
  const isClient = event.triggerSource === "TokenGeneration_ClientCredentials";
  const { claimsOverrideDetails: first, claimsAndScopeOverrideDetails: later } = event.response;
  const groups = (first ?? later).groupOverrideDetails?.groupsToOverride ?? [];
  const common = {
    sub: isClient ? client : userAttributes.sub,
    iss: `https://cognito-idp.${REGION}.amazonaws.com/${event.userPoolId}`,
    origin_jti: "2e5e1b2c-0f0a-4e83-9c0c-0d1f6f2b0a11",
    auth_time: now,
    exp: now + 900,
    iat: now,
    jti: "7c1d2a52-3c9b-4f4e-8d53-0b2f9e7c4d22",
    ...(groups.length > 0 ? { "cognito:groups": groups } : {}),
  };
  const access = {
    ...common,
    version: 2,
    client_id: client,
    token_use: "access",
    scope: (event.request.scopes ?? ["aws.cognito.signin.user.admin"]).join(" "),
    ...(isClient ? {} : { username: event.userName }),
  };
  const header = JSON.stringify({ kid: key.kid, alg: "RS256" });
  const token = (claims, answer) => signed(key, header, JSON.stringify({ ...claims, ...settable(answer) }));
  if (isClient) return { access: token(access, later.accessTokenGeneration) };
  const id = {
    ...common,
    "cognito:username": event.userName,
    aud: client,
    token_use: "id",
    email: userAttributes.email,
    email_verified: userAttributes.email_verified === "true",
  };
  return { access: token(access, later?.accessTokenGeneration), id: token(id, first ?? later.idTokenGeneration) };
}

/** What an answer's claims may set. Version 1's are texts. */
function settable(answer) {
  const claims = Object.entries(answer?.claimsToAddOrOverride ?? {});
  return Object.fromEntries(claims.filter(([name]) => !KEPT.includes(name) && !/^(?:aws|dev|cognito):/.test(name)));
}
