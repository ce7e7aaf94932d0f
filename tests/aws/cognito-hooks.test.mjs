// Cognito's triggers when something is amiss: hooks that throw, hang or answer late, events that are not theirs, options that cannot
// be right. Who gets which claims is tested in cognito-triggers.test.mjs.

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createTriggers, TollgateError } from "tollgate/cognito";
import { tool } from "../node/support/root.mjs";
import {
  attributes,
  clientToken,
  federated,
  postAuthentication,
  postConfirmation,
  preAuthentication,
  preSignUp,
  preToken,
  SUB,
} from "./support/cognito-events.mjs";
import { refuses } from "./support/refuses.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const pro = () => ({ plan: "pro", permissions: ["orders:read", "orders:write"] });
const triggersWith = (options = {}) => createTriggers({ permissions: pro, ...options });
const triggers = triggersWith();

test("a hook that throws or rejects refuses, and what it threw is told to nobody", async () => {
  const fails = [
    () => {
      throw new Error("secret of the database");
    },
    () => Promise.reject(new Error("secret of the database")),
    () => {
      throw null;
    },
    () => {
      throw new TollgateError("token_expired", "secret of the database");
    },
  ];
  const named = preSignUp("SignUp", { userAttributes: { "custom:tenant_id": "acme" } });
  for (const hook of fails) {
    const events = [];
    const all = Object.fromEntries(
      ["permissions", "authorizeTenant", "tenantOf", "tenantOfClient", "confirmed", "authenticated"].map((name) => [
        name,
        hook,
      ]),
    );
    const failing = createTriggers({ ...all, onEvent: (event) => events.push(event) });
    await refuses("hook_failed", failing.preSignUp(named));
    await refuses("hook_failed", failing.preTokenGeneration(preToken("1")));
    await refuses(
      "hook_failed",
      failing.preTokenGeneration(preToken("2", "HostedAuth", { userAttributes: federated() })),
    );
    await refuses("hook_failed", failing.preTokenGeneration(clientToken()));
    await refuses("hook_failed", failing.postConfirmation(postConfirmation("ConfirmSignUp")));
    await refuses("hook_failed", failing.postAuthentication(postAuthentication()));
    assert.equal(events.length, 6);
    assert.ok(!JSON.stringify(events).includes("secret"));
  }
});

test("a hook that hangs refuses within the time that is set, and is told that nobody waits", async () => {
  const hang =
    (signals) =>
    (...given) => {
      signals.push(given.at(-1).signal);
      return new Promise(() => {});
    };
  const cases = [
    ["permissions", (t) => t.preTokenGeneration(preToken("2"))],
    ["authorizeTenant", (t) => t.preSignUp(preSignUp("SignUp", { userAttributes: { "custom:tenant_id": "acme" } }))],
    ["tenantOf", (t) => t.preTokenGeneration(preToken("2", "HostedAuth", { userAttributes: federated() }))],
    ["tenantOfClient", (t) => t.preTokenGeneration(clientToken())],
    ["confirmed", (t) => t.postConfirmation(postConfirmation("ConfirmSignUp"))],
    ["authenticated", (t) => t.postAuthentication(postAuthentication())],
  ];
  for (const [name, run] of cases) {
    const signals = [];
    const started = performance.now();
    await refuses("hook_late", run(triggersWith({ [name]: hang(signals), timeoutMilliseconds: 100 })), name);
    const took = performance.now() - started;
    assert.ok(took >= 95 && took < 2_000, `${name}: ${took} ms`);
    assert.deepEqual(
      signals.map((signal) => signal.aborted),
      [true],
      name,
    );
  }
});

test("the hooks of one event share its time", async () => {
  const slow = (answer) => () => new Promise((resolve) => setTimeout(resolve, 250, answer));
  const event = preToken("2", "HostedAuth", { userAttributes: federated() });
  const both = { tenantOf: slow("globex"), permissions: slow([]) };
  await refuses("hook_late", triggersWith({ ...both, timeoutMilliseconds: 400 }).preTokenGeneration(event));
  await triggersWith({ ...both, timeoutMilliseconds: 4_500 }).preTokenGeneration(event);
});

test("without a limit of its own a hook has three of the five seconds that Cognito waits", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let done = false;
  const late = refuses(
    "hook_late",
    triggersWith({ permissions: () => new Promise(() => {}) }).preTokenGeneration(preToken("2")),
  ).then(() => {
    done = true;
  });
  t.mock.timers.tick(2_999);
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  assert.equal(done, false);
  t.mock.timers.tick(1);
  await late;
});

test("confirmed is told of new users only, and authenticated of each sign-in", async () => {
  const told = [];
  const telling = triggersWith({
    confirmed: (user) => told.push(["confirmed", user.id, user.email]),
    authenticated: async (user) => told.push(["authenticated", user.userName]),
  });
  for (const [run, event] of [
    [telling.postConfirmation, postConfirmation("ConfirmSignUp")],
    [telling.postConfirmation, postConfirmation("ConfirmForgotPassword")],
    [telling.postAuthentication, postAuthentication()],
    [triggers.postConfirmation, postConfirmation("ConfirmSignUp")],
    [triggers.postAuthentication, postAuthentication()],
  ]) {
    assert.equal(await run(event), event);
  }
  assert.deepEqual(told, [
    ["confirmed", SUB, "ada@acme.example"],
    ["authenticated", "ada"],
  ]);
});

test("an event that is not one of the trigger's refuses", async () => {
  const events = {
    preSignUp: preSignUp("SignUp"),
    postConfirmation: postConfirmation("ConfirmSignUp"),
    preAuthentication: preAuthentication(),
    postAuthentication: postAuthentication(),
    preTokenGeneration: preToken("2"),
  };
  for (const [name, run] of Object.entries(triggers)) {
    for (const [other, event] of Object.entries(events)) {
      if (other === name) await run(event);
      else await refuses("event_unexpected", run(event), `${name} with ${other}`);
    }
    for (const event of [undefined, null, {}, [], "x", 7, { triggerSource: ["PreSignUp_SignUp"] }]) {
      await refuses("event_unexpected", run(event), `${name} with ${JSON.stringify(event)}`);
    }
    for (const end of ["Other", "", "signup"]) {
      const triggerSource = `${events[name].triggerSource.split("_")[0]}_${end}`;
      await refuses("event_unexpected", run({ ...events[name], triggerSource }), triggerSource);
    }
  }
  for (const version of [undefined, null, "", "0", "4", 1, 2, "1.0", "V1_0"]) {
    await refuses("event_unexpected", triggers.preTokenGeneration({ ...preToken("1"), version }), `version ${version}`);
  }
});

test("a request of the wrong shape refuses", async () => {
  const { preTokenGeneration } = triggers;
  for (const request of [undefined, null, [], "x"]) {
    await refuses("event_unexpected", preTokenGeneration({ ...preToken("2"), request }));
    const signUp = triggers.preSignUp({ ...preSignUp("SignUp"), request });
    await refuses("event_unexpected", signUp);
  }
  for (const userAttributes of [
    undefined,
    null,
    [],
    "x",
    attributes({ sub: undefined }),
    attributes({ sub: "" }),
    attributes({ email: 7 }),
  ]) {
    await refuses("event_unexpected", preTokenGeneration(preToken("2", "Authentication", { userAttributes })));
  }
  for (const groups of ["staff", [7], [""], [null], { 0: "staff" }]) {
    const groupConfiguration = { groupsToOverride: groups };
    await refuses("event_unexpected", preTokenGeneration(preToken("2", "Authentication", { groupConfiguration })));
  }
  for (const userName of [undefined, "", 7])
    await refuses("event_unexpected", preTokenGeneration({ ...preToken("2"), userName }));
});

test("onEvent is told of each decision without a name in it, and cannot change one", async () => {
  const events = [];
  const telling = triggersWith({
    onEvent: (event) => {
      events.push(event);
      throw new Error("of the listener");
    },
  });
  await telling.preTokenGeneration(preToken("2"));
  await refuses("tenant_chosen", telling.preSignUp(preSignUp("SignUp", { clientMetadata: { tenant: "globex" } })));
  const late = preToken("2", "RefreshTokens", { userAttributes: attributes({ "custom:tenant_id": undefined }) });
  await refuses("tenant_missing", telling.preTokenGeneration(late));
  await refuses("event_unexpected", telling.preSignUp({ triggerSource: "ada@acme.example" }));
  const type = "trigger";
  assert.deepEqual(events, [
    { type, triggerSource: "TokenGeneration_Authentication", outcome: "allow", code: null },
    { type, triggerSource: "PreSignUp_SignUp", outcome: "refuse", code: "tenant_chosen" },
    { type, triggerSource: "TokenGeneration_RefreshTokens", outcome: "refuse", code: "tenant_missing" },
    { type, triggerSource: null, outcome: "unavailable", code: "event_unexpected" },
  ]);
});

test("options that cannot be right refuse to start, by name", () => {
  const refused = (options, member) =>
    assert.throws(
      () => createTriggers(options),
      (error) => error instanceof TollgateError && error.code === "config_invalid" && error.member === member,
      member,
    );
  refused(undefined, "");
  refused(null, "");
  refused([], "");
  refused({}, "permissions");
  refused({ permissions: null }, "permissions");
  refused(Object.create({ permissions: pro }), "permissions");
  for (const name of ["authorizeTenant", "tenantOf", "tenantOfClient", "confirmed", "authenticated", "onEvent"]) {
    for (const value of [null, true, "x", {}]) refused({ permissions: pro, [name]: value }, name);
    createTriggers({ permissions: pro, [name]: undefined });
  }
  for (const value of [99, 4501, 100.5, "3000", Number.NaN, null])
    refused({ permissions: pro, timeoutMilliseconds: value }, "timeoutMilliseconds");
  for (const value of [100, 4500]) createTriggers({ permissions: pro, timeoutMilliseconds: value });
  for (const value of ["(", "acme)|(globex", ".*", "", 7, /a/, null])
    refused({ permissions: pro, tenantPattern: value }, "tenantPattern");
  refused({ permissions: pro, authoriseTenant: () => true }, "authoriseTenant");
});

test("an option that every object seems to have is none", async () => {
  Object.defineProperty(Object.prototype, "authorizeTenant", {
    value: () => true,
    configurable: true,
    enumerable: false,
  });
  try {
    const named = preSignUp("SignUp", { userAttributes: { "custom:tenant_id": "acme" } });
    await refuses("tenant_chosen", createTriggers({ permissions: pro }).preSignUp(named));
  } finally {
    delete Object.prototype.authorizeTenant;
  }
});

test("a bundle of the triggers carries no wasm and is small", async (t) => {
  const { outputFiles } = await tool("esbuild").build({
    stdin: { contents: 'export { createTriggers } from "tollgate/cognito";', resolveDir: here },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "silent",
  });
  const { text } = outputFiles[0];
  t.diagnostic(`size of the triggers: ${text.length} bytes`);
  assert.ok(text.includes("custom:tenant_id"));
  assert.doesNotMatch(text, /WebAssembly|\bimport\b|require\(/);
  assert.ok(text.length < 8_000, `${text.length} bytes`);
});
