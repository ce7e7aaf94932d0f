// What api.tf promises: see users.mjs.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expressions of HCL

import { isDeepStrictEqual as same } from "node:util";
import { source } from "./read.mjs";

const authorizer = (infra) => infra.resource("aws_apigatewayv2_authorizer", "tollgate");
const integration = (infra) => infra.resource("aws_apigatewayv2_integration", "backend");
const stage = (infra) => infra.resource("aws_apigatewayv2_stage", "default");

/** Each name that the gate sends, from the core's own list. */
const SENT = [...new Set([...source("src", "config.rs").matchAll(/`x-tollgate-([a-z]+)`/g)].map(([, name]) => name))];

export const API = [
  [
    "the only route is for every path",
    "api.tf",
    'route_key          = "$default"',
    'route_key          = "ANY /orders"',
    (i) =>
      same(
        i.all("aws_apigatewayv2_route").map(({ block }) => block.route_key),
        ["$default"],
      ),
  ],
  [
    "every route has the authorizer",
    "api.tf",
    'authorization_type = "CUSTOM"',
    'authorization_type = "NONE"',
    (i) =>
      i
        .all("aws_apigatewayv2_route")
        .every(
          ({ block }) =>
            block.authorization_type === "CUSTOM" &&
            block.authorizer_id === "${aws_apigatewayv2_authorizer.tollgate.id}",
        ),
  ],
  [
    "the authorizer gets payload 2.0",
    "api.tf",
    'authorizer_payload_format_version = "2.0"',
    'authorizer_payload_format_version = "1.0"',
    (i) => authorizer(i).authorizer_payload_format_version === "2.0",
  ],
  [
    "the authorizer's answers are simple",
    "api.tf",
    "enable_simple_responses           = true",
    "enable_simple_responses           = false",
    (i) => authorizer(i).enable_simple_responses === true,
  ],
  [
    "no answer of the authorizer is kept",
    "variables.tf",
    "identitySources = [], ttlSeconds = 0 }",
    "identitySources = [], ttlSeconds = 300 }",
    (i) => same(i.variable("authorizer_cache").default, { identitySources: [], ttlSeconds: 0 }),
  ],
  [
    "how long answers are kept is always said",
    "api.tf",
    "  authorizer_result_ttl_in_seconds = var.authorizer_cache.ttlSeconds\n",
    "",
    (i) => authorizer(i).authorizer_result_ttl_in_seconds === "${var.authorizer_cache.ttlSeconds}",
  ],
  [
    "what is kept is kept under what cacheSettings says",
    "api.tf",
    "null : var.authorizer_cache.identitySources",
    'null : ["$request.header.authorization"]',
    (i) => authorizer(i).identity_sources.endsWith("null : var.authorizer_cache.identitySources}"),
  ],
  ...[
    ["the credential", '["authorization", "cookie"] : contains', '["authorization", "host"] : contains'],
    ["the method and the path", '["httpMethod", "path"] : contains', '["path"] : contains'],
  ].map(([what, from, to]) => [
    `what is kept is kept under ${what}, whatever the variable says`,
    "variables.tf",
    from,
    to,
    (i) => i.variable("authorizer_cache").validation.some(({ condition }) => condition.includes(from)),
  ]),
  ...SENT.filter((name) => name !== "proof").map((name) => {
    const member = { user: "userId", client: "clientId", tenant: "tenantId" }[name] ?? name;
    return [
      `x-tollgate-${name} is the context's ${member}, and never empty`,
      "api.tf",
      `$\${context.authorizer.${member}}`,
      `$\${request.header.x-tollgate-${name}}`,
      (i) =>
        /^(".*"|\[.*\])$/.test(i.local("told")[name]) &&
        i.local("told")[name].slice(1, -1) === `$\${context.authorizer.${member}}`,
    ];
  }),
  [
    "what is told is overwritten, not appended",
    "api.tf",
    '"overwrite:header.x-tollgate-${name}"',
    '"append:header.x-tollgate-${name}"',
    (i) => i.local("overwritten").includes('"overwrite:header.x-tollgate-${name}" => value'),
  ],
  [
    "the API is told so",
    "api.tf",
    "merge(local.overwritten, ",
    "merge(",
    (i) => integration(i).request_parameters.includes("merge(local.overwritten, local.removed, "),
  ],
  [
    "other spellings of these names are removed",
    "api.tf",
    '"x_tollgate_${name}", ',
    "",
    (i) =>
      ["x_tollgate_${name}", "x-tollgate_${name}", "x_tollgate-${name}"].every((name) =>
        i.local("removed_names").includes(`"${name}"`),
      ),
  ],
  [
    "a proof cannot be made up",
    "api.tf",
    '["x-tollgate-proof", ',
    "[",
    (i) => i.local("removed_names").includes('"x-tollgate-proof"'),
  ],
  ...["x-original-url", "x-rewrite-url", "x-http-method-override", "x-http-method", "x-method-override"].map((name) => [
    `${name} does not reach the API`,
    "api.tf",
    `"${name}"`,
    '"x-other"',
    (i) => i.local("removed_names").includes(`"${name}"`),
  ]),
  [
    "the API sees the path that was judged",
    "api.tf",
    '{ "overwrite:path" = "$request.path" }',
    "{}",
    (i) => integration(i).request_parameters.includes('{ "overwrite:path" = "$request.path" }'),
  ],
  [
    "the API takes so many requests and no more",
    "api.tf",
    "    throttling_rate_limit  = var.requests_per_second\n",
    "",
    (i) => stage(i).default_route_settings[0].throttling_rate_limit === "${var.requests_per_second}",
  ],
  [
    "the access log holds no path, query, header or address",
    "api.tf",
    '"$context.httpMethod"',
    '"$context.path"',
    (i) => !/\$context\.(path|identity|domain)|\$request/.test(stage(i).access_log_settings[0].format),
  ],
];
