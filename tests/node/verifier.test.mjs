// createVerifier by its public name: what passes, what is refused and with which code. No network.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createVerifier, TollgateError } from "tollgate";
import { rejectsCode, throwsCode } from "./support/assert.mjs";
import { AUDIENCE, claims, ISSUER, makeKey, NOW, signed, token, verifierConfig } from "./support/tokens.mjs";

const es = makeKey("ES256", "es-1");
const rs = makeKey("RS256", "rs-1");
const config = verifierConfig([es, rs]);
const at = (now) => ({ now: () => now });
const verifier = createVerifier(config, at(NOW));

test("verifies ES256 and RS256 and returns header, claims and principal", () => {
  for (const key of [es, rs]) {
    const { header, claims, principal } = verifier.verifySync(token(key, { permissions: ["a", "b"] }));
    assert.deepEqual({ ...header }, { alg: key.algorithm, typ: "JWT", kid: key.kid });
    assert.equal(claims.sub, "user-1");
    assert.equal(claims.exp, NOW + 600);
    assert.deepEqual(principal, {
      kind: "user",
      userId: "user-1",
      clientId: null,
      tenantId: "acme",
      plan: "pro",
      email: null,
      groups: [],
      permissions: ["a", "b"],
      scopes: [],
      issuer: ISSUER,
      expiresAt: NOW + 600,
    });
  }
});

test("a principal holds what the claims say in every member, whatever needs an escape", () => {
  const said = {
    client_id: 'web "1"',
    tenant_id: "acme\\",
    plan: "\u{1f600}",
    email: "a@b.example",
    groups: ["staff\n", "é"],
    permissions: '["a b","c\\u0000"]',
    scope: "openid email",
  };
  for (const key of [es, rs]) {
    assert.deepEqual(verifier.verifySync(token(key, said)).principal, {
      kind: "user",
      userId: "user-1",
      clientId: said.client_id,
      tenantId: said.tenant_id,
      plan: said.plan,
      email: said.email,
      groups: said.groups,
      permissions: ["a b", "c\0"],
      scopes: ["openid", "email"],
      issuer: ISSUER,
      expiresAt: NOW + 600,
    });
  }
});

test("verify answers as verifySync does when the keys are configured", async () => {
  const text = token(es);
  assert.deepEqual(await verifier.verify(text), verifier.verifySync(text));
  await rejectsCode("token_expired", verifier.verify(token(es, { exp: NOW - 31 })));
});

test("ready resolves at once when no key set is remote", async () => {
  assert.equal(await verifier.ready(), undefined);
});

test("a client-credentials token is a client, never a user", () => {
  const { principal } = verifier.verifySync(token(es, { sub: "robot", client_id: "robot" }));
  assert.equal(principal.kind, "client");
  assert.equal(principal.userId, null);
  assert.equal(principal.clientId, "robot");
});

test("each check refuses with its own code", () => {
  const cases = [
    ["token_expired", token(es, { exp: NOW - 30 })],
    ["claim_missing", token(es, { exp: undefined })],
    ["claim_malformed", token(es, { exp: String(NOW + 600) })],
    ["token_not_yet_valid", token(es, { nbf: NOW + 31, exp: NOW + 600 })],
    ["issued_in_future", token(es, { iat: NOW + 31 })],
    ["audience_mismatch", token(es, { aud: "https://other.example" })],
    ["unknown_issuer", token(es, { iss: `${ISSUER}/` })],
    ["unknown_key", token(es, {}, { kid: "es-2" })],
    ["alg_not_allowed", token(es, {}, { alg: "HS256" })],
    ["typ_not_allowed", token(es, {}, { typ: "dpop+jwt" })],
    ["crit_not_supported", token(es, {}, { crit: ["x"] })],
    ["sender_constrained", token(es, { cnf: { jkt: "x" } })],
    ["malformed_token", "a.b"],
    ["jwe_not_supported", "a.b.c.d.e"],
    ["malformed_base64url", `${token(es)}=`],
  ];
  for (const [code, text] of cases) throwsCode(code, () => verifier.verifySync(text), code);
});

test("a signature of another key is refused", () => {
  throwsCode("signature_invalid", () => verifier.verifySync(token(makeKey("ES256", "es-1"))));
});

test("[B08] a key id that no key has is refused, and never verified with an empty key", () => {
  for (const kid of ["", "undefined", "null", "__proto__", "constructor", "toString"]) {
    const error = throwsCode("unknown_key", () => verifier.verifySync(token(es, {}, { kid })), kid);
    assert.doesNotMatch(error.message, /es-1|rs-1/);
  }
});

test("[B09] the package offers no way to read a token without verifying it", async () => {
  const names = Object.keys(await import("tollgate")).sort();
  assert.deepEqual(names, ["TollgateError", "createGate", "createVerifier", "kernel", "limitTables"]);
  const offered = new Set(["verifySync", "verify", "explain", "ready", "close", "constructor"]);
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(verifier))) assert.ok(offered.has(name), name);
  for (const odd of [undefined, { verify: false }, { complete: true }, "none"]) {
    throwsCode("signature_invalid", () => verifier.verifySync(`${token(es).slice(0, -86)}${"A".repeat(86)}`, odd));
  }
});

test("[A14] a token that is no string is refused without reaching wasm", async () => {
  const text = token(es);
  const odd = [
    null,
    undefined,
    7,
    true,
    10n,
    [text],
    { toString: () => text },
    new String(text),
    Symbol("t"),
    () => text,
  ];
  for (const value of odd) {
    throwsCode("malformed_token", () => verifier.verifySync(value));
    await rejectsCode("malformed_token", verifier.verify(value));
  }
  assert.equal(verifier.verifySync(text).claims.sub, "user-1");
});

test("[N05] a token of 100 MiB is refused before it is copied, and the next one passes", () => {
  const started = performance.now();
  throwsCode("token_too_large", () => verifier.verifySync("a".repeat(100 * 1024 * 1024)));
  throwsCode("token_too_large", () => verifier.verifySync("é".repeat(8 * 1024)));
  throwsCode("token_too_large", () => verifier.verifySync("a".repeat(8 * 1024 + 1)));
  throwsCode("malformed_token", () => verifier.verifySync("a".repeat(8 * 1024)));
  assert.ok(performance.now() - started < 5_000);
  verifier.verifySync(token(es));
});

test("[N01] claims named like members of Object.prototype are own data and nothing else", async () => {
  const names = ["__proto__", "constructor", "prototype", "hasOwnProperty", "toString", "valueOf", "toJSON", "then"];
  const before = Object.getOwnPropertyNames(Object.prototype).sort();
  const members = names.map((name) => `${JSON.stringify(name)}:{"polluted":${JSON.stringify(name)},"then":1}`);
  const payload = `${JSON.stringify(claims()).slice(0, -1)},"nested":[{${members.join(",")}}],${members.join(",")}}`;
  const header = `{"alg":"ES256","kid":"es-1","__proto__":{"polluted":1}}`;
  const result = await verifier.verify(signed(es, header, payload));
  for (const holder of [result.claims, result.claims.nested[0]]) {
    assert.equal(Object.getPrototypeOf(holder), null);
    for (const name of names) {
      assert.ok(Object.hasOwn(holder, name), name);
      assert.equal(holder[name].polluted, name);
      assert.equal(Object.getPrototypeOf(holder[name]), null);
    }
  }
  assert.equal(Object.getPrototypeOf(result.header), null);
  assert.ok(Object.hasOwn(result.header, "__proto__"));
  assert.equal((await Promise.resolve(result.claims)).sub, "user-1", "`then` does not make it a thenable");
  assert.equal({}.polluted, undefined);
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).sort(), before);
});

test("[N01] what a program has put on Object.prototype does not show among claims", () => {
  Object.prototype.inherited = { polluted: true };
  try {
    const { claims, header } = verifier.verifySync(token(es, { own: { deep: [1, null, [{ deeper: {} }]] } }));
    assert.deepEqual(Object.keys(header), ["alg", "typ", "kid"]);
    assert.equal(claims.inherited, undefined);
    assert.equal(claims.own.inherited, undefined);
    assert.equal(JSON.stringify(claims.own), '{"deep":[1,null,[{"deeper":{}}]]}');
    for (const object of [claims.own, claims.own.deep[2][0], claims.own.deep[2][0].deeper]) {
      assert.equal(Object.getPrototypeOf(object), null);
    }
  } finally {
    delete Object.prototype.inherited;
  }
});

test("[N02] numbers keep their value or are refused, the same in Rust and JavaScript", () => {
  const withNumber = (text) =>
    signed(es, `{"alg":"ES256","kid":"es-1"}`, `${JSON.stringify(claims()).slice(0, -1)},"n":${text}}`);
  for (const text of ["9007199254740991", "-9007199254740991", "1e308", "0.1", "1.5e-7", "0", "123456789012"]) {
    assert.equal(verifier.verifySync(withNumber(text)).claims.n, Number(text), text);
  }
  for (const text of [
    "9007199254740993",
    "9223372036854775808",
    "18446744073709551616",
    "1e400",
    "-1e400",
    "NaN",
    "01",
  ]) {
    throwsCode("malformed_json", () => verifier.verifySync(withNumber(text)), text);
  }
  assert.ok(Object.is(verifier.verifySync(withNumber("-0")).claims.n, -0));
});

test("[N03] member names that look like numbers are found by name; their order is not relied on", () => {
  const payload = `${JSON.stringify(claims()).slice(0, -1)},"10":"ten","0":"zero","-1":"minus"}`;
  const read = verifier.verifySync(signed(es, `{"alg":"ES256","kid":"es-1"}`, payload)).claims;
  assert.deepEqual([read["10"], read["0"], read["-1"], read.sub], ["ten", "zero", "minus", "user-1"]);
});

test("[N04] a lone surrogate in a token is refused as the same text in bytes would be", () => {
  const text = token(es);
  for (const odd of ["\ud800", "\udc00", "\ufffd"]) {
    for (const place of [0, text.indexOf(".") + 2, text.length - 1]) {
      throwsCode("malformed_base64url", () => verifier.verifySync(text.slice(0, place) + odd + text.slice(place + 1)));
    }
  }
});

test("[G09] the tolerance is used to its edge, and a bad one stops the construction", () => {
  const expired = token(es, { exp: NOW });
  const early = token(es, { nbf: NOW });
  const tolerating = (clockToleranceSeconds, now) => createVerifier({ ...config, clockToleranceSeconds }, at(now));
  tolerating(30, NOW + 29).verifySync(expired);
  throwsCode("token_expired", () => tolerating(30, NOW + 30).verifySync(expired));
  tolerating(0, NOW - 1).verifySync(expired);
  throwsCode("token_expired", () => tolerating(0, NOW).verifySync(expired));
  tolerating(300, NOW - 300).verifySync(early);
  throwsCode("token_not_yet_valid", () => tolerating(300, NOW - 301).verifySync(early));
  tolerating(undefined, NOW + 29).verifySync(expired);
  for (const bad of [-1, 301, 1e9, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "30", null, true, [30], 30n]) {
    const error = throwsCode("config_invalid", () => tolerating(bad, NOW), String(bad));
    assert.equal(error.member, "clockToleranceSeconds");
  }
});

test("[G10] an implausible clock is an error and accepts nothing", async () => {
  const good = token(es);
  const clocks = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, NOW * 1000, undefined, null, String(NOW), {}, 10n];
  for (const clock of clocks) {
    const odd = createVerifier(config, { now: () => clock });
    throwsCode("clock_invalid", () => odd.verifySync(good), String(clock));
    await rejectsCode("clock_invalid", odd.verify(good), String(clock));
  }
  const failing = createVerifier(config, {
    now: () => {
      throw new Error("no clock");
    },
  });
  throwsCode("clock_invalid", () => failing.verifySync(good));
});

test("[G10] a clock that jumps back makes a token of then not yet valid", () => {
  let now = NOW;
  const jumping = createVerifier(config, { now: () => now });
  jumping.verifySync(token(es));
  now = NOW - 3600;
  throwsCode("issued_in_future", () => jumping.verifySync(token(es)));
});

test("[G11] the clock is read once for each verification, and never at construction", async () => {
  let reads = 0;
  const counting = createVerifier(config, {
    now: () => {
      reads += 1;
      return NOW;
    },
  });
  assert.equal(reads, 0);
  for (let call = 1; call <= 3; call += 1) {
    counting.verifySync(token(es));
    assert.equal(reads, call);
  }
  await counting.verify(token(es));
  assert.equal(reads, 4);
});

test("[G11] without a hook the clock is the runtime's, in seconds", () => {
  const now = Math.floor(Date.now() / 1000);
  const real = createVerifier(config);
  real.verifySync(token(es, { iat: now - 5, exp: now + 60 }));
  throwsCode("token_expired", () => real.verifySync(token(es, { iat: now - 500, exp: now - 60 })));
});

test("[G12] no verdict outlives its token: the same text is refused once it has expired, and an error is not kept", () => {
  let now = NOW;
  const verifying = createVerifier(config, { now: () => now });
  const text = token(es, { iat: NOW, exp: NOW + 10 });
  verifying.verifySync(text);
  now = NOW + 10 + 29;
  verifying.verifySync(text);
  now = NOW + 10 + 30;
  throwsCode("token_expired", () => verifying.verifySync(text));
  now = NOW;
  verifying.verifySync(text);
});

test("[N07] ten thousand interleaved verifications of four tenants never cross", async () => {
  const tenants = ["acme", "globex", "initech", "umbrella"];
  const texts = tenants.map((tenant_id, index) => token(index % 2 ? rs : es, { tenant_id, sub: `user-${index}` }));
  const work = Array.from({ length: 10_000 }, async (_, turn) => {
    const which = turn % tenants.length;
    if (turn % 7 === 0) await null;
    // One in ten goes all the way through the signature; the others differ before it.
    const text = turn % 10 === 0 ? texts[which] : `${texts[which]}x`;
    const outcome = await verifier.verify(text).catch((error) => error);
    if (turn % 10 !== 0) return assert.ok(outcome instanceof TollgateError);
    assert.equal(outcome.principal.tenantId, tenants[which]);
    assert.equal(outcome.principal.userId, `user-${which}`);
  });
  await Promise.all(work);
});

test("an error never holds the token, its claims or a key", () => {
  const secret = "s3cr3t-claim-value";
  const texts = [
    token(es, { exp: NOW - 3600, sub: secret }),
    token(es, { aud: secret }),
    token(es, { iss: secret }),
    token(es, {}, { kid: secret }),
    token(es, {}, { typ: secret }),
    `${token(es, { sub: secret })}x`,
  ];
  for (const text of texts) {
    let error;
    try {
      verifier.verifySync(text);
    } catch (caught) {
      error = caught;
    }
    const shown = `${error.message} ${JSON.stringify(error)} ${error.cause ?? ""}`;
    assert.doesNotMatch(shown, /s3cr3t/);
    for (const part of text.split(".")) assert.ok(!shown.includes(part));
    assert.ok(!shown.includes(es.jwk.x));
  }
});

test("a closed verifier refuses to be used", async () => {
  const closing = createVerifier(config, at(NOW));
  closing.verifySync(token(es));
  closing.close();
  closing.close();
  throwsCode("closed", () => closing.verifySync(token(es)));
  await rejectsCode("closed", closing.verify(token(es)));
  await rejectsCode("closed", closing.ready());
  verifier.verifySync(token(es));
});

test("audience null with clientIds is an explicit way out", () => {
  const clients = createVerifier(verifierConfig([es], { audience: null, clientIds: ["web"] }), at(NOW));
  clients.verifySync(token(es, { aud: undefined, client_id: "web" }));
  throwsCode("client_mismatch", () => clients.verifySync(token(es, { client_id: "other" })));
  throwsCode("config_invalid", () => createVerifier(verifierConfig([es], { audience: null })));
  assert.equal(AUDIENCE, "https://api.example");
});
