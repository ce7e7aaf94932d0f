// The three stores, each as a host has it: memory; Durable Objects of the deployed Worker in real workerd; DynamoDB through
// the real SDK, a proxy and moto. Starts and stops them, and shows what they hold.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { dynamoDbStore, memoryStore, StoreError } from "tollgate/tokens";
import { startStore, storageFolder } from "../../workerd/support/store.mjs";
import { python, startMoto } from "./moto.mjs";
import { startProxy } from "./proxy.mjs";

export const storeError = (operation, reason) => new StoreError(operation, reason);

/** Nothing else calls it, so it holds what it was given: that is its dump. */
async function openMemory() {
  const store = memoryStore();
  const written = [];
  const noted =
    (operation) =>
    (...args) => {
      written.push(JSON.stringify(args));
      return store[operation](...args);
    };
  const writes = Object.fromEntries(["create", "rotate", "revoke", "revokeAll"].map((name) => [name, noted(name)]));
  const load = (at) => store.load(at);
  return { store: { load, ...writes }, dump: async () => Buffer.from(written.join("\n")), stop: async () => {} };
}

async function openDurable() {
  const storage = storageFolder();
  let store = await startStore({ storage: storage.folder });
  const method =
    (name) =>
    async (...args) => {
      try {
        return await store[name](...args);
      } catch (error) {
        throw storeError(name, error.reason ?? "network");
      }
    };
  const names = ["load", "create", "rotate", "revoke", "revokeAll"];
  return {
    store: Object.fromEntries(names.map((name) => [name, method(name)])),
    requests: () => store.requests(),
    dump: async () => {
      const files = readdirSync(storage.folder, { recursive: true, withFileTypes: true });
      const whole = files.filter((file) => file.isFile()).map((file) => readFileSync(join(file.parentPath, file.name)));
      return Buffer.concat(whole);
    },
    /** Ends the process without notice, and starts another on what the first one stored. */
    restart: async () => {
      await store.kill();
      store = await startStore({ storage: storage.folder });
    },
    stop: async () => {
      await store.stop();
      await storage.stop();
    },
  };
}

/** As the AWS SDK is used, but for where it goes; `proxy` sees and breaks what passes. */
async function openDynamoDb() {
  const moto = await startMoto();
  const proxy = await startProxy(moto.port);
  const endpoint = `http://127.0.0.1:${proxy.port}`;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new DynamoDB({ endpoint, region: "eu-west-1", credentials });
  const table = "tollgate-families";
  await client.createTable({
    TableName: table,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
  });
  await client.updateTimeToLive({
    TableName: table,
    TimeToLiveSpecification: { Enabled: true, AttributeName: "ttl" },
  });
  proxy.calls.length = 0;
  return {
    store: dynamoDbStore({ client, table }),
    client,
    table,
    proxy,
    dump: async () => {
      const pages = [];
      for (let from; pages.length === 0 || from !== undefined; ) {
        const page = await client.scan({ TableName: table, ExclusiveStartKey: from, ConsistentRead: true });
        pages.push(JSON.stringify(page.Items));
        from = page.LastEvaluatedKey;
      }
      return Buffer.from(pages.join("\n"));
    },
    stop: async () => {
      client.destroy();
      await proxy.stop();
      await moto.stop();
    },
  };
}

const OPEN = { memory: openMemory, durable: openDurable, dynamodb: openDynamoDb };

/** Opens a store by name. */
export const openStore = (name) => OPEN[name]();

/** Why a store can't be had here, or `false`. */
export const missing = (name) => (name === "dynamodb" && python().missing) || false;

/**
 * Defines the same tests for each store. TOLLGATE_STORES names some of them, for development.
 *
 * @param define called with the store's name and `opened()`, which is what `openStore` gave
 */
export function forEachStore(define) {
  const names = process.env.TOLLGATE_STORES?.split(",") ?? Object.keys(OPEN);
  for (const name of names) {
    // A suite that is skipped counts as no test, and so would be missed by nobody.
    if (missing(name)) test(`all of it on ${name}`, { skip: missing(name) });
    else
      describe(name, () => {
        let opened;
        before(async () => {
          opened = await openStore(name);
        });
        after(() => opened?.stop());
        define(name, () => opened);
      });
  }
}
