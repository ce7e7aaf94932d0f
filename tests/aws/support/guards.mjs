// What the tests of guards share: events behind our authorizer and behind API Gateway's own, and the gate's answer to compare with.
// Judges nothing.

import { createGate } from "tollgate";
import { createAuthorizer, createGuards } from "tollgate/api-gateway";
import { gateConfig, ISSUER, makeKey, NOW, token } from "../../node/support/tokens.mjs";
import { DOMAIN, EVENTS, flat, proxyRest, proxyV1, proxyV2, websocketEvent } from "./gateway-events.mjs";

export const es = makeKey("ES256", "es-1");
export const now = () => NOW;
export const bearer = (changes) => ["Authorization", `Bearer ${token(es, changes)}`];
export const rules = [{ path: "/{*rest}", principals: ["user", "client"] }];
export const config = gateConfig([es], { tenant: {}, rules });

/** What our authorizer says of a token. */
export async function said(changes = {}, changed = config, asked = {}) {
  const authorize = createAuthorizer(changed, { event: "http", now });
  return (await authorize(EVENTS.http({ ...asked, sent: [bearer(changes), ...(asked.sent ?? [])] }))).context;
}

/** A handler's event of each version, behind a Lambda authorizer with this context. */
export const BEHIND = {
  "HTTP API 2.0": (context, asked) => proxyV2({ lambda: context }, asked),
  "HTTP API 1.0": (context, asked) => proxyV1({ claims: null, scopes: null, ...flat(context) }, asked),
  "REST API": (context, asked) => proxyRest(flat(context), asked),
};
const websocket = (context, { sent = [], domain = DOMAIN } = {}) => {
  const { type: _, methodArn: __, ...event } = websocketEvent({ sent, domain });
  return { ...event, requestContext: { ...event.requestContext, authorizer: flat(context) }, isBase64Encoded: false };
};
export const EVERY = { ...BEHIND, WebSocket: websocket };

/** Behind API Gateway's own authorizers, whose claims are texts. */
export const NATIVE = {
  "HTTP API 2.0": (claims, asked) => proxyV2({ jwt: { claims, scopes: null } }, asked),
  "HTTP API 1.0": (claims, asked) => proxyV1({ claims, scopes: null }, asked),
  "REST API": (claims, asked) => proxyRest({ claims }, asked),
};
export const claims = (changes = {}) => ({
  iss: ISSUER,
  aud: "https://api.example",
  sub: "user-1",
  iat: String(NOW - 10),
  exp: String(NOW + 600),
  tenant_id: "acme",
  plan: "pro",
  ...changes,
});
export const without = (object, ...names) =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** `null`, or what the guard refuses for. */
export const reason = (refusal) => refusal && JSON.parse(refusal.body).type.replace("urn:tollgate:", "");
/** The guard's answer as the gate would have given it. */
export const asGate = ({ statusCode, headers, body }) => ({
  status: statusCode,
  headers: Object.entries(headers),
  body,
});

export function gates(changes) {
  const gate = createGate({ ...config, ...changes }, { now });
  return (tokenChanges) => {
    const headers = Object.fromEntries([bearer(tokenChanges)]);
    const {
      status,
      headers: fields,
      body,
    } = gate.checkSync({ method: "GET", url: `https://${DOMAIN}/orders`, headers });
    return { status, headers: fields, body };
  };
}
export const guardsOf = (changes = {}, options = {}) => createGuards({ ...config, ...changes }, { now, ...options });
