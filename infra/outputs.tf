# What the next step needs: the configuration of the gate, the client, the token service and DNS. No secret is among it.

output "issuer" {
  description = "What belongs into `issuers` of tollgate.json: `terraform output -json issuer`."
  value = {
    preset     = "cognito"
    region     = var.region
    userPoolId = aws_cognito_user_pool.users.id
    clientIds  = [aws_cognito_user_pool_client.web.id]
    tokenUse   = ["access"]
  }
}

output "user_pool_id" {
  description = "For AdminCreateUser, which alone sets custom:tenant_id."
  value       = aws_cognito_user_pool.users.id
}

output "client_id" {
  description = "For the application."
  value       = aws_cognito_user_pool_client.web.id
}

output "trigger_roles" {
  description = "Roles of the trigger functions: attach what your `permissions` function reads to that of pre-token-generation."
  value       = { for part, trigger in module.triggers : part => trigger.role_name }
}

output "api_endpoint" {
  description = "Address of the HTTP API."
  value       = aws_apigatewayv2_api.api.api_endpoint
}

output "families_table" {
  description = "`table` of dynamoDbStore."
  value       = aws_dynamodb_table.families.name
}

output "signing_keys_secret" {
  description = "Secret that is to hold the document of `npm run keys -- new`."
  value       = aws_secretsmanager_secret.keys.arn
}

output "token_service_policy" {
  description = "Policy for the role of the function that runs createTokens."
  value       = aws_iam_policy.token_service.arn
}

output "edge_target" {
  description = "What the DNS record of edge_domain points at."
  value       = aws_cloudfront_distribution.edge.domain_name
}

output "edge_function_version" {
  description = "Version of the Lambda@Edge function that CloudFront runs."
  value       = aws_lambda_function.edge.qualified_arn
}
