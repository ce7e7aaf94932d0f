// Every public name of `tollgate/worker` but the function that the entry files make. Holds no code.

export type { GateOrConfig } from "../adapter.js";
export { TollgateError } from "../error.js";
export type { GateOfEnv, OtherHandlers, Protect, Protected, ProtectedHandlers, WorkerContext } from "./protect.js";
