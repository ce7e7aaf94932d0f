// What must compile, against the published types of `tollgate/tokens`. Never run.

import { createGate } from "tollgate";
import {
  type ApiGatewayResult,
  createTokens,
  dynamoDbStore,
  type EntitlementsFunction,
  type FamilyRecord,
  memoryStore,
  type Store,
  StoreError,
  secretsManagerKeys,
  type TokensConfig,
  type TokensEvent,
  TollgateError,
} from "tollgate/tokens";

const constant = {
  tokens: {
    issuer: "https://api.example.com",
    audience: ["orders-api"],
    entitlements: { timeoutMilliseconds: 500 },
    clients: [{ id: "web", secretHashes: ["sha256:x"], cookies: true, tenants: null }],
  },
  credentials: { cookie: { name: "__Host-access_token" } },
  issuers: [{ issuer: "https://a.example", audience: "x", algorithms: ["ES256"], jwksUri: "https://a.example/jwks" }],
  rules: [{ path: "/{*rest}" }],
} as const;
const unasked: TokensConfig = { tokens: { ...constant.tokens, entitlements: null } };

const entitlements: EntitlementsFunction = async ({ user, tenant, clientId, reason }, { signal }) => {
  const isIssue: boolean = reason === "issue";
  if (signal.aborted || isIssue) return null;
  if (clientId === "") return { member: false };
  return { member: true, plan: null, permissions: [user], groups: [tenant], email: "a@b.example", claims: { a: [1] } };
};

// As the AWS SDK's clients are.
const aws = {
  batchGetItem: async () => ({ Responses: { t: [{ pk: { S: "u#ann" } }] }, UnprocessedKeys: {}, $metadata: {} }),
  putItem: async () => ({ $metadata: {} }),
  updateItem: async () => ({ Attributes: { v: { N: "1" } }, $metadata: {} }),
  getSecretValue: async (input: { SecretId: string | undefined }) => ({ SecretString: input.SecretId, $metadata: {} }),
};

const inMemory = createTokens(constant, { keys: "{}", store: memoryStore(), entitlements });
const inDynamo = createTokens(unasked, {
  keys: secretsManagerKeys({ client: aws, secretId: "tollgate/keys" }),
  store: dynamoDbStore({ client: aws, table: "tollgate", home: "eu-west-1" }),
  entitlements: null,
  now: () => 1_767_225_600,
  onEvent: (event) => console.log(describe(event)),
});
createTokens(unasked, { keys: () => "{}", store: memoryStore(), entitlements: null });

/** Every event by its own members. */
function describe(event: TokensEvent): string | number {
  switch (event.type) {
    case "session_issued":
    case "session_rotated":
    case "session_repeated":
      return event.family + event.user + event.tenant + event.client + event.seq;
    case "session_replayed":
    case "session_refused":
      return event.why;
    case "session_revoked":
      return event.family;
    case "sessions_revoked":
      return event.user ?? event.tenant ?? event.client;
    case "store_failed":
      return event.operation + event.reason;
    case "entitlements_failed":
    case "record_unreadable":
      return event.user;
    case "signing_keys_failed":
      return event.member ?? event.reason;
    case "tokens_failed":
      return event.time;
  }
}

const response: Response | null = await inMemory.handle(new Request("https://api.example.com/auth/token"));
// As API Gateway sends it, with more than is read.
const event = {
  version: "2.0",
  routeKey: "$default",
  rawPath: "/auth/token",
  rawQueryString: "",
  cookies: ["a=b"],
  headers: { host: "api.example.com" },
  requestContext: { domainName: "api.example.com", stage: "$default", http: { method: "POST", path: "/auth/token" } },
  body: "YT1i",
  isBase64Encoded: true,
};
const result: ApiGatewayResult | null = await inDynamo.handleEvent(event);
const keys: readonly object[] = (await inMemory.keySet()).keys;
createGate(
  { ...constant, issuers: [{ preset: "tollgate" }] },
  { ownKeys: await inMemory.keySet(), onEvent: (event) => console.log(event.type) },
);
inMemory.close();

// A store of one's own.
const down = (operation: "load" | "create" | "rotate" | "revoke" | "revokeAll") => async (): Promise<never> => {
  throw new StoreError(operation, "timeout", { cause: new TollgateError("closed", "") });
};
const mine: Store = {
  load: down("load"),
  create: async (record: FamilyRecord) => {
    const revokedAt: number | null = record.revoked_at;
    const marks = { user: { epoch: 0, not_before: 0 }, tenant: { epoch: 0, not_before: 0 } };
    return revokedAt === null ? { done: true, ...marks } : { done: false, loaded: { family: record, ...marks } };
  },
  rotate: down("rotate"),
  revoke: async () => ({ first: true }),
  revokeAll: down("revokeAll"),
};
createTokens(unasked, { keys: "{}", store: mine, entitlements: null });
console.log(response, result, keys);
