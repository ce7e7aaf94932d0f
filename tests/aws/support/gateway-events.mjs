// API Gateway's events as AWS documents them, for authorizers and for the handlers behind them; tests/aws/types.test.mjs holds them
// against @types/aws-lambda. Header fields are given as they were sent, in order, and become what API Gateway makes of them.

const API = "abcdef1234";
const ACCOUNT = "123456789012";
export const DOMAIN = "acme.api.example.com";
const TIME = { time: "01/Jan/2026:00:00:00 +0000", timeEpoch: 1_767_225_600_000 };

/** @typedef {[name: string, value: string][]} Sent */
/**
 * @typedef {object} Asked
 * @property {string} [method]
 * @property {string} [path] as the event has it
 * @property {Sent} [sent]
 * @property {string} [domain]
 * @property {string} [stage]
 */

/** @param {string} stage @param {string} method @param {string} path */
export const arn = (stage, method, path) => `arn:aws:execute-api:eu-west-1:${ACCOUNT}:${API}/${stage}/${method}${path}`;

/** @param {string} domain @param {Sent} sent @returns {Sent} */
const withHost = (domain, sent) =>
  sent.some(([name]) => name.toLowerCase() === "host") ? sent : [["Host", domain], ...sent];

/** Lower-case names, values joined by commas, cookies apart. @param {Sent} sent */
function joined(sent) {
  /** @type {Map<string, string>} */
  const headers = new Map();
  /** @type {string[]} */
  const cookies = [];
  for (const [name, value] of sent) {
    const key = name.toLowerCase();
    const before = headers.get(key);
    if (key === "cookie") cookies.push(...value.split("; "));
    else headers.set(key, before === undefined ? value : `${before},${value}`);
  }
  return { headers: Object.fromEntries(headers), cookies };
}

/** Names as they were spelt first, each with its last value and with all. @param {Sent} sent */
function doubled(sent) {
  /** @type {Map<string, { name: string, values: string[] }>} */
  const fields = new Map();
  for (const [name, value] of sent) {
    const key = name.toLowerCase();
    const { name: spelt, values } = fields.get(key) ?? { name, values: [] };
    fields.set(key, { name: spelt, values: [...values, value] });
  }
  const all = [...fields.values()];
  return {
    headers: Object.fromEntries(all.map(({ name, values }) => [name, values.at(-1)])),
    multiValueHeaders: Object.fromEntries(all.map(({ name, values }) => [name, values])),
  };
}

/** @param {Asked} asked */
const contextV2 = ({ method = "GET", path = "/orders", domain = DOMAIN, stage = "$default" }) => ({
  accountId: ACCOUNT,
  apiId: API,
  domainName: domain,
  domainPrefix: domain.split(".")[0] ?? "",
  http: { method, path, protocol: "HTTP/1.1", sourceIp: "203.0.113.178", userAgent: "curl/8" },
  requestId: "JKJaXmPLvHcESHA=",
  routeKey: "ANY /{proxy+}",
  stage,
  ...TIME,
});

/** @type {import("aws-lambda").APIGatewayEventIdentity} */
const IDENTITY = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  sourceIp: "203.0.113.178",
  user: null,
  userAgent: "curl/8",
  userArn: null,
};

/** @param {Asked} asked */
const contextV1 = ({ method = "GET", path = "/orders", domain = DOMAIN, stage = "prod" }) => ({
  accountId: ACCOUNT,
  apiId: API,
  domainName: domain,
  domainPrefix: domain.split(".")[0] ?? "",
  extendedRequestId: "JJbxmplHYosFVYQ=",
  httpMethod: method,
  identity: IDENTITY,
  path: `/${stage}${path}`,
  protocol: "HTTP/1.1",
  requestId: "79104EXAMPLEB723",
  requestTime: TIME.time,
  requestTimeEpoch: TIME.timeEpoch,
  resourceId: "123456",
  resourcePath: "/{proxy+}",
  stage,
});

/**
 * "Control access to HTTP APIs with AWS Lambda authorizers", payload format 2.0.
 *
 * @param {Asked} [asked]
 * @returns {import("aws-lambda").APIGatewayRequestAuthorizerEventV2}
 */
export function httpEvent(asked = {}) {
  const { method = "GET", path = "/orders", sent = [], domain = DOMAIN, stage = "$default" } = asked;
  return {
    version: "2.0",
    type: "REQUEST",
    routeArn: arn(stage, method, path),
    identitySource: [],
    routeKey: "ANY /{proxy+}",
    rawPath: path,
    rawQueryString: "",
    ...joined(withHost(domain, sent)),
    requestContext: contextV2(asked),
  };
}

/**
 * "Input to an API Gateway Lambda authorizer", type REQUEST.
 *
 * @param {Asked} [asked]
 * @returns {import("aws-lambda").APIGatewayRequestAuthorizerEvent}
 */
export function restEvent(asked = {}) {
  const { method = "GET", path = "/orders", sent = [], domain = DOMAIN, stage = "prod" } = asked;
  return {
    type: "REQUEST",
    methodArn: arn(stage, method, path),
    resource: "/{proxy+}",
    path,
    httpMethod: method,
    ...doubled(withHost(domain, sent)),
    pathParameters: {},
    queryStringParameters: {},
    multiValueQueryStringParameters: {},
    stageVariables: {},
    requestContext: { ...contextV1(asked), authorizer: undefined },
  };
}

/** The same page, payload format 1.0. @param {Asked} [asked] */
export const http1Event = (asked = {}) => ({ version: "1.0", ...restEvent(asked) });

/**
 * Type TOKEN. `sent` counts for its `Authorization` only.
 *
 * @param {Asked} [asked]
 * @returns {import("aws-lambda").APIGatewayTokenAuthorizerEvent}
 */
export function tokenEvent({ method = "GET", path = "/orders", sent = [], stage = "prod" } = {}) {
  const authorizationToken = sent.find(([name]) => name.toLowerCase() === "authorization")?.[1] ?? "";
  return { type: "TOKEN", methodArn: arn(stage, method, path), authorizationToken };
}

/** `$connect` of a WebSocket API, which tells neither path nor method. @param {Asked} [asked] */
export function websocketEvent({ sent = [], domain = DOMAIN, stage = "prod" } = {}) {
  return {
    type: "REQUEST",
    methodArn: arn(stage, "$connect", ""),
    ...doubled(withHost(domain, sent)),
    queryStringParameters: {},
    multiValueQueryStringParameters: {},
    stageVariables: {},
    requestContext: {
      routeKey: "$connect",
      eventType: "CONNECT",
      extendedRequestId: "TWegAcC4EowCHnA=",
      requestTime: TIME.time,
      messageDirection: "IN",
      stage,
      connectedAt: TIME.timeEpoch,
      requestTimeEpoch: TIME.timeEpoch,
      identity: IDENTITY,
      requestId: "TWegAcC4EowCHnA=",
      domainName: domain,
      connectionId: "TWegAfcKIAMCE3A=",
      apiId: API,
    },
  };
}

/** An authorizer's event for each kind. */
export const EVENTS = {
  http: httpEvent,
  "http-iam": httpEvent,
  "http-1.0": http1Event,
  rest: restEvent,
  "rest-token": tokenEvent,
  websocket: websocketEvent,
};

/**
 * A handler's event of an HTTP API, payload format 2.0. `authorizer` as API Gateway has it there.
 *
 * @template Authorizer
 * @param {Authorizer} authorizer
 * @param {Asked & { pathParameters?: Record<string, string> }} [asked]
 * @returns {import("aws-lambda").APIGatewayProxyEventV2WithRequestContext<import("aws-lambda").APIGatewayEventRequestContextV2WithAuthorizer<Authorizer>>}
 */
export function proxyV2(authorizer, asked = {}) {
  const { path = "/orders", sent = [], domain = DOMAIN, pathParameters = {} } = asked;
  return {
    version: "2.0",
    routeKey: "ANY /{proxy+}",
    rawPath: path,
    rawQueryString: "",
    ...joined(withHost(domain, sent)),
    pathParameters,
    requestContext: { ...contextV2(asked), authorizer },
    isBase64Encoded: false,
  };
}

/**
 * A handler's event of a REST API.
 *
 * @param {Record<string, unknown>} authorizer
 * @param {Asked & { pathParameters?: Record<string, string> }} [asked]
 * @returns {import("aws-lambda").APIGatewayProxyEvent}
 */
export function proxyRest(authorizer, asked = {}) {
  const { method = "GET", path = "/orders", sent = [], domain = DOMAIN, pathParameters = {} } = asked;
  return {
    resource: "/{proxy+}",
    path,
    httpMethod: method,
    ...doubled(withHost(domain, sent)),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters,
    stageVariables: null,
    requestContext: { ...contextV1(asked), authorizer },
    body: null,
    isBase64Encoded: false,
  };
}

/** A handler's event of an HTTP API, payload format 1.0. @type {typeof proxyRest} */
export const proxyV1 = (authorizer, asked) => ({ version: "1.0", ...proxyRest(authorizer, asked) });

/** What API Gateway makes of a context in events of the older formats. @param {Record<string, unknown>} context */
export const flat = (context) => ({ ...context, principalId: "user-1", integrationLatency: 7 });
