# A Lambda function with a log group and a role of its own. The role may write to that log group and nothing else; what more the
# function needs is attached to the role by who uses this module.

terraform {
  required_version = ">= 1.9.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}

variable "name" {
  description = "First part of the names, as in the root module."
  type        = string
}

variable "part" {
  description = "What this function is, in its name, such as authorizer."
  type        = string
}

variable "zip" {
  description = "Path of the zip."
  type        = string
}

variable "handler" {
  description = "File and export, such as index.handler."
  type        = string
}

variable "runtime" {
  description = "Lambda's runtime."
  type        = string
}

variable "timeout_seconds" {
  description = "After this the function is stopped, in seconds."
  type        = number
  default     = 5
}

variable "log_retention_days" {
  description = "How long logs are kept, in days."
  type        = number
}

variable "kms_key_arn" {
  description = "Key of the logs."
  type        = string
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/${var.part}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-${var.part}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "logs" {
  # The group is made above: the function may not make one, which would have no retention and no key.
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
}

resource "aws_iam_role_policy" "logs" {
  name   = "logs"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.logs.json
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:traces would tell another service who called what, and need a permission on every resource
  #checkov:skip=CKV_AWS_115:reserving concurrency takes it from the account's other functions; the API's own throttling is the limit
  #checkov:skip=CKV_AWS_116:called synchronously, so there is no event that could get lost, and so nothing for a dead letter queue
  #checkov:skip=CKV_AWS_117:it needs nothing of a VPC; inside one it would need a NAT gateway to fetch key sets
  #checkov:skip=CKV_AWS_272:code signing needs a signing profile of your organisation; the zip is built by who applies this
  function_name    = "${var.name}-${var.part}"
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  handler          = var.handler
  runtime          = var.runtime
  architectures    = ["arm64"]
  memory_size      = 256
  timeout          = var.timeout_seconds
  role             = aws_iam_role.this.arn

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  depends_on = [aws_iam_role_policy.logs]
}

output "arn" {
  value = aws_lambda_function.this.arn
}

output "invoke_arn" {
  value = aws_lambda_function.this.invoke_arn
}

output "name" {
  value = aws_lambda_function.this.function_name
}

output "role_name" {
  value = aws_iam_role.this.name
}
