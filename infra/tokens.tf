# Where tollgate/tokens keeps its families and its signing keys, and what a function needs to use both. Deploys no token service:
# attach the policy to the role of the function that runs `createTokens`.

# The key and the TTL attribute are those of js/tokens/dynamodb.ts.
resource "aws_dynamodb_table" "families" {
  name         = "${var.name}-families"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"

  attribute {
    name = "pk"
    type = "S"
  }

  # Deletes, a day and more after the end of a family. Nothing ends by it.
  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  # A restored table holds an older state, in which a family is behind its newest token: that token ends it.
  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.home.arn
  }

  deletion_protection_enabled = true
}

# The place of the signing keys. Their value is put there by hand and never in Terraform, whose state would show it.
resource "aws_secretsmanager_secret" "keys" {
  #checkov:skip=CKV2_AWS_57:the keys carry dates and replace each other by the clock; a new document is made with `npm run keys`
  name                    = "${var.name}/signing-keys"
  description             = "The document that `npm run keys -- new` prints."
  kms_key_id              = aws_kms_key.home.arn
  recovery_window_in_days = 30
}

data "aws_iam_policy_document" "token_service" {
  # The calls that js/tokens/dynamodb.ts makes, and no other: neither a scan nor a deletion.
  statement {
    sid       = "Families"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.families.arn]
  }

  statement {
    sid       = "SigningKeys"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.keys.arn]
  }

  statement {
    sid       = "DecryptSigningKeys"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.home.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:SecretARN"
      values   = [aws_secretsmanager_secret.keys.arn]
    }
  }

  # DynamoDB uses the table's key in the name of who calls it.
  statement {
    sid       = "TableKey"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey", "kms:CreateGrant"]
    resources = [aws_kms_key.home.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["dynamodb.${var.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_policy" "token_service" {
  name        = "${var.name}-token-service"
  description = "For the role of the function that runs createTokens of tollgate/tokens."
  policy      = data.aws_iam_policy_document.token_service.json
}
