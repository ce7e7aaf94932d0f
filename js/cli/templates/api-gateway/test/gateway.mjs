// A stand-in for an HTTP API: asks the authorizer, then the handler, as API Gateway does with payload format 2.0.

import { createAuthorizer } from "tollgate/api-gateway";
import { handler, health } from "../src/orders.mjs";
import { withTestKey } from "./issuer.mjs";

/** Which handler a path of template.yaml belongs to, and its parameters. */
function routeOf(path) {
  if (path === "/health") return { handler: health, pathParameters: {} };
  const [, tenant] = /^\/t\/([^/]+)\/(?:orders|reports)\//.exec(path) ?? [];
  return tenant === undefined ? undefined : { handler, pathParameters: { tenant } };
}

/** An API of this configuration, whose first issuer's key is the test's. */
export function gateway(config) {
  const authorize = createAuthorizer(withTestKey(config), { event: "http" });
  return async (method, path, token) => {
    const route = routeOf(path);
    if (route === undefined) return { statusCode: 404 };
    const event = eventOf(method, path, token);
    const { isAuthorized, context } = await authorize(event);
    if (!isAuthorized) return { statusCode: 403 };
    const requestContext = { ...event.requestContext, authorizer: { lambda: context } };
    return route.handler({ ...event, requestContext, pathParameters: route.pathParameters });
  };
}

function eventOf(method, path, token) {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    version: "2.0",
    type: "REQUEST",
    routeArn: `arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/$default/${method}${path}`,
    identitySource: null,
    routeKey: "$default",
    rawPath: path,
    rawQueryString: "",
    headers: { host: "abcdef1234.execute-api.eu-west-1.amazonaws.com", ...authorization },
    requestContext: {
      accountId: "123456789012",
      apiId: "abcdef1234",
      domainName: "abcdef1234.execute-api.eu-west-1.amazonaws.com",
      domainPrefix: "abcdef1234",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "203.0.113.178", userAgent: "test" },
      requestId: "JKJaXmPLvHcESHA=",
      routeKey: "$default",
      stage: "$default",
      time: "01/Jan/2026:00:00:00 +0000",
      timeEpoch: 1_767_225_600_000,
    },
    isBase64Encoded: false,
  };
}
