// `tollgate/tokens` in workerd (Cloudflare Workers): wasm as a static module, because workerd compiles none at run time.

import * as glue from "../generated/tokens/tollgate.js";
import module from "../generated/tokens/tollgate_bg.wasm";
import type { Platform } from "../instance.js";

/**
 * The token service's module in this runtime.
 *
 * @internal
 */
export const platform: Platform = {
  glue,
  module: () => module,
  kernel: "relaxed-simd", // has been compiled with the module
  keyRequest: { cache: "no-store" }, // workerd has no cookies to omit, and refuses `credentials`
};
export * from "./public.js";
