// `tollgate/hono` in Node, Deno, Bun and other runtimes that compile wasm: the module inline.

import { createGate } from "../index.js";
import { middlewareFor, type TollgateForHono } from "./middleware.js";

/** Makes Hono's middleware; see `TollgateForHono`. */
export const tollgate: TollgateForHono = /* @__PURE__ */ middlewareFor(createGate);
export * from "./public.js";
