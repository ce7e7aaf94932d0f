// What must compile of tollgate/lambda-edge beside @types/aws-lambda, and what must not. Never run.

import type { CloudFrontRequest, CloudFrontRequestEvent, CloudFrontRequestHandler } from "aws-lambda";
import type { Config } from "tollgate";
import { createViewerRequest, type EmbeddedKeys, TollgateError, type ViewerResponse } from "tollgate/lambda-edge";

declare const config: Config;
declare const event: CloudFrontRequestEvent;
declare const embeddedKeys: EmbeddedKeys;

const made = createViewerRequest(config, { embeddedKeys, now: () => 1, onEvent: ({ type }) => console.log(type) });
export const handler: CloudFrontRequestHandler = made;

const result: CloudFrontRequest | ViewerResponse = await made(event);
if ("status" in result) {
  const { status, statusDescription, body }: { status: string; statusDescription: string; body?: string } = result;
  console.log(status, statusDescription, body);
} else {
  const { clientIp, uri }: { clientIp: string; uri: string } = result;
  console.log(clientIp, uri);
}
console.log(new TollgateError("x", "y").code);

// @ts-expect-error: the event is the handler's only argument, and is compulsory
made();
// @ts-expect-error: an event of another service
made({ version: "2.0", rawPath: "/" });
// @ts-expect-error: `until` is compulsory
createViewerRequest(config, { embeddedKeys: { sets: [] } });
// @ts-expect-error: there is no such hook
createViewerRequest(config, { onEvents: () => {} });
