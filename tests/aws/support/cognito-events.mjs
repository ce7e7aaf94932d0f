// Events of Cognito's triggers in the shapes of the Cognito Developer Guide ("Customizing user pool workflows with Lambda
// triggers" and the page of each trigger). Each call makes new objects; changes are merged into `request`.

export const POOL = "eu-west-1_Ab12CdEf3";
export const CLIENT = "1example23456789";
export const SUB = "a36036a8-9061-424d-a737-56d57dae7bc6";

const common = (version, triggerSource, userName = "ada") => ({
  version,
  triggerSource,
  region: "eu-west-1",
  userPoolId: POOL,
  userName,
  callerContext: { awsSdkVersion: "aws-sdk-unknown-unknown", clientId: CLIENT },
});

/** Attributes of a user whom an administrator made. */
export const attributes = (changes = {}) =>
  without({
    sub: SUB,
    "cognito:user_status": "CONFIRMED",
    email_verified: "true",
    email: "ada@acme.example",
    "custom:tenant_id": "acme",
    ...changes,
  });

/** Those of a user whom another provider vouches for. */
export const federated = (changes = {}) =>
  attributes({
    "cognito:user_status": "EXTERNAL_PROVIDER",
    identities: JSON.stringify([
      {
        userId: "0042",
        providerName: "Globex",
        providerType: "OIDC",
        issuer: null,
        primary: "true",
        dateCreated: "1767225600000",
      },
    ]),
    "custom:tenant_id": undefined,
    ...changes,
  });

/** `source`: `SignUp`, `AdminCreateUser` or `ExternalProvider`. */
export const preSignUp = (source, request = {}) => ({
  ...common("1", `PreSignUp_${source}`),
  request: { userAttributes: { email: "ada@acme.example" }, validationData: null, ...request },
  response: { autoConfirmUser: false, autoVerifyEmail: false, autoVerifyPhone: false },
});

/** `source`: `ConfirmSignUp` or `ConfirmForgotPassword`. */
export const postConfirmation = (source, request = {}) => ({
  ...common("1", `PostConfirmation_${source}`),
  request: { userAttributes: attributes(), ...request },
  response: {},
});

export const preAuthentication = (request = {}) => ({
  ...common("1", "PreAuthentication_Authentication"),
  request: { userAttributes: attributes(), validationData: null, ...request },
  response: {},
});

export const postAuthentication = (request = {}) => ({
  ...common("1", "PostAuthentication_Authentication"),
  request: { userAttributes: attributes(), newDeviceUsed: false, ...request },
  response: {},
});

export const USER_SOURCES = [
  "HostedAuth",
  "Authentication",
  "NewPasswordChallenge",
  "AuthenticateDevice",
  "RefreshTokens",
];

const groupConfiguration = (groups) => ({ groupsToOverride: groups, iamRolesToOverride: [], preferredRole: null });

/** Version `"1"`, `"2"` or `"3"` for a user. */
export const preToken = (version, source = "Authentication", request = {}) => ({
  ...common(version, `TokenGeneration_${source}`),
  request: {
    userAttributes: attributes(),
    groupConfiguration: groupConfiguration(["staff"]),
    ...(version === "1" ? {} : { scopes: ["aws.cognito.signin.user.admin"] }),
    ...request,
  },
  response: version === "1" ? { claimsOverrideDetails: null } : { claimsAndScopeOverrideDetails: null },
});

/** A client that asks for a token of its own: no user, no groups. */
export const clientToken = (request = {}, version = "3") => ({
  ...common(version, "TokenGeneration_ClientCredentials", CLIENT),
  request: { scopes: ["orders/read"], ...request },
  response: { claimsAndScopeOverrideDetails: null },
});

function without(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
