// Every public name of `tollgate/hono` but the function that the entry files make. Holds no code.

export type { GateOrConfig } from "../adapter.js";
export { TollgateError } from "../error.js";
export type { HonoContext, HonoMiddleware, TollgateForHono, Variables } from "./middleware.js";
