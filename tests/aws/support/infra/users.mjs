// What cognito.tf and triggers.tf promise, a line each: how it is seen in the parsed files, and an edit that breaks it.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expressions of HCL

import { isDeepStrictEqual as same } from "node:util";

const pool = (infra) => infra.resource("aws_cognito_user_pool", "users");
const schema = (infra) => pool(infra).schema.find(({ name }) => name === "tenant_id");
const password = (infra) => pool(infra).password_policy[0];
const client = (infra) => infra.resource("aws_cognito_user_pool_client", "web");
const risk = (infra) => infra.resource("aws_cognito_risk_configuration", "users");
const takeover = (infra) => risk(infra).account_takeover_risk_configuration[0].actions[0];

export const USERS = [
  [
    "the pool is of the tier that has threat protection",
    "cognito.tf",
    '= "PLUS"',
    '= "ESSENTIALS"',
    (i) => pool(i).user_pool_tier === "PLUS",
  ],
  [
    "the pool cannot be deleted by accident",
    "cognito.tf",
    '= "ACTIVE"',
    '= "INACTIVE"',
    (i) => pool(i).deletion_protection === "ACTIVE",
  ],
  [
    "threat protection is enforced",
    "cognito.tf",
    'advanced_security_mode = "ENFORCED"',
    'advanced_security_mode = "AUDIT"',
    (i) => pool(i).user_pool_add_ons[0].advanced_security_mode === "ENFORCED",
  ],
  [
    "threat protection is enforced on custom authentication",
    "cognito.tf",
    'custom_auth_mode = "ENFORCED"',
    'custom_auth_mode = "AUDIT"',
    (i) => pool(i).user_pool_add_ons[0].advanced_security_additional_flows[0].custom_auth_mode === "ENFORCED",
  ],
  [
    "a password has twelve characters",
    "cognito.tf",
    "minimum_length                   = 12",
    "minimum_length                   = 11",
    (i) => password(i).minimum_length >= 12,
  ],
  ...["lowercase", "uppercase", "numbers", "symbols"].map((kind) => {
    const line = `require_${kind}`.padEnd(32);
    return [
      `a password has ${kind}`,
      "cognito.tf",
      `${line} = true`,
      `${line} = false`,
      (i) => password(i)[`require_${kind}`] === true,
    ];
  }),
  [
    "a temporary password is good for a day",
    "cognito.tf",
    "temporary_password_validity_days = 1",
    "temporary_password_validity_days = 7",
    (i) => password(i).temporary_password_validity_days === 1,
  ],
  [
    "a tenant is text",
    "cognito.tf",
    'attribute_data_type      = "String"',
    'attribute_data_type      = "Number"',
    (i) => schema(i).attribute_data_type === "String",
  ],
  [
    "a tenant cannot be changed",
    "cognito.tf",
    "mutable                  = false",
    "mutable                  = true",
    (i) => schema(i).mutable === false,
  ],
  [
    "a tenant has a character",
    "cognito.tf",
    'min_length = "1"',
    'min_length = "0"',
    (i) => schema(i).string_attribute_constraints[0].min_length === "1",
  ],
  [
    "a tenant has 64 characters at most",
    "cognito.tf",
    'max_length = "64"',
    'max_length = "2048"',
    (i) => schema(i).string_attribute_constraints[0].max_length === "64",
  ],
  [
    "recovery goes to a verified e-mail alone",
    "cognito.tf",
    'name     = "verified_email"',
    'name     = "verified_phone_number"',
    (i) => same(pool(i).account_recovery_setting[0].recovery_mechanism, [{ name: "verified_email", priority: 1 }]),
  ],
  [
    "an e-mail is verified",
    "cognito.tf",
    'auto_verified_attributes = ["email"]',
    "auto_verified_attributes = []",
    (i) => same(pool(i).auto_verified_attributes, ["email"]),
  ],
  [
    "a new e-mail counts once it is proven",
    "cognito.tf",
    'attributes_require_verification_before_update = ["email"]',
    "attributes_require_verification_before_update = []",
    (i) => same(pool(i).user_attribute_update_settings[0].attributes_require_verification_before_update, ["email"]),
  ],
  [
    "two spellings of an address are one user",
    "cognito.tf",
    "case_sensitive = false",
    "case_sensitive = true",
    (i) => pool(i).username_configuration[0].case_sensitive === false,
  ],
  [
    "one-time passwords can be set up",
    "cognito.tf",
    '= "OPTIONAL"',
    '= "OFF"',
    (i) => pool(i).mfa_configuration === "OPTIONAL",
  ],
  [
    "a one-time password is of an application",
    "cognito.tf",
    "  software_token_mfa_configuration {\n    enabled = true",
    "  software_token_mfa_configuration {\n    enabled = false",
    (i) => pool(i).software_token_mfa_configuration[0].enabled === true,
  ],
  [
    "nobody signs up who was not asked to",
    "cognito.tf",
    "!var.self_sign_up",
    "var.self_sign_up",
    (i) => pool(i).admin_create_user_config[0].allow_admin_create_user_only === "${!var.self_sign_up}",
  ],
  [
    "nobody may sign up unless it is chosen",
    "variables.tf",
    "type        = bool\n  default     = false",
    "type        = bool\n  default     = true",
    (i) => i.variable("self_sign_up").default === false,
  ],
  ...["pre_sign_up", "post_confirmation", "pre_authentication", "post_authentication"].map((trigger) => {
    const part = trigger.replaceAll("_", "-");
    return [
      `the pool calls ${part}`,
      "cognito.tf",
      `= module.triggers["${part}"].arn`,
      "= null",
      (i) => pool(i).lambda_config[0][trigger] === `\${module.triggers["${part}"].arn}`,
    ];
  }),
  [
    "the pool calls pre-token-generation",
    "cognito.tf",
    'lambda_arn     = module.triggers["pre-token-generation"].arn',
    'lambda_arn     = module.triggers["pre-sign-up"].arn',
    (i) =>
      pool(i).lambda_config[0].pre_token_generation_config[0].lambda_arn ===
      '${module.triggers["pre-token-generation"].arn}',
  ],
  [
    "token generation reaches the access token",
    "variables.tf",
    'default     = "V2_0"',
    'default     = "V1_0"',
    (i) => i.variable("trigger_version").default === "V2_0",
  ],
  [
    "each trigger is the export of its name",
    "triggers.tf",
    'pre-sign-up          = "preSignUp"',
    'pre-sign-up          = "postConfirmation"',
    (i) =>
      Object.entries(i.local("triggers")).every(
        ([part, name]) => part.replace(/-./g, ([, letter]) => letter.toUpperCase()) === name,
      ),
  ],
  [
    "who has no second factor is refused at a medium risk",
    "cognito.tf",
    '"MFA_REQUIRED"',
    '"NO_ACTION"',
    (i) => takeover(i).medium_action[0].event_action === "MFA_REQUIRED",
  ],
  [
    "a sign-in of high risk is refused",
    "cognito.tf",
    'high_action {\n        event_action = "BLOCK"',
    'high_action {\n        event_action = "NO_ACTION"',
    (i) => takeover(i).high_action[0].event_action === "BLOCK",
  ],
  [
    "a password known from leaks is refused",
    "cognito.tf",
    '    actions {\n      event_action = "BLOCK"',
    '    actions {\n      event_action = "NO_ACTION"',
    (i) => risk(i).compromised_credentials_risk_configuration[0].actions[0].event_action === "BLOCK",
  ],
  [
    "the client signs in by SRP and nothing else",
    "cognito.tf",
    '["ALLOW_USER_SRP_AUTH"]',
    '["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"]',
    (i) => same(client(i).explicit_auth_flows, ["ALLOW_USER_SRP_AUTH"]),
  ],
  [
    "no refresh goes round the rotation",
    "cognito.tf",
    '["ALLOW_USER_SRP_AUTH"]',
    '["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]',
    (i) => !client(i).explicit_auth_flows.includes("ALLOW_REFRESH_TOKEN_AUTH"),
  ],
  [
    "refresh tokens rotate",
    "cognito.tf",
    'feature                    = "ENABLED"',
    'feature                    = "DISABLED"',
    (i) => client(i).refresh_token_rotation[0].feature === "ENABLED",
  ],
  [
    "an old refresh token is good for ten seconds more",
    "cognito.tf",
    "retry_grace_period_seconds = 10",
    "retry_grace_period_seconds = 60",
    (i) => client(i).refresh_token_rotation[0].retry_grace_period_seconds === 10,
  ],
  [
    "an access token is good for 15 minutes",
    "cognito.tf",
    "access_token_validity  = 15",
    "access_token_validity  = 60",
    (i) => client(i).access_token_validity === 15 && client(i).token_validity_units[0].access_token === "minutes",
  ],
  [
    "15 of an access token are minutes",
    "cognito.tf",
    'access_token  = "minutes"',
    'access_token  = "hours"',
    (i) => client(i).token_validity_units[0].access_token === "minutes",
  ],
  [
    "an ID token is good for 15 minutes",
    "cognito.tf",
    "id_token_validity      = 15",
    "id_token_validity      = 60",
    (i) => client(i).id_token_validity === 15,
  ],
  [
    "15 of an ID token are minutes",
    "cognito.tf",
    'id_token      = "minutes"',
    'id_token      = "hours"',
    (i) => client(i).token_validity_units[0].id_token === "minutes",
  ],
  [
    "a refresh token is good for 30 days",
    "cognito.tf",
    "refresh_token_validity = 30",
    "refresh_token_validity = 90",
    (i) => client(i).refresh_token_validity === 30 && client(i).token_validity_units[0].refresh_token === "days",
  ],
  [
    "no error tells whether a user exists",
    "cognito.tf",
    'prevent_user_existence_errors = "ENABLED"',
    'prevent_user_existence_errors = "LEGACY"',
    (i) => client(i).prevent_user_existence_errors === "ENABLED",
  ],
  [
    "tokens can be revoked",
    "cognito.tf",
    "enable_token_revocation       = true",
    "enable_token_revocation       = false",
    (i) => client(i).enable_token_revocation === true,
  ],
  [
    "the client may not write the tenant",
    "cognito.tf",
    'write_attributes = ["email"]',
    'write_attributes = ["email", "custom:tenant_id"]',
    (i) => same(client(i).write_attributes, ["email"]),
  ],
  [
    "what the client may write is said: left out, it would be everything",
    "cognito.tf",
    '  write_attributes = ["email"]\n',
    "",
    (i) => Array.isArray(client(i).write_attributes),
  ],
  [
    "notices are sent for this pool alone",
    "cognito.tf",
    'variable = "aws:SourceArn"',
    'variable = "aws:SourceVpc"',
    (i) =>
      i
        .statements()
        .find(({ policy }) => policy === "notices")
        .condition.some(
          ({ variable, values }) =>
            variable === "aws:SourceArn" && same(values, ["${aws_cognito_user_pool.users.arn}"]),
        ),
  ],
];
