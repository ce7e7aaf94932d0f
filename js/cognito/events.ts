// The events of Cognito's Lambda triggers, as far as they are read. Those of `@types/aws-lambda` fit, and so does JSON as it
// arrives: what is in it is judged at run time, whatever the types promise.

/** Attributes or metadata by name. */
export interface CognitoTexts {
  readonly [name: string]: string;
}

/** What every trigger is given. */
export interface CognitoEvent {
  readonly version: string;
  /** The occasion, such as `PreSignUp_SignUp`. */
  readonly triggerSource: string;
  readonly userPoolId: string;
  readonly userName: string;
  readonly callerContext: { readonly clientId: string };
}

/** Of the pre sign-up trigger. */
export interface PreSignUpEvent extends CognitoEvent {
  readonly request: {
    readonly userAttributes: CognitoTexts;
    /** What the caller of `SignUp` sent. */
    readonly validationData?: CognitoTexts | null | undefined;
    /** What the caller sent. */
    readonly clientMetadata?: CognitoTexts | null | undefined;
  };
  readonly response: object;
}

/** Of the pre authentication trigger, which runs before the password is compared. */
export interface PreAuthenticationEvent extends CognitoEvent {
  readonly request: {
    readonly userAttributes: CognitoTexts;
    readonly userNotFound?: boolean | null | undefined;
    readonly validationData?: CognitoTexts | null | undefined;
    readonly clientMetadata?: CognitoTexts | null | undefined;
  };
  readonly response: object;
}

/** Of the post confirmation and post authentication triggers. */
export interface PostEvent extends CognitoEvent {
  readonly request: { readonly userAttributes: CognitoTexts };
  readonly response: object;
}

/** The groups that a token is about to name. */
export interface GroupConfiguration {
  readonly groupsToOverride?: readonly string[] | null | undefined;
  readonly iamRolesToOverride?: readonly string[] | null | undefined;
  readonly preferredRole?: string | null | undefined;
}

/** Of the pre token generation trigger, version 1 (`V1_0`): it reaches the ID token only, and with texts only. */
export interface PreTokenGenerationV1Event extends CognitoEvent {
  readonly request: {
    readonly userAttributes: CognitoTexts;
    readonly groupConfiguration?: GroupConfiguration | null | undefined;
  };
  readonly response: { readonly claimsOverrideDetails: object | null };
}

/** Of the pre token generation trigger, versions 2 and 3 (`V2_0`, `V3_0`). */
export interface PreTokenGenerationV2Event extends CognitoEvent {
  readonly request: {
    /** Absent in version 3 where a client asks for a token of its own. */
    readonly userAttributes?: CognitoTexts | null | undefined;
    readonly groupConfiguration?: GroupConfiguration | null | undefined;
  };
  readonly response: { readonly claimsAndScopeOverrideDetails: object | null };
}

/** The claims that a version 1 trigger adds: all are texts. `permissions` is a JSON array in a text, which the gate reads. */
export type CognitoTextClaims = {
  tenant_id: string;
  plan?: string;
  permissions: string;
};

/** The claims that version 2 and 3 triggers add. */
export type CognitoClaims = {
  tenant_id: string;
  plan?: string;
  permissions: string[];
};

/** What version 1 answers. Nothing of it is in the access token. */
export interface PreTokenGenerationV1Response {
  readonly claimsOverrideDetails: {
    readonly claimsToAddOrOverride: CognitoTextClaims;
    readonly groupOverrideDetails?: GroupConfiguration;
  };
}

/** What versions 2 and 3 answer. A client's own token has no ID token beside it. */
export interface PreTokenGenerationV2Response {
  readonly claimsAndScopeOverrideDetails: {
    readonly idTokenGeneration?: { readonly claimsToAddOrOverride: CognitoClaims };
    readonly accessTokenGeneration: { readonly claimsToAddOrOverride: CognitoClaims };
    readonly groupOverrideDetails?: GroupConfiguration;
  };
}
