// The whole way through a Cognito on the loopback: sign-up, the guide's own triggers in AWS's runtime client, sign-in, gate,
// middleware, handler; and at every step somebody who wants another tenant. cognito-local has version 1 of the token trigger and
// its ID token, no PreAuthentication trigger, and enforces no WriteAttributes.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createGate } from "tollgate";
import { createAuthorizer, createGuards, guarded } from "tollgate/api-gateway";
import { allowed, denied } from "../node/support/assert.mjs";
import { functionZip, snippet } from "./support/cognito-function.mjs";
import { CODE, missing as noCognito, REGION, startCognito } from "./support/cognito-local.mjs";
import { httpEvent, proxyV2 } from "./support/gateway-events.mjs";
import { MEMORY_MB, missing as noClient, startFunction } from "./support/ric.mjs";

const PASSWORD = "Correct-Horse-7";

/** The application of the guide's snippets: two tenants, and who is welcome. */
const MEMBERS = `
  const tenants = {
    acme: { plan: "pro", permissions: ["orders:read", "orders:write"] },
    globex: { plan: "free", permissions: [] },
  };
  export const invitationKey = "only for tests";
  export const members = {
    entitlements: async (tenantId) => tenants[tenantId] ?? null,
    tenantOfProvider: () => null,
    tenantOfClient: () => null,
    welcome: (id) => console.log("welcome " + id),
  };
`;
const INVITED = `
  import { createTriggers } from "tollgate/cognito";
  import { authorizeTenant } from "./invitations.js";
  export { invitation } from "./invitations.js";
  export const { preSignUp } = createTriggers({ permissions: () => null, authorizeTenant });
`;

const skip = noCognito || noClient;
const stops = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

describe("with a user pool whose triggers are the guide's", { skip }, () => {
  let cognito;
  let functions;
  let invitedSignUp;
  let invitation;
  let pool;
  let client;
  let gate;

  before(async () => {
    const modules = { "./members.js": MEMBERS, "./invitations.js": snippet("invitations") };
    const started = async (zip, handler, node = 24) => {
      const made = await startFunction(zip, { handler: `index.${handler}`, node });
      stops.push(made.stop);
      return made;
    };
    const guide = await functionZip(snippet("triggers"), modules);
    const invited = await functionZip(INVITED, modules);
    stops.push(guide.remove, invited.remove);
    functions = {
      PreSignUp: await started(guide.zip, "preSignUp"),
      PostConfirmation: await started(guide.zip, "postConfirmation"),
      PostAuthentication: await started(guide.zip, "postAuthentication", 22),
      PreTokenGeneration: await started(guide.zip, "preTokenGeneration", 22),
    };
    invitedSignUp = await started(invited.zip, "preSignUp");
    const source = snippet("invitations").replace(/import .*members.*\n/, 'const invitationKey = "only for tests";\n');
    ({ invitation } = await import(`data:text/javascript,${encodeURIComponent(source)}`));
    cognito = await startCognito(functions);
    stops.push(cognito.stop);
    const { UserPool } = await cognito.ask("CreateUserPool", {
      PoolName: "tests",
      AutoVerifiedAttributes: ["email"],
      Schema: [
        {
          Name: "custom:tenant_id",
          AttributeDataType: "String",
          Mutable: false,
          StringAttributeConstraints: { MinLength: "1", MaxLength: "64" },
        },
        { Name: "email", AttributeDataType: "String", Mutable: true },
      ],
    });
    pool = UserPool.Id;
    const { UserPoolClient } = await cognito.ask("CreateUserPoolClient", { UserPoolId: pool, ClientName: "web" });
    client = UserPoolClient.ClientId;
    gate = gateOf();
  });

  /** A configuration with the preset. cognito-local writes `typ`, which Cognito does not. */
  const configOf = (issuer = { tokenUse: ["id"] }) => ({
    issuers: [
      { preset: "cognito", region: REGION, userPoolId: pool, clientIds: [client], types: ["JWT", null], ...issuer },
    ],
    tenant: { from: { host: "{tenant}.api.example.com" } },
    rules: [{ path: "/reports/{*rest}", plans: ["pro"], permissions: { all: ["orders:read"] } }, { path: "/{*rest}" }],
    identity: { send: ["user", "tenant", "plan", "permissions", "email"] },
  });
  const gateOf = (issuer) => createGate(configOf(issuer), { fetch: cognito.fetch });

  const attributesOf = (texts) => Object.entries(texts).map(([Name, Value]) => ({ Name, Value }));

  const signUp = (name, attributes, more = {}) =>
    cognito.ask("SignUp", {
      ClientId: client,
      Username: name,
      Password: PASSWORD,
      UserAttributes: attributesOf({ email: `${name}@example.com`, ...attributes }),
      ...more,
    });

  const confirm = (name) => cognito.ask("ConfirmSignUp", { ClientId: client, Username: name, ConfirmationCode: CODE });

  const signIn = async (name, ClientMetadata) =>
    (
      await cognito.ask("InitiateAuth", {
        ClientId: client,
        AuthFlow: "USER_PASSWORD_AUTH",
        AuthParameters: { USERNAME: name, PASSWORD },
        ClientMetadata,
      })
    ).AuthenticationResult;

  const refresh = async (token, ClientMetadata) =>
    (
      await cognito.ask("InitiateAuth", {
        ClientId: client,
        AuthFlow: "REFRESH_TOKEN_AUTH",
        AuthParameters: { REFRESH_TOKEN: token },
        ClientMetadata,
      })
    ).AuthenticationResult;

  /** A user as the guide's command makes them, of this tenant. */
  async function createUser(name, tenant) {
    const command = snippet("admin").replaceAll("ada", name).replaceAll("acme", tenant);
    const texts = [...command.matchAll(/Name=([^,]+),Value=(\S+)/g)].map(([, name, value]) => [name, value]);
    assert.equal(texts.length, 3);
    await cognito.ask("AdminCreateUser", {
      UserPoolId: pool,
      Username: /--username (\S+)/.exec(command)[1],
      MessageAction: "SUPPRESS",
      UserAttributes: attributesOf(Object.fromEntries(texts)),
    });
    await cognito.ask("AdminSetUserPassword", {
      UserPoolId: pool,
      Username: name,
      Password: PASSWORD,
      Permanent: true,
    });
  }

  const at = (tenant, token, path = "/orders", judge = gate) =>
    judge.check({
      method: "GET",
      url: `https://${tenant}.api.example.com${path}`,
      headers: { authorization: `Bearer ${token}` },
    });

  const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

  /** Cognito's answer when a trigger threw, which says nothing of the reason. */
  const refusedByTrigger = (error) => {
    assert.equal(error.name, "UserLambdaValidationException");
    assert.match(error.message, /^\w+ failed with error tollgate: refused\.+$/);
    return true;
  };

  const exists = (name) =>
    cognito.ask("AdminGetUser", { UserPoolId: pool, Username: name }).then(
      () => true,
      (error) => {
        assert.equal(error.name, "UserNotFoundException");
        return false;
      },
    );

  test("a user that an administrator made signs in, and reaches the own tenant and no other", async () => {
    await createUser("ada", "acme");
    const { IdToken } = await signIn("ada");
    const { tenant_id, plan, permissions } = claims(IdToken);
    assert.deepEqual([tenant_id, plan, permissions], ["acme", "pro", '["orders:read","orders:write"]']);
    const decision = allowed(await at("acme", IdToken, "/reports/1"));
    assert.equal(decision.principal.tenantId, "acme");
    assert.deepEqual(decision.principal.permissions, ["orders:read", "orders:write"]);
    const sent = Object.fromEntries(decision.setHeaders);
    assert.equal(sent["x-tollgate-tenant"], '"acme"');
    assert.equal(sent["x-tollgate-permissions"], '"orders:read", "orders:write"');
    denied(await at("globex", IdToken), "tenant_mismatch", 403);
    denied(await at("acme.globex", IdToken), "tenant_not_requested", 403);
  });

  test("a plan of another tenant is not lent: each user has the rights of the own one", async () => {
    await createUser("grace", "globex");
    const { IdToken } = await signIn("grace");
    allowed(await at("globex", IdToken));
    denied(await at("globex", IdToken, "/reports/1"), "plan_required", 403);
    denied(await at("acme", IdToken, "/reports/1"), "tenant_mismatch", 403);
  });

  test("a sign-up that names a tenant fails in every spelling and place, and makes no user", async () => {
    for (const name of ["custom:tenant_id", "custom:Tenant_ID", "tenant_id", "custom:tenant"]) {
      await assert.rejects(signUp("mallory", { [name]: "acme" }), refusedByTrigger, name);
    }
    await assert.rejects(signUp("mallory", {}, { ClientMetadata: { tenant_id: "acme" } }), refusedByTrigger);
    assert.equal(await exists("mallory"), false);
  });

  test("a user who signed up without a tenant is confirmed, and gets no token", async () => {
    await signUp("bob", {});
    await confirm("bob");
    assert.match(functions.PostConfirmation.output(), /welcome [0-9a-f-]{36}/);
    await assert.rejects(signIn("bob"), refusedByTrigger);
    await assert.rejects(signIn("bob", { tenant_id: "acme", "custom:tenant_id": "acme" }), refusedByTrigger);
    assert.match(functions.PreTokenGeneration.output(), /"code":"tenant_missing"/);
  });

  test("a user of a tenant that the application does not know gets no token", async () => {
    await createUser("ivan", "initech");
    await assert.rejects(signIn("ivan"), refusedByTrigger);
    assert.match(functions.PreTokenGeneration.output(), /"code":"no_member"/);
  });

  test("a user can't move to another tenant: not by attribute, not at sign-in, not at a refresh", async () => {
    const { AccessToken, IdToken, RefreshToken } = await signIn("ada");
    for (const name of ["custom:tenant_id", "tenant_id", "custom:Tenant_ID"]) {
      await assert.rejects(
        cognito.ask("UpdateUserAttributes", { AccessToken, UserAttributes: attributesOf({ [name]: "globex" }) }),
        (error) => error.name === "InvalidParameterException" || error.name === "InvalidParameter",
        name,
      );
    }
    const metadata = { tenant_id: "globex", "custom:tenant_id": "globex", plan: "enterprise" };
    const tokens = [IdToken, (await signIn("ada", metadata)).IdToken, (await refresh(RefreshToken, metadata)).IdToken];
    for (const token of tokens) {
      assert.equal(claims(token).tenant_id, "acme");
      allowed(await at("acme", token));
      denied(await at("globex", token), "tenant_mismatch", 403);
    }
  });

  test("a token whose tenant was changed is refused by its signature", async () => {
    const { IdToken } = await signIn("ada");
    const [header, , signature] = IdToken.split(".");
    const changed = Buffer.from(JSON.stringify({ ...claims(IdToken), tenant_id: "globex" })).toString("base64url");
    denied(await at("globex", `${header}.${changed}.${signature}`), "signature_invalid", 401);
  });

  test("version 1 leaves the access token without a tenant: a gate for ID tokens refuses it, and one for access tokens too", async () => {
    const { AccessToken, IdToken } = await signIn("ada");
    denied(await at("acme", AccessToken), "token_use_mismatch", 401);
    const access = gateOf({});
    denied(await at("acme", AccessToken, "/orders", access), "tenant_missing", 403);
    denied(await at("acme", IdToken, "/orders", access), "token_use_mismatch", 401);
  });

  test("through API Gateway: authorizer, middleware and handler let each user reach the own tenant and no other", async () => {
    const authorizer = createAuthorizer(configOf(), { event: "http", fetch: cognito.fetch });
    const { requireTenant, requirePermission, principalOf } = createGuards(configOf());
    const handler = guarded(
      requireTenant(["pro"]),
      requirePermission("orders:read"),
    )(async (event) => ({
      statusCode: 200,
      body: principalOf(event).tenantId,
    }));
    const asked = (tenant, sent = []) => ({ domain: `${tenant}.api.example.com`, path: "/orders", sent });
    /** A client that says, beside its token, whose it would like to be. */
    const sent = (token) => [
      ["Authorization", `Bearer ${token}`],
      ["X-Tollgate-Tenant", '"globex"'],
    ];
    const authorize = (token, tenant) => authorizer(httpEvent(asked(tenant, sent(token))));
    const { AccessToken, IdToken } = await signIn("ada");
    const { isAuthorized, context } = await authorize(IdToken, "acme");
    assert.equal(isAuthorized, true);
    const handle = (authorizer, tenant) => handler(proxyV2(authorizer, asked(tenant, sent(IdToken))));
    assert.deepEqual(await handle({ lambda: context }, "acme"), { statusCode: 200, body: "acme" });

    assert.equal((await authorize(IdToken, "globex")).isAuthorized, false);
    // An answer that API Gateway had cached for another request, an authorizer that says nothing, and one that is not there.
    assert.equal((await handle({ lambda: context }, "globex")).statusCode, 403);
    assert.equal((await handle({ lambda: {} }, "acme")).statusCode, 403);
    assert.equal((await handle(undefined, "acme")).statusCode, 403);
    const free = await authorize((await signIn("grace")).IdToken, "globex");
    assert.equal(free.isAuthorized, true);
    assert.equal(JSON.parse((await handle({ lambda: free.context }, "globex")).body).current_plan, "free");
    await assert.rejects(authorize(AccessToken, "acme"), { message: "Unauthorized" });
    await assert.rejects(authorize(`${IdToken.slice(0, -8)}AAAAAAAA`, "acme"), { message: "Unauthorized" });

    // Behind API Gateway's own JWT authorizer, which hands on the claims as texts.
    const texts = (token) =>
      Object.fromEntries(Object.entries(claims(token)).map(([name, value]) => [name, String(value)]));
    const native = { jwt: { claims: texts(IdToken), scopes: null } };
    assert.deepEqual(await handle(native, "acme"), { statusCode: 200, body: "acme" });
    assert.equal((await handle(native, "globex")).statusCode, 403);
    assert.equal((await handle({ jwt: { claims: texts(AccessToken), scopes: null } }, "acme")).statusCode, 401);
  });

  test("a token of another client of the pool is refused", async () => {
    const { UserPoolClient } = await cognito.ask("CreateUserPoolClient", { UserPoolId: pool, ClientName: "other" });
    const { AuthenticationResult } = await cognito.ask("InitiateAuth", {
      ClientId: UserPoolClient.ClientId,
      AuthFlow: "USER_PASSWORD_AUTH",
      AuthParameters: { USERNAME: "ada", PASSWORD },
    });
    denied(await at("acme", AuthenticationResult.IdToken), "client_mismatch", 401);
  });

  test("an invitation opens the tenant that it names, to the address that it names, and nothing else", async () => {
    const guides = functions.PreSignUp;
    functions.PreSignUp = invitedSignUp;
    const metadata = (text) => ({ ClientMetadata: { invitation: text } });
    const good = invitation("carol@example.com", "acme");
    for (const [name, tenant, text] of [
      ["carol", "globex", good],
      ["trudy", "acme", good],
      ["carol", "acme", ""],
      ["carol", "acme", `${good}A`],
      ["carol", "acme", good.toUpperCase()],
      ["carol", "Acme", invitation("carol@example.com", "Acme")],
    ]) {
      await assert.rejects(signUp(name, { "custom:tenant_id": tenant }, metadata(text)), refusedByTrigger);
    }
    await signUp("carol", { "custom:tenant_id": "acme" }, metadata(good));
    functions.PreSignUp = guides;
    await confirm("carol");
    const { IdToken } = await signIn("carol");
    allowed(await at("acme", IdToken, "/reports/1"));
    denied(await at("globex", IdToken), "tenant_mismatch", 403);
  });

  test("each function, in Node 22 and in Node 24, stays within the memory of Lambda's smallest", (t) => {
    for (const [name, { peakMemoryMb }] of Object.entries(functions)) {
      t.diagnostic(`${name}: ${Math.round(peakMemoryMb())} MB`);
      assert.ok(peakMemoryMb() <= MEMORY_MB, name);
    }
  });

  test("no log of a function holds a token, a tenant or an address", async () => {
    assert.match(functions.PreTokenGeneration.output(), /"type":"trigger"/);
    for (const { output } of [...Object.values(functions), invitedSignUp]) {
      assert.doesNotMatch(output(), /ey[A-Za-z0-9_-]+\.|acme|globex|@example/);
    }
  });
});
