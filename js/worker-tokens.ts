// The Worker's entry for a configuration with "tokens": the token service stands beside the gate.

import { env } from "cloudflare:workers";
import Rust, { Core, Families } from "../build/tokens/index.js";
import { configText } from "./worker/config.ts";
import { handler } from "./worker/handler.ts";
import { readTokens } from "./worker/tokens.ts";

/** The class of the Durable Objects that keep families of refresh tokens. */
export { Families };

// worker-build puts every free export of the crate on the prototype.
const { fetchKeySet, shareKeySet } = Rust.prototype;
// At module scope, so that a configuration that cannot be right keeps the Worker from starting at all.
const config = configText(env);

export default handler({ Core, fetchKeySet, shareKeySet }, config, readTokens(Core, config, env));
