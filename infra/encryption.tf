# The keys under which tables, secrets and logs are encrypted: one at home, one where Lambda@Edge lives. Decides who may use a key,
# and leaves who may read a table or a secret to their own policies.

locals {
  account_root = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"
  key_regions  = { home = var.region, edge = "us-east-1" }
}

data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:a key policy speaks of its own key only, and the account must keep the right to change it, or nobody has it
  #checkov:skip=CKV_AWS_111:as above: the resource of a key policy is always *, which means this key
  #checkov:skip=CKV_AWS_356:as above: the resource of a key policy is always *, which means this key
  for_each = local.key_regions

  # AWS's default statement: who may use the key is said in IAM, by the account. Without it a key can become nobody's.
  statement {
    sid       = "AccountDecides"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.account_root]
    }
  }

  statement {
    sid       = "LogsOfThisName"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${each.value}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${data.aws_partition.current.partition}:logs:${each.value}:${data.aws_caller_identity.current.account_id}:log-group:/${var.name}/*"]
    }
  }
}

resource "aws_kms_key" "home" {
  description             = "${var.name}: refresh tokens, signing keys, logs"
  policy                  = data.aws_iam_policy_document.key["home"].json
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_kms_key" "edge" {
  provider = aws.us_east_1

  description             = "${var.name}: logs of the Lambda@Edge function"
  policy                  = data.aws_iam_policy_document.key["edge"].json
  enable_key_rotation     = true
  deletion_window_in_days = 30
}
