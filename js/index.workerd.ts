// The package in workerd (Cloudflare Workers): wasm as a static module, because workerd compiles none at run time.

import type { Platform } from "./core.js";
import { type CreateGate, gateFor } from "./gate.js";
import module from "./generated/tollgate_bg.wasm";
import { type CreateVerifier, verifierFor } from "./verifier.js";

const platform: Platform = {
  module: () => module,
  keyRequest: { cache: "no-store" }, // workerd has no cookies to omit, and refuses `credentials`
};

export const createVerifier: CreateVerifier = verifierFor(platform);
export const createGate: CreateGate = gateFor(platform);
export * from "./public.js";
