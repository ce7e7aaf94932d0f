// A client that sends the bytes it is given. Tidies no path, joins no header and follows no redirect.

import { connect } from "node:net";

/** No answer takes this long. */
const LIMIT_MS = 30_000;

/**
 * One request on a connection of its own.
 *
 * @param port of 127.0.0.1
 * @param request `target` goes out as it is (latin1); `headers` are `[name, value]` in order, after `host`
 * @returns status, header fields as `[lower-case name, value]`, body as a Buffer, and `header(name)`
 */
export function send(port, { method = "GET", target = "/", host = "acme.localhost", headers = [], body } = {}) {
  const fields = [["host", host], ["connection", "close"], ...headers];
  if (body !== undefined) fields.push(["content-length", Buffer.byteLength(body)]);
  const head = `${method} ${target} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return exchange(port, [Buffer.from(head, "latin1"), body], method);
}

/** Sends raw bytes and reads one response. */
export function exchange(port, parts, method = "GET") {
  return new Promise((resolve, reject) => {
    const chunks = [];
    const socket = connect(port, "127.0.0.1");
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error(`no answer within ${LIMIT_MS} ms`)));
    socket.on("connect", () => {
      for (const part of parts) if (part !== undefined) socket.write(part);
    });
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", reject);
    socket.on("close", () => {
      try {
        resolve(parseResponse(Buffer.concat(chunks), method));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** A response to its end. */
export function parseResponse(bytes, method) {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) throw new Error(`not a response: ${JSON.stringify(bytes.toString("latin1", 0, 200))}`);
  const [statusLine, ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const header = (name) => headers.find(([other]) => other === name)?.[1];
  const rest = bytes.subarray(end + 4);
  const body = header("transfer-encoding") === "chunked" && method !== "HEAD" ? dechunk(rest) : rest;
  return { status: Number(statusLine.split(" ")[1]), headers, header, body, text: body.toString() };
}

function dechunk(bytes) {
  const chunks = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) throw new Error("a chunked body that does not end");
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

/** Runs `work(index)` for each index below `count`, `width` at a time. */
export async function each(count, width, work) {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

export const bearer = (token) => ["authorization", `Bearer ${token}`];
export const pause = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds));
