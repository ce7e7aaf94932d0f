// The policy of these tests, which each adapter is given, and tokens for it. Checks nothing.

import { issuerConfig, makeKey, token } from "../../node/support/tokens.mjs";

export const key = makeKey("ES256", "one");
export const DOWN = "https://down.example";
export const ALLOWED = "https://app.example.com";

/** The paths: what the handlers answer there is in the two handlers. */
const rules = [
  { path: "/health", methods: ["GET"], public: true },
  { path: "/api/{*rest}" },
  { path: "/reports/{*rest}", plans: ["pro", "enterprise"] },
];

/** Tenants by host name, keys from `jwksUri`, and a second issuer whose key server is down. */
export const policy = (jwksUri, changes = {}) => ({
  issuers: [
    issuerConfig([], { jwks: undefined, jwksUri }),
    issuerConfig([], { issuer: DOWN, jwks: undefined, jwksUri: "http://127.0.0.1:1/jwks.json" }),
  ],
  tenant: { from: { host: "{tenant}.api.example.com" } },
  cors: { origins: [ALLOWED] },
  rules,
  ...changes,
});

const now = () => Math.floor(Date.now() / 1000);

/** A token that is good now. */
export const fresh = (changes = {}, by = key) => token(by, { iat: now() - 5, exp: now() + 600, ...changes });
export const bearer = (text) => ["authorization", `Bearer ${text}`];
export const host = (tenant) => `${tenant}.api.example.com`;
