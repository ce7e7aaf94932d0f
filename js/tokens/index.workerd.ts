// `tollgate/tokens` in workerd (Cloudflare Workers): wasm as a static module, because workerd compiles none at run time.

import * as glue from "../generated/tokens/tollgate.js";
import module from "../generated/tokens/tollgate_bg.wasm";
import type { Platform } from "../instance.js";
import { type CreateTokens, tokensFor } from "./service.js";

const platform: Platform = {
  glue,
  module: () => module,
  kernel: "relaxed-simd", // has been compiled with the module
  keyRequest: { cache: "no-store" }, // workerd has no cookies to omit, and refuses `credentials`
};

/** Makes a token service; see `CreateTokens`. */
export const createTokens: CreateTokens = /* @__PURE__ */ tokensFor(platform);
export * from "./public.js";
