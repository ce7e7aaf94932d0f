// The API behind the gate where requests are node:http's: says what it saw, in each of the ways to see it. Judges nothing.

import { createHash } from "node:crypto";

let calls = 0;

const json = (response, value, headers = {}) =>
  response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));

/** Answers as the paths of tests/adapters/support/config.mjs promise. */
export function handle(request, response) {
  calls += 1;
  const [path] = request.originalUrl.split("?");
  if (path === "/health") return json(response, { calls }, { "cache-control": "public, max-age=60" });
  if (path === "/api/throw") throw new Error("the handler's own");
  if (path === "/api/stream") {
    response.write("one");
    return setTimeout(() => response.end("two"), 400);
  }
  if (path === "/api/loud") {
    // In turn: set before, given as an object with another case, and given as a list.
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("vary", "accept-encoding");
    const listed = request.originalUrl.endsWith("?list");
    const cache = listed ? ["Cache-Control", "public, s-maxage=60"] : { "Cache-Control": "public, s-maxage=60" };
    return response.writeHead(200, "OK", cache).end("loud");
  }
  const hash = createHash("sha256");
  request.on("data", (chunk) => hash.update(chunk));
  request.on("end", () => {
    const { method, url, headers, headersDistinct, rawHeaders, principal } = request;
    const views = { headersDistinct, rawHeaders };
    const digest = hash.digest("hex");
    json(response, { method, url, headers: Object.entries(headers), views, principal, digest });
  });
}
