// Speaks to a token service over HTTP's own types, as a client does. Knows no rule of it.

import { createServer } from "node:http";
import { ISSUER } from "./keys.mjs";

export const basic = ({ id, secret }) => `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;

/** A form, from an object or from pairs, which may repeat. */
export const form = (fields) => new URLSearchParams(Array.isArray(fields) ? fields : Object.entries(fields)).toString();

/** One request; resolves to `{ status, headers, text, json }`. */
export async function post(tokens, path, { client, body, headers = {}, method = "POST" } = {}) {
  const type = body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" };
  const authorization = client === undefined ? {} : { authorization: basic(client) };
  const content = typeof body === "object" && !ArrayBuffer.isView(body) ? form(body) : body;
  const init = { method, headers: { ...type, ...authorization, ...headers }, body: content };
  const response = await tokens.handle(new Request(`${ISSUER}${path}`, init));
  if (response === null) return null;
  const text = await response.text();
  const json = text.startsWith("{") ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, json };
}

/** What a client does, each of which resolves to `{ status, error, refresh, access, expiresIn }`. */
export function httpDriver(tokens, client) {
  const ask = async (path, body) => {
    const { status, json } = await post(tokens, path, { client, body });
    return {
      status,
      error: json?.error,
      refresh: json?.refresh_token,
      access: json?.access_token,
      expiresIn: json?.expires_in,
    };
  };
  return {
    session: ({ user, tenant }) => ask("/auth/token", { grant_type: "urn:tollgate:session", user, tenant }),
    refresh: (token) => ask("/auth/token", { grant_type: "refresh_token", refresh_token: token }),
    revoke: (token) => ask("/auth/revoke", { token }),
    revokeAll: (target) => ask("/auth/revoke-all", target),
  };
}

/** The claims of a token, unverified. */
export const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
export const header = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url"));

/** A token service behind a real socket; `base` is its address. */
export async function serve(tokens) {
  const server = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await incoming.toArray());
    const url = `http://${incoming.headers.host}${incoming.url}`;
    const { method, headers } = incoming;
    const hasBody = method !== "GET" && method !== "HEAD";
    const request = new Request(url, { method, headers, body: hasBody ? body : undefined });
    const response = await tokens.handle(request);
    outgoing.writeHead(response?.status ?? 404, [...(response?.headers ?? [])].flat());
    outgoing.end(response ? Buffer.from(await response.arrayBuffer()) : "");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const base = `http://127.0.0.1:${server.address().port}`;
  return { base, stop: () => new Promise((closed) => server.close(closed).closeAllConnections()) };
}
