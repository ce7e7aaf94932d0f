// What only DynamoDB has: faults below the SDK, which repeats by itself; reads that may be old; TTL; two regions.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { dynamoDbStore } from "tollgate/tokens";
import { START } from "./support/histories.mjs";
import { claims } from "./support/http.mjs";
import { fresh, makeService } from "./support/service.mjs";
import { missing, openStore } from "./support/stores.mjs";

const READS = ["GetItem", "BatchGetItem", "Query", "Scan"];
const WRITES = ["UpdateItem", "PutItem", "TransactWriteItems", "BatchWriteItem"];

if (missing("dynamodb")) test("all of it below the SDK", { skip: missing("dynamodb") });
else
  describe("dynamodb, below the SDK", () => {
    let opened;
    before(async () => {
      opened = await openStore("dynamodb");
    });
    after(() => opened?.stop());
    afterEach(() => {
      opened.proxy.state.fault = undefined;
    });

    /** The next `times` requests of an operation meet a fault. */
    function fail(operation, fault, times = 1) {
      let left = times;
      opened.proxy.state.fault = (name) => (name === operation && left-- > 0 ? fault : undefined);
    }
    const service = (more) => makeService({ store: opened.store, ...more });
    const seen = () => opened.proxy.calls;

    // catalogue: R05
    test("each read is consistent, of the table itself, and a refresh is three requests of which one writes", async () => {
      const { driver, login } = service();
      const { refresh } = await login();
      seen().length = 0;
      assert.equal((await driver.refresh(refresh)).status, 200);
      assert.deepEqual(
        seen().map(({ operation }) => operation),
        ["BatchGetItem", "UpdateItem", "BatchGetItem"],
      );
      assert.equal((await driver.refresh(refresh)).status, 200);
      await driver.revoke(refresh);
      for (const { operation, input } of seen().filter((call) => READS.includes(call.operation))) {
        assert.equal(operation, "BatchGetItem");
        for (const table of Object.values(input.RequestItems)) assert.equal(table.ConsistentRead, true);
        assert.equal(input.IndexName, undefined);
      }
    });

    // catalogue: R01
    test("a rotation is one conditional UpdateItem, on the version and on no revocation", async () => {
      const { driver, login } = service();
      const { refresh } = await login();
      seen().length = 0;
      await driver.refresh(refresh);
      const written = seen().filter(({ operation }) => WRITES.includes(operation));
      assert.equal(written.length, 1);
      assert.match(written[0].input.ConditionExpression, /v = :v AND attribute_not_exists\(revoked_at\)/);
    });

    // catalogue: R02
    test("the SDK's own second try of a write that was applied is no conflict, also without a window", async () => {
      for (const graceSeconds of [10, 0]) {
        const { driver, login, typesOf } = service({ config: { graceSeconds } });
        const { refresh } = await login();
        fail("UpdateItem", "drop-after");
        const second = await driver.refresh(refresh);
        assert.equal(second.status, 200);
        assert.equal(claims(second.refresh).seq, 2);
        assert.deepEqual(typesOf(), ["session_issued", "session_rotated"]);
        assert.equal((await driver.refresh(second.refresh)).status, 200);
      }
    });

    // catalogue: R02
    test("throttling, conflicts, 500s and broken connections are tried again, or are a 503 and no more", async () => {
      for (const fault of ["throttle", "conflict", "500", "drop-before"]) {
        for (const operation of ["BatchGetItem", "UpdateItem"]) {
          const { driver, login, typesOf } = service();
          const { refresh } = await login();
          fail(operation, fault, 1_000);
          assert.equal((await driver.refresh(refresh)).status, 503, `${fault} of ${operation}`);
          assert.ok(typesOf().includes("store_failed"));
          opened.proxy.state.fault = undefined;
          const second = await driver.refresh(refresh);
          assert.deepEqual([second.status, claims(second.refresh).seq], [200, 2]);
        }
      }
    });

    // catalogue: R02
    test("an answer that never comes costs two seconds and a 503; the write was applied, and is answered again", async () => {
      const { driver, login } = service();
      const { refresh } = await login();
      fail("UpdateItem", "hang-after", 1_000);
      const started = Date.now();
      assert.equal((await driver.refresh(refresh)).status, 503);
      assert.ok(Date.now() - started < 6_000);
      opened.proxy.state.fault = undefined;
      const second = await driver.refresh(refresh);
      assert.deepEqual([second.status, claims(second.refresh).seq], [200, 2]);
    });

    // catalogue: R02
    test("a revocation whose answer was lost is the first one still, and its replay one event", async () => {
      const { driver, login, clock, typesOf } = service();
      const { refresh } = await login();
      await driver.refresh(refresh);
      clock.now += 10_000;
      fail("UpdateItem", "drop-after");
      assert.equal((await driver.refresh(refresh)).error, "invalid_grant");
      assert.equal(typesOf().filter((type) => type === "session_replayed").length, 1);
    });

    // catalogue: R05
    test("half of a batch is no answer", async () => {
      const { client, table } = opened;
      const partial = {
        batchGetItem: async (input) => ({ Responses: { [table]: [] }, UnprocessedKeys: input.RequestItems }),
        updateItem: (...args) => client.updateItem(...args),
        putItem: (...args) => client.putItem(...args),
      };
      const store = dynamoDbStore({ client: partial, table });
      await assert.rejects(store.load({ family: "f", user: fresh("ann"), tenant: fresh("acme") }), {
        name: "StoreError",
      });
    });

    // catalogue: R07
    test("deletion comes after the absolute end, for families only", async () => {
      const { login, driver } = service();
      const { refresh, user } = await login();
      await driver.revokeAll({ user });
      const item = async (pk) =>
        (await opened.client.getItem({ TableName: opened.table, Key: { pk: { S: pk } }, ConsistentRead: true })).Item;
      const family = await item(`f#${claims(refresh).fam}`);
      assert.ok(Number(family.ttl.N) >= START / 1000 + 2_592_000);
      const mark = await item(`u#${user}`);
      assert.deepEqual([mark.epoch.N, mark.ttl], ["1", undefined]);
    });

    // catalogue: R15
    test("a family is written in the region where it began, and nowhere else", async () => {
      const of = (home) => dynamoDbStore({ client: opened.client, table: opened.table, home });
      const here = makeService({ store: of("eu-west-1") });
      const { refresh } = await here.login();
      for (const elsewhere of [of("us-east-1"), opened.store]) {
        const there = makeService({ store: elsewhere, keys: here.keys });
        assert.equal((await there.driver.refresh(refresh)).status, 503);
      }
      assert.equal((await here.driver.refresh(refresh)).status, 200);
    });
  });
