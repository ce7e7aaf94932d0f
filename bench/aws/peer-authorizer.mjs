// The HTTP API authorizer written with aws-jwt-verify, as one would: bearer token, signature and claims, tenant, plan, context.
// Bundled as ours is. Judges neither cookies nor ambiguous paths, and so does less than what it is compared with.

import { readFileSync } from "node:fs";
import { JwtVerifier } from "aws-jwt-verify";

const { issuer, audience, jwks, plans } = JSON.parse(readFileSync(new URL("peer.json", import.meta.url), "utf8"));

const verifier = JwtVerifier.create({ issuer, audience, jwksUri: `${issuer}/jwks.json` });
verifier.cacheJwks(jwks);

export async function handler(event) {
  const token = /^bearer ([\w.-]+)$/i.exec(event.headers?.authorization ?? "")?.[1];
  if (token === undefined) throw new Error("Unauthorized");
  let claims;
  try {
    claims = await verifier.verify(token);
  } catch {
    throw new Error("Unauthorized");
  }
  const [tenant] = event.requestContext.domainName.split(".");
  const isAuthorized = claims.tenant_id === tenant && plans.includes(claims.plan);
  const context = { userId: claims.sub, tenantId: claims.tenant_id, plan: claims.plan, expiresAt: String(claims.exp) };
  return isAuthorized ? { isAuthorized, context } : { isAuthorized };
}
