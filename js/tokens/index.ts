// `tollgate/tokens` in Node and other runtimes that compile wasm: the module inline. Opens no file and fetches no module.

import * as inline from "../generated/tokens/inline.js";
import * as glue from "../generated/tokens/tollgate.js";
import { inlinePlatform } from "../kernel.js";

/**
 * The token service's module in this runtime.
 *
 * @internal
 */
export const platform = /* @__PURE__ */ inlinePlatform(glue, inline);
export * from "./public.js";
