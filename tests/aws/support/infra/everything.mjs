// What all of infra/ promises: see users.mjs.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expressions of HCL

const principals = (statement) => (statement.principals ?? []).flatMap(({ identifiers }) => identifiers);

/** The only statements of which `*` is the resource: a key's policy, in which it means the key. */
const isOfKey = ({ policy }) => policy === "key";
const ofKeys = (infra) => infra.statements().filter(isOfKey);
/** Without a `*` but that of a log group's streams; as a text, or at the end of an expression. */
const isExact = (resource) =>
  !resource.replace(resource.includes("aws_cloudwatch_log_group.") ? /:\*("\]\})?$/ : "", "").includes("*");
const resourcesOf = ({ resources = [] }) => [resources].flat();

export const EVERYTHING = [
  [
    "every log group ends its lines",
    "api.tf",
    "  retention_in_days = var.log_retention_days\n",
    "",
    (i) =>
      i.all("aws_cloudwatch_log_group").every(({ block }) => block.retention_in_days === "${var.log_retention_days}"),
  ],
  [
    "every log group is encrypted with our key",
    "function/main.tf",
    "  kms_key_id        = var.kms_key_arn\n",
    "",
    (i) => i.all("aws_cloudwatch_log_group").every(({ block }) => block.kms_key_id),
  ],
  [
    "every function writes to a log group from here",
    "function/main.tf",
    "    log_group  = aws_cloudwatch_log_group.this.name\n",
    "",
    (i) =>
      i
        .all("aws_lambda_function")
        .every(({ block }) => block.logging_config[0].log_group?.startsWith("${aws_cloudwatch_log_group.")),
  ],
  [
    "no function has environment variables",
    "function/main.tf",
    "  logging_config {",
    "  environment {}\n  logging_config {",
    (i) => i.all("aws_lambda_function").every(({ block }) => block.environment === undefined),
  ],
  [
    "keys are rotated",
    "encryption.tf",
    'key["home"].json\n  enable_key_rotation     = true',
    'key["home"].json\n  enable_key_rotation     = false',
    (i) =>
      i
        .all("aws_kms_key")
        .every(({ block }) => block.enable_key_rotation === true && block.deletion_window_in_days === 30),
  ],
  [
    "a key is used for logs of this name only",
    "encryption.tf",
    "log-group:/${var.name}/*",
    "log-group:*",
    (i) =>
      ofKeys(i)
        .find(({ sid }) => sid === "LogsOfThisName")
        .condition[0].values[0].endsWith(":log-group:/${var.name}/*"),
  ],
  [
    "no other than the account has every right on a key",
    "encryption.tf",
    "identifiers = [local.account_root]",
    'identifiers = ["*"]',
    (i) => ofKeys(i).every((statement) => !principals(statement).includes("*")),
  ],
  [
    "no policy allows by a pattern of actions",
    "tokens.tf",
    '"dynamodb:UpdateItem"]',
    '"dynamodb:*"]',
    (i) =>
      i
        .statements()
        .every((statement) =>
          statement.actions.every(
            (action) => !action.includes("*") || (isOfKey(statement) && statement.sid === "AccountDecides"),
          ),
        ),
  ],
  [
    "no policy allows on a pattern of resources, but for the streams of a log group",
    "tokens.tf",
    "resources = [aws_dynamodb_table.families.arn]",
    'resources = ["*"]',
    (i) => i.statements().every((statement) => isOfKey(statement) || resourcesOf(statement).every(isExact)),
  ],
  [
    "no policy of AWS's own is attached",
    "tokens.tf",
    'resource "aws_iam_policy" "token_service" {',
    'resource "aws_iam_role_policy_attachment" "all" {}\nresource "aws_iam_policy" "token_service" {',
    (i) => i.types().every((type) => !type.includes("policy_attachment")),
  ],
  [
    "a role is for a service and nobody else",
    "function/main.tf",
    'identifiers = ["lambda.amazonaws.com"]',
    'identifiers = ["*"]',
    (i) =>
      i
        .statements()
        .filter(({ actions }) => actions.includes("sts:AssumeRole"))
        .every(
          (statement) =>
            statement.principals.every(({ type }) => type === "Service") &&
            principals(statement).every((name) => /^(edge)?lambda\.amazonaws\.com$/.test(name)),
        ),
  ],
  [
    "a function is called by one caller of this account",
    "triggers.tf",
    "  source_arn     = aws_cognito_user_pool.users.arn\n",
    "",
    (i) =>
      i
        .all("aws_lambda_permission")
        .every(
          ({ block }) => block.source_arn && block.source_account === "${data.aws_caller_identity.current.account_id}",
        ),
  ],
];
