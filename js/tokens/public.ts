// Every public name of `tollgate/tokens` but the functions that the runtimes' entry files make. Holds no code.

export { TollgateError, type TollgateErrorDetails } from "../error.js";
export { durableStore, type FamiliesNamespace, type FamiliesObject } from "./durable.js";
export {
  type DynamoDbClient,
  type DynamoDbOptions,
  dynamoDbStore,
} from "./dynamodb.js";
export type {
  Entitlements,
  EntitlementsFunction,
  EntitlementsQuestion,
  NoMember,
} from "./entitlements.js";
export type * from "./events.js";
export {
  type KeySource,
  type SecretsManagerClient,
  type SecretsManagerOptions,
  secretsManagerKeys,
} from "./keys.js";
export type { ApiGatewayEvent, ApiGatewayResult } from "./lambda.js";
export { memoryStore } from "./memory.js";
export type { CreateTokens, TokenServiceConfig, Tokens, TokensConfig, TokensOptions } from "./service.js";
export {
  type FamilyRecord,
  type Loaded,
  type Mark,
  type Marks,
  type Store,
  StoreError,
  type StoreOperation,
  type Written,
} from "./store.js";
