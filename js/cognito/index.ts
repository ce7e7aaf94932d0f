// tollgate/cognito: triggers of a Cognito user pool, which give its tokens a tenant, a plan and permissions. Verifies nothing
// and loads no wasm; the preset `cognito` of `tollgate` verifies.

export { TollgateError } from "../error.js";
export type { CognitoEntitlements } from "./claims.js";
export type {
  CognitoClaims,
  CognitoEvent,
  CognitoTextClaims,
  CognitoTexts,
  GroupConfiguration,
  PostEvent,
  PreAuthenticationEvent,
  PreSignUpEvent,
  PreTokenGenerationV1Event,
  PreTokenGenerationV1Response,
  PreTokenGenerationV2Event,
  PreTokenGenerationV2Response,
} from "./events.js";
export type { TriggerCode } from "./refusal.js";
export {
  type Answered,
  type CognitoClientTenant,
  createTriggers,
  type PreTokenGeneration,
  type TriggerCallOptions,
  type TriggerDecisionEvent,
  type TriggerOptions,
  type Triggers,
} from "./triggers.js";
export type { CognitoIdentity, CognitoTokenUser, CognitoUser } from "./user.js";
