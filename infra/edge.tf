# CloudFront with the gate as a viewer-request function: it runs before any cache, for every request. What it lets through is in its zip.

locals {
  edge_name = "${var.name}-edge"
  edge_logs = "/${var.name}/edge"
}

# A replica writes where it runs, to a group of this name. It may not make one, which would have no retention and no key: elsewhere
# its lines are dropped. Add a group with a provider for each region whose lines you want.
resource "aws_cloudwatch_log_group" "edge" {
  provider = aws.us_east_1

  name              = local.edge_logs
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.edge.arn
}

resource "aws_cloudwatch_log_group" "edge_at_home" {
  count = var.region == "us-east-1" ? 0 : 1

  name              = local.edge_logs
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.home.arn
}

data "aws_iam_policy_document" "edge_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "edge" {
  name               = local.edge_name
  assume_role_policy = data.aws_iam_policy_document.edge_trust.json
}

data "aws_iam_policy_document" "edge_logs" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for group in concat([aws_cloudwatch_log_group.edge], aws_cloudwatch_log_group.edge_at_home) : "${group.arn}:*"]
  }
}

resource "aws_iam_role_policy" "edge_logs" {
  name   = "logs"
  role   = aws_iam_role.edge.id
  policy = data.aws_iam_policy_document.edge_logs.json
}

resource "aws_lambda_function" "edge" {
  #checkov:skip=CKV_AWS_50:traces would tell another service who called what, and need a permission on every resource
  #checkov:skip=CKV_AWS_115:what is reserved in us-east-1 says nothing of the regions in which the replicas run
  #checkov:skip=CKV_AWS_116:called synchronously by CloudFront, so there is no event that could get lost
  #checkov:skip=CKV_AWS_117:Lambda@Edge refuses functions that are in a VPC
  #checkov:skip=CKV_AWS_272:code signing needs a signing profile of your organisation; the zip is built by who applies this
  provider = aws.us_east_1

  function_name    = local.edge_name
  filename         = var.edge_zip
  source_code_hash = filebase64sha256(var.edge_zip)
  handler          = "index.handler"
  runtime          = var.runtime
  architectures    = ["x86_64"]
  role             = aws_iam_role.edge.arn
  # CloudFront takes a numbered version only, and of a viewer-request function 128 MB and 5 s at most.
  publish     = true
  memory_size = 128
  timeout     = 5

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.edge.name
  }

  depends_on = [aws_iam_role_policy.edge_logs]
}

data "aws_cloudfront_cache_policy" "disabled" {
  name = "Managed-CachingDisabled"
}

data "aws_cloudfront_origin_request_policy" "all_viewer" {
  name = var.edge_forward_host ? "Managed-AllViewer" : "Managed-AllViewerExceptHostHeader"
}

data "aws_cloudfront_response_headers_policy" "security" {
  name = "Managed-SecurityHeadersPolicy"
}

resource "aws_cloudfront_distribution" "edge" {
  #checkov:skip=CKV_AWS_68:a web ACL is charged for and tuned for each site; the gate refuses before the origin is reached
  #checkov:skip=CKV2_AWS_47:as above; and there is no Java here for Log4j's rule to protect, unless your origin has it
  #checkov:skip=CKV_AWS_86:an access log keeps each path and query, and needs a bucket of yours
  #checkov:skip=CKV_AWS_305:an API has no page at its root
  #checkov:skip=CKV_AWS_310:the origin is yours, and whether it has a second is not known here
  #checkov:skip=CKV_AWS_374:where your users are is not known here
  comment         = "${var.name}: the gate runs in front of ${var.edge_origin}"
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  aliases         = [var.edge_domain]

  origin {
    origin_id   = "api"
    domain_name = var.edge_origin

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  # The only behaviour: a path with one of its own would be without the gate.
  default_cache_behavior {
    target_origin_id = "api"
    # Not redirected: a request that came in clear has shown its token already.
    viewer_protocol_policy = "https-only"
    allowed_methods        = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods         = ["GET", "HEAD"]

    # What is kept would be given to whoever comes next: no answer is. Every header, cookie and query string goes to the origin.
    cache_policy_id            = data.aws_cloudfront_cache_policy.disabled.id
    origin_request_policy_id   = data.aws_cloudfront_origin_request_policy.all_viewer.id
    response_headers_policy_id = data.aws_cloudfront_response_headers_policy.security.id

    lambda_function_association {
      event_type   = "viewer-request"
      lambda_arn   = aws_lambda_function.edge.qualified_arn
      include_body = false
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.edge_certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
}
