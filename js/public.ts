// Every public name but the functions that the runtimes' entry files make. Holds no code.

export type { Kernel, KernelName, LimitTables } from "./arithmetic.js";
export type { Config, DeepReadonly, Issuer, KeySet, OwnIssuer, VerifierConfig } from "./config.js";
export { TollgateError, type TollgateErrorDetails } from "./error.js";
export type { Check, CheckOutcome, Explanation, TokenExplanation } from "./explain.js";
export type { Allow, CreateGate, Decision, Deny, Gate, HeaderField, Unavailable } from "./gate.js";
export type {
  CallOptions,
  CoreStartedEvent,
  DecisionEvent,
  Hooks,
  KeySkippedEvent,
  KeysDroppedEvent,
  KeysFetchedEvent,
  KeysFetchFailedEvent,
  TablesMadeEvent,
  TollgateEvent,
} from "./hooks.js";
export type { HeaderList, RequestLike } from "./request.js";
export type { CreateVerifier, JsonObject, JsonValue, Principal, Verification, Verifier } from "./verifier.js";
