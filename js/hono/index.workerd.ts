// `tollgate/hono` in workerd (Cloudflare Workers): wasm as a static module, because workerd compiles none at run time.

import { createGate } from "../index.workerd.js";
import { middlewareFor, type TollgateForHono } from "./middleware.js";

/** Makes Hono's middleware; see `TollgateForHono`. */
export const tollgate: TollgateForHono = /* @__PURE__ */ middlewareFor(createGate);
export * from "./public.js";
