// Serves a folder's files on the loopback, from memory: what is not among them does not exist. Writes nothing, logs nothing.

import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** What a policy in a `meta` element cannot say. */
const IN_HEADER_ONLY = {
  "index.html": "frame-ancestors 'none'",
  "playground.html": "frame-ancestors 'self'; sandbox allow-scripts",
};

const COMMON = {
  "cache-control": "no-cache",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  vary: "accept-encoding",
};

/**
 * Serves `folder`.
 *
 * @param port 0 for a free one
 * @param told is given the path of each request
 * @returns where, and how to stop it
 * @throws Error with `code`, of the socket
 */
export async function serve(folder, port = 0, told = () => {}) {
  const files = new Map(readdirSync(folder).map((name) => [`/${name}`, fileOf(folder, name)]));
  files.set("/", files.get("/index.html"));
  const server = createServer((request, response) => {
    told(request.url);
    const file = files.get(request.url.split("?")[0]);
    if (request.method !== "GET" && request.method !== "HEAD") return void response.writeHead(405, COMMON).end();
    if (file === undefined) return void response.writeHead(404, COMMON).end();
    const isZipped = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
    const body = isZipped ? file.zipped : file.plain;
    response.writeHead(200, {
      ...COMMON,
      ...file.headers,
      ...(isZipped ? { "content-encoding": "gzip" } : {}),
      "content-length": body.length,
    });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise((listening, failed) => {
    server.once("error", failed).listen(port, "127.0.0.1", listening);
  });
  const stop = () => new Promise((closed) => server.close(closed).closeAllConnections());
  return { url: `http://127.0.0.1:${server.address().port}/`, stop };
}

function fileOf(folder, name) {
  const plain = readFileSync(join(folder, name));
  const headers = { "content-type": TYPES[extname(name)] ?? "application/octet-stream" };
  // A page's own policy, said again where it counts before the page is read.
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(plain.toString("utf8")) ?? [];
  if (policy) headers["content-security-policy"] = [policy, IN_HEADER_ONLY[name]].filter(Boolean).join("; ");
  return { plain, zipped: gzipSync(plain, { level: 9 }), headers };
}
