// The entry of the zip that `npm run build:lambda-edge` makes. Reads what lies beside it once, and no environment: Lambda@Edge has none.

import { createViewerRequest } from "tollgate/lambda-edge";
import { document, report } from "./document.mjs";

const { config, embeddedKeys } = document;

export const handler = createViewerRequest(config, { embeddedKeys, onEvent: report });
