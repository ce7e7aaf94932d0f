// The examples: each a request, a token made now, and a sentence on what it shows. What comes of them the gate alone says.

import { headerFor, type SigningKey, sign } from "./tokens.js";

export const CONFIG = {
  issuers: [
    {
      issuer: "https://issuer.example",
      audience: "orders-api",
      algorithms: ["ES256", "RS256"],
      jwksUri: "https://issuer.example/jwks.json",
    },
  ],
  tenant: { from: { host: "{tenant}.api.example.com" } },
  rules: [
    { path: "/health", methods: ["GET"], public: true },
    { path: "/me", tenant: "any" },
    {
      path: "/reports/{*rest}",
      plans: ["pro", "enterprise"],
      permissions: { all: ["reports:read"] },
    },
    { path: "/{*rest}" },
  ],
};

type Claims = Readonly<Record<string, unknown>>;

/** What an example puts into the fields. */
export interface Made {
  readonly token: string;
  /** The claims, as text for the field in which tokens are made. */
  readonly claims: string;
}

export interface Example {
  readonly id: string;
  readonly title: string;
  readonly shows: string;
  readonly url: string;
  make(key: SigningKey, now: number): Promise<Made>;
}

const REPORT = "https://acme.api.example.com/reports/2026";

/** The claims of someone whom every rule lets through, in the tenant acme. */
export function claimsAt(now: number, more: Claims = {}): Claims {
  return {
    iss: "https://issuer.example",
    aud: "orders-api",
    sub: "ann",
    tenant_id: "acme",
    plan: "pro",
    permissions: ["orders:read", "reports:read"],
    iat: now,
    exp: now + 600,
    ...more,
  };
}

export const claimsText = (claims: Claims): string => JSON.stringify(claims, null, 2);

/** A token with `more` on top of the claims, signed well. */
const signing =
  (more: (now: number) => Claims = () => ({})) =>
  async (key: SigningKey, now: number): Promise<Made> => {
    const claims = claimsText(claimsAt(now, more(now)));
    return { claims, token: await sign(key, JSON.stringify(headerFor(key)), compact(claims)) };
  };

const good = signing();
const compact = (json: string): string => JSON.stringify(JSON.parse(json));

export const EXAMPLES: readonly Example[] = [
  {
    id: "good",
    title: "A good token",
    shows: "Every check holds: the origin is told who asks, and never sees the token.",
    url: REPORT,
    make: good,
  },
  {
    id: "expired",
    title: "Expired",
    shows: "The token was good until ten minutes ago. The signature still holds; the time does not.",
    url: REPORT,
    make: signing((now) => ({ iat: now - 1200, exp: now - 600 })),
  },
  {
    id: "tenant",
    title: "Another tenant",
    shows: "A good token of the tenant globex, on the host of acme: the two must be equal, byte for byte.",
    url: REPORT,
    make: signing(() => ({ tenant_id: "globex" })),
  },
  {
    id: "plan",
    title: "Plan too low",
    shows: "Reports are for pro and enterprise. The answer names both plans, so that a page can offer the better one.",
    url: REPORT,
    make: signing(() => ({ plan: "free" })),
  },
  {
    id: "path",
    title: "Path trick",
    shows:
      "An encoded “..” leads out of /me for some servers and not for others. What can be read in two ways is refused.",
    url: "https://acme.api.example.com/me/%2e%2e/reports/2026",
    make: good,
  },
  {
    id: "none",
    title: "alg: none",
    shows: "The header asks for no signature at all. Keys choose the algorithm, the token never does.",
    url: REPORT,
    make: async (key, now) => {
      const { claims } = await good(key, now);
      const header = JSON.stringify({ ...headerFor(key), alg: "none" });
      return { claims, token: await sign(key, header, compact(claims)) };
    },
  },
  {
    id: "duplicate",
    title: "Duplicate members",
    shows: "The claim tenant_id stands twice. One reader takes the first, another the last; the gate takes neither.",
    url: REPORT,
    make: async (key, now) => {
      const { claims } = await good(key, now);
      const twice = claims.replace('"tenant_id": "acme",', '"tenant_id": "globex",\n  "tenant_id": "acme",');
      return { claims: twice, token: await sign(key, JSON.stringify(headerFor(key)), twice) };
    },
  },
  {
    id: "padded",
    title: "Padded signature",
    shows: "Two equals signs at the end, and nothing else, make it another text. A token has one spelling.",
    url: REPORT,
    make: async (key, now) => {
      const { claims, token } = await good(key, now);
      return { claims, token: `${token}==` };
    },
  },
  {
    id: "changed",
    title: "Changed claims",
    shows: "The plan was raised after the token was signed, so the signature is of other claims.",
    url: REPORT,
    make: async (key, now) => {
      const [free, pro] = await Promise.all([signing(() => ({ plan: "free" }))(key, now), good(key, now)]);
      const signature = free.token.slice(free.token.lastIndexOf("."));
      return { claims: pro.claims, token: pro.token.slice(0, pro.token.lastIndexOf(".")) + signature };
    },
  },
  {
    id: "public",
    title: "A public path",
    shows: "The rule of /health is public: no credential is read, and none is passed on.",
    url: "https://acme.api.example.com/health",
    make: good,
  },
];
