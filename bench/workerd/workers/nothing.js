// The do-nothing Worker: what the others' CPU is measured from. Also the service behind all of them.

import { pass } from "./pass.js";

export default { fetch: pass };
