// The same as a Worker, in which nothing can be done before the first request.

import { runAll } from "./behaviour.mjs";
import { given } from "./given.mjs";

export default {
  fetch: async () => Response.json(await runAll(given)),
};
