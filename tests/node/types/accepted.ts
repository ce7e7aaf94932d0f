// What must compile, against the package's published types. Never run.

import {
  type Check,
  type CheckOutcome,
  createGate,
  createVerifier,
  type Decision,
  type Explanation,
  type Hooks,
  type Principal,
  type TokenExplanation,
  TollgateError,
  type Verification,
} from "tollgate";

const verifier = createVerifier(
  {
    issuers: [
      {
        issuer: "https://a.example",
        audience: "https://api.example",
        algorithms: ["ES256", "RS256"],
        jwks: { keys: [] },
      },
      { issuer: "https://b.example", audience: ["x", "y"], algorithms: ["RS256"], jwksUri: "https://b.example/jwks" },
      {
        issuer: "https://c.example",
        audience: null,
        clientIds: ["web"],
        algorithms: ["ES256"],
        jwksUri: "https://c.example/k",
      },
    ],
    clockToleranceSeconds: 30,
  },
  { now: () => 1767225600, fetch, onEvent: (event) => console.log(event.type) },
);

const { header, claims, principal } = verifier.verifySync("token");
const algorithm: unknown = header.alg;
const subject: unknown = claims.sub;
const user: string | null = principal.userId;
const tenant: string | null = principal.tenantId;
const kind: "user" | "client" = principal.kind;
const permissions: readonly string[] = principal.permissions;
const expires: number = principal.expiresAt;
const whole: Principal = (await verifier.verify("token", { waitUntil: (work: Promise<unknown>) => void work }))
  .principal;
const nothing: Promise<void> = verifier.ready();
const token: TokenExplanation = await verifier.explain("token", {});
const told: readonly [Verification | null, string | null, string | null] = [
  token.verification,
  token.code,
  token.message,
];
verifier.close();

// A configuration that is a constant, and so read-only throughout.
const constant = {
  issuers: [{ issuer: "https://a.example", audience: ["x"], algorithms: ["ES256"], jwksUri: "https://a.example/jwks" }],
  rules: [
    { path: "/health", methods: ["GET"], public: true },
    { path: "/{*rest}", plans: ["pro"], permissions: { all: ["a"] } },
  ],
  tenant: { required: true, from: { host: "{tenant}.api.example.com" } },
  identity: { send: ["user", "tenant"] },
} as const;
const hooks: Hooks = {};
const gate = createGate(constant, hooks);

const fromRequest: Decision = await gate.check(new Request("https://acme.api.example.com/"));
const fromHeaders: Decision = gate.checkSync({ method: "GET", url: "/", headers: new Headers() });
const fromRecord: Decision = gate.checkSync({
  method: "GET",
  url: "/",
  headers: { a: "b", c: ["d", "e"], f: undefined },
});
switch (fromRecord.outcome) {
  case "allow": {
    const rule: string | null = fromRecord.rule;
    const who: Principal | null = fromRecord.principal;
    for (const [name, value] of fromRecord.setHeaders) console.log(name.length, value.length, rule, who);
    for (const name of fromRecord.removeHeaders) console.log(name.length);
    break;
  }
  case "deny": {
    const status: number = fromRecord.status;
    console.log(status, fromRecord.code, fromRecord.headers, fromRecord.body.length);
    break;
  }
  case "unavailable": {
    const status: 503 = fromRecord.status;
    console.log(status, new Response(fromRecord.body || null, fromRecord));
    break;
  }
}

const why: Explanation = await gate.explain(new Request("https://acme.api.example.com/"));
const checks: readonly Check[] = why.checks;
const outcomes: CheckOutcome[] = checks.map(({ outcome }) => outcome);
const texts: (string | null)[] = checks.flatMap(({ name, code, expected, found }) => [name, code, expected, found]);
const decided: Decision = why.decision;

const error = new TollgateError("code", "message", { member: "rules[0]", retryAfterSeconds: 1 });
const code: string = error.code;
const member: string | undefined = error.member;
console.log(
  algorithm,
  subject,
  user,
  tenant,
  kind,
  permissions,
  expires,
  whole,
  nothing,
  fromRequest,
  fromHeaders,
  code,
  member,
  told,
  outcomes,
  texts,
  decided,
);
