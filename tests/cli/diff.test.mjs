// `tollgate policy diff`: tells the requests whose answer changes, and no others.

import assert from "node:assert/strict";
import { test } from "node:test";
import { folderWith, tollgate } from "./support/cli.mjs";

/** 2026-01-01T00:00:00Z. */
const NOW = 1_767_225_600;
const ISSUER = "https://issuer.example";
const OLD = {
  issuers: [{ issuer: ISSUER, audience: "orders-api", algorithms: ["ES256"], jwksUri: `${ISSUER}/jwks.json` }],
  tenant: { from: { path: true } },
  rules: [
    { path: "/health", methods: ["GET"], public: true },
    { path: "/t/{tenant}/orders/{*rest}" },
    { path: "/t/{tenant}/reports/{*rest}", plans: ["pro"] },
  ],
};
const changed = (change) => change(structuredClone(OLD));

async function diff(next, lines, { old = OLD, args = [] } = {}) {
  const requests = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  const cwd = folderWith({ "old.json": old, "new.json": next });
  const command = [
    "policy",
    "diff",
    "old.json",
    "new.json",
    "--requests",
    "-",
    "--now",
    String(NOW),
    "--json",
    ...args,
  ];
  return tollgate(command, { cwd, input: requests });
}

const acme = { tenant_id: "acme", plan: "free" };
const LINES = [
  { method: "GET", url: "/health" },
  { method: "GET", url: "/t/acme/orders/1", claims: acme },
  { method: "GET", url: "/t/acme/reports/1", claims: acme },
  { method: "GET", url: "/t/acme/reports/1", claims: { ...acme, plan: "pro" } },
  { method: "GET", url: "/t/globex/orders/1", claims: acme },
  { method: "GET", url: "/t/acme/orders/1" },
];

test("the same policy answers nothing differently, and exits 0", async () => {
  const { code, json } = await diff(OLD, LINES);
  assert.equal(code, 0);
  assert.deepEqual(json(), { requests: 6, changed: 0, changes: [] });
});

test("with claims a request is let through as its issuer's token would be", async () => {
  const refused = await diff(
    changed((config) => ({ ...config, rules: [{ path: "/nowhere", tenant: "any" }] })),
    LINES,
  );
  const outcomes = refused.json().changes.map(({ line, old }) => [line, old.outcome, old.code]);
  assert.deepEqual(outcomes, [
    [1, "allow", undefined],
    [2, "allow", undefined],
    [3, "deny", "plan_required"],
    [4, "allow", undefined],
    [5, "deny", "tenant_mismatch"],
    [6, "deny", "no_credential"],
  ]);
});

test("a rule that asks for a plan changes the requests without it, and no others", async () => {
  const next = changed((config) => {
    config.rules[1].plans = ["pro"];
    return config;
  });
  const { code, json } = await diff(next, LINES);
  assert.equal(code, 1);
  assert.deepEqual(
    json().changes.map((change) => [change.line, change.old.outcome, change.new.code]),
    [[2, "allow", "plan_required"]],
  );
});

test("what the API is told is part of the answer, and which rule it was is not", async () => {
  const renamed = changed((config) => {
    config.rules[1].path = "/t/{tenant}/{kind}/{*rest}";
    return config;
  });
  assert.deepEqual((await diff(renamed, [LINES[1]])).json().changed, 0);
  const fewer = await diff({ ...OLD, identity: { send: ["user"] } }, LINES);
  assert.deepEqual(
    fewer.json().changes.map(({ line }) => line),
    [2, 4],
  );
  const cwd = folderWith({ "old.json": OLD, "new.json": { ...OLD, identity: { send: ["user"] } } });
  const args = ["policy", "diff", "old.json", "new.json", "--requests", "-", "--now", String(NOW)];
  const { stdout } = await tollgate(args, { cwd, input: JSON.stringify(LINES[1]) });
  assert.match(
    stdout,
    /^standard input:1 GET \/t\/acme\/orders\/1: allow -> allow, but x-tollgate-tenant: "acme" -> nothing/,
  );
});

test("an issuer that is taken out, and a claim that is read elsewhere, change answers", async () => {
  const other = "https://login.globex.example";
  const two = changed((config) => ({
    ...config,
    issuers: [...config.issuers, { ...config.issuers[0], issuer: other, tenants: ["globex"] }],
  }));
  const request = { url: "/t/globex/orders/1", claims: { iss: other, tenant_id: "globex" } };
  const gone = await diff(OLD, [request], { old: two });
  assert.deepEqual(
    gone.json().changes.map((change) => [change.old.outcome, change.new.code]),
    [["allow", "unknown_issuer"]],
  );
  const moved = changed((config) => {
    config.issuers[0].claims = { tenant: "org" };
    return config;
  });
  assert.equal((await diff(moved, [LINES[1]])).json().changes[0].new.code, "tenant_missing");
});

test("presets, algorithms and cookies are stood in for too", async () => {
  const cognito = { preset: "cognito", region: "eu-west-1", userPoolId: "eu-west-1_Ab12", clientIds: ["web"] };
  const auth0 = { preset: "auth0", domain: "example.eu.auth0.com", audience: "orders-api" };
  const rsa = { ...OLD.issuers[0], algorithms: ["RS256"], types: [null] };
  const closed = [{ path: "/nowhere", tenant: "any" }];
  for (const issuer of [cognito, auth0, rsa]) {
    const old = { ...OLD, issuers: [issuer] };
    const claims = { ...acme, org_id: "acme" };
    const { json, stderr } = await diff({ ...old, rules: closed }, [{ url: "/t/acme/orders/1", claims }], { old });
    assert.deepEqual(
      json().changes.map((change) => change.old.outcome),
      ["allow"],
      stderr,
    );
  }
  const cookies = { ...OLD, credentials: { header: false, cookie: { name: "__Host-t" } } };
  const { json } = await diff({ ...cookies, rules: closed }, [LINES[1]], { old: cookies });
  assert.deepEqual(
    json().changes.map((change) => change.old.outcome),
    ["allow"],
  );
});

test("a line may have fields and a time of its own", async () => {
  const next = { ...OLD, clockToleranceSeconds: 300 };
  const claims = { ...acme, iat: NOW, exp: NOW + 300 };
  const url = "/t/acme/orders/1";
  const lines = [
    { url, claims, now: NOW + 329 },
    { url, claims, now: NOW + 330 },
    { url, claims, now: NOW + 599 },
    { url, claims, now: NOW + 600 },
  ];
  assert.deepEqual(
    (await diff(next, lines)).json().changes.map(({ line }) => line),
    [2, 3],
  );
  const byHeader = { ...OLD, tenant: { from: { header: "x-tenant" } } };
  const sent = { url: "/t/acme/orders/1", claims: acme, headers: { "x-tenant": "globex" } };
  assert.equal((await diff(byHeader, [sent])).json().changes[0].new.code, "tenant_mismatch");
});

test("tens of thousands of requests are compared", async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) =>
    JSON.stringify({ url: index === 7 ? "/health" : `/x/${index}` }),
  );
  const { json } = await diff({ ...OLD, rules: OLD.rules.slice(1) }, lines);
  assert.deepEqual([json().requests, json().changes.map(({ line }) => line)], [20_000, [8]]);
});

test("it exits 2 for a line that is none, and for a configuration that can't be right", async () => {
  for (const line of [
    "{",
    "[]",
    '{"method":"GET"}',
    '{"url":7}',
    '{"url":"/","claim":{}}',
    '{"url":"/","now":"1"}',
    '{"url":"/","headers":{"a":7}}',
    '{"url":"/","headers":[]}',
  ]) {
    const { code, stdout, stderr } = await diff(OLD, [LINES[0], line]);
    assert.deepEqual([code, stdout], [2, ""], line);
    assert.match(stderr, /standard input:2/, line);
  }
  assert.equal((await diff({ ...OLD, rules: [] }, LINES)).code, 2);
  assert.equal((await tollgate(["policy", "diff", "-", "-", "--requests", "x"])).code, 2);
});
