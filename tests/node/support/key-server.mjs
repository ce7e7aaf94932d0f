// A key server on the loopback whose every answer a test chooses. Stops with all its connections.

import { createServer } from "node:http";

/** Starts a server. `behave` may be replaced at any time; `hits` are the requests so far. */
export async function keyServer(keys = []) {
  const hits = [];
  const state = { behave: serve(keys), hits };
  const server = createServer((request, response) => {
    hits.push({ url: request.url, headers: request.headers });
    state.behave(request, response);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  state.origin = `http://127.0.0.1:${server.address().port}`;
  state.jwksUri = `${state.origin}/jwks.json`;
  state.stop = () =>
    new Promise((stopped) => {
      server.close(stopped);
      server.closeAllConnections();
    });
  return state;
}

/** Answers with the key set of `keys`. */
export function serve(keys) {
  const body = JSON.stringify({ keys: keys.map((key) => key.jwk) });
  return answer(200, body, { "content-type": "application/json" });
}

/** Answers with this status, body and headers. */
export function answer(status, body = "", headers = {}) {
  return (_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

/** Takes the request and says nothing. */
export const hang = () => {};
