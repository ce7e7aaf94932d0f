// The deployed Worker with a token service, whose entitlements a test answers. Mocks nothing of it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { makeClient, makeKeys, withTokens } from "../../../demo/sessions.mjs";
import { configuration, orders, reader, root, startGate, startIssuer, startOrigin, worker } from "./gate.mjs";
import { send } from "./http.mjs";

/** The Worker that has a token service. */
export const bundle = join(root, "dist", "worker-tokens");

const MEMBER = { member: true, plan: "pro", permissions: ["reports:read"] };

/**
 * Starts it, with an issuer beside it.
 *
 * @param options.tokens replaces members of `tokens`
 * @param options.keys the keys document
 * @param options.behind more Workers
 * @param options.bindings more bindings
 * @returns the gate, and `entitlements`, the server that answers for them: `entitle(answer)` says with what
 */
export async function startTokens({ tokens = {}, keys = makeKeys(), bindings = {}, behind = [], ...options } = {}) {
  const issuer = await startIssuer();
  const entitlements = await startOrigin();
  const client = makeClient();
  const entitle = (answer, status = 200) => {
    entitlements.behave = (_request, response) => response.writeHead(status).end(JSON.stringify(answer));
  };
  entitle(MEMBER);
  const hook = worker("entitlements", "tests/workerd/fixtures/forward.js");
  hook.bindings = { TO: entitlements.url };
  const config = withTokens(configuration(issuer), client);
  Object.assign(config.tokens, tokens);
  const gate = await startGate(config, {
    directory: bundle,
    bindings: {
      ORDERS: { service: "orders" },
      ENTITLEMENTS: { service: "entitlements" },
      TOLLGATE_KEYS: keys,
      TOLLGATE_FAMILIES: { durableObject: "Families" },
      ...bindings,
    },
    behind: [orders(), hook, ...behind],
    ...options,
  });
  const basic = ({ id, secret } = client) => ["authorization", `Basic ${btoa(`${id}:${secret}`)}`];
  const post = (target, parameters, headers = [basic()]) =>
    send(gate.port, {
      method: "POST",
      target,
      headers: [["content-type", "application/x-www-form-urlencoded"], ...headers],
      body: new URLSearchParams(parameters).toString(),
    });
  const login = async (user = "ann", tenant = "acme") => {
    const answer = await post("/auth/token", { grant_type: "urn:tollgate:session", user, tenant });
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text);
  };
  const refresh = ({ refresh_token }) => post("/auth/token", { grant_type: "refresh_token", refresh_token });
  return {
    port: gate.port,
    events: gate.events,
    lines: gate.lines,
    client,
    config,
    keys,
    issuer,
    basic,
    entitlements,
    entitle,
    post,
    login,
    refresh,
    /** A pair in place of `pair`, or a failed assertion. */
    rotated: async (pair) => {
      const answer = await refresh(pair);
      assert.equal(answer.status, 200, answer.text);
      return JSON.parse(answer.text);
    },
    /** The status that the gate gives to an access token. */
    get: async (access_token, target = "/reports/") =>
      (await send(gate.port, { target, headers: [["authorization", `Bearer ${access_token}`]] })).status,
    /** A token of the other issuer, which the gate takes too. */
    foreign: () => issuer.token(reader()),
    stop: () => Promise.all([gate.stop(), issuer.stop(), entitlements.stop()]),
  };
}

export const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

/** An answer that says no more than this, and that nobody keeps. */
export function assertRefused(answer, status, error) {
  assert.deepEqual([answer.status, answer.text], [status, JSON.stringify({ error })]);
  assert.equal(answer.header("content-type"), "application/json");
  assert.equal(answer.header("cache-control"), "no-store");
  assert.equal(answer.header("pragma"), "no-cache");
  assert.equal(answer.header("retry-after"), status === 503 ? "1" : undefined);
}
