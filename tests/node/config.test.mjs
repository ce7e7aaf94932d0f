// Options: read once, own members only, and refused with the member's name when they cannot be right.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, createVerifier } from "tollgate";
import { throwsCode } from "./support/assert.mjs";
import { gateConfig, issuerConfig, makeKey, NOW, token, verifierConfig } from "./support/tokens.mjs";

const es = makeKey("ES256", "es-1");
const hooks = { now: () => NOW };

/** Asserts that the configuration is refused at `member`. */
function refused(member, config, create = createVerifier, given = hooks) {
  const error = throwsCode("config_invalid", () => create(config, given), member);
  assert.equal(error.member, member, error.message);
  if (member !== "") assert.ok(error.message.includes(member), error.message);
  return error;
}

test("a configuration that is no object is refused", () => {
  for (const config of [undefined, null, 7, "{}", true, [], () => {}]) refused("", config);
});

test("an error names the member and says what was expected", () => {
  const issuer = (changes) => ({ issuers: [issuerConfig([es], changes)] });
  refused("issuers", { issuers: [] });
  refused("", {});
  refused("issuers[0].audience", issuer({ audience: undefined }));
  refused("issuers[0].algorithms", issuer({ algorithms: [] }));
  refused("issuers[0].algorithms", issuer({ algorithms: undefined }));
  refused("issuers[0].algorithms[1]", issuer({ algorithms: ["ES256", "HS256"] }));
  refused("issuers[0].issuer", issuer({ issuer: "http://issuer.example" }));
  refused("issuers[0].jwksUri", issuer({ jwks: undefined, jwksUri: "http://issuer.example/jwks.json" }));
  refused("clockToleranceSeconds", { ...verifierConfig([es]), clockToleranceSeconds: 301 });
});

test("an unknown member is an error", () => {
  refused("clockTolerance", { ...verifierConfig([es]), clockTolerance: 30 });
  refused("issuers[0].audiences", { issuers: [issuerConfig([es], { audiences: ["x"] })] });
  refused("rules", { ...verifierConfig([es]), rules: [] });
  refused("rulez", gateConfig([es], { rulez: [] }), createGate);
});

test("a gate's rules are checked before the first request", () => {
  refused("rules[1].path", gateConfig([es], { rules: [{ path: "/a" }, { path: "/b//c" }] }), createGate);
  refused("rules[0].plan", gateConfig([es], { rules: [{ path: "/a", plan: "pro" }] }), createGate);
});

test("[N08] members are read once, through a getter as well", () => {
  const reads = { issuers: 0, audience: 0 };
  const issuer = issuerConfig([es]);
  const config = {
    get issuers() {
      reads.issuers += 1;
      return [
        Object.defineProperty({ ...issuer }, "audience", {
          enumerable: true,
          get() {
            reads.audience += 1;
            return reads.audience === 1 ? "https://api.example" : "https://evil.example";
          },
        }),
      ];
    },
  };
  const verifier = createVerifier(config, hooks);
  for (let call = 0; call < 3; call += 1) verifier.verifySync(token(es));
  throwsCode("audience_mismatch", () => verifier.verifySync(token(es, { aud: "https://evil.example" })));
  assert.deepEqual(reads, { issuers: 1, audience: 1 });
});

test("[N08] inherited and non-enumerable members are not options", () => {
  refused("", Object.create(verifierConfig([es])));
  const hidden = Object.defineProperty({}, "issuers", { value: verifierConfig([es]).issuers, enumerable: false });
  refused("", hidden);
  const inherited = Object.assign(Object.create({ clockToleranceSeconds: 300 }), verifierConfig([es]));
  delete inherited.clockToleranceSeconds;
  const verifier = createVerifier(inherited, hooks);
  throwsCode("token_expired", () => verifier.verifySync(token(es, { exp: NOW - 31 })), "the default of 30 s holds");
});

test("[N08] a change to the options after construction changes nothing", () => {
  const config = verifierConfig([es]);
  const verifier = createVerifier(config, hooks);
  config.issuers[0].audience = "https://evil.example";
  config.clockToleranceSeconds = 300;
  throwsCode("audience_mismatch", () => verifier.verifySync(token(es, { aud: "https://evil.example" })));
  throwsCode("token_expired", () => verifier.verifySync(token(es, { exp: NOW - 31 })));
  verifier.verifySync(token(es));
});

test("[N08] toJSON is neither called nor a member", () => {
  let called = false;
  const toJSON = () => {
    called = true;
    return verifierConfig([es]);
  };
  refused("toJSON", { ...verifierConfig([es]), toJSON });
  createVerifier(Object.assign(Object.create({ toJSON }), verifierConfig([es])), hooks);
  assert.equal(called, false);
});

test("what JSON would drop or bend is refused: functions, symbols, BigInt, NaN, cycles, throwing getters", () => {
  const config = (member) => ({ ...verifierConfig([es]), ...member });
  refused("clockToleranceSeconds", config({ clockToleranceSeconds: () => 30 }));
  refused("clockToleranceSeconds", config({ clockToleranceSeconds: Symbol("30") }));
  refused("clockToleranceSeconds", config({ clockToleranceSeconds: 30n }));
  refused("clockToleranceSeconds", config({ clockToleranceSeconds: Number.NaN }));
  refused("issuers[0].audience[0]", { issuers: [issuerConfig([es], { audience: [undefined] })] });
  const cycle = verifierConfig([es]);
  cycle.issuers.push(cycle);
  throwsCode("config_invalid", () => createVerifier(cycle));
  refused("", {
    get issuers() {
      throw new Error("no");
    },
  });
  refused(
    "",
    new Proxy(verifierConfig([es]), {
      ownKeys() {
        throw new Error("no");
      },
    }),
  );
});

test("a __proto__ member of parsed JSON is an unknown member, not a prototype", () => {
  const text = JSON.stringify(verifierConfig([es])).replace("{", '{"__proto__":{"clockToleranceSeconds":300},');
  refused("__proto__", JSON.parse(text));
  assert.equal({}.clockToleranceSeconds, undefined);
});

test("hooks are functions with known names, own members only", () => {
  const config = verifierConfig([es]);
  refused("hooks", config, createVerifier, 7);
  refused("hooks.now", config, createVerifier, { now: NOW });
  refused("hooks.fetch", config, createVerifier, { fetch: "https://issuer.example" });
  refused("hooks.onEvent", config, createVerifier, { onEvent: {} });
  refused("hooks.onevent", config, createVerifier, { onevent: () => {} });
  createVerifier(config, { now: undefined, fetch: undefined, onEvent: undefined });
});
