// Every public name of `tollgate/express` but the function that the entry files make. Holds no code.

export type { GateOrConfig } from "../adapter.js";
export { TollgateError } from "../error.js";
export type { NodeResponse } from "./head.js";
export type { ExpressMiddleware, NodeRequest, TollgateForExpress } from "./middleware.js";
