// What must compile of tollgate/api-gateway beside @types/aws-lambda, and what must not. Never run.

import type {
  APIGatewayAuthorizerWithContextResult,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyEventV2WithJWTAuthorizer,
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  APIGatewayProxyWebsocketEventV2,
  APIGatewayProxyWithCognitoAuthorizerEvent,
  APIGatewayProxyWithLambdaAuthorizerEvent,
  APIGatewayRequestAuthorizerEvent,
  APIGatewayRequestAuthorizerEventV2,
  APIGatewayRequestAuthorizerHandler,
  APIGatewayRequestIAMAuthorizerHandlerV2,
  APIGatewayRequestSimpleAuthorizerHandlerV2WithContext,
  APIGatewayTokenAuthorizerEvent,
  APIGatewayTokenAuthorizerHandler,
  Context,
} from "aws-lambda";
import type { Config } from "tollgate";
import {
  type AuthorizerContext,
  type CacheSettings,
  cacheSettings,
  createAuthorizer,
  createGuards,
  guarded,
  type Refusal,
  requirePermission,
  requireTenant,
} from "tollgate/api-gateway";

declare const config: Config;
declare const http: APIGatewayRequestAuthorizerEventV2;
declare const rest: APIGatewayRequestAuthorizerEvent;
declare const token: APIGatewayTokenAuthorizerEvent;

const hooks = { now: () => 1, basePath: "/orders", stage: "prod" };
const simple = createAuthorizer(config, { event: "http", ...hooks });
export const simpleHandler: APIGatewayRequestSimpleAuthorizerHandlerV2WithContext<AuthorizerContext> = simple;
export const iamHandler: APIGatewayRequestIAMAuthorizerHandlerV2 = createAuthorizer(config, { event: "http-iam" });
export const oldHandler: APIGatewayRequestAuthorizerHandler = createAuthorizer(config, { event: "http-1.0" });
export const restHandler: APIGatewayRequestAuthorizerHandler = createAuthorizer(config, { event: "rest" });
export const tokenHandler: APIGatewayTokenAuthorizerHandler = createAuthorizer(config, { event: "rest-token" });
export const socketHandler: APIGatewayRequestAuthorizerHandler = createAuthorizer(config, { event: "websocket" });

const { isAuthorized, context }: { isAuthorized: boolean; context: AuthorizerContext } = await simple(http);
const answered: APIGatewayAuthorizerWithContextResult<AuthorizerContext> = await createAuthorizer(config, {
  event: "rest",
})(rest);
console.log(
  isAuthorized,
  context.tenantId,
  answered.principalId,
  await createAuthorizer(config, { event: "rest-token" })(token),
);

declare const events: [
  APIGatewayProxyEvent,
  APIGatewayProxyWithLambdaAuthorizerEvent<AuthorizerContext>,
  APIGatewayProxyWithCognitoAuthorizerEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyEventV2WithLambdaAuthorizer<AuthorizerContext>,
  APIGatewayProxyEventV2WithJWTAuthorizer,
  APIGatewayProxyWebsocketEventV2,
];
const guards = createGuards(config, hooks);
for (const event of events) {
  const refusal: Refusal | null = guards.requireTenant(["pro"])(event) ?? requirePermission("orders:read")(event);
  console.log(refusal?.statusCode, guards.principalOf(event)?.tenantId, requireTenant()(event)?.body);
}

const inner = async (event: APIGatewayProxyEventV2) => ({ statusCode: 200, body: event.rawPath });
export const v2: APIGatewayProxyHandlerV2 = guarded(requireTenant(), requirePermission("a", "b"))(inner);
export const v1: APIGatewayProxyHandler = guarded(guards.requireTenant())(
  (event: APIGatewayProxyEvent, lambda: Context) => ({ statusCode: 200, body: event.path + lambda.awsRequestId }),
);

const settings: CacheSettings = cacheSettings(config, { event: "rest", ttlSeconds: 60 });
console.log(settings.identitySources.join(","), settings.ttlSeconds);

// @ts-expect-error: the kind of events must be said
createAuthorizer(config, {});
// @ts-expect-error: and be one of these
createAuthorizer(config, { event: "alb" });
// @ts-expect-error: a token is no whole request
simple(token);
// @ts-expect-error: a simple answer has no policy
(await simple(http)).policyDocument;
// @ts-expect-error: plans are a list
requireTenant("pro");
// @ts-expect-error: permissions are not
requirePermission(["orders:read"]);
// @ts-expect-error: seconds are a number
cacheSettings(config, { event: "rest", ttlSeconds: "60" });
// @ts-expect-error: guards are not configured by place of events
createGuards(config, { event: "rest" });
