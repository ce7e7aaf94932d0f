// A hundred thousand mutated inputs: no trap, no error that is not the package's own, and nothing mutated is let
// through that should not be. Then one good token, which passes.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createGate, createVerifier, TollgateError } from "tollgate";
import { allowed } from "./support/assert.mjs";
import { mutateText, mutateValue, random } from "./support/mutate.mjs";
import {
  base64url,
  claims,
  gateConfig,
  issuerConfig,
  makeKey,
  NOW,
  signed,
  token,
  verifierConfig,
} from "./support/tokens.mjs";

const SEED = Number(process.env.TOLLGATE_SEED ?? 20_260_101);
const es = makeKey("ES256", "es-1");
const rs = makeKey("RS256", "rs-1");
const hooks = { now: () => NOW };
const verifier = createVerifier(verifierConfig([es, rs]), hooks);
const config = gateConfig([es], {
  credentials: {
    header: true,
    cookie: { name: "__Host-token", crossSite: "refuse", origins: ["https://app.example.com"] },
  },
  cors: { origins: ["https://app.example.com"], credentials: true },
});
const gate = createGate(config, hooks);
const request = {
  method: "GET",
  url: "https://acme.api.example.com/reports/7?x=1",
  headers: {
    host: "acme.api.example.com",
    authorization: `Bearer ${token(es)}`,
    cookie: "a=b; c=d",
    origin: "https://app.example.com",
    "sec-fetch-site": "same-origin",
    "x-tollgate-user": "evil",
    "x-forwarded-for": "192.0.2.1",
  },
};
let inputs = 0;

/** Runs `act`; what it throws must be ours, and no trap. `undefined` when it threw. */
function own(act, show) {
  inputs += 1;
  try {
    return act();
  } catch (error) {
    assert.ok(error instanceof TollgateError, `seed ${SEED}: ${error?.stack} for ${show()}`);
    assert.notEqual(error.code, "internal_error", `seed ${SEED}: ${error.cause?.stack} for ${show()}`);
    return undefined;
  }
}

test("40,000 mutated tokens: none is accepted but the unchanged one, and nothing traps", () => {
  const next = random(SEED);
  const good = [token(es), token(rs)];
  const accepted = new Set(good);
  for (let turn = 0; turn < 20_000; turn += 1) {
    const text = mutateText(next.of(good), next);
    const result = own(
      () => verifier.verifySync(text),
      () => JSON.stringify(text),
    );
    assert.ok(result === undefined || accepted.has(text), `seed ${SEED}: accepted ${JSON.stringify(text)}`);
  }
  const header = JSON.stringify({ alg: "ES256", typ: "JWT", kid: "es-1" });
  const payload = JSON.stringify(claims({ permissions: ["a"], nested: { a: [1, 2, { b: null }] } }));
  for (let turn = 0; turn < 20_000; turn += 1) {
    // The JSON itself is mutated; one in ten carries a valid signature of the mutated text.
    const parts = next() < 0.5 ? [mutateText(header, next), payload] : [header, mutateText(payload, next)];
    const text = turn % 10 === 0 ? signed(es, ...parts) : `${parts.map(base64url).join(".")}.${"A".repeat(86)}`;
    const result = own(
      () => verifier.verifySync(text),
      () => JSON.stringify(parts),
    );
    assert.ok(result === undefined || turn % 10 === 0, `seed ${SEED}: accepted ${JSON.stringify(parts)}`);
    if (result !== undefined) assert.ok(result.claims.exp > NOW - 30 && result.claims.iss === "https://issuer.example");
  }
});

test("40,000 mutated requests: each gets a decision, and what passes is acme's", () => {
  const next = random(SEED + 1);
  const names = Object.keys(request.headers);
  for (let turn = 0; turn < 40_000; turn += 1) {
    const { method, url } = request;
    let changed;
    const kind = next();
    if (kind < 0.4) changed = { ...request, url: mutateText(next() < 0.5 ? url : "/reports/7?x=1", next) };
    else if (kind < 0.5) changed = { ...request, method: mutateText(method, next) };
    else if (kind < 0.8) {
      const name = next.of(names);
      const value = mutateText(request.headers[name], next);
      changed = {
        method,
        url,
        headers: { ...request.headers, [name]: next() < 0.2 ? [request.headers[name], value] : value },
      };
    } else if (kind < 0.9) {
      const name = next.of(names);
      const { [name]: value, ...others } = request.headers;
      changed = { method, url, headers: { ...others, [mutateText(name, next)]: value } };
    } else changed = mutateValue(request, next);
    const decision = own(
      () => gate.checkSync(changed),
      () => JSON.stringify(changed),
    );
    assert.notEqual(decision?.code, "internal_error", `seed ${SEED}: ${JSON.stringify(changed)}`);
    assert.match(decision?.outcome ?? "none", /^(allow|deny)$/, `seed ${SEED}: ${JSON.stringify(changed)}`);
    if (decision.outcome === "allow" && decision.principal !== null) assert.equal(decision.principal.tenantId, "acme");
  }
});

test("20,000 mutated configurations: each starts or is refused as config_invalid", () => {
  const next = random(SEED + 2);
  const bases = [
    [createVerifier, verifierConfig([es, rs])],
    [createGate, config],
  ];
  for (let turn = 0; turn < 20_000; turn += 1) {
    const [create, base] = bases[turn % 2];
    const changed = mutateValue(base, next);
    inputs += 1;
    try {
      create(changed, hooks).close();
    } catch (error) {
      assert.ok(error instanceof TollgateError, `seed ${SEED}: ${error?.stack}`);
      assert.equal(error.code, "config_invalid", `seed ${SEED}: ${error.cause?.stack ?? error.message}`);
      assert.equal(typeof error.member, "string");
    }
  }
});

test("6,000 mutated key sets: each is taken or is a failed fetch, and nothing traps", async () => {
  const next = random(SEED + 3);
  const set = { keys: [es.jwk, rs.jwk] };
  const jwksUri = "https://issuer.example/jwks.json";
  let body = "";
  const fetch = async () => new Response(body);
  for (let turn = 0; turn < 6_000; turn += 1) {
    body = next() < 0.5 ? mutateText(JSON.stringify(set), next) : (jsonText(mutateValue(set, next)) ?? "");
    inputs += 1;
    const events = [];
    const remote = createVerifier(
      { issuers: [issuerConfig([], { jwks: undefined, jwksUri })] },
      { ...hooks, fetch, onEvent: (event) => events.push(event.type) },
    );
    const ready = await remote.ready().then(
      () => true,
      (error) => {
        assert.equal(error.code, "keys_unavailable", `seed ${SEED}: ${error.cause?.stack} for ${body}`);
        return false;
      },
    );
    assert.ok(events.includes(ready ? "keys_fetched" : "keys_fetch_failed"), `seed ${SEED}: ${events} for ${body}`);
    remote.close();
  }
});

test("after all of it a good token passes, in verifier and gate", () => {
  assert.ok(inputs >= 100_000, `${inputs} inputs`);
  assert.equal(verifier.verifySync(token(es)).claims.sub, "user-1");
  assert.equal(verifier.verifySync(token(rs)).claims.sub, "user-1");
  assert.equal(allowed(gate.checkSync(request)).principal.userId, "user-1");
});

after(() => console.log(`mutated inputs: ${inputs}, seed ${SEED}`));

function jsonText(value) {
  return JSON.stringify(value, (_name, member) => (typeof member === "bigint" ? member.toString() : member));
}
