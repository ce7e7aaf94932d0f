// A store in one DynamoDB table. Imports no SDK: it is given the client. Never reads a replica or half a batch, and never
// takes the table's TTL for an end of anything: that only deletes, days later.
//
// The table has the key `pk` (a string) and, for deletion, the TTL attribute `ttl`. Items: `f#<family>`, a record's members
// with `version` as `v`; `u#<user>` and `t#<tenant>`, marks.

import {
  type FamilyRecord,
  type Loaded,
  type Mark,
  type Store,
  StoreError,
  type StoreOperation,
  type Written,
} from "./store.js";

/** How long one call may take, the client's own retries included, in milliseconds. */
const CALL_MILLISECONDS = 2_000;
/** An item is deleted this long after its family ended, in seconds: no clock is as wrong as that. */
const KEPT_SECONDS = 86_400;

/** An attribute as DynamoDB spells it. Numbers are text. */
type Attribute = { readonly S: string } | { readonly N: string };
type Item = { readonly [name: string]: Attribute };
/** What comes back may hold attributes of other types, which are no member of any record. */
type AnyAttribute = { readonly S?: string | undefined; readonly N?: string | undefined } | undefined;
interface AnyItem {
  readonly pk?: AnyAttribute;
  readonly home?: AnyAttribute;
  readonly write?: AnyAttribute;
  readonly revoked_at?: AnyAttribute;
  readonly revoked_by?: AnyAttribute;
  readonly epoch?: AnyAttribute;
  readonly not_before?: AnyAttribute;
  readonly [name: string]: AnyAttribute;
}

interface CallOptions {
  readonly abortSignal: AbortSignal;
}

interface Condition {
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, Attribute>;
  ReturnValuesOnConditionCheckFailure?: "ALL_OLD";
}

/** What is called of the AWS SDK's client: `new DynamoDB({ … })` of `@aws-sdk/client-dynamodb` has it. */
export interface DynamoDbClient {
  batchGetItem(
    input: { RequestItems: Record<string, { Keys: Item[]; ConsistentRead: boolean }> },
    options: CallOptions,
  ): Promise<{ Responses?: Record<string, object[]> | undefined; UnprocessedKeys?: object | undefined }>;
  putItem(input: { TableName: string; Item: Item } & Condition, options: CallOptions): Promise<unknown>;
  updateItem(
    input: { TableName: string; Key: Item; UpdateExpression: string; ReturnValues?: "ALL_NEW" } & Condition,
    options: CallOptions,
  ): Promise<{ Attributes?: object | undefined }>;
}

/** Where the families are kept. */
export interface DynamoDbOptions {
  readonly client: DynamoDbClient;
  /** The table's name. */
  readonly table: string;
  /**
   * For a table with replicas: this region's name. A family is then written in the region that it began in, and nowhere
   * else, because of two regions' writes DynamoDB keeps the later one without looking at conditions. `revokeAll` reaches
   * other regions when its mark is copied there, which is later.
   */
  readonly home?: string;
}

/**
 * Makes a store in DynamoDB: three requests a refresh, of which one writes.
 *
 * @example
 * ```ts
 * import { DynamoDB } from "@aws-sdk/client-dynamodb";
 * const store = dynamoDbStore({ client: new DynamoDB({}), table: "tollgate-families" });
 * ```
 */
export function dynamoDbStore(options: DynamoDbOptions): Store {
  return new DynamoDbStore(options);
}

class DynamoDbStore implements Store {
  readonly #client: DynamoDbClient;
  readonly #table: string;
  readonly #home: string | undefined;

  constructor({ client, table, home }: DynamoDbOptions) {
    this.#client = client;
    this.#table = table;
    this.#home = home;
  }

  load({ family, user, tenant }: Parameters<Store["load"]>[0]): Promise<Loaded> {
    return this.#read("load", family, { user, tenant });
  }

  async create(record: FamilyRecord): Promise<Written> {
    const attempt = await this.#attempt("create", (options) =>
      this.#client.putItem(
        {
          TableName: this.#table,
          Item: itemOf(record, this.#home),
          ConditionExpression: "attribute_not_exists(pk)",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
        options,
      ),
    );
    return this.#written("create", record, attempt);
  }

  async rotate(expected: number, record: FamilyRecord): Promise<Written> {
    const home = this.#homeCondition();
    const idle = record.idle_exp === null ? " REMOVE idle_exp" : ", idle_exp = :idle";
    const attempt = await this.#attempt("rotate", (options) =>
      this.#client.updateItem(
        {
          TableName: this.#table,
          Key: { pk: text(`f#${record.fam}`) },
          UpdateExpression: `SET v = :next, seq = :seq, rotated_at_ms = :now, successor_exp = :exp, kid = :kid, #write = :write${idle}`,
          ConditionExpression: `v = :v AND attribute_not_exists(revoked_at) AND #schema = :one AND ${home.expression}`,
          ExpressionAttributeNames: { "#write": "write", "#schema": "schema", ...home.names },
          ExpressionAttributeValues: {
            ":v": number(expected),
            ":next": number(record.version),
            ":seq": number(record.seq),
            ":now": number(record.rotated_at_ms),
            ":exp": number(record.successor_exp),
            ":kid": text(record.kid),
            ":write": text(record.write),
            ":one": number(1),
            ...(record.idle_exp === null ? {} : { ":idle": number(record.idle_exp) }),
            ...home.values,
          },
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
        options,
      ),
    );
    return this.#written("rotate", record, attempt);
  }

  async revoke({ family }: Parameters<Store["revoke"]>[0], nowMs: number): Promise<{ first: boolean }> {
    const home = this.#homeCondition();
    // By this a call that the client repeated, because an answer got lost, knows its own write.
    const by = crypto.randomUUID();
    const attempt = await this.#attempt("revoke", (options) =>
      this.#client.updateItem(
        {
          TableName: this.#table,
          Key: { pk: text(`f#${family}`) },
          UpdateExpression: "SET revoked_at = :now, v = v + :one, revoked_by = :by",
          ConditionExpression: `attribute_exists(pk) AND attribute_not_exists(revoked_at) AND ${home.expression}`,
          ExpressionAttributeNames: home.names,
          ExpressionAttributeValues: { ":now": number(nowMs), ":one": number(1), ":by": text(by), ...home.values },
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
        options,
      ),
    );
    if (attempt.done) return { first: true };
    if (attempt.item !== undefined) this.#mustBeAtHome("revoke", attempt.item);
    return { first: attempt.item?.revoked_by?.S === by };
  }

  async revokeAll(target: Parameters<Store["revokeAll"]>[0], nowMs: number): Promise<Mark> {
    const pk = text("user" in target ? `u#${target.user}` : `t#${target.tenant}`);
    const add = (expression: string, condition: Condition) =>
      this.#attempt("revokeAll", (options) =>
        this.#client.updateItem(
          {
            TableName: this.#table,
            Key: { pk },
            UpdateExpression: `${expression}ADD epoch :one`,
            ReturnValues: "ALL_NEW",
            ...condition,
          },
          options,
        ),
      );
    let attempt = await add("SET not_before = :now ", {
      ConditionExpression: "attribute_not_exists(not_before) OR not_before < :now",
      ExpressionAttributeValues: { ":now": number(nowMs), ":one": number(1) },
    });
    // The time that stands there is later, or is this very call's, repeated by the client: one epoch too many does no harm.
    if (!attempt.done) attempt = await add("", { ExpressionAttributeValues: { ":one": number(1) } });
    const item = attempt.done ? (attempt.output.Attributes as AnyItem | undefined) : undefined;
    if (item === undefined) throw new StoreError("revokeAll", "unreadable");
    return markOf("revokeAll", item);
  }

  /** Answers what became of a conditional write. */
  async #written(operation: StoreOperation, record: FamilyRecord, attempt: Attempt<unknown>): Promise<Written> {
    const isDone = attempt.done || isOwn(attempt.item, record);
    if (!isDone) return { done: false, loaded: await this.#read(operation, record.fam, record) };
    const { user, tenant } = await this.#read(operation, null, record);
    return { done: true, user, tenant };
  }

  /** One consistent reading of up to three items. What was not read is not absent: it is an error. */
  async #read(
    operation: StoreOperation,
    family: string | null,
    { user, tenant }: { readonly user: string; readonly tenant: string },
  ): Promise<Loaded> {
    const names = [`u#${user}`, `t#${tenant}`, ...(family === null ? [] : [`f#${family}`])];
    const Keys = names.map((name) => ({ pk: text(name) }));
    const { Responses, UnprocessedKeys } = await this.#call(operation, (options) =>
      this.#client.batchGetItem({ RequestItems: { [this.#table]: { Keys, ConsistentRead: true } } }, options),
    );
    if (UnprocessedKeys !== undefined && Object.keys(UnprocessedKeys).length > 0) {
      throw new StoreError(operation, "throttled");
    }
    const items = Responses?.[this.#table] as AnyItem[] | undefined;
    if (items === undefined) throw new StoreError(operation, "unreadable");
    const item = (name: string) => items.find(({ pk }) => pk?.S === name);
    const record = family === null ? undefined : item(`f#${family}`);
    if (record !== undefined) this.#mustBeAtHome(operation, record);
    return {
      family: record === undefined ? null : recordOf(record),
      user: markOf(operation, item(`u#${user}`)),
      tenant: markOf(operation, item(`t#${tenant}`)),
    };
  }

  /** Runs a write whose condition may fail. */
  async #attempt<Output>(
    operation: StoreOperation,
    run: (options: CallOptions) => Promise<Output>,
  ): Promise<Attempt<Output>> {
    try {
      return { done: true, output: await this.#call(operation, run) };
    } catch (error) {
      const cause = (error as StoreError).cause as { name?: unknown; Item?: AnyItem } | undefined;
      if (cause?.name === "ConditionalCheckFailedException") return { done: false, item: cause.Item };
      throw error;
    }
  }

  async #call<Output>(operation: StoreOperation, run: (options: CallOptions) => Promise<Output>): Promise<Output> {
    try {
      return await run({ abortSignal: AbortSignal.timeout(CALL_MILLISECONDS) });
    } catch (cause) {
      throw new StoreError(operation, reasonOf(cause), { cause });
    }
  }

  #homeCondition() {
    return this.#home === undefined
      ? { expression: "attribute_not_exists(#home)", names: { "#home": "home" }, values: {} }
      : { expression: "#home = :home", names: { "#home": "home" }, values: { ":home": text(this.#home) } };
  }

  #mustBeAtHome(operation: StoreOperation, item: AnyItem): void {
    if (item.home?.S !== this.#home) throw new StoreError(operation, "other_home");
  }
}

/** What a conditional write gave, or the item that its condition failed on. */
type Attempt<Output> =
  | { readonly done: true; readonly output: Output }
  | { readonly done: false; readonly item: AnyItem | undefined };

/** Whether what stands there is what was to be written: the client repeats by itself when an answer got lost. */
function isOwn(item: AnyItem | undefined, record: FamilyRecord): boolean {
  return item?.write?.S === record.write && item.revoked_at === undefined;
}

/** The members of a record that are numbers, as attributes. */
const NUMBERS = {
  schema: "schema",
  version: "v",
  seq: "seq",
  created_at: "created_at",
  rotated_at_ms: "rotated_at_ms",
  successor_exp: "successor_exp",
  absolute_exp: "absolute_exp",
  idle_exp: "idle_exp",
  user_epoch: "user_epoch",
  tenant_epoch: "tenant_epoch",
  revoked_at: "revoked_at",
} as const;
/** Those that are text. */
const TEXTS = ["fam", "user", "tenant", "client", "kid", "write"] as const;

function itemOf(record: FamilyRecord, home: string | undefined): Item {
  const item: Record<string, Attribute> = {
    pk: text(`f#${record.fam}`),
    ttl: number(record.absolute_exp + KEPT_SECONDS),
  };
  for (const name of TEXTS) item[name] = text(record[name]);
  for (const [name, attribute] of Object.entries(NUMBERS)) {
    const value = record[name as keyof typeof NUMBERS];
    if (value !== null) item[attribute] = number(value);
  }
  return home === undefined ? item : { ...item, home: text(home) };
}

/** The record as it stands there. Whether it can be read is the core's to say: a member that is missing stays so. */
function recordOf(item: AnyItem): FamilyRecord {
  const record: Record<string, unknown> = { idle_exp: null, revoked_at: null };
  for (const name of TEXTS) if (item[name] !== undefined) record[name] = item[name].S;
  for (const [name, attribute] of Object.entries(NUMBERS)) {
    const value = item[attribute];
    // Of another type: text, which the core refuses as a number.
    if (value !== undefined) record[name] = value.N === undefined ? String(value.S) : Number(value.N);
  }
  return record as unknown as FamilyRecord;
}

function markOf(operation: StoreOperation, item: AnyItem | undefined): Mark {
  const mark = { epoch: Number(item?.epoch?.N ?? 0), not_before: Number(item?.not_before?.N ?? 0) };
  const isWhole = item === undefined || (item.epoch?.N !== undefined && item.not_before?.N !== undefined);
  // Half a mark would end nothing.
  if (!isWhole || !Number.isSafeInteger(mark.epoch) || !Number.isSafeInteger(mark.not_before)) {
    throw new StoreError(operation, "unreadable");
  }
  return mark;
}

function reasonOf(error: unknown): string {
  const { name, $metadata } = error as { name?: unknown; $metadata?: { httpStatusCode?: unknown } };
  switch (name) {
    case "AbortError":
    case "TimeoutError":
      return "timeout";
    case "ProvisionedThroughputExceededException":
    case "RequestLimitExceeded":
    case "ThrottlingException":
      return "throttled";
  }
  return typeof $metadata?.httpStatusCode === "number" ? `status_${$metadata.httpStatusCode}` : "network";
}

function text(value: string): Attribute {
  return { S: value };
}

function number(value: number): Attribute {
  return { N: String(value) };
}
