// The program that every runtime and bundler is given: runs the suite and says what came of it, in a line and in a global.

import { runAll } from "./behaviour.mjs";
import { given } from "./given.mjs";

runAll(given).then((results) => {
  globalThis.results = results;
  console.log(`RESULTS ${JSON.stringify(results)}`);
});
