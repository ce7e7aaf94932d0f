// What a store promises, kept by the one in memory; what the DynamoDB store asks its client for, word by word; and how a
// secret of AWS is read. The clients are stubs: the suite `tokens` runs the same store on a DynamoDB server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { dynamoDbStore, memoryStore, StoreError, secretsManagerKeys } from "tollgate/tokens";
import { record as first, NOW } from "./support/token-service.mjs";

const NOW_MS = NOW * 1000;
const second = { ...first, version: 2, seq: 2, rotated_at_ms: NOW_MS + 5, kid: "k2", write: "write-2" };
const rival = { ...second, write: "write-3" };
const at = { family: "f1", user: "ann", tenant: "acme" };
const unset = { epoch: 0, not_before: 0 };
const unmarked = { user: unset, tenant: unset };

test("memory: a record is created once, and a repeated write of one's own is a success", async () => {
  const store = memoryStore();
  assert.deepEqual(await store.load(at), { family: null, ...unmarked });
  assert.deepEqual(await store.create(first), { done: true, ...unmarked });
  assert.deepEqual(await store.create(first), { done: true, ...unmarked });
  const other = { ...first, write: "other" };
  assert.deepEqual(await store.create(other), { done: false, loaded: { family: first, ...unmarked } });
  assert.deepEqual(await store.load(at), { family: first, ...unmarked });
  assert.deepEqual(await store.load({ ...at, family: null }), { family: null, ...unmarked });
});

test("memory: one of two rotations wins, and the other sees by whom", async () => {
  const store = memoryStore();
  await store.create(first);
  const [won, lost] = await Promise.all([store.rotate(1, second), store.rotate(1, rival)]);
  assert.deepEqual(won, { done: true, ...unmarked });
  assert.deepEqual(lost, { done: false, loaded: { family: second, ...unmarked } });
  assert.deepEqual(await store.rotate(1, second), { done: true, ...unmarked });
  assert.deepEqual(await store.rotate(1, { ...second, fam: "f2" }), {
    done: false,
    loaded: { family: null, ...unmarked },
  });
});

test("memory: a revocation is first once, unsets nothing, and no rotation or creation passes it", async () => {
  const store = memoryStore();
  assert.deepEqual(await store.revoke(at, NOW_MS), { first: false });
  await store.create(first);
  await store.rotate(1, second);
  assert.deepEqual(await store.revoke(at, NOW_MS + 7), { first: true });
  assert.deepEqual(await store.revoke(at, NOW_MS + 9), { first: false });
  const revoked = { ...second, version: 3, revoked_at: NOW_MS + 7 };
  for (const late of [store.rotate(2, rival), store.rotate(3, rival), store.rotate(1, second), store.create(second)]) {
    assert.deepEqual(await late, { done: false, loaded: { family: revoked, ...unmarked } });
  }
  assert.deepEqual(await store.load(at), { family: revoked, ...unmarked });
});

test("memory: revoke-all adds an epoch, never moves the time back, and shows in every answer", async () => {
  const store = memoryStore();
  await store.create(first);
  assert.deepEqual(await store.revokeAll({ user: "ann" }, 10), { epoch: 1, not_before: 10 });
  assert.deepEqual(await store.revokeAll({ user: "ann" }, 5), { epoch: 2, not_before: 10 });
  assert.deepEqual(await store.revokeAll({ tenant: "acme" }, 7), { epoch: 1, not_before: 7 });
  const marks = { user: { epoch: 2, not_before: 10 }, tenant: { epoch: 1, not_before: 7 } };
  assert.deepEqual(await store.load(at), { family: first, ...marks });
  assert.deepEqual(await store.rotate(1, second), { done: true, ...marks });
  assert.deepEqual(await store.load({ family: null, user: "acme", tenant: "ann" }), { family: null, ...unmarked });
});

test("memory: what was handed over or out is nobody's to change", async () => {
  const store = memoryStore();
  const record = { ...first };
  await store.create(record);
  record.revoked_at = 1;
  assert.deepEqual((await store.load(at)).family, first);
});

// DynamoDB

const S = (value) => ({ S: value });
const N = (value) => ({ N: String(value) });
const item = {
  pk: S("f#f1"),
  schema: N(1),
  fam: S("f1"),
  user: S("ann"),
  tenant: S("acme"),
  client: S("web"),
  v: N(1),
  seq: N(1),
  created_at: N(NOW_MS),
  rotated_at_ms: N(NOW_MS),
  successor_exp: N(1_767_229_200),
  absolute_exp: N(1_767_229_200),
  kid: S("k1"),
  user_epoch: N(0),
  tenant_epoch: N(0),
  write: S("write-1"),
  ttl: N(1_767_229_200 + 86_400),
};
const marked = [
  { pk: S("t#acme"), epoch: N(3), not_before: N(4) },
  { pk: S("u#ann"), epoch: N(1), not_before: N(2) },
];
const marks = { user: { epoch: 1, not_before: 2 }, tenant: { epoch: 3, not_before: 4 } };
const conditionFailed = (Item) => Object.assign(new Error("no"), { name: "ConditionalCheckFailedException", Item });

/** A client that answers by script and remembers what it was asked. */
function dynamo(script, options = {}) {
  const calls = [];
  const method = (name) => async (input, callOptions) => {
    calls.push([name, input]);
    assert.ok(callOptions.abortSignal instanceof AbortSignal);
    const answer = script.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const names = ["batchGetItem", "putItem", "updateItem"];
  const client = Object.fromEntries(names.map((name) => [name, method(name)]));
  return { calls, store: dynamoDbStore({ client, table: "t", ...options }) };
}

const read = (...items) => ({ Responses: { t: items }, UnprocessedKeys: {} });
const reading = (...names) => [
  "batchGetItem",
  { RequestItems: { t: { Keys: names.map((name) => ({ pk: S(name) })), ConsistentRead: true } } },
];

test("[R05] DynamoDB: loading is one consistent batch of three items, or two", async () => {
  const { store, calls } = dynamo([read(item, ...marked), read(), read(...marked)]);
  assert.deepEqual(await store.load(at), { family: first, ...marks });
  assert.deepEqual(await store.load(at), { family: null, ...unmarked });
  assert.deepEqual(await store.load({ ...at, family: null }), { family: null, ...marks });
  assert.deepEqual(calls, [
    reading("u#ann", "t#acme", "f#f1"),
    reading("u#ann", "t#acme", "f#f1"),
    reading("u#ann", "t#acme"),
  ]);
});

test("DynamoDB: a batch read in part, no answer and half a mark are errors, never an absent mark", async () => {
  const rows = [
    [{ Responses: { t: [item] }, UnprocessedKeys: { t: { Keys: [{ pk: S("u#ann") }] } } }, "throttled"],
    [{ Responses: {}, UnprocessedKeys: {} }, "unreadable"],
    [{}, "unreadable"],
    [read(item, { pk: S("u#ann"), epoch: N(1) }), "unreadable"],
    [read(item, { pk: S("u#ann"), not_before: N(1) }), "unreadable"],
    [read(item, { pk: S("t#acme"), epoch: S("x"), not_before: N(1) }), "unreadable"],
    [read(item, { pk: S("t#acme"), epoch: N("1e400"), not_before: N(1) }), "unreadable"],
  ];
  for (const [answer, reason] of rows) {
    await assert.rejects(dynamo([answer]).store.load(at), isStoreError("load", reason), JSON.stringify(answer));
  }
});

const isStoreError = (operation, reason) => (error) => {
  assert.ok(error instanceof StoreError, String(error?.stack));
  assert.deepEqual([error.operation, error.reason], [operation, reason]);
  assert.doesNotMatch(error.message, /ann|acme|f1/);
  return true;
};

test("DynamoDB: a record is handed on as it stands, so that the core can refuse what it can't read", async () => {
  const { kid: _, ...missing } = item;
  const rows = [
    [
      { ...item, schema: N(2), more: S("x") },
      { ...first, schema: 2 },
    ],
    [
      { ...item, seq: S("one") },
      { ...first, seq: "one" },
    ],
    [
      { ...item, idle_exp: N(5), revoked_at: N(6) },
      { ...first, idle_exp: 5, revoked_at: 6 },
    ],
    [missing, Object.fromEntries(Object.entries(first).filter(([name]) => name !== "kid"))],
  ];
  for (const [stored, expected] of rows) {
    assert.deepEqual((await dynamo([read(stored)]).store.load(at)).family, expected);
  }
});

test("DynamoDB: a failure says in fixed words what it was", async () => {
  const failure = (name, httpStatusCode) =>
    Object.assign(new Error("ann"), { name, ...(httpStatusCode && { $metadata: { httpStatusCode } }) });
  const rows = [
    [failure("AbortError"), "timeout"],
    [failure("TimeoutError"), "timeout"],
    [failure("ProvisionedThroughputExceededException", 400), "throttled"],
    [failure("ThrottlingException", 400), "throttled"],
    [failure("RequestLimitExceeded", 400), "throttled"],
    [failure("InternalServerError", 500), "status_500"],
    [failure("TransactionConflictException", 400), "status_400"],
    [failure("Error"), "network"],
  ];
  for (const [error, reason] of rows) {
    await assert.rejects(dynamo([error]).store.load(at), isStoreError("load", reason));
    await assert.rejects(dynamo([error]).store.create(first), isStoreError("create", reason));
    await assert.rejects(dynamo([error]).store.rotate(1, second), isStoreError("rotate", reason));
    await assert.rejects(dynamo([error]).store.revoke(at, 1), isStoreError("revoke", reason));
    await assert.rejects(dynamo([error]).store.revokeAll({ user: "ann" }, 1), isStoreError("revokeAll", reason));
  }
});

test("DynamoDB: a write that was applied is not known to be done while its marks can't be read", async () => {
  const down = Object.assign(new Error("no"), { name: "TimeoutError" });
  await assert.rejects(dynamo([{}, down]).store.rotate(1, second), isStoreError("rotate", "timeout"));
  await assert.rejects(dynamo([{}, down]).store.create(first), isStoreError("create", "timeout"));
});

const put = [
  "putItem",
  {
    TableName: "t",
    Item: item,
    ConditionExpression: "attribute_not_exists(pk)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
];

test("DynamoDB: creation is one conditional put, then the marks", async () => {
  const { store, calls } = dynamo([{}, read(...marked)]);
  assert.deepEqual(await store.create(first), { done: true, ...marks });
  assert.deepEqual(calls, [put, reading("u#ann", "t#acme")]);
});

test("DynamoDB: a creation repeated by the client knows its own record, unless that was revoked meanwhile", async () => {
  const own = dynamo([conditionFailed(item), read()]);
  assert.deepEqual(await own.store.create(first), { done: true, ...unmarked });
  for (const there of [{ ...item, write: S("other") }, { ...item, revoked_at: N(1) }, undefined]) {
    const { store, calls } = dynamo([conditionFailed(there), read(...(there ? [there] : []))]);
    assert.equal((await store.create(first)).done, false);
    assert.deepEqual(calls, [put, reading("u#ann", "t#acme", "f#f1")]);
  }
});

/** The update that a rotation is. */
const rotation = (expression, values = {}, home = "attribute_not_exists(#home)") => [
  "updateItem",
  {
    TableName: "t",
    Key: { pk: S("f#f1") },
    UpdateExpression: `SET v = :next, seq = :seq, rotated_at_ms = :now, successor_exp = :exp, kid = :kid, #write = :write${expression}`,
    ConditionExpression: `v = :v AND attribute_not_exists(revoked_at) AND #schema = :one AND ${home}`,
    ExpressionAttributeNames: { "#write": "write", "#schema": "schema", "#home": "home" },
    ExpressionAttributeValues: {
      ":v": N(1),
      ":next": N(2),
      ":seq": N(2),
      ":now": N(NOW_MS + 5),
      ":exp": N(1_767_229_200),
      ":kid": S("k2"),
      ":write": S("write-2"),
      ":one": N(1),
      ...values,
    },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
];

test("DynamoDB: rotation is one conditional update, then the marks", async () => {
  const { store, calls } = dynamo([{}, read(...marked), {}, read()]);
  assert.deepEqual(await store.rotate(1, second), { done: true, ...marks });
  assert.deepEqual(await store.rotate(1, { ...second, idle_exp: 9 }), { done: true, ...unmarked });
  assert.deepEqual(calls, [
    rotation(" REMOVE idle_exp"),
    reading("u#ann", "t#acme"),
    rotation(", idle_exp = :idle", { ":idle": N(9) }),
    reading("u#ann", "t#acme"),
  ]);
});

test("[R02] DynamoDB: a rotation repeated by the client knows its own write; another's, or a revoked one, is reloaded", async () => {
  const there = { ...item, v: N(2), seq: N(2), rotated_at_ms: N(NOW_MS + 5), kid: S("k2"), write: S("write-2") };
  const own = dynamo([conditionFailed(there), read(...marked)]);
  assert.deepEqual(await own.store.rotate(1, second), { done: true, ...marks });
  const others = { ...there, write: S("write-3") };
  const lost = dynamo([conditionFailed(others), read(others, ...marked)]);
  assert.deepEqual(await lost.store.rotate(1, second), { done: false, loaded: { family: rival, ...marks } });
  assert.deepEqual(lost.calls, [rotation(" REMOVE idle_exp"), reading("u#ann", "t#acme", "f#f1")]);
  const revoked = { ...there, v: N(3), revoked_at: N(7) };
  const late = dynamo([conditionFailed(revoked), read(revoked)]);
  const family = { ...second, version: 3, revoked_at: 7 };
  assert.deepEqual(await late.store.rotate(1, second), { done: false, loaded: { family, ...unmarked } });
  const gone = dynamo([conditionFailed(undefined), read()]);
  assert.deepEqual(await gone.store.rotate(1, second), { done: false, loaded: { family: null, ...unmarked } });
});

test("DynamoDB: revocation creates nothing, is first once, and knows its own repeated write", async () => {
  const { store, calls } = dynamo([{}, conditionFailed({ ...item, revoked_at: N(1) }), conditionFailed(undefined)]);
  assert.deepEqual(await store.revoke(at, 7), { first: true });
  assert.deepEqual(await store.revoke(at, 8), { first: false });
  assert.deepEqual(await store.revoke(at, 9), { first: false });
  const [, { ExpressionAttributeValues, ...input }] = calls[0];
  const by = ExpressionAttributeValues[":by"];
  assert.match(by.S, /^[0-9a-f-]{36}$/);
  assert.notEqual(calls[1][1].ExpressionAttributeValues[":by"].S, by.S);
  assert.deepEqual(ExpressionAttributeValues, { ":now": N(7), ":one": N(1), ":by": by });
  assert.deepEqual(input, {
    TableName: "t",
    Key: { pk: S("f#f1") },
    UpdateExpression: "SET revoked_at = :now, v = v + :one, revoked_by = :by",
    ConditionExpression: "attribute_exists(pk) AND attribute_not_exists(revoked_at) AND attribute_not_exists(#home)",
    ExpressionAttributeNames: { "#home": "home" },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  const repeating = {
    updateItem: async (input) => {
      throw conditionFailed({ ...item, revoked_at: N(7), revoked_by: input.ExpressionAttributeValues[":by"] });
    },
  };
  assert.deepEqual(await dynamoDbStore({ client: repeating, table: "t" }).revoke(at, 7), { first: true });
});

test("DynamoDB: revoke-all moves the time forward, or adds an epoch alone where a later one stands", async () => {
  const { store, calls } = dynamo([
    { Attributes: marked[1] },
    conditionFailed(undefined),
    { Attributes: marked[0] },
    { Attributes: undefined },
  ]);
  assert.deepEqual(await store.revokeAll({ user: "ann" }, 2), marks.user);
  assert.deepEqual(await store.revokeAll({ tenant: "acme" }, 4), marks.tenant);
  await assert.rejects(store.revokeAll({ user: "ann" }, 4), isStoreError("revokeAll", "unreadable"));
  const moved = (pk, time) => [
    "updateItem",
    {
      TableName: "t",
      Key: { pk: S(pk) },
      UpdateExpression: "SET not_before = :now ADD epoch :one",
      ReturnValues: "ALL_NEW",
      ConditionExpression: "attribute_not_exists(not_before) OR not_before < :now",
      ExpressionAttributeValues: { ":now": N(time), ":one": N(1) },
    },
  ];
  assert.deepEqual(calls.slice(0, 3), [
    moved("u#ann", 2),
    moved("t#acme", 4),
    [
      "updateItem",
      {
        TableName: "t",
        Key: { pk: S("t#acme") },
        UpdateExpression: "ADD epoch :one",
        ReturnValues: "ALL_NEW",
        ExpressionAttributeValues: { ":one": N(1) },
      },
    ],
  ]);
});

test("[R15] DynamoDB: a family is read and written at its home only", async () => {
  const home = "eu-west-1";
  const here = { ...item, home: S(home) };
  const own = dynamo([{}, read(), {}, read(), {}, read(here)], { home });
  assert.equal((await own.store.create(first)).done, true);
  assert.equal((await own.store.rotate(1, second)).done, true);
  assert.equal((await own.store.revoke(at, 1)).first, true);
  assert.deepEqual(own.calls[0][1].Item, here);
  assert.deepEqual(own.calls[2], rotation(" REMOVE idle_exp", { ":home": S(home) }, "#home = :home"));
  assert.match(own.calls[4][1].ConditionExpression, / AND #home = :home$/);
  const pairs = [
    [{ home }, item],
    [{ home }, { ...item, home: S("us-east-1") }],
    [{}, here],
  ];
  for (const [options, there] of pairs) {
    const other = (...script) => dynamo(script, options).store;
    await assert.rejects(other(read(there)).load(at), isStoreError("load", "other_home"));
    const failed = conditionFailed(there);
    await assert.rejects(other(failed, read(there)).rotate(1, second), isStoreError("rotate", "other_home"));
    await assert.rejects(other(failed).revoke(at, 1), isStoreError("revoke", "other_home"));
  }
});

// AWS Secrets Manager

/** A secret that answers by script, and a clock that the test moves. */
function secret(t, script) {
  t.mock.timers.enable({ apis: ["Date"], now: NOW_MS });
  const calls = [];
  const client = {
    getSecretValue: async (input, { abortSignal }) => {
      assert.ok(abortSignal instanceof AbortSignal);
      calls.push(input);
      const answer = script.shift();
      if (answer instanceof Error) throw answer;
      return { SecretString: answer };
    },
  };
  return { calls, keys: secretsManagerKeys({ client, secretId: "tollgate/keys" }) };
}

test("a secret is read once by all who ask, and again when 300 s have passed", async (t) => {
  const { keys, calls } = secret(t, ["one", "two"]);
  assert.deepEqual(await Promise.all([keys(), keys(), keys()]), ["one", "one", "one"]);
  assert.deepEqual(calls, [{ SecretId: "tollgate/keys" }]);
  t.mock.timers.tick(299_999);
  assert.equal(await keys(), "one");
  assert.equal(calls.length, 1);
  t.mock.timers.tick(1);
  assert.equal(await keys(), "two");
  assert.equal(calls.length, 2);
});

test("a secret that can't be read again rejects once in 30 s, and its last text stays", async (t) => {
  const { keys } = secret(t, ["one", new Error("down"), undefined, "two"]);
  await keys();
  t.mock.timers.tick(300_000);
  await assert.rejects(keys(), /down/);
  t.mock.timers.tick(29_999);
  assert.equal(await keys(), "one");
  t.mock.timers.tick(1);
  await assert.rejects(keys(), { code: "keys_unavailable" });
  t.mock.timers.tick(30_000);
  assert.equal(await keys(), "two");
});

test("a secret that was never read is asked for each time", async (t) => {
  const { keys, calls } = secret(t, [new Error("down"), new Error("down"), "one"]);
  await assert.rejects(keys(), /down/);
  await assert.rejects(keys(), /down/);
  assert.equal(await keys(), "one");
  assert.equal(calls.length, 3);
});
