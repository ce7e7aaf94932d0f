// Events as AWS documents them; tests/aws/types.test.mjs holds them against @types/aws-lambda. What a test says replaces a part.

/** A header field as CloudFront gives it: under its lower-case name, as often as it stood there. */
const listed = (fields) => {
  /** @type {import("aws-lambda").CloudFrontHeaders} */
  const headers = {};
  for (const [key, value] of fields) {
    const name = key.toLowerCase();
    headers[name] = [...(headers[name] ?? []), { key, value }];
  }
  return headers;
};

/**
 * A viewer request, as in "Lambda@Edge event structure" of the CloudFront Developer Guide.
 *
 * @param {{ method?: string, uri?: string, querystring?: string, fields?: [string, string][], host?: string }} [request]
 * @returns {import("aws-lambda").CloudFrontRequestEvent}
 */
export function viewerRequest({ method = "GET", uri = "/orders", querystring = "", fields = [], host } = {}) {
  return {
    Records: [
      {
        cf: {
          config: {
            distributionDomainName: "d111111abcdef8.cloudfront.net",
            distributionId: "EDFDVBD6EXAMPLE",
            eventType: "viewer-request",
            requestId: "4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUSEQ==",
          },
          request: {
            clientIp: "203.0.113.178",
            headers: listed([
              ["Host", host ?? "acme.api.example.com"],
              ["User-Agent", "curl/7.66.0"],
              ["accept", "*/*"],
              ...fields,
            ]),
            method,
            querystring,
            uri,
          },
        },
      },
    ],
  };
}
