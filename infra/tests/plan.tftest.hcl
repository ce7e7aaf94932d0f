# Plans with a provider that stands in for AWS: `terraform test` needs no account. What a wrong variable is answered is here; which
# properties the resources must have is in tests/aws/infra.test.mjs, which needs no Terraform.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

mock_provider "aws" {
  alias = "us_east_1"
}

variables {
  region               = "eu-central-1"
  triggers_zip         = "tests/empty.zip"
  authorizer_zip       = "tests/empty.zip"
  edge_zip             = "tests/empty.zip"
  ses_identity_arn     = "arn:aws:ses:eu-central-1:123456789012:identity/app.example.com"
  backend_url          = "https://orders.example.com"
  edge_domain          = "app.example.com"
  edge_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
  edge_origin          = "origin.example.com"
}

run "plans_an_api_over_http" {
  command = plan

  assert {
    condition     = aws_apigatewayv2_integration.backend.request_parameters["overwrite:header.x-tollgate-tenant"] == "\"$${context.authorizer.tenantId}\""
    error_message = "the tenant is not told from the authorizer's context"
  }
  assert {
    condition     = aws_apigatewayv2_integration.backend.request_parameters["overwrite:header.x-tollgate-permissions"] == "[$${context.authorizer.permissions}]"
    error_message = "the permissions are not told from the authorizer's context"
  }
  assert {
    condition     = alltrue([for spelling in ["x_tollgate_user", "x-tollgate_user", "x_tollgate-user"] : aws_apigatewayv2_integration.backend.request_parameters["remove:header.${spelling}"] == "''"])
    error_message = "another spelling of x-tollgate-user reaches the API"
  }
  assert {
    condition     = aws_apigatewayv2_authorizer.tollgate.authorizer_result_ttl_in_seconds == 0 && aws_apigatewayv2_authorizer.tollgate.identity_sources == null
    error_message = "answers of the authorizer are kept"
  }
  assert {
    condition     = length(aws_cloudwatch_log_group.edge_at_home) == 1 && length(aws_lambda_permission.backend) == 0
    error_message = "the edge's log group at home is missing, or a function's permission is there"
  }
}

run "plans_an_api_that_is_a_function" {
  command = plan

  variables {
    backend_url          = null
    backend_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:orders"
  }

  assert {
    condition     = aws_apigatewayv2_integration.backend.integration_type == "AWS_PROXY" && aws_apigatewayv2_integration.backend.payload_format_version == "2.0"
    error_message = "the function is not called with payload 2.0"
  }
  assert {
    condition     = length(aws_lambda_permission.backend) == 1
    error_message = "the API may not call the function"
  }
}

run "plans_all_in_one_region" {
  command = plan

  variables {
    region           = "us-east-1"
    ses_identity_arn = "arn:aws:ses:us-east-1:123456789012:identity/app.example.com"
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.edge_at_home) == 0
    error_message = "two log groups of one name in us-east-1"
  }
}

run "plans_the_pool_before_the_gate_is_built" {
  command = plan

  plan_options {
    target = [aws_cognito_user_pool_client.web]
  }

  variables {
    authorizer_zip = "tests/not-yet-built.zip"
    edge_zip       = "tests/not-yet-built.zip"
  }

  assert {
    condition     = length(module.triggers) == 5
    error_message = "the pool is not planned with its triggers"
  }
}

run "keeps_answers_only_as_cache_settings_says" {
  command = plan

  variables {
    authorizer_cache = { identitySources = ["$request.header.authorization", "$context.httpMethod", "$context.path"], ttlSeconds = 3600 }
  }

  assert {
    condition     = aws_apigatewayv2_authorizer.tollgate.authorizer_result_ttl_in_seconds == 3600 && length(aws_apigatewayv2_authorizer.tollgate.identity_sources) == 3
    error_message = "the settings do not reach the authorizer"
  }
}

run "refuses_a_ttl_without_the_credential" {
  command         = plan
  expect_failures = [var.authorizer_cache]

  variables {
    authorizer_cache = { identitySources = ["$request.header.host", "$context.httpMethod", "$context.path"], ttlSeconds = 1 }
  }
}

run "refuses_a_ttl_without_the_method" {
  command         = plan
  expect_failures = [var.authorizer_cache]

  variables {
    authorizer_cache = { identitySources = ["$request.header.authorization", "$context.path"], ttlSeconds = 1 }
  }
}

run "refuses_a_ttl_without_the_path" {
  command         = plan
  expect_failures = [var.authorizer_cache]

  variables {
    authorizer_cache = { identitySources = ["$request.header.authorization", "$context.httpMethod"], ttlSeconds = 1 }
  }
}

run "refuses_a_ttl_without_identity_sources" {
  command         = plan
  expect_failures = [var.authorizer_cache]

  variables {
    authorizer_cache = { identitySources = [], ttlSeconds = 1 }
  }
}

run "refuses_a_ttl_above_an_hour" {
  command         = plan
  expect_failures = [var.authorizer_cache]

  variables {
    authorizer_cache = { identitySources = ["$request.header.authorization", "$context.httpMethod", "$context.path"], ttlSeconds = 3601 }
  }
}

run "refuses_a_negative_ttl" {
  command         = plan
  expect_failures = [var.authorizer_cache]

  variables {
    authorizer_cache = { identitySources = ["$request.header.authorization", "$context.httpMethod", "$context.path"], ttlSeconds = -1 }
  }
}

run "refuses_half_a_second" {
  command         = plan
  expect_failures = [var.authorizer_cache]

  variables {
    authorizer_cache = { identitySources = ["$request.header.authorization", "$context.httpMethod", "$context.path"], ttlSeconds = 0.5 }
  }
}

run "refuses_an_identity_source_of_rest_apis" {
  command         = plan
  expect_failures = [var.authorizer_cache]

  variables {
    authorizer_cache = { identitySources = ["method.request.header.Authorization"], ttlSeconds = 0 }
  }
}

run "refuses_no_backend" {
  command         = plan
  expect_failures = [var.backend_url]

  variables {
    backend_url = null
  }
}

run "refuses_two_backends" {
  command         = plan
  expect_failures = [var.backend_url]

  variables {
    backend_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:orders"
  }
}

run "refuses_a_backend_in_clear" {
  command         = plan
  expect_failures = [var.backend_url]

  variables {
    backend_url = "http://orders.example.com"
  }
}

run "refuses_a_backend_with_a_path" {
  command         = plan
  expect_failures = [var.backend_url]

  variables {
    backend_url = "https://orders.example.com/v1"
  }
}

run "refuses_a_certificate_of_another_region" {
  command         = plan
  expect_failures = [var.edge_certificate_arn]

  variables {
    edge_certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
  }
}

run "refuses_an_identity_that_is_no_arn" {
  command         = plan
  expect_failures = [var.ses_identity_arn]

  variables {
    ses_identity_arn = "app.example.com"
  }
}

run "refuses_an_identity_of_another_region" {
  command         = plan
  expect_failures = [var.ses_identity_arn]

  variables {
    ses_identity_arn = "arn:aws:ses:eu-west-1:123456789012:identity/app.example.com"
  }
}

run "refuses_the_first_version_of_token_generation" {
  command         = plan
  expect_failures = [var.trigger_version]

  variables {
    trigger_version = "V1_0"
  }
}

run "refuses_logs_kept_for_ever" {
  command         = plan
  expect_failures = [var.log_retention_days]

  variables {
    log_retention_days = 0
  }
}

run "refuses_an_old_runtime" {
  command         = plan
  expect_failures = [var.runtime]

  variables {
    runtime = "nodejs20.x"
  }
}

run "refuses_other_malformed_settings" {
  command         = plan
  expect_failures = [var.name, var.region, var.triggers_zip, var.authorizer_zip, var.edge_zip, var.edge_domain, var.edge_origin, var.requests_per_second, var.requests_at_once, var.tags]

  variables {
    name                = "Tollgate"
    region              = "Frankfurt"
    triggers_zip        = "triggers"
    authorizer_zip      = "authorizer"
    edge_zip            = "edge"
    edge_domain         = "https://app.example.com"
    edge_origin         = "origin.example.com/api"
    requests_per_second = 0
    requests_at_once    = 5001
    tags                = { "aws:owner" = "us" }
  }
}
