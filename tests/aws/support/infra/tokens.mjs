// What tokens.tf promises: see users.mjs.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expressions of HCL

import { isDeepStrictEqual as same } from "node:util";
import { source } from "./read.mjs";

const table = (infra) => infra.resource("aws_dynamodb_table", "families");
const secret = (infra) => infra.resource("aws_secretsmanager_secret", "keys");
const policy = (infra) => infra.statements().filter((statement) => statement.policy === "token_service");

const store = source("js", "tokens", "dynamodb.ts");
/** The calls that the store makes, as IAM calls them. */
const CALLS = [
  ...new Set(
    [...store.matchAll(/#client\.([a-z])(\w+)\(/g)].map(([, first, rest]) => `dynamodb:${first.toUpperCase()}${rest}`),
  ),
].sort();

export const TOKENS = [
  [
    "the table's key is the store's",
    "tokens.tf",
    'hash_key     = "pk"',
    'hash_key     = "id"',
    (i) =>
      table(i).hash_key === "pk" &&
      same(table(i).attribute, [{ name: "pk", type: "S" }]) &&
      store.includes("key `pk` (a string)"),
  ],
  [
    "the table's TTL attribute is the store's",
    "tokens.tf",
    'attribute_name = "ttl"',
    'attribute_name = "expires"',
    (i) => same(table(i).ttl, [{ attribute_name: "ttl", enabled: true }]) && store.includes("TTL attribute `ttl`"),
  ],
  [
    "the table can be restored to a point in time",
    "tokens.tf",
    "point_in_time_recovery {\n    enabled = true",
    "point_in_time_recovery {\n    enabled = false",
    (i) => table(i).point_in_time_recovery[0].enabled === true,
  ],
  [
    "the table is encrypted with our key",
    "tokens.tf",
    "kms_key_arn = aws_kms_key.home.arn",
    "kms_key_arn = null",
    (i) => same(table(i).server_side_encryption, [{ enabled: true, kms_key_arn: "${aws_kms_key.home.arn}" }]),
  ],
  [
    "the table cannot be deleted by accident",
    "tokens.tf",
    "deletion_protection_enabled = true",
    "deletion_protection_enabled = false",
    (i) => table(i).deletion_protection_enabled === true,
  ],
  [
    "the signing keys are encrypted with our key",
    "tokens.tf",
    "  kms_key_id              = aws_kms_key.home.arn\n",
    "",
    (i) => secret(i).kms_key_id === "${aws_kms_key.home.arn}",
  ],
  [
    "deleted signing keys can be brought back",
    "tokens.tf",
    "recovery_window_in_days = 30",
    "recovery_window_in_days = 0",
    (i) => secret(i).recovery_window_in_days === 30,
  ],
  [
    "no signing key is in Terraform",
    "tokens.tf",
    'resource "aws_iam_policy" "token_service" {',
    'resource "aws_secretsmanager_secret_version" "keys" {}\nresource "aws_iam_policy" "token_service" {',
    (i) => i.types().every((type) => !/secret_version|private_key|random/.test(type)),
  ],
  [
    "the token service may make the store's calls and no other",
    "tokens.tf",
    '"dynamodb:UpdateItem"]',
    '"dynamodb:UpdateItem", "dynamodb:Scan"]',
    (i) =>
      same(
        policy(i)
          .flatMap(({ actions }) => actions)
          .filter((action) => action.startsWith("dynamodb:"))
          .sort(),
        CALLS,
      ),
  ],
  [
    "the token service decrypts through Secrets Manager and DynamoDB only",
    "tokens.tf",
    'values   = ["dynamodb.${var.region}.amazonaws.com"]',
    'values   = ["s3.${var.region}.amazonaws.com"]',
    (i) =>
      same(
        policy(i)
          .filter(({ actions }) => actions.some((action) => action.startsWith("kms:")))
          .map(
            ({ condition = [] }) =>
              condition.find(({ variable }) => variable === "kms:ViaService")?.values[0].split(".")[0],
          ),
        ["secretsmanager", "dynamodb"],
      ),
  ],
];
