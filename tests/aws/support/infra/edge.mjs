// What edge.tf promises: see users.mjs.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expressions of HCL

import { isDeepStrictEqual as same } from "node:util";

const edge = (infra) => infra.resource("aws_lambda_function", "edge");
const distribution = (infra) => infra.resource("aws_cloudfront_distribution", "edge");
const behavior = (infra) => distribution(infra).default_cache_behavior[0];
const origin = (infra) => distribution(infra).origin[0].custom_origin_config[0];
const trusted = (infra) => infra.statements().filter(({ policy }) => policy === "edge_trust");

export const EDGE = [
  [
    "the gate runs at each viewer's request",
    "edge.tf",
    'event_type   = "viewer-request"',
    'event_type   = "origin-request"',
    (i) => behavior(i).lambda_function_association[0].event_type === "viewer-request",
  ],
  [
    "CloudFront runs a numbered version",
    "edge.tf",
    "lambda_arn   = aws_lambda_function.edge.qualified_arn",
    "lambda_arn   = aws_lambda_function.edge.arn",
    (i) => behavior(i).lambda_function_association[0].lambda_arn === "${aws_lambda_function.edge.qualified_arn}",
  ],
  [
    "each change of the function is a version",
    "edge.tf",
    "publish     = true",
    "publish     = false",
    (i) => edge(i).publish === true,
  ],
  [
    "the function fits a viewer's request",
    "edge.tf",
    "memory_size = 128",
    "memory_size = 256",
    (i) => edge(i).memory_size === 128 && edge(i).timeout <= 5,
  ],
  [
    "no path is without the gate",
    "edge.tf",
    "  viewer_certificate {",
    "  ordered_cache_behavior {}\n  viewer_certificate {",
    (i) => distribution(i).ordered_cache_behavior === undefined,
  ],
  [
    "nothing is kept by CloudFront",
    "edge.tf",
    '"Managed-CachingDisabled"',
    '"Managed-CachingOptimized"',
    (i) =>
      i.all("aws_cloudfront_cache_policy", "data").every(({ block }) => block.name === "Managed-CachingDisabled") &&
      behavior(i).cache_policy_id === "${data.aws_cloudfront_cache_policy.disabled.id}",
  ],
  [
    "every viewer's header, cookie and query goes to the origin",
    "edge.tf",
    '"Managed-AllViewer" :',
    '"Managed-CORS-CustomOrigin" :',
    (i) =>
      i.all("aws_cloudfront_origin_request_policy", "data")[0].block.name ===
        '${var.edge_forward_host ? "Managed-AllViewer" : "Managed-AllViewerExceptHostHeader"}' &&
      behavior(i).origin_request_policy_id === "${data.aws_cloudfront_origin_request_policy.all_viewer.id}",
  ],
  [
    "the origin sees the host that was judged, unless it is chosen otherwise",
    "variables.tf",
    "type        = bool\n  default     = true",
    "type        = bool\n  default     = false",
    (i) => i.variable("edge_forward_host").default === true,
  ],
  [
    "viewers come over TLS alone",
    "edge.tf",
    '"https-only"\n    allowed_methods',
    '"allow-all"\n    allowed_methods',
    (i) => behavior(i).viewer_protocol_policy === "https-only",
  ],
  [
    "TLS 1.2 is the oldest to viewers",
    "edge.tf",
    '"TLSv1.2_2021"',
    '"TLSv1"',
    (i) => distribution(i).viewer_certificate[0].minimum_protocol_version === "TLSv1.2_2021",
  ],
  [
    "the origin is reached over TLS alone",
    "edge.tf",
    'origin_protocol_policy = "https-only"',
    'origin_protocol_policy = "match-viewer"',
    (i) => origin(i).origin_protocol_policy === "https-only" && same(origin(i).origin_ssl_protocols, ["TLSv1.2"]),
  ],
  [
    "the edge's role is for Lambda and Lambda@Edge",
    "edge.tf",
    ', "edgelambda.amazonaws.com"',
    "",
    (i) =>
      same(
        trusted(i).flatMap(({ principals }) => principals.flatMap(({ identifiers }) => identifiers)),
        ["lambda.amazonaws.com", "edgelambda.amazonaws.com"],
      ),
  ],
  [
    "the function lives in us-east-1",
    "edge.tf",
    "  provider = aws.us_east_1\n\n  function_name",
    "  function_name",
    (i) => edge(i).provider === "${aws.us_east_1}",
  ],
  [
    "nothing else but its logs and their key does",
    "tokens.tf",
    '  name         = "${var.name}-families"',
    '  provider = aws.us_east_1\n  name         = "${var.name}-families"',
    (i) =>
      same(
        i
          .types()
          .flatMap((type) =>
            i
              .all(type)
              .filter(({ block }) => block.provider)
              .map(({ name }) => `${type}.${name}`),
          )
          .sort(),
        ["aws_cloudwatch_log_group.edge", "aws_kms_key.edge", "aws_lambda_function.edge"],
      ),
  ],
];
