// The package's face for API Gateway: an authorizer, and guards for the handlers behind it. Without createAuthorizer, a bundle holds no
// wasm.

export { TollgateError } from "../error.js";
export type { EmbeddedKeys, LambdaHooks } from "../lambda.js";
export {
  type Authorizer,
  type AuthorizerOptions,
  type AuthorizerResults,
  createAuthorizer,
  type PolicyResult,
  type SimpleResult,
} from "./authorizer.js";
export { type CacheOptions, type CacheSettings, cacheSettings } from "./caching.js";
export type { AuthorizerContext } from "./context.js";
export type {
  AuthorizerEvents,
  AuthorizerKind,
  EventHeaders,
  EventMultiHeaders,
  HttpAuthorizerEvent,
  RestAuthorizerEvent,
  TokenAuthorizerEvent,
  WebSocketAuthorizerEvent,
} from "./events.js";
export {
  createGuards,
  type Guard,
  type GuardOptions,
  type Guards,
  guarded,
  type Handler,
  type HandlerEvent,
  requirePermission,
  requireTenant,
} from "./guards.js";
export type { Mapping } from "./path.js";
export type { PolicyDocument } from "./policy.js";
export type { Refusal } from "./refusal.js";
