// What must not compile, against the package's published types. Never run.

import { createGate, createVerifier, type Decision } from "tollgate";

const good = {
  issuer: "https://a.example",
  audience: "x",
  algorithms: ["ES256"],
  jwksUri: "https://a.example/jwks",
} as const;

// @ts-expect-error: a configuration is compulsory
createVerifier();
// @ts-expect-error: so are issuers
createVerifier({});
// @ts-expect-error: no such algorithm is supported
createVerifier({ issuers: [{ ...good, algorithms: ["HS256"] }] });
// @ts-expect-error: nor is none
createVerifier({ issuers: [{ ...good, algorithms: ["none"] }] });
// @ts-expect-error: an unknown member of the configuration
createVerifier({ issuers: [good], clockTolerance: 30 });
// @ts-expect-error: an unknown member of an issuer
createVerifier({ issuers: [{ issuer: "https://a.example", audience: "x", algorithms: ["ES256"], audiences: ["y"] }] });
// @ts-expect-error: seconds are a number
createVerifier({ issuers: [good], clockToleranceSeconds: "30" });
// @ts-expect-error: a verifier has no rules
createVerifier({ issuers: [good], rules: [] });
// @ts-expect-error: a clock gives a number
createVerifier({ issuers: [good] }, { now: () => new Date() });
// @ts-expect-error: an unknown hook
createVerifier({ issuers: [good] }, { onevent: () => {} });

const verifier = createVerifier({ issuers: [good] });
// @ts-expect-error: a token is a string
verifier.verifySync(null);
// @ts-expect-error: also when it might be absent
verifier.verifySync(new Headers().get("authorization"));
// @ts-expect-error: nothing can be read without verifying
verifier.decode("token");
// @ts-expect-error: verify must be awaited before claims can be read
verifier.verify("token").claims;
// @ts-expect-error: a claim's type is not known before it is looked at
const subject: string = verifier.verifySync("token").claims.sub;
// @ts-expect-error: claims can't be changed
verifier.verifySync("token").claims.sub = "other";

// @ts-expect-error: a gate needs rules
createGate({ issuers: [good] });
// @ts-expect-error: an unknown member of a rule
createGate({ issuers: [good], rules: [{ path: "/", plan: "pro" }] });
// @ts-expect-error: tenant is compared or "any"
createGate({ issuers: [good], rules: [{ path: "/", tenant: "none" }] });

const gate = createGate({ issuers: [good], rules: [{ path: "/{*rest}" }] });
// @ts-expect-error: headers are compulsory
gate.checkSync({ method: "GET", url: "/" });
// @ts-expect-error: header values are strings
gate.checkSync({ method: "GET", url: "/", headers: { a: 1 } });
// @ts-expect-error: check must be awaited
const decision: Decision = gate.check(new Request("https://a.example"));
const unknown: Decision = gate.checkSync({ method: "GET", url: "/", headers: {} });
// @ts-expect-error: a principal is there only when allowed
unknown.principal;
// @ts-expect-error: a status is there only when refused
unknown.status;
// @ts-expect-error: a public rule has no principal
if (unknown.outcome === "allow") unknown.principal.tenantId;

console.log(subject, decision);
