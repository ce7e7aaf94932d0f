// The Worker's entry for a configuration without "tokens": its isolates load no token service, and start the sooner.

import { env } from "cloudflare:workers";
import Rust, { Core } from "../build/gate/index.js";
import { configText, refuseTokens } from "./worker/config.ts";
import { handler } from "./worker/handler.ts";

// worker-build puts every free export of the crate on the prototype.
const { fetchKeySet, shareKeySet } = Rust.prototype;
// At module scope, so that a configuration that cannot be right keeps the Worker from starting at all.
const config = configText(env);
refuseTokens(config);

export default handler({ Core, fetchKeySet, shareKeySet }, config, null);
