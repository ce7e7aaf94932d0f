// `tollgate/tokens` in Node and other runtimes that compile wasm: the module inline. Opens no file and fetches no module.

import * as inline from "../generated/tokens/inline.js";
import * as glue from "../generated/tokens/tollgate.js";
import { inlinePlatform } from "../kernel.js";
import { type CreateTokens, tokensFor } from "./service.js";

const platform = /* @__PURE__ */ inlinePlatform(glue, inline);

/** Makes a token service; see `CreateTokens`. */
export const createTokens: CreateTokens = /* @__PURE__ */ tokensFor(platform);
export * from "./public.js";
