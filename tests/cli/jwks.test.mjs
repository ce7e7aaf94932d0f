// `tollgate jwks inspect`: each fault of a key set is found, and no key is shown.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { serve, tollgate } from "./support/cli.mjs";

const ec = (await tollgate(["keygen"])).json();
const rsa = (await tollgate(["keygen", "--alg", "RS256"])).json();
const another = (await tollgate(["keygen", "--kid", ec.public.kid])).json();

const rsaOf = (bits) => ({
  ...generateKeyPairSync("rsa", { modulusLength: bits }).publicKey.export({ format: "jwk" }),
  kid: "r",
  alg: "RS256",
  use: "sig",
});
const without = (key, name) => Object.fromEntries(Object.entries(key).filter(([member]) => member !== name));

async function inspect(document, ...options) {
  const input = typeof document === "string" ? document : JSON.stringify(document);
  const answer = await tollgate(["jwks", "inspect", "-", "--json", ...options], { input });
  return { ...answer, ...(answer.stdout === "" ? {} : answer.json()) };
}

test("a good set has nothing to be said of it", async () => {
  const { code, findings, keys } = await inspect({ keys: [ec.public, rsa.public] });
  assert.deepEqual(findings, []);
  assert.equal(code, 0);
  assert.deepEqual(
    keys.map(({ alg, bits, usable }) => [alg, bits, usable]),
    [
      ["ES256", 256, true],
      ["RS256", 2048, true],
    ],
  );
});

/** A modulus that a ROCA-weak generator could have made: 1 modulo the small primes that the fingerprint looks at. */
function rocaModulus() {
  let product = 1n;
  for (let prime = 3n; prime <= 167n; prime += 2n) if (isPrime(prime)) product *= prime;
  let modulus = 1n << 2047n;
  modulus += product - (modulus % product) + 1n;
  if (modulus % 2n === 0n) modulus += product;
  return Buffer.from(modulus.toString(16), "hex").toString("base64url");
}

function isPrime(number) {
  for (let by = 3n; by * by <= number; by += 2n) if (number % by === 0n) return false;
  return true;
}

const FAULTS = [
  ["an RSA key of 1024 bits", { keys: [ec.public, rsaOf(1024)] }, 1, "error", /weak: n must have at least 2048 bits/],
  [
    "an RSA key of 4104 bits",
    { keys: [ec.public, { ...rsa.public, n: Buffer.alloc(513, 0xff).toString("base64url") }] },
    1,
    "error",
    /too large/,
  ],
  ["a key of a ROCA-weak generator", { keys: [ec.public, { ...rsa.public, n: rocaModulus() }] }, 1, "error", /ROCA/],
  ["an even e", { keys: [ec.public, { ...rsa.public, e: "AAAE" }] }, 1, "error", /e must be odd|minimal/],
  ["another e than 65537", { keys: [{ ...rsa.public, e: "Aw" }] }, 0, "warning", /another e than 65537/],
  ["a private key", { keys: [ec.public, rsa.private] }, 1, "error", /must stay secret: d, p, q, dp, dq, qi/],
  [
    "a symmetric key",
    { keys: [ec.public, { kty: "oct", k: "c2VjcmV0LXNlY3JldA", kid: "s", alg: "HS256", use: "sig" }] },
    1,
    "error",
    /must stay secret: k/,
  ],
  [
    "two keys of one kid",
    { keys: [ec.public, another.public] },
    1,
    "error",
    /has the kid of key 0, which is another key/,
  ],
  ["a key twice", { keys: [ec.public, { ...ec.public, kid: "again" }] }, 1, "warning", /is the same key as key 0/],
  ["a key without alg", { keys: [without(ec.public, "alg")] }, 0, "warning", /has no alg/],
  ["a key without kid", { keys: [without(ec.public, "kid")] }, 0, "warning", /has no kid/],
  ["a key without use", { keys: [without(ec.public, "use")] }, 0, "warning", /has no use/],
  ["a key for encryption", { keys: [ec.public, { ...rsa.public, use: "enc" }] }, 1, "warning", /not for signatures/],
  [
    "a key of another curve",
    { keys: [ec.public, { ...ec.public, kid: "c", crv: "P-384" }] },
    1,
    "warning",
    /not supported/,
  ],
  [
    "a key of another type",
    { keys: [ec.public, { kty: "OKP", crv: "Ed25519", x: "AA", kid: "o", alg: "EdDSA", use: "sig" }] },
    1,
    "warning",
    /not supported/,
  ],
  [
    "a point that is on no curve",
    { keys: [rsa.public, { ...ec.public, y: ec.public.x }] },
    1,
    "error",
    /point on P-256/,
  ],
  ["what is no key", { keys: [ec.public, "key"] }, 1, "error", /must be an object/],
  [
    "a set over the limit",
    { keys: [{ ...ec.public, x5c: ["A".repeat(64 * 1024)] }] },
    null,
    "error",
    /a verifier takes 65536/,
  ],
  [
    "a hundred and one keys",
    { keys: Array.from({ length: 101 }, (_, index) => ({ ...ec.public, kid: `k${index}` })) },
    null,
    "error",
    /101 keys/,
  ],
  ["no usable key", { keys: [] }, null, "error", /no usable key/],
  ["no set at all", { jwks_uri: "https://issuer.example/jwks.json" }, null, "error", /is no key set/],
  ["one key in the place of a set", ec.public, null, "warning", /one key and no set/],
];

for (const [name, document, key, severity, problem] of FAULTS) {
  test(`inspect finds ${name}`, async () => {
    const { code, findings, stdout, stderr } = await inspect(document);
    assert.equal(code, 1, stderr);
    const found = findings.find((finding) => finding.key === key && problem.test(finding.problem));
    assert.ok(found, JSON.stringify(findings, null, 2));
    assert.equal(found.severity, severity);
    assert.ok(found.mend.length > 0);
    for (const secret of [ec.private.d, rsa.private.d, rsa.private.p, "c2VjcmV0LXNlY3JldA", rsa.public.n]) {
      assert.ok(!stdout.includes(secret), "a part of a key is printed");
    }
  });
}

test("at the limits nothing is said: 2048 and 4096 bits, 100 keys, 64 KiB", async () => {
  const keys = Array.from({ length: 100 }, (_, index) => ({ kty: "EC", index }));
  const sized = { keys: [ec.public], filler: "" };
  sized.filler = "A".repeat(64 * 1024 - JSON.stringify(sized).length);
  assert.deepEqual((await inspect({ keys: [rsaOf(4096)] })).findings, []);
  assert.deepEqual((await inspect(sized)).findings, []);
  assert.ok(!(await inspect({ keys })).findings.some(({ problem }) => /100 keys|101/.test(problem)));
});

test("--errors-only leaves out what does no harm", async () => {
  const { code, findings } = await inspect({ keys: [without(ec.public, "alg")] }, "--errors-only");
  assert.deepEqual([code, findings], [0, []]);
});

test("inspect fetches an address, and says when it can't", async () => {
  const at = await serve({ "/jwks.json": JSON.stringify({ keys: [ec.public] }) });
  const fetched = await tollgate(["jwks", "inspect", `${at}/jwks.json`]);
  assert.deepEqual([fetched.code, /^key 0: ES256, 256 bits, kid /.test(fetched.stdout)], [0, true]);
  assert.match(fetched.stderr, /1 key, \d+ bytes; all is well/);
  for (const source of [`${at}/absent`, "http://issuer.example/jwks.json", "absent.json"]) {
    const { code, stdout } = await tollgate(["jwks", "inspect", source]);
    assert.deepEqual([code, stdout], [2, ""], source);
  }
  assert.equal((await inspect("{")).code, 2);
});
