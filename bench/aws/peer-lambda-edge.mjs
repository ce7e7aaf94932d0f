// The viewer-request function written with aws-jwt-verify, as one would: bearer token, signature and claims, tenant, plan,
// identity. Bundled as ours is. Judges neither cookies nor ambiguous paths, and so does less than what it is compared with.

import { readFileSync } from "node:fs";
import { JwtVerifier } from "aws-jwt-verify";

const { issuer, audience, jwks, plans } = JSON.parse(readFileSync(new URL("peer.json", import.meta.url), "utf8"));

const verifier = JwtVerifier.create({ issuer, audience, jwksUri: `${issuer}/jwks.json` });
verifier.cacheJwks(jwks);

const refused = (status, statusDescription) => ({
  status,
  statusDescription,
  headers: { "content-type": [{ value: "application/problem+json" }], "cache-control": [{ value: "no-store" }] },
  body: JSON.stringify({ status: Number(status), title: statusDescription }),
});

export async function handler(event) {
  const { request } = event.Records[0].cf;
  const { headers } = request;
  const token = /^bearer ([\w.-]+)$/i.exec(headers.authorization?.[0]?.value ?? "")?.[1];
  if (token === undefined) return refused("401", "Unauthorized");
  let claims;
  try {
    claims = await verifier.verify(token);
  } catch {
    return refused("401", "Unauthorized");
  }
  const [tenant] = headers.host[0].value.split(".");
  if (claims.tenant_id !== tenant || !plans.includes(claims.plan)) return refused("403", "Forbidden");
  for (const name of Object.keys(headers)) if (name.startsWith("x-tollgate-")) delete headers[name];
  delete headers.authorization;
  const identity = { user: claims.sub, tenant: claims.tenant_id, plan: claims.plan };
  for (const [name, value] of Object.entries(identity)) {
    headers[`x-tollgate-${name}`] = [{ key: `x-tollgate-${name}`, value }];
  }
  return request;
}
