// `tollgate/express` in Node and Bun: the module inline.

import { createGate } from "../index.js";
import { middlewareFor, type TollgateForExpress } from "./middleware.js";

/** Makes middleware of Express and Connect; see `TollgateForExpress`. */
export const tollgate: TollgateForExpress = /* @__PURE__ */ middlewareFor(createGate);
export * from "./public.js";
