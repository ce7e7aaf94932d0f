// Every public name but the two functions, which the runtimes' entry files make. Holds no code.

export type { Config, DeepReadonly, Issuer, KeySet, VerifierConfig } from "./config.js";
export type { KernelName, LimitTables } from "./core.js";
export { TollgateError, type TollgateErrorDetails } from "./error.js";
export type { Allow, CreateGate, Decision, Deny, Gate, HeaderField, Unavailable } from "./gate.js";
export type {
  CallOptions,
  DecisionEvent,
  Hooks,
  KeySkippedEvent,
  KeysFetchedEvent,
  KeysFetchFailedEvent,
  TollgateEvent,
} from "./hooks.js";
export type { Kernel } from "./kernel.js";
export type { HeaderList, RequestLike } from "./request.js";
export type { CreateVerifier, JsonObject, JsonValue, Principal, Verification, Verifier } from "./verifier.js";
