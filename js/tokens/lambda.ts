// API Gateway's HTTP API events (payload format 2.0, which Lambda function URLs have too) as requests, and answers as results.
// Tidies nothing: what API Gateway joined stays joined, and the core refuses it where it must not be repeated.

import { configError } from "../error.js";
import { flatten } from "../request.js";
import { bodyOf } from "./body.js";
import type { Answer, TokenRequest } from "./steps.js";

/** What is read of an event. `APIGatewayProxyEventV2` of `@types/aws-lambda` has it. */
export interface ApiGatewayEvent {
  /** `2.0`. */
  readonly version: string;
  readonly rawPath: string;
  readonly rawQueryString: string;
  /** Names in lower case; of a repeated field the values are joined by commas. */
  readonly headers: {
    readonly host?: string | undefined;
    readonly cookie?: string | undefined;
    readonly [name: string]: string | undefined;
  };
  /** The cookies, which are not among the headers. */
  readonly cookies?: readonly string[] | undefined;
  readonly requestContext: { readonly domainName: string; readonly http: { readonly method: string } };
  readonly body?: string | null | undefined;
  /** API Gateway encodes forms. */
  readonly isBase64Encoded: boolean;
}

/** What a function of API Gateway returns. */
export interface ApiGatewayResult {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  /** The `Set-Cookie` fields, which API Gateway sends one by one. */
  readonly cookies: string[];
  readonly body: string;
  readonly isBase64Encoded: false;
}

/** @throws TollgateError `config_invalid` for another payload format */
export function requestOf(event: ApiGatewayEvent): TokenRequest {
  if (event?.version !== "2.0") throw configError("event.version", "2.0: an HTTP API's payload format");
  const { rawPath, rawQueryString, headers, cookies, requestContext, body, isBase64Encoded } = event;
  const query = rawQueryString === "" ? "" : `?${rawQueryString}`;
  return {
    flat: flatten({
      method: requestContext.http.method,
      url: `https://${headers.host ?? requestContext.domainName}${rawPath}${query}`,
      headers: cookies === undefined ? headers : { ...headers, cookie: [...given(headers.cookie), cookies.join("; ")] },
    }),
    body: body === undefined || body === null || body === "" ? null : async () => bodyOf(body, isBase64Encoded),
  };
}

/** The answer as API Gateway takes it. */
export function resultOf({ status, headers, body }: Answer): ApiGatewayResult {
  const fields: Record<string, string> = {};
  const cookies: string[] = [];
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (key === "set-cookie") cookies.push(value);
    else fields[key] = key in fields ? `${fields[key]}, ${value}` : value;
  }
  return { statusCode: status, headers: fields, cookies, body, isBase64Encoded: false };
}

function given(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}
