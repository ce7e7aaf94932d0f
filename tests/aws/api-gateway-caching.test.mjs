// cacheSettings: each rule on both sides; and what a handler's bundle holds. Asks no AWS.

import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";
import { cacheSettings, createAuthorizer } from "tollgate/api-gateway";
import { gateConfig, makeKey } from "../node/support/tokens.mjs";
import { EVENTS } from "./support/gateway-events.mjs";

const key = makeKey("ES256", "es-1");
const KINDS = Object.keys(EVENTS);
const CACHING = ["http", "http-iam", "http-1.0", "rest"];
const cookie = { name: "__Host-access_token", crossSite: "allow" };
const rules = [{ path: "/reports/{*rest}", plans: ["pro"] }, { path: "/{*rest}" }];
const config = (changes = {}) => gateConfig([key], { tenant: {}, rules, ...changes });
const settings = (event, changes, ttlSeconds = 60) => cacheSettings(config(changes), { event, ttlSeconds });
const refused = (event, changes, member, ttlSeconds) =>
  assert.throws(() => settings(event, changes, ttlSeconds), { code: "config_invalid", member }, `${event} ${member}`);

test("nothing is cached unless it is asked for, and then every request reaches the authorizer [O01]", () => {
  for (const event of KINDS) {
    const identitySources = event === "rest-token" ? ["method.request.header.Authorization"] : [];
    for (const options of [{ event }, { event, ttlSeconds: 0 }, { event, ttlSeconds: undefined }]) {
      assert.deepEqual(cacheSettings(config(), options), { identitySources, ttlSeconds: 0 });
    }
    const all = {
      credentials: { cookie: { name: "a" } },
      tenant: { from: { header: "x-tenant" } },
      rules: [{ path: "/", public: true }],
    };
    assert.deepEqual(settings(event, all, 0), { identitySources, ttlSeconds: 0 });
  }
});

test("the time is a whole number of seconds that API Gateway takes [O01]", () => {
  for (const ttlSeconds of [1, 300, 3600]) assert.equal(settings("http", {}, ttlSeconds).ttlSeconds, ttlSeconds);
  for (const ttlSeconds of [-1, 3601, 0.5, Number.NaN, Number.POSITIVE_INFINITY, "60", null, true]) {
    refused("http", {}, "options.ttlSeconds", ttlSeconds);
  }
});

test("an answer is cached by the credential, the method and the path [O02]", () => {
  for (const event of ["http", "http-iam", "http-1.0"]) {
    assert.deepEqual(settings(event), {
      identitySources: ["$request.header.authorization", "$context.httpMethod", "$context.path"],
      ttlSeconds: 60,
    });
  }
  assert.deepEqual(settings("rest"), {
    identitySources: ["method.request.header.Authorization", "context.httpMethod", "context.path"],
    ttlSeconds: 60,
  });
});

test("the requested tenant is among the identity sources, and never in the path [O02]", () => {
  for (const event of CACHING) {
    const fields = (from) =>
      settings(event, { tenant: { from } }).identitySources.map((source) => source.split(".").at(-1).toLowerCase());
    const hosts = { hosts: { "api.acme.example": "acme" } };
    assert.deepEqual(fields({ host: "{tenant}.api.example.com" }), ["authorization", "host", "httpmethod", "path"]);
    assert.deepEqual(fields(hosts), ["authorization", "host", "httpmethod", "path"]);
    assert.deepEqual(fields({ header: "X-Tenant" }), ["authorization", "x-tenant", "httpmethod", "path"]);
    const path = { tenant: { from: { path: true } }, rules: [{ path: "/{tenant}/{*rest}" }] };
    refused(event, path, "tenant.from.path");
    assert.equal(settings(event, path, 0).ttlSeconds, 0);
  }
});

test("header names are in lower case for HTTP APIs, and as they were configured for REST APIs", () => {
  const sources = (event) => settings(event, { tenant: { from: { header: "X-Tenant" } } }).identitySources.slice(0, 2);
  assert.deepEqual(sources("http"), ["$request.header.authorization", "$request.header.x-tenant"]);
  assert.deepEqual(sources("rest"), ["method.request.header.Authorization", "method.request.header.X-Tenant"]);
});

test("there is one place for the credential [O02]", () => {
  for (const event of CACHING) {
    const by = (credentials) => settings(event, { credentials }).identitySources[0].split(".").at(-1).toLowerCase();
    assert.equal(by(undefined), "authorization");
    assert.equal(by({ header: true }), "authorization");
    assert.equal(by({ header: false, cookie }), "cookie");
    refused(event, { credentials: { cookie } }, "credentials");
    refused(event, { credentials: { header: true, cookie } }, "credentials");
  }
});

test("a cookie's defence against other sites rests on fields that are no identity sources [O02]", () => {
  for (const event of CACHING) {
    settings(event, { credentials: { header: false, cookie } });
    for (const crossSite of ["refuse", undefined]) {
      const guarded = { name: cookie.name, ...(crossSite && { crossSite }) };
      refused(event, { credentials: { header: false, cookie: guarded } }, "credentials.cookie.crossSite");
    }
  }
});

test("a public rule would be refused by API Gateway itself, without the credential", () => {
  for (const event of CACHING) {
    refused(event, { rules: [...rules, { path: "/health", public: true }] }, "rules[2].public");
    settings(event, { rules: [...rules, { path: "/health", public: false }] });
    assert.throws(() => cacheSettings({}, { event, ttlSeconds: 60 }), { code: "config_invalid", member: "rules" });
  }
});

test("TOKEN and WebSocket authorizers are not cached, and an unknown kind is refused [O02]", () => {
  for (const event of ["rest-token", "websocket"]) {
    refused(event, {}, "options.ttlSeconds");
    assert.equal(settings(event, {}, 0).ttlSeconds, 0);
  }
  for (const event of ["", "alb", "constructor"]) refused(event, {}, "options.event");
});

test("the settings are JSON, as Terraform reads them, and go with an authorizer that starts", () => {
  for (const event of CACHING) {
    const read = JSON.parse(JSON.stringify(settings(event)));
    assert.deepEqual(Object.keys(read), ["identitySources", "ttlSeconds"]);
    for (const source of read.identitySources) assert.match(source, /^[$a-zA-Z.-]+$/);
    createAuthorizer(config(), { event });
  }
});

async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0].text;
}

test("a handler's bundle is below 20 kB and holds no wasm", async (t) => {
  const imports = ["requireTenant", "requireTenant, requirePermission, guarded, createGuards", "cacheSettings"];
  for (const names of imports) {
    const text = await bundled(`export { ${names} } from "tollgate/api-gateway";`);
    t.diagnostic(`${names}: ${text.length} bytes`);
    assert.ok(text.length < 20_000, names);
    assert.doesNotMatch(text, /WebAssembly|AGFzbQ|wasm/, names);
  }
  const whole = await bundled('export { createAuthorizer } from "tollgate/api-gateway";');
  assert.match(whole, /WebAssembly/);
  assert.ok(whole.length > 100_000);
});
