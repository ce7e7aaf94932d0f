// The demonstration's configuration: tollgate.json with what can't be on one machine replaced. Changes no rule.

/** `example` for the development issuer, *.localhost hosts and the sample API behind a service binding. */
export function demonstrationConfig(example, { issuer, jwksUri }) {
  return {
    ...example,
    issuers: [
      { issuer, audience: ["orders-api"], algorithms: ["ES256", "RS256"], jwksUri, claims: { tenant: "tenant_id" } },
    ],
    tenant: { ...example.tenant, from: { ...example.tenant.from, host: "{tenant}.localhost" } },
    upstream: { service: "ORDERS", forwardCredentials: false },
  };
}
