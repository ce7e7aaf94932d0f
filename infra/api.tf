# The HTTP API: every request goes past the authorizer, whatever its path. What a request may do is in the authorizer's zip.

locals {
  is_http = var.backend_url != null

  # What the API is told, from the authorizer's context. Each value has text of its own around the variable, so that it is never
  # empty, and what a client sent under such a name is replaced even where the context lacks the member: on a public path it lacks
  # all. So a text is in quotes, unescaped, and a list of the context, which is JSON, in one more array.
  told = {
    user        = "\"$${context.authorizer.userId}\""
    client      = "\"$${context.authorizer.clientId}\""
    tenant      = "\"$${context.authorizer.tenantId}\""
    plan        = "\"$${context.authorizer.plan}\""
    email       = "\"$${context.authorizer.email}\""
    permissions = "[$${context.authorizer.permissions}]"
    groups      = "[$${context.authorizer.groups}]"
  }
  overwritten = { for name, value in local.told : "overwrite:header.x-tollgate-${name}" => value }

  # The same names as CGI and WSGI see them, and names by which a client could tell the API of another request than was judged.
  removed_names = concat(
    ["x-tollgate-proof", "x-original-url", "x-rewrite-url", "x-http-method-override", "x-http-method", "x-method-override"],
    flatten([for name in concat(keys(local.told), ["proof"]) : ["x_tollgate_${name}", "x-tollgate_${name}", "x_tollgate-${name}"]]),
  )
  removed = { for name in local.removed_names : "remove:header.${name}" => "''" }
}

module "authorizer" {
  source = "./function"

  name               = var.name
  part               = "authorizer"
  zip                = var.authorizer_zip
  handler            = "index.handler"
  runtime            = var.runtime
  timeout_seconds    = 10
  log_retention_days = var.log_retention_days
  kms_key_arn        = aws_kms_key.home.arn
}

resource "aws_lambda_permission" "authorizer" {
  statement_id   = "api"
  action         = "lambda:InvokeFunction"
  function_name  = module.authorizer.name
  principal      = "apigateway.amazonaws.com"
  source_account = data.aws_caller_identity.current.account_id
  source_arn     = "${aws_apigatewayv2_api.api.execution_arn}/authorizers/${aws_apigatewayv2_authorizer.tollgate.id}"
}

resource "aws_apigatewayv2_api" "api" {
  name          = "${var.name}-api"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_authorizer" "tollgate" {
  name                              = "tollgate"
  api_id                            = aws_apigatewayv2_api.api.id
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = module.authorizer.invoke_arn
  authorizer_payload_format_version = "2.0"
  enable_simple_responses           = true

  # 0 unless `cacheSettings` says that an answer depends on nothing but these. Left out, API Gateway would keep answers for 300 s.
  authorizer_result_ttl_in_seconds = var.authorizer_cache.ttlSeconds
  # None while nothing is kept: a request that lacks one is answered 401 by API Gateway, and a public path lacks the credential.
  identity_sources = var.authorizer_cache.ttlSeconds == 0 ? null : var.authorizer_cache.identitySources
}

resource "aws_apigatewayv2_integration" "backend" {
  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = local.is_http ? "HTTP_PROXY" : "AWS_PROXY"
  integration_method     = local.is_http ? "ANY" : "POST"
  integration_uri        = local.is_http ? var.backend_url : var.backend_function_arn
  payload_format_version = local.is_http ? "1.0" : "2.0"

  # A function reads the context, never these headers.
  request_parameters = local.is_http ? merge(local.overwritten, local.removed, { "overwrite:path" = "$request.path" }) : null
}

resource "aws_lambda_permission" "backend" {
  count = local.is_http ? 0 : 1

  statement_id   = "${var.name}-api"
  action         = "lambda:InvokeFunction"
  function_name  = var.backend_function_arn
  principal      = "apigateway.amazonaws.com"
  source_account = data.aws_caller_identity.current.account_id
  source_arn     = "${aws_apigatewayv2_api.api.execution_arn}/$default/$default"
}

# One route for everything, so that no path is without the authorizer.
resource "aws_apigatewayv2_route" "everything" {
  api_id             = aws_apigatewayv2_api.api.id
  route_key          = "$default"
  target             = "integrations/${aws_apigatewayv2_integration.backend.id}"
  authorization_type = "CUSTOM"
  authorizer_id      = aws_apigatewayv2_authorizer.tollgate.id
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/${var.name}/api"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.home.arn
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.api.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit  = var.requests_per_second
    throttling_burst_limit = var.requests_at_once
  }

  # No path, query, header or address: a path may hold a tenant or an e-mail, and a query a token.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format = jsonencode({
      requestId        = "$context.requestId"
      time             = "$context.requestTime"
      method           = "$context.httpMethod"
      status           = "$context.status"
      authorizerStatus = "$context.authorizer.status"
      authorizerError  = "$context.authorizer.error"
      integrationError = "$context.integrationErrorMessage"
      latencyMs        = "$context.responseLatency"
    })
  }
}
