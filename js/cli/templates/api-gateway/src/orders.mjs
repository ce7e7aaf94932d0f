// The API itself. Behind the authorizer it asks once more whose tenant it is, and who is there.

import { createGuards, guarded } from "tollgate/api-gateway";
import config from "../tollgate.json" with { type: "json" };

const { requireTenant, principalOf } = createGuards(config);

export const health = async () => ({ statusCode: 200, body: "ok\n" });

export const handler = guarded(requireTenant())(async (event) => {
  const { userId, tenantId, plan } = principalOf(event);
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ path: event.rawPath, user: userId, tenant: tenantId, plan }),
  };
});
