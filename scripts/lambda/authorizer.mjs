// The entry of the zip that `npm run build:authorizer` makes. Reads what lies beside it once, and no environment.

import { createAuthorizer } from "tollgate/api-gateway";
import { document, report } from "./document.mjs";

const { config, embeddedKeys, options } = document;

export const handler = createAuthorizer(config, { ...options, embeddedKeys, onEvent: report });
