# The functions that Cognito calls, all from one zip. What they decide is in that zip: see docs/aws.md, Cognito.

locals {
  triggers = {
    pre-sign-up          = "preSignUp"
    post-confirmation    = "postConfirmation"
    pre-authentication   = "preAuthentication"
    post-authentication  = "postAuthentication"
    pre-token-generation = "preTokenGeneration"
  }
}

module "triggers" {
  source   = "./function"
  for_each = local.triggers

  name               = var.name
  part               = each.key
  zip                = var.triggers_zip
  handler            = "index.${each.value}"
  runtime            = var.runtime
  log_retention_days = var.log_retention_days
  kms_key_arn        = aws_kms_key.home.arn
}

# This pool alone may call them.
resource "aws_lambda_permission" "triggers" {
  for_each = local.triggers

  statement_id   = "cognito"
  action         = "lambda:InvokeFunction"
  function_name  = module.triggers[each.key].name
  principal      = "cognito-idp.amazonaws.com"
  source_account = data.aws_caller_identity.current.account_id
  source_arn     = aws_cognito_user_pool.users.arn
}
