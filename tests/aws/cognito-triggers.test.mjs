// Cognito's triggers on the events of AWS's documentation: who gets which claims, and who gets none. What Cognito and the gate
// make of the answers is tested in cognito-tokens.test.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createTriggers } from "tollgate/cognito";
import {
  attributes,
  CLIENT,
  clientToken,
  federated,
  preAuthentication,
  preSignUp,
  preToken,
  SUB,
  USER_SOURCES,
} from "./support/cognito-events.mjs";
import { refuses } from "./support/refuses.mjs";

const pro = () => ({ plan: "pro", permissions: ["orders:read", "orders:write"] });
const triggersWith = (options = {}) => createTriggers({ permissions: pro, ...options });
const triggers = triggersWith();

test("a sign-up that names no tenant passes with its event as it is", async () => {
  for (const source of ["SignUp", "AdminCreateUser", "ExternalProvider"]) {
    const event = preSignUp(source, { clientMetadata: { page: "pricing" }, validationData: { k1: "v1" } });
    const before = structuredClone(event);
    assert.deepEqual(await triggers.preSignUp(event), before);
  }
});

test("a sign-up that names a tenant in any spelling and place is refused, but for administrators", async () => {
  const spellings = [
    "custom:tenant_id",
    "custom:Tenant_ID",
    "custom:tenantId",
    "custom:tenant-id",
    "custom:tenant",
    "dev:custom:tenant_id",
    "tenant_id",
    "tenantid",
    "TENANT",
    " custom:tenant_id ",
    "custom:ｔenant_id",
  ];
  for (const name of spellings) {
    for (const place of ["userAttributes", "clientMetadata", "validationData"]) {
      for (const value of ["acme", ""]) {
        for (const source of ["SignUp", "ExternalProvider"]) {
          const event = preSignUp(source, {
            [place]: { [name]: value },
            ...(place === "userAttributes" ? {} : { userAttributes: {} }),
          });
          await refuses("tenant_chosen", triggers.preSignUp(event), `${source} ${place} ${name}`);
        }
      }
    }
  }
  await triggers.preSignUp(
    preSignUp("SignUp", { userAttributes: { "custom:tenant_name": "Acme", "custom:plan": "pro" } }),
  );
});

test("an administrator gives the tenant, and only one that is well formed", async () => {
  const by = (value, options) =>
    triggersWith(options).preSignUp(preSignUp("AdminCreateUser", { userAttributes: { "custom:tenant_id": value } }));
  await by("acme");
  await by("a".repeat(64));
  for (const value of ["", "Acme", "a".repeat(65), "-acme", "acme\n", "ac me", "acme,globex", 7, null, ["acme"], {}]) {
    await refuses("tenant_malformed", by(value), JSON.stringify(value));
  }
  await by("T-1", { tenantPattern: "T-[0-9]+" });
  for (const value of ["acme", "xT-1", "T-1x", `T-${"1".repeat(63)}`]) {
    await refuses("tenant_malformed", by(value, { tenantPattern: "T-[0-9]+" }), value);
  }
  await by("b", { tenantPattern: "a|b" });
  await refuses("tenant_malformed", by("ab", { tenantPattern: "a|b" }), "an alternative that matches a part");
});

test("authorizeTenant lets a tenant pass when it says true, and for nothing else it says", async () => {
  const event = () =>
    preSignUp("SignUp", {
      userAttributes: { email: "a@b.example", "custom:tenant_id": "acme" },
      validationData: { invitation: "signed" },
    });
  const seen = [];
  const invited = triggersWith({
    authorizeTenant: async (asked, { signal }) => {
      seen.push(asked.request.validationData.invitation, signal.aborted);
      return true;
    },
  });
  await invited.preSignUp(event());
  assert.deepEqual(seen, ["signed", false]);
  await refuses("tenant_chosen", triggersWith({ authorizeTenant: () => false }).preSignUp(event()));
  for (const answer of [undefined, null]) {
    await refuses("tenant_chosen", triggersWith({ authorizeTenant: () => answer }).preSignUp(event()), `${answer}`);
  }
  for (const answer of [1, "true", {}, []]) {
    await refuses("hook_answer", triggersWith({ authorizeTenant: () => answer }).preSignUp(event()), `${answer}`);
  }
  const malformed = event();
  malformed.request.userAttributes["custom:tenant_id"] = "Acme";
  await refuses("tenant_malformed", invited.preSignUp(malformed));
  await preSignUpAsksNobody();
});

async function preSignUpAsksNobody() {
  const never = triggersWith({ authorizeTenant: () => assert.fail("asked") });
  await never.preSignUp(preSignUp("SignUp"));
  await never.preSignUp(preSignUp("AdminCreateUser", { userAttributes: { "custom:tenant_id": "acme" } }));
}

test("a sign-in that names a tenant is refused, and nothing of the user is looked at", async () => {
  for (const place of ["clientMetadata", "validationData"]) {
    await refuses("tenant_chosen", triggers.preAuthentication(preAuthentication({ [place]: { tenant_id: "globex" } })));
    await refuses("event_unexpected", triggers.preAuthentication(preAuthentication({ [place]: ["tenant_id"] })));
    await refuses("event_unexpected", triggers.preAuthentication(preAuthentication({ [place]: "tenant_id" })));
  }
  const event = preAuthentication({ clientMetadata: { device: "phone" } });
  assert.equal(await triggers.preAuthentication(event), event);
  // One that does not exist and one without a tenant look alike: this trigger runs before the password is compared.
  await triggers.preAuthentication(preAuthentication({ userAttributes: {}, userNotFound: true }));
  await triggers.preAuthentication(
    preAuthentication({ userAttributes: attributes({ "custom:tenant_id": undefined }) }),
  );
});

test("version 1 writes texts into the ID token and nothing else, for each source", async () => {
  for (const source of USER_SOURCES) {
    const event = preToken("1", source);
    const { response, ...rest } = await triggers.preTokenGeneration(event);
    const { response: _, ...given } = event;
    assert.deepEqual(rest, given);
    assert.deepEqual(response, {
      claimsOverrideDetails: {
        claimsToAddOrOverride: {
          tenant_id: "acme",
          plan: "pro",
          permissions: '["orders:read","orders:write"]',
        },
        groupOverrideDetails: { groupsToOverride: ["staff"], iamRolesToOverride: [], preferredRole: null },
      },
    });
    for (const value of Object.values(response.claimsOverrideDetails.claimsToAddOrOverride)) {
      assert.equal(typeof value, "string");
    }
  }
});

test("versions 2 and 3 write lists into both tokens, for each source", async () => {
  const claimsToAddOrOverride = { tenant_id: "acme", plan: "pro", permissions: ["orders:read", "orders:write"] };
  for (const version of ["2", "3"]) {
    for (const source of USER_SOURCES) {
      const { response } = await triggers.preTokenGeneration(preToken(version, source));
      assert.deepEqual(response, {
        claimsAndScopeOverrideDetails: {
          idTokenGeneration: { claimsToAddOrOverride },
          accessTokenGeneration: { claimsToAddOrOverride },
          groupOverrideDetails: { groupsToOverride: ["staff"], iamRolesToOverride: [], preferredRole: null },
        },
      });
    }
  }
});

test("an event without groups gets an answer that names none", async () => {
  for (const groupConfiguration of [undefined, null]) {
    const { response } = await triggers.preTokenGeneration(preToken("2", "Authentication", { groupConfiguration }));
    assert.ok(!("groupOverrideDetails" in response.claimsAndScopeOverrideDetails));
  }
});

const claimsOf = async (answer, event = preToken("2")) =>
  (await triggersWith({ permissions: () => answer }).preTokenGeneration(event)).response.claimsAndScopeOverrideDetails
    .accessTokenGeneration.claimsToAddOrOverride;

test("permissions may answer an object or a list, and what is left out is none", async () => {
  assert.deepEqual(await claimsOf({}), { tenant_id: "acme", permissions: [] });
  assert.deepEqual(await claimsOf({ plan: null }), { tenant_id: "acme", permissions: [] });
  assert.deepEqual(await claimsOf({ plan: "free" }), { tenant_id: "acme", plan: "free", permissions: [] });
  assert.deepEqual(await claimsOf(["a", "b c", "ü"]), { tenant_id: "acme", permissions: ["a", "b c", "ü"] });
  assert.deepEqual(await claimsOf(Object.freeze(["a"])), { tenant_id: "acme", permissions: ["a"] });
  assert.deepEqual(await claimsOf(Object.create(null)), { tenant_id: "acme", permissions: [] });
  const none = await triggersWith({ permissions: () => [] }).preTokenGeneration(preToken("1"));
  assert.equal(none.response.claimsOverrideDetails.claimsToAddOrOverride.permissions, "[]");
});

test("an answer of the wrong type gets nobody a token", async () => {
  const wrong = [
    undefined,
    "pro",
    7,
    true,
    new Map([["plan", "pro"]]),
    new Date(0),
    () => ({}),
    { plan: "" },
    { plan: 7 },
    { plan: ["pro"] },
    { plan: "a".repeat(129) },
    { plan: "a\nb" },
    { plan: "\ud800" },
    { permissions: null },
    { permissions: "orders:read" },
    { permissions: { 0: "a" } },
    { permissions: [1] },
    { permissions: [null] },
    { permissions: [["a"]] },
    { permissions: [""] },
    { permissions: ["a", "a\u0000"] },
    { permissions: new Array(1) },
    { permissions: ["a".repeat(129)] },
    [undefined],
  ];
  for (const answer of wrong)
    await refuses("hook_answer", claimsOf(answer), `${String(answer)} ${JSON.stringify(answer)}`);
  await claimsOf({ plan: "a".repeat(128), permissions: ["b".repeat(128)] });
});

test("an answer that names another claim is refused: neither a tenant nor a claim of Cognito's is the hook's to say", async () => {
  const names = [
    "tenant_id",
    "sub",
    "iss",
    "exp",
    "aud",
    "client_id",
    "token_use",
    "cognito:groups",
    "scope",
    "groups",
    "email",
    "Plan",
    "__proto__",
  ];
  for (const name of names) {
    const answer = JSON.parse(`{"plan":"pro","${name}":"globex"}`);
    await refuses("hook_answer", claimsOf(answer), name);
  }
});

test("claims of 4,096 bytes pass, and a byte more does not: the gate takes tokens of up to 8 KiB", async () => {
  // In the texts of version 1 each permission costs its length and five bytes: two escaped quotes and a comma.
  const bytes = (permissions) => JSON.stringify({ tenant_id: "acme", permissions: JSON.stringify(permissions) }).length;
  const many = Array.from({ length: 32 }, (_, index) => `p${index}`.padEnd(120, "x"));
  const rest = 4096 - bytes([...many, ""]);
  const fitting = [...many, "y".repeat(rest)];
  assert.equal(bytes(fitting), 4096);
  assert.equal((await claimsOf(fitting)).permissions.length, 33);
  await refuses("hook_answer", claimsOf([...many, "y".repeat(rest + 1)]));
  await refuses("hook_answer", claimsOf([...many, `${"y".repeat(rest - 1)}ü`]), "bytes, not characters");
});

test("a user whom the application no longer knows as a member gets no token", async () => {
  for (const version of ["1", "2", "3"]) await refuses("no_member", claimsOf(null, preToken(version)));
});

test("permissions is asked about the user and the tenant, and sees nothing that the client sent along", async () => {
  const asked = [];
  const { preTokenGeneration } = triggersWith({
    permissions: (tenantId, user, { signal }) => {
      asked.push({ tenantId, user, aborted: signal.aborted });
      return [];
    },
  });
  await preTokenGeneration(
    preToken("2", "Authentication", { clientMetadata: { tenant_id: "globex", plan: "enterprise" } }),
  );
  const { user, ...rest } = asked[0];
  assert.deepEqual(rest, { tenantId: "acme", aborted: false });
  assert.deepEqual(
    { ...user, attributes: { ...user.attributes } },
    {
      id: SUB,
      userName: "ada",
      clientId: CLIENT,
      email: "ada@acme.example",
      identities: [],
      groups: ["staff"],
      attributes: attributes(),
    },
  );
  assert.ok(!JSON.stringify(asked).includes("globex"));
  assert.throws(() => {
    user.attributes["custom:tenant_id"] = "globex";
  }, TypeError);
});

test("an email that is not verified is not given to the hooks as one", async () => {
  const emails = [];
  const { preTokenGeneration } = triggersWith({ permissions: (_, user) => [String(emails.push(user.email))] });
  for (const verified of ["true", "false", undefined, "TRUE", "1"]) {
    const userAttributes = attributes({ email_verified: verified });
    await preTokenGeneration(preToken("2", "Authentication", { userAttributes }));
  }
  assert.deepEqual(emails, ["ada@acme.example", null, null, null, null]);
});

test("a user without a tenant, or with one that is malformed, too long or of the wrong type, gets no token", async () => {
  const of = (value, version) =>
    triggers.preTokenGeneration(
      preToken(version, "Authentication", { userAttributes: attributes({ "custom:tenant_id": value }) }),
    );
  for (const version of ["1", "2", "3"]) {
    await refuses("tenant_missing", of(undefined, version));
    for (const value of ["", "Acme", "a".repeat(65), "../acme", "acme ", "acme\u0000", "ａcme"]) {
      await refuses("tenant_malformed", of(value, version), JSON.stringify(value));
    }
    for (const value of [7, null, true, ["acme"], { tenant: "acme" }]) {
      await refuses("event_unexpected", of(value, version), JSON.stringify(value));
    }
    await of("a".repeat(64), version);
  }
});

test("an attribute that only looks like the tenant's is none", async () => {
  for (const name of ["tenant_id", "custom:Tenant_ID", "dev:custom:tenant_id", "custom:tenant_id "]) {
    const userAttributes = attributes({ "custom:tenant_id": undefined, [name]: "globex" });
    await refuses(
      "tenant_missing",
      triggers.preTokenGeneration(preToken("2", "Authentication", { userAttributes })),
      name,
    );
  }
  const inherited = JSON.parse(`{"sub":"${SUB}","__proto__":{"custom:tenant_id":"globex"}}`);
  const event = preToken("2", "Authentication", { userAttributes: inherited });
  await refuses("event_unexpected", triggers.preTokenGeneration(event));
});

test("a federated user gets the tenant of tenantOf, and none without it", async () => {
  const event = (changes) => preToken("2", "HostedAuth", { userAttributes: federated(changes) });
  const linked = { "cognito:user_status": "CONFIRMED" };
  await refuses("tenant_missing", triggers.preTokenGeneration(event()));
  const statusAlone = { identities: undefined, "custom:tenant_id": "acme" };
  await refuses("tenant_missing", triggers.preTokenGeneration(event(statusAlone)), "by the status alone");
  await refuses(
    "tenant_missing",
    triggers.preTokenGeneration(event({ ...linked, "custom:tenant_id": "acme" })),
    "linked",
  );

  const asked = [];
  const tenants = { Globex: "globex" };
  const { preTokenGeneration } = triggersWith({
    tenantOf: async (user) => {
      asked.push(user.identities);
      return tenants[user.identities[0].provider] ?? null;
    },
  });
  const tenantOf = async (changes) =>
    (await preTokenGeneration(event(changes))).response.claimsAndScopeOverrideDetails.idTokenGeneration
      .claimsToAddOrOverride.tenant_id;
  assert.equal(await tenantOf(), "globex");
  assert.deepEqual(asked, [[{ provider: "Globex", id: "0042" }]]);
  assert.equal(await tenantOf({ ...linked, "custom:tenant_id": "globex" }), "globex");
  // An attribute that the other provider mapped, or that was there before, must not say something else.
  await refuses("tenant_conflict", preTokenGeneration(event({ "custom:tenant_id": "acme" })));
  await refuses("tenant_malformed", preTokenGeneration(event({ "custom:tenant_id": "Globex" })));
  const stranger = JSON.stringify([{ providerName: "Initech", userId: "1" }]);
  await refuses("tenant_missing", preTokenGeneration(event({ identities: stranger })));
  for (const identities of [
    "",
    "{}",
    "Globex",
    "[1]",
    '[{"providerName":"Globex"}]',
    '[{"providerName":1,"userId":"1"}]',
  ]) {
    await refuses("event_unexpected", preTokenGeneration(event({ identities })), identities);
  }
  for (const [answer, code] of [
    [undefined, "tenant_missing"],
    [7, "hook_answer"],
    [["globex"], "hook_answer"],
    ["", "tenant_malformed"],
    ["Globex", "tenant_malformed"],
    ["a".repeat(65), "tenant_malformed"],
    [null, "tenant_missing"],
  ]) {
    await refuses(code, triggersWith({ tenantOf: () => answer }).preTokenGeneration(event()), `${answer}`);
  }
});

test("tenantOf is not asked about users of the pool itself", async () => {
  const { preTokenGeneration } = triggersWith({ tenantOf: () => assert.fail("asked") });
  await preTokenGeneration(preToken("2"));
  const userAttributes = attributes({ identities: "[]" });
  await preTokenGeneration(preToken("2", "Authentication", { userAttributes }));
});

test("a client's own token gets the tenant of tenantOfClient in its access token, and none without it", async () => {
  await refuses("tenant_missing", triggers.preTokenGeneration(clientToken()));
  const withAnswer = (answer) =>
    triggersWith({ tenantOfClient: () => answer, permissions: () => assert.fail("there is no user") });
  const answerOf = async (answer) => (await withAnswer(answer).preTokenGeneration(clientToken())).response;
  const claims = (claimsToAddOrOverride) => ({
    claimsAndScopeOverrideDetails: { accessTokenGeneration: { claimsToAddOrOverride } },
  });
  assert.deepEqual(await answerOf("acme"), claims({ tenant_id: "acme", permissions: [] }));
  assert.deepEqual(
    await answerOf({ tenantId: "acme", plan: "pro", permissions: ["orders:read"] }),
    claims({ tenant_id: "acme", plan: "pro", permissions: ["orders:read"] }),
  );
  for (const [answer, code] of [
    [null, "tenant_missing"],
    [undefined, "tenant_missing"],
    [7, "hook_answer"],
    [["acme"], "hook_answer"],
    [{ plan: "pro" }, "hook_answer"],
    [{ tenantId: 7 }, "hook_answer"],
    [{ tenantId: "acme", sub: "x" }, "hook_answer"],
    [Object.create({ tenantId: "acme" }), "hook_answer"],
    [{ tenantId: "acme", permissions: "all" }, "hook_answer"],
    ["", "tenant_malformed"],
    [{ tenantId: "Acme" }, "tenant_malformed"],
  ]) {
    await refuses(code, withAnswer(answer).preTokenGeneration(clientToken()), JSON.stringify(answer));
  }
});

test("a client is known by its id alone, whatever it sends along", async () => {
  const asked = [];
  const { preTokenGeneration } = triggersWith({ tenantOfClient: (id) => `t-${asked.push(id)}` });
  const event = clientToken({ clientMetadata: { tenant_id: "globex" }, userAttributes: attributes() });
  const { response } = await preTokenGeneration(event);
  assert.equal(response.claimsAndScopeOverrideDetails.accessTokenGeneration.claimsToAddOrOverride.tenant_id, "t-1");
  assert.deepEqual(asked, [CLIENT]);
  for (const callerContext of [undefined, null, {}, { clientId: "" }, { clientId: 7 }]) {
    await refuses("event_unexpected", preTokenGeneration({ ...clientToken(), callerContext }));
  }
  for (const version of ["1", "2", "4", 3, undefined]) {
    await refuses("event_unexpected", preTokenGeneration({ ...clientToken(), version }), `version ${version}`);
  }
});
