// The authorizer: API Gateway asks it before each request.

import { createAuthorizer } from "tollgate/api-gateway";
import config from "../tollgate.json" with { type: "json" };

export const handler = createAuthorizer(config, {
  event: "http",
  onEvent: (event) => console.log(JSON.stringify(event)),
});
