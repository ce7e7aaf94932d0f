// `tollgate/worker` in workerd (Cloudflare Workers): wasm as a static module, because workerd compiles none at run time.

import { createGate } from "../index.workerd.js";
import { type Protect, protectFor } from "./protect.js";

/** Puts a gate in front of a Worker's `fetch`; see `Protect`. */
export const protect: Protect = /* @__PURE__ */ protectFor(createGate);
export * from "./public.js";
