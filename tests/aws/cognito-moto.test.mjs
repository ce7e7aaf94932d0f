// Tokens of moto's Cognito, another implementation than AWS's and ours, under the preset's rules. moto runs no triggers, so the
// tenant is the attribute's own claim, which only ID tokens have.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createVerifier } from "tollgate";
import { rejectsCode } from "../node/support/assert.mjs";
import { python, startMoto } from "../tokens/support/moto.mjs";

const REGION = "eu-west-1";
const PASSWORD = "Correct-Horse-7";

describe("with a user pool of moto's", { skip: python().missing ?? false }, () => {
  let moto;
  let pool;
  let client;
  let tokens;

  const origin = () => `http://127.0.0.1:${moto.port}`;

  async function ask(operation, parameters) {
    const response = await fetch(origin(), {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `AWSCognitoIdentityProviderService.${operation}`,
        authorization: `AWS4-HMAC-SHA256 Credential=none/20260101/${REGION}/cognito-idp/aws4_request, SignedHeaders=host, Signature=00`,
      },
      body: JSON.stringify(parameters),
    });
    assert.ok(response.ok, `${operation}: ${await response.clone().text()}`);
    return response.json();
  }

  before(async () => {
    moto = await startMoto();
    const { UserPool } = await ask("CreateUserPool", {
      PoolName: "tests",
      Schema: [{ Name: "tenant_id", AttributeDataType: "String", Mutable: false }],
    });
    pool = UserPool.Id;
    const { UserPoolClient } = await ask("CreateUserPoolClient", {
      UserPoolId: pool,
      ClientName: "web",
      ReadAttributes: ["email"],
      ExplicitAuthFlows: ["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
    });
    client = UserPoolClient.ClientId;
    await ask("AdminCreateUser", {
      UserPoolId: pool,
      Username: "ada",
      UserAttributes: [
        { Name: "email", Value: "ada@acme.example" },
        { Name: "custom:tenant_id", Value: "acme" },
      ],
    });
    await ask("AdminSetUserPassword", { UserPoolId: pool, Username: "ada", Password: PASSWORD, Permanent: true });
    await ask("CreateGroup", { UserPoolId: pool, GroupName: "staff" });
    await ask("AdminAddUserToGroup", { UserPoolId: pool, Username: "ada", GroupName: "staff" });
    const { AuthenticationResult } = await ask("AdminInitiateAuth", {
      UserPoolId: pool,
      ClientId: client,
      AuthFlow: "ADMIN_USER_PASSWORD_AUTH",
      AuthParameters: { USERNAME: "ada", PASSWORD },
    });
    tokens = AuthenticationResult;
  });

  after(() => moto?.stop());

  const verifierOf = (issuer = {}) =>
    createVerifier(
      {
        issuers: [
          {
            preset: "cognito",
            region: REGION,
            userPoolId: pool,
            clientIds: [client],
            // moto writes `typ`, which Cognito does not.
            types: ["JWT"],
            claims: { tenant: "custom:tenant_id" },
            ...issuer,
          },
        ],
      },
      { fetch: (url, init) => fetch(url.replace(`https://cognito-idp.${REGION}.amazonaws.com`, origin()), init) },
    );

  test("an access token and an ID token verify, each where it is asked for", async () => {
    const access = (await verifierOf().verify(tokens.AccessToken)).principal;
    assert.deepEqual([access.kind, access.clientId, access.tenantId, access.groups], ["user", client, null, ["staff"]]);
    assert.deepEqual(access.scopes, ["aws.cognito.signin.user.admin"]);
    const id = (await verifierOf({ tokenUse: ["id"] }).verify(tokens.IdToken)).principal;
    assert.deepEqual([id.userId, id.clientId, id.tenantId], [access.userId, client, "acme"]);
    assert.equal(id.issuer, `https://cognito-idp.${REGION}.amazonaws.com/${pool}`);
  });

  test("without `types`, a `typ` that Cognito never writes is refused", async () => {
    await rejectsCode("typ_not_allowed", verifierOf({ types: undefined }).verify(tokens.AccessToken));
  });

  test("one in the place of the other, of another client or of another pool is refused", async () => {
    await rejectsCode("token_use_mismatch", verifierOf().verify(tokens.IdToken));
    await rejectsCode("token_use_mismatch", verifierOf({ tokenUse: ["id"] }).verify(tokens.AccessToken));
    const other = verifierOf({ clientIds: ["other"], tokenUse: ["id", "access"] });
    await rejectsCode("client_mismatch", other.verify(tokens.IdToken));
    await rejectsCode("client_mismatch", other.verify(tokens.AccessToken));
    await rejectsCode("unknown_issuer", verifierOf({ userPoolId: `${REGION}_Other` }).verify(tokens.AccessToken));
  });

  test("a changed signature is refused", async () => {
    const [header, payload, signature] = tokens.AccessToken.split(".");
    const bytes = Buffer.from(signature, "base64url");
    bytes[7] ^= 1;
    await rejectsCode("signature_invalid", verifierOf().verify(`${header}.${payload}.${bytes.toString("base64url")}`));
  });
});
