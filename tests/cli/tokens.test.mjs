// `keygen`, `mint`, `verify` and `explain`: what they print, what they exit with, and what they never show.

import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createVerifier } from "tollgate";
import { bin, command, folderWith, serve, tollgate } from "./support/cli.mjs";

/** 2026-01-01T00:00:00Z. */
const NOW = 1_767_225_600;
const ISSUER = "https://issuer.example";
const AUTHORITY = ["--issuer", ISSUER, "--audience", "orders-api"];

const pairs = {
  ES256: (await tollgate(["keygen"])).json(),
  RS256: (await tollgate(["keygen", "--alg", "RS256"])).json(),
};
const jwks = { keys: Object.values(pairs).map((pair) => pair.public) };
const CONFIG = {
  issuers: [{ issuer: ISSUER, audience: "orders-api", algorithms: ["ES256", "RS256"], jwks }],
  tenant: { from: { path: true } },
  rules: [
    { path: "/health", public: true },
    { path: "/t/{tenant}/orders/{*rest}" },
    { path: "/t/{tenant}/reports", plans: ["pro"] },
  ],
};
const folder = folderWith({
  "key.json": pairs.ES256.private,
  "pair.json": pairs.RS256,
  "jwks.json": jwks,
  "tollgate.json": CONFIG,
});
const here = { cwd: folder };

/** A token, by the command. */
async function mint(claims = {}, ...more) {
  const given = { tenant_id: "acme", ...claims };
  const args = [
    "mint",
    "--key",
    "key.json",
    ...AUTHORITY,
    "--subject",
    "ada",
    "--now",
    String(NOW),
    "--claims",
    JSON.stringify(given),
  ];
  const { code, stdout, stderr } = await tollgate([...args, ...more], here);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

const good = await mint();

test("keygen makes pairs for both algorithms, each another one", async () => {
  for (const [algorithm, pair] of Object.entries(pairs)) {
    assert.equal(pair.public.alg, algorithm);
    assert.equal(pair.public.kid, pair.private.kid);
    assert.deepEqual([pair.public.d, pair.public.use], [undefined, "sig"]);
    assert.equal(typeof pair.private.d, "string");
  }
  assert.notEqual((await tollgate(["keygen"])).json().private.d, pairs.ES256.private.d);
  const { public: large } = (await tollgate(["keygen", "--alg", "RS256", "--bits", "3072", "--kid", "k1"])).json();
  assert.deepEqual([Buffer.from(large.n, "base64url").length, large.kid], [384, "k1"]);
});

test("keygen --out-private writes a file that only its owner reads, prints the public half, and writes over nothing", async () => {
  const args = ["keygen", "--out-private", "new.json"];
  const { stdout, json, code } = await tollgate(args, here);
  const file = join(folder, "new.json");
  const written = readFileSync(file, "utf8");
  assert.deepEqual([code, statSync(file).mode & 0o777], [0, 0o600]);
  assert.ok(!stdout.includes(JSON.parse(written).d));
  assert.equal(json().kid, JSON.parse(written).kid);
  const again = await tollgate(args, here);
  assert.deepEqual([again.code, again.stdout], [2, ""]);
  assert.equal(readFileSync(file, "utf8"), written);
});

test("keygen refuses other algorithms and sizes", async () => {
  const wrong = [
    ["--alg", "HS256"],
    ["--alg", "RS256", "--bits", "2040"],
    ["--alg", "RS256", "--bits", "4104"],
    ["--bits", "many"],
    ["--kid", ""],
  ];
  for (const args of wrong) assert.equal((await tollgate(["keygen", ...args])).code, 2, args.join(" "));
});

test("mint makes tokens that the package verifies, with a key alone and with a pair", async () => {
  const verifier = createVerifier({ issuers: CONFIG.issuers }, { now: () => NOW + 1 });
  for (const key of ["key.json", "pair.json"]) {
    const { claims, header } = verifier.verifySync(await mint({ plan: "pro" }, "--key", key));
    assert.deepEqual(
      { ...claims },
      { iss: ISSUER, aud: "orders-api", sub: "ada", iat: NOW, exp: NOW + 300, tenant_id: "acme", plan: "pro" },
    );
    assert.equal(header.typ, "JWT");
  }
});

test("mint takes claims from a file, leaves out what is null, and replaces what it would fill in", async () => {
  const cwd = folderWith({ "key.json": pairs.ES256.private, "claims.json": { exp: 7, iat: null, aud: ["a", "b"] } });
  const { json } = await tollgate(["mint", "--key", "key.json", "--claims", "claims.json", "--typ", "none", "--json"], {
    cwd,
  });
  assert.deepEqual(json().claims, { aud: ["a", "b"], exp: 7 });
  assert.deepEqual(Object.keys(json().header).sort(), ["alg", "kid"]);
});

test("mint refuses what is no private key, and shows no part of it", async () => {
  const { d } = pairs.ES256.private;
  const wrong = [
    pairs.ES256.public,
    { ...pairs.ES256.private, crv: "P-384" },
    { ...pairs.ES256.private, x: "AAAA" },
    [d],
    { d },
  ];
  for (const key of wrong) {
    const { code, stdout, stderr } = await tollgate(["mint", "--key", "-"], { input: JSON.stringify(key) });
    assert.deepEqual([code, stdout], [2, ""]);
    assert.ok(!stderr.includes(d));
  }
});

test("verify says a good token is good, and what it says", async () => {
  const time = ["--now", String(NOW + 60)];
  const spoken = await tollgate(["verify", ...time], { ...here, input: `Bearer ${good}\n` });
  assert.equal(spoken.code, 0, spoken.stderr);
  assert.match(spoken.stdout, /^good: /);
  assert.match(spoken.stdout, /tenant +acme/);
  assert.match(spoken.stdout, /expires +2026-01-01T00:05:00Z, in 240 s/);
  assert.doesNotMatch(spoken.stdout, /NOT VERIFIED/);
  const { code, json } = await tollgate(["verify", good, "--json", ...time], here);
  assert.deepEqual([code, json().good, json().principal.userId, json().claims.tenant_id], [0, true, "ada", "acme"]);
});

test("verify takes a key set as a file, as one key, and from an address", async () => {
  const at = await serve({ "/jwks.json": JSON.stringify(jwks) });
  for (const source of ["jwks.json", `${at}/jwks.json`, "pair-public.json"]) {
    const cwd = folderWith({ "jwks.json": jwks, "pair-public.json": pairs.ES256.public });
    const { code, stderr } = await tollgate(["verify", good, "--jwks", source, ...AUTHORITY, "--now", String(NOW)], {
      cwd,
    });
    assert.equal(code, 0, `${source}: ${stderr}`);
  }
});

test("verify refuses a token with the exact code, exits 1, and marks what it says as not verified", async () => {
  const [header, payload] = good.split(".");
  const cases = {
    token_expired: [good, "--now", String(NOW + 331)],
    token_not_yet_valid: [await mint({ nbf: NOW + 100 }), "--now", String(NOW)],
    audience_mismatch: [await mint({ aud: "another" }), "--now", String(NOW)],
    unknown_issuer: [await mint({ iss: "https://evil.example" }), "--now", String(NOW)],
    signature_invalid: [`${header}.${payload}.${"A".repeat(86)}`, "--now", String(NOW)],
  };
  for (const [code, [token, ...time]] of Object.entries(cases)) {
    const answer = await tollgate(["verify", token, ...time], here);
    assert.equal(answer.code, 1, `${code}: ${answer.stderr}`);
    assert.match(answer.stdout, new RegExp(`^refused: ${code}: .*\nwhat it says, NOT VERIFIED:\n`));
    const told = (await tollgate(["verify", token, "--json", ...time], here)).json();
    assert.deepEqual(
      [told.good, told.code, told.claims, typeof told.unverified.claims],
      [false, code, undefined, "object"],
    );
  }
  const rubbish = await tollgate(["verify", "a.b.c"], here);
  assert.match(rubbish.stdout, /^refused: malformed_/);
  assert.doesNotMatch(rubbish.stdout, /NOT VERIFIED/);
});

test("verify holds a token at the last second of the tolerance, and not at the next", async () => {
  assert.equal((await tollgate(["verify", good, "--now", String(NOW + 329)], here)).code, 0);
  assert.equal((await tollgate(["verify", good, "--now", String(NOW + 330)], here)).code, 1);
});

test("verify exits 2 where it can't tell: no keys, no issuer, no configuration, no token", async () => {
  const at = await serve({});
  const empty = { cwd: folderWith() };
  const cases = [
    [["verify", good], empty],
    [["verify", good, "--jwks", "jwks.json"], here],
    [["verify", good, "--jwks", "jwks.json", "--issuer", ISSUER], here],
    [["verify", good, "--jwks", `${at}/jwks.json`, ...AUTHORITY], here],
    [["verify", good, "--jwks", "absent.json", ...AUTHORITY], here],
    [["verify", good, "--jwks", "jwks.json", "--config", "tollgate.json", ...AUTHORITY], here],
    [["verify", good, "--now", "yesterday"], here],
    [["verify"], { ...here, input: "\n" }],
  ];
  for (const [args, options] of cases) {
    const { code, stdout, stderr } = await tollgate(args, options);
    assert.deepEqual([code, stdout], [2, ""], args.slice(2).join(" "));
    assert.ok(stderr.length > 0 && !stderr.includes(good));
  }
});

test("what a token holds can't steer the terminal", async () => {
  const token = await mint({ note: "\u001b[2J\u202eevil\u009b" });
  const { stdout } = await tollgate(["verify", token, "--now", String(NOW)], here);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  assert.match(stdout, /\\u202eevil\\u009b/);
});

test("explain tells the checks of a token, and shows no claim of one that does not verify", async () => {
  const passed = await tollgate(["explain", good, "--now", String(NOW)], here);
  assert.equal(passed.code, 0);
  assert.match(passed.stdout, /✔ signature/);
  const [header, payload] = (await mint({ sub: "mallory" })).split(".");
  const forged = await tollgate(["explain", "-", "--now", String(NOW)], {
    ...here,
    input: `${header}.${payload}.${"A".repeat(86)}`,
  });
  assert.equal(forged.code, 1);
  assert.match(forged.stdout, /✖ signature +signature_invalid: /);
  assert.match(forged.stdout, /· expiry +not reached/);
  assert.doesNotMatch(forged.stdout, /mallory/);
  const told = (await tollgate(["explain", good, "--json", "--now", String(NOW)], here)).json();
  assert.deepEqual([told.good, told.checks.every(({ outcome }) => outcome === "pass")], [true, true]);
});

test("explain tells the checks of a request, and decides as the gate does", async () => {
  const time = ["--now", String(NOW)];
  const at = (path) => ["--url", `https://api.example.com${path}`, ...time];
  const allowed = await tollgate(["explain", good, ...at("/t/acme/orders/7")], here);
  assert.equal(allowed.code, 0, allowed.stderr);
  assert.match(allowed.stdout, /allow, by the rule \/t\/\{tenant\}\/orders\/\{\*rest\}/);
  assert.match(allowed.stdout, /sets x-tollgate-tenant: "acme"/);
  const cases = {
    tenant_mismatch: [good, ...at("/t/globex/orders/7")],
    plan_required: [good, ...at("/t/acme/reports")],
    no_rule: [good, ...at("/admin")],
    no_credential: at("/t/acme/orders/7"),
  };
  for (const [code, args] of Object.entries(cases)) {
    const { code: exit, stdout, json } = await tollgate(["explain", ...args, "--json"], here);
    assert.deepEqual([exit, json().decision.code], [1, code], stdout);
    assert.equal(json().checks.filter(({ outcome }) => outcome === "fail").length, 1);
  }
  assert.equal((await tollgate(["explain", ...at("/health")], here)).code, 0);
  const header = ["--header", `Authorization: Bearer ${good}`];
  assert.equal((await tollgate(["explain", ...header, ...at("/t/acme/orders/7")], here)).code, 0);
  const twice = await tollgate(["explain", good, ...header, ...at("/t/acme/orders/7"), "--json"], here);
  assert.equal(twice.json().decision.code, "several_credentials");
});

test("explain tells the checks and exits 2 where there are no keys", async () => {
  const at = await serve({});
  const issuers = [{ issuer: ISSUER, audience: "orders-api", algorithms: ["ES256"], jwksUri: `${at}/jwks.json` }];
  const cwd = folderWith({ "tollgate.json": { ...CONFIG, issuers } });
  for (const request of [[], ["--url", "/t/acme/orders/7"]]) {
    const { code, stdout, stderr } = await tollgate(["explain", good, ...request, "--now", String(NOW)], { cwd });
    assert.equal(code, 2);
    assert.match(stdout, /✖ key +keys_unavailable: /);
    assert.match(stderr, /could not be fetched: status_404/);
  }
});

test("a token that comes slowly is waited for", async () => {
  const line = `(sleep 1; printf %s '${good}') | ${process.execPath} ${bin} verify --now ${NOW}`;
  assert.equal((await command("/bin/sh", ["-c", line], here)).code, 0);
});

test("explain exits 2 for a request without rules and for a field that is none", async () => {
  assert.equal((await tollgate(["explain", good, "--url", "/x", "--jwks", "jwks.json", ...AUTHORITY], here)).code, 2);
  assert.equal((await tollgate(["explain", "--url", "/x", "--header", "nothing"], here)).code, 2);
  assert.equal((await tollgate(["explain", good, "--method", "GET"], here)).code, 2);
});

test("the preset tollgate takes its keys from a file, or from its token service", async () => {
  const at = await serve({ "/.well-known/jwks.json": JSON.stringify({ keys: [pairs.ES256.public] }) });
  const tokens = {
    issuer: at,
    audience: "orders-api",
    entitlements: null,
    clients: [{ id: "web", secretHashes: [`sha256:${"A".repeat(43)}`] }],
  };
  const config = {
    issuers: [{ preset: "tollgate" }],
    tokens,
    tenant: { from: { path: true } },
    rules: [{ path: "/t/{tenant}/x" }],
  };
  const cwd = folderWith({ "tollgate.json": config, "keys.json": { keys: [pairs.ES256.public] } });
  const token = await mint({ iss: at, tid: "acme" }, "--typ", "at+jwt");
  const time = ["--now", String(NOW)];
  for (const more of [[], ["--own-keys", "keys.json"]]) {
    const verified = await tollgate(["verify", token, "--json", ...time, ...more], { cwd });
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    assert.equal(verified.json().principal.tenantId, "acme");
    assert.equal((await tollgate(["explain", token, "--url", "/t/acme/x", ...time, ...more], { cwd })).code, 0);
  }
  assert.ok(existsSync(join(cwd, "keys.json")));
});
