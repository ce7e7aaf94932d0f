// A trap poisons a wasm instance. Faults are injected under the package, in WebAssembly.Instance, before it is loaded:
// the call at hand is refused, the instance is replaced, and every live verifier and gate goes on with its keys.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gateConfig, issuerConfig, makeKey, NOW, token, verifierConfig } from "./support/tokens.mjs";

const faults = { instances: 0, trapIn: undefined, refuseInstance: false, error: undefined };
const RealInstance = WebAssembly.Instance;

/** `exports`, trapping when a test says so. */
function faulty(exports) {
  let poisoned = false;
  const guard =
    (name, run) =>
    (...given) => {
      // What ran after the trap would run on broken memory. Freeing is let through: the glue's `finally` calls it.
      if (poisoned && name !== "__wbindgen_free") throw new Error(`${name} called on a poisoned instance`);
      if (faults.trapIn === undefined || !name.includes(faults.trapIn)) return run(...given);
      poisoned = true;
      faults.trapIn = undefined;
      throw faults.error ?? new WebAssembly.RuntimeError("unreachable");
    };
  const entries = Object.entries(exports);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "function" ? guard(name, value) : value]),
  );
}

WebAssembly.Instance = new Proxy(RealInstance, {
  construct(_target, [module, imports]) {
    if (faults.refuseInstance) throw new RangeError("out of memory");
    faults.instances += 1;
    return { exports: faulty(new RealInstance(module, imports).exports) };
  },
});

const { createVerifier, createGate } = await import("tollgate");
const { throwsCode, rejectsCode, allowed } = await import("./support/assert.mjs");

const es = makeKey("ES256", "es-1");
const hooks = { now: () => NOW };
const request = {
  method: "GET",
  url: "https://acme.api.example.com/orders",
  headers: { authorization: `Bearer ${token(es)}` },
};

test("loading the package compiles and starts nothing", () => {
  assert.equal(faults.instances, 0);
});

test("[N06] a trap in verify is refused, the instance is replaced, and the next token is right", async () => {
  const verifier = createVerifier(verifierConfig([es]), hooks);
  const bystander = createVerifier(verifierConfig([es]), hooks);
  const gate = createGate(gateConfig([es]), hooks);
  verifier.verifySync(token(es));
  const before = faults.instances;
  faults.trapIn = "core_verify";
  const error = throwsCode("internal_error", () => verifier.verifySync(token(es)));
  assert.ok(error.cause instanceof WebAssembly.RuntimeError);
  assert.equal(faults.instances, before + 1);
  verifier.verifySync(token(es));
  bystander.verifySync(token(es));
  allowed(gate.checkSync(request));
  faults.trapIn = "core_verify";
  await rejectsCode("internal_error", bystander.verify(token(es)));
  verifier.verifySync(token(es));
  throwsCode("token_expired", () => verifier.verifySync(token(es, { exp: NOW - 60 })));
});

test("[N06] a trap in check is answered 503, and the next request is decided", async () => {
  const events = [];
  const gate = createGate(gateConfig([es]), { ...hooks, onEvent: (event) => events.push(event) });
  for (const ask of [() => gate.checkSync(request), () => gate.check(request)]) {
    faults.trapIn = "core_check";
    const decision = await ask();
    assert.equal(decision.outcome, "unavailable");
    assert.equal(decision.code, "internal_error");
    assert.equal(decision.status, 503);
    assert.deepEqual(events.at(-1), {
      type: "decision",
      outcome: "unavailable",
      code: "internal_error",
      rule: null,
      status: 503,
    });
    const headers = new Headers(decision.headers.map(([name, value]) => [name, value]));
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("retry-after"), "1");
    assert.equal(JSON.parse(decision.body).status, 503);
    allowed(await ask());
  }
});

test("[N06] a trap in explain is what a trap in check or verify is, and the next question is answered", async () => {
  const gate = createGate(gateConfig([es]), hooks);
  faults.trapIn = "core_explain";
  const { checks, decision } = await gate.explain(request);
  assert.deepEqual([checks, decision.outcome, decision.code], [[], "unavailable", "internal_error"]);
  allowed((await gate.explain(request)).decision);
  const verifier = createVerifier(verifierConfig([es]), hooks);
  faults.trapIn = "core_explainToken";
  await rejectsCode("internal_error", verifier.explain(token(es)));
  assert.equal((await verifier.explain(token(es))).code, null);
});

test("[N06] stack exhaustion and any other throw out of the core count as traps", () => {
  const verifier = createVerifier(verifierConfig([es]), hooks);
  for (const error of [new RangeError("Maximum call stack size exceeded"), new Error("recursive use of an object")]) {
    faults.error = error;
    faults.trapIn = "core_verify";
    throwsCode("internal_error", () => verifier.verifySync(token(es)));
    verifier.verifySync(token(es));
  }
  faults.error = undefined;
});

test("[N06] a trap at construction is an error, and the next construction works", () => {
  const older = createVerifier(verifierConfig([es]), hooks);
  faults.trapIn = "core_verifier";
  throwsCode("internal_error", () => createVerifier(verifierConfig([es]), hooks));
  createVerifier(verifierConfig([es]), hooks).verifySync(token(es));
  older.verifySync(token(es));
});

test("[N06] after a trap no answer stands for another token's, wherever it struck", () => {
  const verifier = createVerifier({ ...verifierConfig([es]), verifiedTokenCache: { entries: 2 } }, hooks);
  const texts = ["user-a", "user-b", "user-c"].map((sub) => token(es, { sub }));
  const asked = (order) => order.map((at) => verifier.verifySync(texts[at]).claims.sub);
  assert.deepEqual(asked([0, 1, 0, 1]), ["user-a", "user-b", "user-a", "user-b"]);
  for (const trap of ["core_verify", "core_keepAnswer"]) {
    faults.trapIn = trap;
    throwsCode("internal_error", () => verifier.verifySync(token(es, { sub: trap })));
    assert.deepEqual(asked([1, 0, 0, 1, 2, 0, 2]), [
      "user-b",
      "user-a",
      "user-a",
      "user-b",
      "user-c",
      "user-a",
      "user-c",
    ]);
  }
});

test("[N06] fetched key sets survive a rebuild: good tokens pass at once and cost no fetch", async () => {
  let fetches = 0;
  const fetch = async () => {
    fetches += 1;
    return Response.json({ keys: [es.jwk] });
  };
  const config = { issuers: [issuerConfig([], { jwks: undefined, jwksUri: "https://issuer.example/jwks.json" })] };
  const verifier = createVerifier(config, { ...hooks, fetch });
  await verifier.ready();
  verifier.verifySync(token(es));
  faults.trapIn = "core_verify";
  throwsCode("internal_error", () => verifier.verifySync(token(es)));
  verifier.verifySync(token(es));
  await verifier.verify(token(es));
  assert.equal(fetches, 1);
});

test("[N06] a trap while a fetched set is taken leaves no unhandled rejection, and the set is fetched again", async () => {
  const fetch = async () => Response.json({ keys: [es.jwk] });
  const config = { issuers: [issuerConfig([], { jwks: undefined, jwksUri: "https://issuer.example/jwks.json" })] };
  const verifier = createVerifier(config, { ...hooks, fetch });
  faults.trapIn = "core_fetchSucceeded";
  await rejectsCode("keys_unavailable", verifier.verify(token(es)));
  await verifier.verify(token(es));
});

test("[N05] [N06] when no new instance can be had, everything is refused until one can", () => {
  const verifier = createVerifier(verifierConfig([es]), hooks);
  const gate = createGate(gateConfig([es]), hooks);
  faults.refuseInstance = true;
  for (let call = 0; call < 3; call += 1) {
    if (call === 0) faults.trapIn = "core_verify";
    throwsCode("internal_error", () => verifier.verifySync(token(es)));
    throwsCode("internal_error", () => createVerifier(verifierConfig([es]), hooks));
    // The gate's module is another, with an instance of its own.
    if (call === 0) {
      allowed(gate.checkSync(request));
      faults.trapIn = "core_check";
    }
    assert.equal(gate.checkSync(request).outcome, "unavailable");
  }
  faults.refuseInstance = false;
  verifier.verifySync(token(es));
  allowed(gate.checkSync(request));
});

test("a verifier closed after a trap frees nothing of the new instance", () => {
  const closing = createVerifier(verifierConfig([es]), hooks);
  const verifier = createVerifier(verifierConfig([es]), hooks);
  faults.trapIn = "core_verify";
  throwsCode("internal_error", () => verifier.verifySync(token(es)));
  closing.close();
  verifier.verifySync(token(es));
});
