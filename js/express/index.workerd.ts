// `tollgate/express` in workerd (Cloudflare Workers), which has node:http with a flag: wasm as a static module.

import { createGate } from "../index.workerd.js";
import { middlewareFor, type TollgateForExpress } from "./middleware.js";

/** Makes middleware of Express and Connect; see `TollgateForExpress`. */
export const tollgate: TollgateForExpress = /* @__PURE__ */ middlewareFor(createGate);
export * from "./public.js";
