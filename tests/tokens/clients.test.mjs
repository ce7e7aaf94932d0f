// OAuth client libraries as others use them, over a socket: what they send is taken, and what we answer is understood.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { AuthorizationCode } from "simple-oauth2";
import { memoryStore } from "tollgate/tokens";
import { serve } from "./support/http.mjs";
import { fresh, makeService } from "./support/service.mjs";

const SESSION = "urn:tollgate:session";
const wanted = () => ({ user: fresh("ann"), tenant: "acme" });

let service;
let server;
let metadata;
before(async () => {
  service = makeService({ store: memoryStore() });
  server = await serve(service.tokens);
  const { base } = server;
  metadata = { issuer: base, token_endpoint: `${base}/auth/token`, revocation_endpoint: `${base}/auth/revoke` };
});
after(() => server?.stop());

test("oauth4webapi: a session, a refresh, a revocation, and the error after it", async () => {
  const { web } = service;
  const client = { client_id: web.id };
  const auth = oauth.ClientSecretBasic(web.secret);
  const options = { [oauth.allowInsecureRequests]: true };
  const ask = (grant, fields) =>
    oauth.genericTokenEndpointRequest(metadata, client, auth, grant, new URLSearchParams(fields), options);
  const first = await oauth.processGenericTokenEndpointResponse(metadata, client, await ask(SESSION, wanted()));
  assert.deepEqual([first.token_type, first.expires_in], ["bearer", 900]);
  const refresh = (token) => oauth.refreshTokenGrantRequest(metadata, client, auth, token, options);
  const answer = await refresh(first.refresh_token);
  const second = await oauth.processRefreshTokenResponse(metadata, client, answer);
  assert.notEqual(second.refresh_token, first.refresh_token);
  const revocation = await oauth.revocationRequest(metadata, client, auth, second.refresh_token, options);
  await oauth.processRevocationResponse(revocation);
  await assert.rejects(oauth.processRefreshTokenResponse(metadata, client, await refresh(second.refresh_token)), {
    error: "invalid_grant",
    status: 400,
  });
});

test("openid-client: a session, a refresh, a revocation, and the error after it", async () => {
  const { web } = service;
  const config = new openid.Configuration(metadata, web.id, {}, openid.ClientSecretBasic(web.secret));
  openid.allowInsecureRequests(config);
  const first = await openid.genericGrantRequest(config, SESSION, wanted());
  const second = await openid.refreshTokenGrant(config, first.refresh_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  await openid.tokenRevocation(config, second.refresh_token);
  await assert.rejects(openid.refreshTokenGrant(config, second.refresh_token), { error: "invalid_grant" });
});

for (const credentialsEncodingMode of ["strict", "loose"]) {
  test(`simple-oauth2, ${credentialsEncodingMode}: a refresh, a revocation, and the error after it`, async () => {
    const { web, login } = service;
    const { refresh } = await login();
    const simple = new AuthorizationCode({
      client: { id: web.id, secret: web.secret },
      auth: { tokenHost: server.base, tokenPath: "/auth/token", revokePath: "/auth/revoke" },
      options: { credentialsEncodingMode },
    });
    const first = simple.createToken({ access_token: "a", refresh_token: refresh, expires_in: 1 });
    const second = await first.refresh();
    assert.notEqual(second.token.refresh_token, refresh);
    await second.revoke("refresh_token");
    await assert.rejects(second.refresh(), (error) => error.data.payload.error === "invalid_grant");
  });
}
