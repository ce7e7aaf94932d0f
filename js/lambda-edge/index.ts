// `tollgate/lambda-edge`: the gate as CloudFront's viewer-request function. Serves no other trigger: one that is skipped on a cache
// hit would skip the gate.

import type { Config } from "../config.js";
import { configError } from "../error.js";
import { createGate } from "../index.js";
import { type LambdaHooks, lambdaGate } from "../lambda.js";
import { answered, type ViewerResponse } from "./answer.js";
import { forwarded, judged, type ViewerRequest, type ViewerRequestEvent, viewerRequestOf } from "./event.js";

/**
 * A handler for CloudFront's viewer-request event: resolves to the request that is to be forwarded, or to the response that is
 * sent in its place.
 *
 * Rejects with a `TollgateError` `config_invalid` for an event of any other kind, which CloudFront turns into a 502.
 */
export type ViewerRequestHandler = <Request extends ViewerRequest>(
  event: ViewerRequestEvent<Request>,
) => Promise<Request | ViewerResponse>;

/**
 * Makes a handler.
 *
 * An allowed request is forwarded as it came, byte for byte, but for the header fields that the gate removes and sets. `upstream`
 * names nothing here, as CloudFront forwards; of it only `forwardCredentials` counts. With `cors`, refusals and preflights carry
 * its fields; those of the origin's answer are set by a response headers policy, as a viewer-request function sees no answer.
 *
 * @param config the whole configuration, as in `tollgate.json`, without `tokens`: the function issues none
 * @param hooks clock, fetch and events, and keys that were embedded when the function was built; all optional
 * @throws TollgateError `config_invalid`, naming the member and what was expected
 * @example
 * ```ts
 * import { createViewerRequest } from "tollgate/lambda-edge";
 * import config from "./tollgate.json" with { type: "json" };
 *
 * export const handler = createViewerRequest(config as Config);
 * ```
 */
export function createViewerRequest(config: Config, hooks?: LambdaHooks): ViewerRequestHandler {
  if ((config?.tokens ?? null) !== null) {
    throw configError(
      "tokens",
      "none: an edge function issues no tokens; name their issuer and its jwksUri in issuers",
    );
  }
  const check = lambdaGate(createGate, config, hooks);
  return async (event) => {
    const request = viewerRequestOf(event);
    const decision = await check(judged(request));
    return decision.outcome === "allow" ? forwarded(request, decision) : answered(decision);
  };
}

export { TollgateError } from "../error.js";
export type { EmbeddedKeys, LambdaHooks } from "../lambda.js";
export type { ViewerResponse } from "./answer.js";
export type { CloudFrontHeaders, ViewerRequest, ViewerRequestEvent } from "./event.js";
