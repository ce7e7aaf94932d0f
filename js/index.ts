// The package in Node, browsers, Deno, Bun and bundlers: wasm inline. Opens no file and fetches no module.

import type { Platform } from "./core.js";
import { type CreateGate, gateFor } from "./gate.js";
import { bytes } from "./generated/inline.js";
import { type CreateVerifier, verifierFor } from "./verifier.js";

const platform: Platform = {
  module: () => new WebAssembly.Module(bytes()),
  keyRequest: { credentials: "omit", cache: "no-store" },
};

export const createVerifier: CreateVerifier = verifierFor(platform);
export const createGate: CreateGate = gateFor(platform);
export * from "./public.js";
