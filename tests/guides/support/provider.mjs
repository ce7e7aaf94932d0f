// An identity provider in place of the network, for this package and for others: by `fetch`, and by node:https.

import { EventEmitter } from "node:events";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";
import { Readable } from "node:stream";

/** Stands in from now on. `isDown` may be set; `hits` are the addresses that were asked for. */
export function provider(jwks) {
  const state = { isDown: false, hits: [] };
  const body = () => (state.isDown ? "" : JSON.stringify(jwks));
  const status = () => (state.isDown ? 500 : 200);
  globalThis.fetch = async (url) => {
    state.hits.push(String(url));
    return new Response(body(), { status: status() });
  };
  https.request = (url, _options, answered) => {
    state.hits.push(String(url));
    const request = Object.assign(new EventEmitter(), { destroy() {} });
    request.end = () => answered(Object.assign(Readable.from([Buffer.from(body())]), { statusCode: status() }));
    return request;
  };
  syncBuiltinESMExports();
  return state;
}
