// npm run build:lambda-edge and build:authorizer, as they are called: what they write, what they say, and what they refuse. What
// the functions do is in lambda-edge.test.mjs and api-gateway's tests.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { keyServer } from "../node/support/key-server.mjs";
import { gateConfig, issuerConfig, makeKey, token } from "../node/support/tokens.mjs";
import { functions } from "./support/functions.mjs";
import { filesOf, missing } from "./support/ric.mjs";

const root = resolve(import.meta.dirname, "..", "..");
const es = makeKey("ES256", "es-1");
const folder = mkdtempSync(join(tmpdir(), "tollgate-build-"));
const place = (name) => join(folder, name);
let server;

before(async () => {
  server = await keyServer([es, { jwk: { kty: "EC", crv: "P-384", kid: "other" } }]);
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function written(name, value) {
  writeFileSync(place(name), typeof value === "string" ? value : JSON.stringify(value));
  return place(name);
}

/** Runs the command; resolves to its exit code and what it said. */
function command(kind, args, env = {}) {
  const child = spawn(process.execPath, [join(root, "scripts", "lambda.mjs"), kind, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
  }
  return new Promise((done) => child.once("close", (code) => done({ code, said })));
}

const edge = (...args) => command("lambda-edge", args);
const authorizer = (...args) => command("authorizer", args);

test("a zip is written, and its size, digest and settings are said", async () => {
  const config = written("good.json", gateConfig([es]));
  const { code, said } = await edge("--config", config, "--out", place("new/good.zip"));
  assert.equal(code, 0, said);
  assert.deepEqual(Object.keys(filesOf(place("new/good.zip"))).sort(), ["gate.wasm", "index.mjs", "tollgate.json"]);
  assert.match(said, /the core has checked the configuration/);
  assert.match(said, /good\.zip: \d+\.\d KB in \d+\.\d s/);
  const digest = createHash("sha256")
    .update(readFileSync(place("new/good.zip")))
    .digest("hex");
  assert.ok(said.includes(`sha256 ${digest}`), said);
  assert.match(said, /index\.handler, 128 MB, 5 s, in us-east-1; trigger viewer-request/);
});

test("the same configuration makes the same bytes, in any time zone", async () => {
  const config = written("same.json", gateConfig([es]));
  const digests = [];
  for (const TZ of ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"]) {
    const { code, said } = await command("lambda-edge", ["--config", config, "--out", place("same.zip")], { TZ });
    assert.equal(code, 0, said);
    digests.push(/sha256 (\w+)/.exec(said)[1]);
  }
  assert.equal(new Set(digests).size, 1);
});

test("an authorizer's zip is written for each kind of event, with what it was told", async () => {
  const config = gateConfig([es], { tenant: { required: true } });
  const file = written("authorizer.json", config);
  for (const event of ["http", "http-iam", "http-1.0", "rest", "rest-token", "websocket"]) {
    const { code, said } = await authorizer("--config", file, "--out", place("a.zip"), "--event", event);
    assert.equal(code, 0, `${event}: ${said}`);
    const document = JSON.parse(Buffer.from(filesOf(place("a.zip"))["tollgate.json"]).toString());
    assert.deepEqual(document, { config, options: { event } });
    assert.ok(statSync(place("a.zip")).size <= 300_000);
  }
  const more = ["--event", "http", "--base-path", "/v1", "--stage", "prod"];
  const { code, said } = await authorizer("--config", file, "--out", place("a.zip"), ...more);
  assert.equal(code, 0, said);
  const document = JSON.parse(Buffer.from(filesOf(place("a.zip"))["tollgate.json"]).toString());
  assert.deepEqual(document.options, { event: "http", basePath: "/v1", stage: "prod" });
});

test("keys are embedded for as long as was asked for, and those that are of no use are left out", async () => {
  const remote = issuerConfig([], { jwks: undefined, jwksUri: server.jwksUri });
  const fixed = issuerConfig([es], { issuer: "https://fixed.example" });
  const config = written("remote.json", gateConfig([], { issuers: [remote, fixed] }));
  for (const [args, seconds] of [
    [[], 7 * 86_400],
    [["--max-age", "1h"], 3_600],
    [["--max-age", "30d"], 30 * 86_400],
  ]) {
    const { code, said } = await edge("--config", config, "--out", place("keys.zip"), "--keys", "embed", ...args);
    assert.equal(code, 0, said);
    assert.match(said, /1 key of issuer https:\/\/issuer\.example, 1 left out/);
    const { embeddedKeys } = JSON.parse(Buffer.from(filesOf(place("keys.zip"))["tollgate.json"]).toString());
    assert.deepEqual(embeddedKeys.sets, [{ keys: [es.jwk] }, null]);
    const left = embeddedKeys.until - Date.now() / 1000;
    assert.ok(left > seconds - 30 && left <= seconds, `${left}`);
    assert.ok(said.includes(`used until ${new Date(embeddedKeys.until * 1000).toISOString()}`));
  }
});

/** An HTTP API's request to its authorizer, payload format 2.0, with no more than is read of it. */
function httpEvent(authorization) {
  return {
    version: "2.0",
    type: "REQUEST",
    routeArn: "arn:aws:execute-api:us-east-1:123456789012:abcdef123/$default/GET/orders",
    rawPath: "/orders",
    rawQueryString: "",
    headers: { host: "acme.api.example.com", authorization },
    requestContext: { domainName: "acme.api.example.com", http: { method: "GET", path: "/orders" }, stage: "$default" },
  };
}

test("an authorizer uses embedded keys for as long as was asked for, and then it can't decide", {
  skip: missing,
}, async () => {
  const { zip, start } = functions(after);
  const remote = issuerConfig([], { jwks: undefined, jwksUri: server.jwksUri });
  const config = gateConfig([], { issuers: [remote] });
  const file = await zip("authorizer", config, { options: { event: "http" }, embedSeconds: 2 });
  const asked = server.hits.length;
  const run = await start(file);
  const now = Math.floor(Date.now() / 1000);
  const event = httpEvent(`Bearer ${token(es, { iat: now - 10, exp: now + 600 })}`);
  const { isAuthorized, context } = await run.invoke(event);
  assert.deepEqual([isAuthorized, context.tenantId], [true, "acme"]);
  await sleep(2_100);
  await assert.rejects(run.invoke(event), { errorMessage: "tollgate: unavailable (keys_unavailable)" });
  assert.match(run.output(), /"reason":"embedded_keys_too_old"/);
  await assert.rejects(run.invoke(httpEvent("Basic YTpi")), { errorMessage: "Unauthorized" });
  assert.equal(server.hits.length, asked, "the function fetches none");
});

test("keys that can't be fetched are not embedded, and why is said", async () => {
  const gone = await keyServer([es]);
  await gone.stop();
  const remote = (jwksUri) => gateConfig([], { issuers: [issuerConfig([], { jwks: undefined, jwksUri })] });
  const embed = (config) => edge("--config", written("x.json", config), "--out", place("never.zip"), "--keys", "embed");
  const { code, said } = await embed(remote(gone.jwksUri));
  assert.equal(code, 1);
  assert.match(said, /issuers\[0\]: its key set could not be fetched \(network\): try again/);
  const needless = await embed(gateConfig([es]));
  assert.equal(needless.code, 1);
  assert.match(needless.said, /every issuer has its jwks there already: leave --keys out/);
  assert.ok(!existsSync(place("never.zip")));
});

/** Configurations with which the function could not start, and what is said of them. */
const BAD = [
  ["{", /bad\.json is no JSON/],
  ["[]", /bad\.json: expected a JSON object/],
  [gateConfig([es], { rules: undefined }), /bad\.json: .*rules/],
  [gateConfig([es], { issuers: [] }), /bad\.json: .*issuers/],
  [gateConfig([es], { more: 1 }), /bad\.json: .*more/],
  [
    JSON.stringify(gateConfig([es])).replace("{", '{"clockToleranceSeconds":1,'),
    /bad\.json: .*expected members with different names/,
  ],
  [gateConfig([es], { tokens: { issuer: "https://i.example", audience: "a" } }), /bad\.json: .*tokens: expected none/],
  [
    gateConfig([es], { issuers: [{ preset: "tollgate" }], tokens: { issuer: "https://i.example", audience: "a" } }),
    /issuers\[0\]\.preset: "tollgate" takes its keys from the memory of a token service.*jwksUri/,
  ],
];

test("a configuration with which the function could not start never ships", async () => {
  for (const [config, expected] of BAD) {
    const { code, said } = await edge("--config", written("bad.json", config), "--out", place("never.zip"));
    assert.equal(code, 1, said);
    assert.match(said, expected);
    assert.doesNotMatch(said, /\n\s+at /, "no stack");
    assert.ok(!existsSync(place("never.zip")));
  }
});

test("what an authorizer's events can't serve never ships", async () => {
  const file = written("host.json", gateConfig([es]));
  const { code, said } = await authorizer("--config", file, "--out", place("never.zip"), "--event", "rest-token");
  assert.equal(code, 1);
  assert.match(said, /host\.json: .*tenant/);
});

/** Command lines that can't be right, and what is said of them. */
const WRONG = [
  [["lambda-edge"], /--config is missing\n\nnpm run build:lambda-edge/],
  [["lambda-edge", "--config", "x.json"], /--out is missing/],
  [["lambda-edge", "--config", "x.json", "--out", "x"], /--out: expected a name that ends in \.zip/],
  [["lambda-edge", "--config", "none.json", "--out", "x.zip"], /--config: none\.json can't be read/],
  [["lambda-edge", "--config", "x", "--out", "x.zip", "--keys", "no"], /--keys: expected fetch or embed, not no/],
  [["lambda-edge", "--config", "x", "--out", "x.zip", "--max-age", "1d"], /--max-age goes with --keys embed/],
  [["lambda-edge", "--config", "x", "--out", "x.zip", "--event", "http"], /Unknown option '--event'/],
  [["authorizer", "--config", "x", "--out", "x.zip"], /--event: expected one of http, http-iam/],
  [["authorizer", "--config", "x", "--out", "x.zip", "--event", "HTTP"], /--event: expected one of/],
  [["edge"], /expected one of lambda-edge, authorizer/],
  ...["59m", "0h", "31d", "721h", "1", "1w", "1D", "1.5d", ""].map((age) => [
    ["lambda-edge", "--config", "x", "--out", "x.zip", "--keys", "embed", "--max-age", age],
    /--max-age: expected 1h to 30d/,
  ]),
];

test("a wrong command line is answered with what was expected, before anything is built", async () => {
  for (const [[kind, ...args], expected] of WRONG) {
    const { code, said } = await command(kind, args);
    assert.equal(code, 1, args.join(" "));
    assert.match(said, expected, args.join(" "));
    assert.doesNotMatch(said, /\n\s+at |build: /);
  }
});

test("--help says what there is, with an example", async () => {
  for (const kind of ["lambda-edge", "authorizer"]) {
    const { code, said } = await command(kind, ["--help"]);
    assert.equal(code, 0);
    assert.match(said, new RegExp(`\n    npm run build:${kind} -- --config tollgate\\.json --out \\w+\\.zip`));
    for (const option of ["--config", "--out", "--keys", "--max-age"]) assert.ok(said.includes(option));
  }
});
