// `tollgate/worker` where wasm is compiled at run time, as in a Worker's own tests in Node: the module inline.

import { createGate } from "../index.js";
import { type Protect, protectFor } from "./protect.js";

/** Puts a gate in front of a Worker's `fetch`; see `Protect`. */
export const protect: Protect = /* @__PURE__ */ protectFor(createGate);
export * from "./public.js";
