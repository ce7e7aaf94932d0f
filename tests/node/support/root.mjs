// Where the tests' own tools and data are. What is under test never comes from here, but from the installed tarball.

import { createRequire } from "node:module";
import { join } from "node:path";

const given = process.env.TOLLGATE_ROOT;
if (!given) throw new Error("TOLLGATE_ROOT is not set: run these tests with `npm run test:node`");

/** The repository. */
export const root = given;
/** Loads a development tool of the repository, such as esbuild. */
export const tool = createRequire(join(root, "package.json"));
/** The independent test vectors beside the repository, or undefined; not part of it. */
export const vectors = process.env.TOLLGATE_VECTORS;
