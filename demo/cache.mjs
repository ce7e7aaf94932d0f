// The storage behind workerd's Cache API, in memory. Keeps what may be kept for as long as it may be, and nothing else.

import { createServer } from "node:http";

/**
 * Serves the protocol that workerd speaks to its cache: GET asks, PUT brings a whole HTTP response as its body, PURGE
 * deletes. Resolves to `{ address, entries, stop }`; `entries` may be looked at and filled by tests.
 */
export async function startCache() {
  const entries = new Map();
  const server = createServer(async (request, response) => {
    const key = cacheKey(request);
    // Who is stopped in the middle of a body brings nothing.
    const body = await read(request).catch(() => undefined);
    if (body === undefined) return;
    if (request.method === "PUT") {
      const entry = parse(body);
      if (entry) entries.set(key, entry);
      response.writeHead(entry ? 204 : 413).end();
    } else if (request.method === "PURGE") {
      response.writeHead(entries.delete(key) ? 200 : 404).end();
    } else {
      const entry = entries.get(key);
      if (!entry || entry.expires <= Date.now()) response.writeHead(504, { "cf-cache-status": "MISS" }).end();
      else response.writeHead(entry.status, [...entry.headers, "cf-cache-status", "HIT"]).end(entry.body);
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const stop = () => new Promise((closed) => server.close(closed).closeAllConnections());
  return { address: `127.0.0.1:${server.address().port}`, entries, stop };
}

/** Caches opened by name are apart from each other and from the default one. */
function cacheKey({ headers, url }) {
  return `${headers["cf-cache-namespace"] ?? ""}|${headers.host}${url}`;
}

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A stored response, or undefined when its `Cache-Control` gives it no life. */
function parse(bytes) {
  const end = bytes.indexOf("\r\n\r\n");
  const [statusLine, ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const headers = lines.flatMap((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
  const control = headers[headers.findIndex((name) => name.toLowerCase() === "cache-control") + 1] ?? "";
  const seconds = Number(/(?:^|[\s,])(?:s-maxage|max-age)=(\d+)/.exec(control)?.[1] ?? 0);
  if (seconds === 0 || /no-store|private/.test(control)) return undefined;
  const status = Number(statusLine.split(" ")[1]);
  return { status, headers, body: bytes.subarray(end + 4), expires: Date.now() + seconds * 1000 };
}
