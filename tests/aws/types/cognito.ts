// What must compile of tollgate/cognito beside @types/aws-lambda, and what must not. Never run.

import type {
  PostAuthenticationTriggerEvent,
  PostAuthenticationTriggerHandler,
  PostConfirmationTriggerEvent,
  PostConfirmationTriggerHandler,
  PreAuthenticationTriggerEvent,
  PreAuthenticationTriggerHandler,
  PreSignUpTriggerEvent,
  PreSignUpTriggerHandler,
  PreTokenGenerationTriggerEvent,
  PreTokenGenerationTriggerHandler,
  PreTokenGenerationV2TriggerEvent,
  PreTokenGenerationV2TriggerHandler,
  PreTokenGenerationV3TriggerEvent,
  PreTokenGenerationV3TriggerHandler,
} from "aws-lambda";
import {
  type CognitoClaims,
  type CognitoTextClaims,
  createTriggers,
  TollgateError,
  type TriggerCode,
  type TriggerDecisionEvent,
  type TriggerOptions,
} from "tollgate/cognito";

declare const signUp: PreSignUpTriggerEvent;
declare const confirmation: PostConfirmationTriggerEvent;
declare const before: PreAuthenticationTriggerEvent;
declare const after: PostAuthenticationTriggerEvent;
declare const first: PreTokenGenerationTriggerEvent;
declare const second: PreTokenGenerationV2TriggerEvent;
declare const third: PreTokenGenerationV3TriggerEvent;

const options: TriggerOptions = {
  permissions: async (tenantId, user, { signal }) => {
    const known: string[] = [tenantId, user.id, user.userName, user.clientId, ...user.groups];
    if (signal.aborted || user.email === null) return null;
    return { plan: user.attributes["custom:plan"] ?? null, permissions: known };
  },
  authorizeTenant: ({ request: { userAttributes, clientMetadata } }) =>
    userAttributes["custom:tenant_id"] === clientMetadata?.tenant,
  tenantOf: (user) => user.identities[0]?.provider,
  tenantOfClient: async (clientId) => ({ tenantId: clientId, permissions: ["a"] as const }),
  confirmed: (user) => console.log(user.id),
  authenticated: async () => {},
  onEvent: ({ type, triggerSource, outcome, code }: TriggerDecisionEvent) =>
    console.log(type, triggerSource, outcome, code),
  tenantPattern: "[a-z]+",
  timeoutMilliseconds: 1000,
};
const triggers = createTriggers(options);
createTriggers({ permissions: () => ["a", "b"] });
createTriggers({ permissions: () => ({}), tenantOfClient: () => "acme", tenantOf: undefined });

// As handlers of AWS's types.
export const handlers: [
  PreSignUpTriggerHandler,
  PostConfirmationTriggerHandler,
  PreAuthenticationTriggerHandler,
  PostAuthenticationTriggerHandler,
  PreTokenGenerationTriggerHandler,
  PreTokenGenerationV2TriggerHandler,
  PreTokenGenerationV3TriggerHandler,
] = [
  triggers.preSignUp,
  triggers.postConfirmation,
  triggers.preAuthentication,
  triggers.postAuthentication,
  triggers.preTokenGeneration,
  triggers.preTokenGeneration,
  triggers.preTokenGeneration,
];

const same: PreSignUpTriggerEvent = await triggers.preSignUp(signUp);
await triggers.postConfirmation(confirmation);
await triggers.preAuthentication(before);
const told: PostAuthenticationTriggerEvent = await triggers.postAuthentication(after);
console.log(same.response.autoConfirmUser, told.request.newDeviceUsed);

// Version 1: texts, and the ID token only. AWS's type of the answer takes it.
const answer = await triggers.preTokenGeneration(first);
const texts: CognitoTextClaims = answer.response.claimsOverrideDetails.claimsToAddOrOverride;
const permissions: string = texts.permissions;
const awsTexts: PreTokenGenerationTriggerEvent["response"]["claimsOverrideDetails"]["claimsToAddOrOverride"] = {
  ...texts,
};
console.log(permissions, awsTexts, answer.userName);

// Versions 2 and 3: lists, in both tokens; a client's own has no ID token.
for (const { response } of [await triggers.preTokenGeneration(second), await triggers.preTokenGeneration(third)]) {
  const { idTokenGeneration, accessTokenGeneration } = response.claimsAndScopeOverrideDetails;
  const claims: CognitoClaims = accessTokenGeneration.claimsToAddOrOverride;
  const list: string[] = claims.permissions;
  console.log(list, claims.tenant_id, idTokenGeneration?.claimsToAddOrOverride.plan);
}
const code: TriggerCode = "tenant_missing";
console.log(new TollgateError(code, "x").code);

// @ts-expect-error: version 1 has no lists
const list: string[] = texts.permissions;
// @ts-expect-error: nor does it reach the access token
console.log(answer.response.claimsAndScopeOverrideDetails);
// @ts-expect-error: and its claims are texts
const wrong: CognitoTextClaims = { tenant_id: "acme", permissions: ["a"] };
// @ts-expect-error: a plan may be absent, a tenant may not
const none: CognitoClaims = { permissions: [] };
// @ts-expect-error: permissions is compulsory
createTriggers({});
// @ts-expect-error: there is no such option
createTriggers({ permissions: () => [], authoriseTenant: () => true });
// @ts-expect-error: the hook names no other claim
createTriggers({ permissions: () => ({ tenant_id: "globex" }) });
// @ts-expect-error: permissions are texts
createTriggers({ permissions: () => [1] });
// @ts-expect-error: what is forgotten is no answer
createTriggers({ permissions: () => {} });
// @ts-expect-error: a client's answer names its tenant
createTriggers({ permissions: () => [], tenantOfClient: () => ({ plan: "pro" }) });
// @ts-expect-error: yes or no
createTriggers({ permissions: () => [], authorizeTenant: () => "yes" });
// @ts-expect-error: an event of another trigger
triggers.preTokenGeneration(signUp);
// @ts-expect-error: what the client sent is no part of a user
createTriggers({ permissions: (_tenantId, user) => [user.clientMetadata] });
createTriggers({
  permissions: (_tenantId, user) => {
    // @ts-expect-error: attributes are not written
    user.attributes["custom:tenant_id"] = "globex";
    return [];
  },
});
console.log(list, wrong, none);
