// `tollgate lint` finds each planted mistake, names its member, place and mend, and says nothing of good configurations.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { createGate } from "tollgate";
import { createTokens, memoryStore } from "tollgate/tokens";
import { folderWith, tollgate } from "./support/cli.mjs";
import { BASE, DOUBTFUL, MISTAKES, TOKENS } from "./support/mistakes.mjs";

async function lint(text, ...options) {
  const { code, stdout, stderr } = await tollgate(["lint", "-", "--json", ...options], { input: text });
  assert.ok(code === 0 || code === 1, stderr);
  const { findings, more, ...rest } = JSON.parse(stdout);
  return { code, findings, more, ...rest };
}

test("there are at least 40 mistakes, each another one", () => {
  assert.ok(MISTAKES.length >= 40, String(MISTAKES.length));
  assert.equal(new Set(MISTAKES.map(({ text }) => text)).size, MISTAKES.length);
});

for (const { name, text, member, mend, also, line, column, severity } of [...MISTAKES, ...DOUBTFUL]) {
  test(`lint finds ${name}`, async () => {
    const { code, findings, more } = await lint(text);
    assert.equal(code, 1);
    // Behind a text without its end nobody knows what was meant.
    assert.equal(more, name === "a text without its end");
    const found = findings.find((finding) => finding.member === member);
    assert.ok(found, `${member} is not among ${JSON.stringify(findings, null, 2)}`);
    assert.match(found.mend, mend);
    assert.equal(found.severity, severity);
    assert.deepEqual({ line: found.line, column: found.column }, { line, column });
    assert.ok(found.problem.length > 0);
    // Nothing is said that is not so, because of the mistake or of how lint looks past it.
    assert.deepEqual(findings.map((finding) => finding.member).sort(), [member, ...also].sort());
  });
}

test("lint finds ten mistakes in one file, and each once", async () => {
  const planted = [
    ['"audience": "orders-api"', '"audiance": "orders-api"', "issuers[0].audiance"],
    ['"algorithms": ["ES256"]', '"algorithms": ["ES256", "none"]', "issuers[0].algorithms[1]"],
    ['"preset": "cognito"', '"preset": "cognitoo"', "issuers[1].preset"],
    ['"clockToleranceSeconds": 30', '"clockToleranceSeconds": -1', "clockToleranceSeconds"],
    ['"seconds": 60', '"seconds": 0', "verifiedTokenCache.seconds"],
    ['"{tenant}.api.example.com"', '"*.api.example.com"', "tenant.from.host"],
    ['"path": "/me"', '"path": "me"', "rules[1].path"],
    ['"plans": ["pro"]', '"plans": "pro"', "rules[2].plans"],
    ['"methods": ["POST"]', '"methods": ["Post"]', "rules[3].methods"],
    ['"url": "https://origin.internal.example"', '"url": "origin.internal.example"', "upstream.url"],
  ];
  let text = BASE;
  for (const [from, to] of planted) text = text.replace(from, to);
  const { findings } = await lint(text);
  // Without its audience, misspelt as it is, the first issuer lacks one.
  const members = [...planted.map(([, , member]) => member), "issuers[0].audience"];
  assert.deepEqual(findings.map(({ member }) => member).sort(), members.sort());
  for (const { mend, severity } of findings) assert.ok(mend.length > 0 && severity === "error");
});

test("lint finds each wrong key of a set, and shows none of it", async () => {
  const pair = (await tollgate(["keygen"])).json();
  const other = (await tollgate(["keygen"])).json();
  const jwks = { keys: [pair.public, other.private, { kty: "EC", crv: "P-384", x: "AA", y: "AA" }] };
  const config = JSON.parse(BASE);
  delete config.issuers[0].jwksUri;
  const { findings, code } = await lint(JSON.stringify({ ...config, issuers: [{ ...config.issuers[0], jwks }] }));
  assert.equal(code, 1);
  assert.deepEqual(
    findings.map(({ member }) => member),
    ["issuers[0].jwks.keys[1]", "issuers[0].jwks.keys[2]"],
  );
  assert.match(findings[0].mend, /make a new key/);
  assert.ok(!JSON.stringify(findings).includes(other.private.d));
});

const { demonstrationConfig } = await import(pathToFileURL(join(process.env.TOLLGATE_ROOT, "demo", "config.mjs")));

/** Documents of the repository, and what else people write. */
function goodConfigurations() {
  const read = (name) => readFileSync(join(process.env.TOLLGATE_ROOT, name), "utf8");
  const block = (file, name) => read(file).match(new RegExp(`\`\`\`json ${name}\n([\\s\\S]*?)\`\`\``))[1];
  const issuer = {
    issuer: "https://issuer.example",
    audience: "orders-api",
    algorithms: ["ES256"],
    jwksUri: "https://issuer.example/jwks.json",
  };
  const rules = [{ path: "/{*rest}" }];
  const many = (number, make) => Array.from({ length: number }, (_, index) => make(index));
  return {
    "the README's": block("README.md", "tollgate.json"),
    "the repository's": read("tollgate.json"),
    "CONFIGURATION.md's verifier": block("docs/CONFIGURATION.md", "verifier"),
    "CONFIGURATION.md's gate": block("docs/CONFIGURATION.md", "gate"),
    "aws.md's for Cognito": block("docs/aws.md", "cognito"),
    "aws.md's for Auth0": block("docs/aws.md", "auth0"),
    "TOKENS.md's": block("docs/TOKENS.md", "tokens"),
    "init's for Workers": read("js/cli/templates/workers/tollgate.json"),
    "init's for API Gateway": read("js/cli/templates/api-gateway/tollgate.json"),
    "the base of the mistakes": BASE,
    "the base of the mistakes with tokens": TOKENS,
    "a preset of Auth0 alone": {
      issuers: [{ preset: "auth0", domain: "example.eu.auth0.com", audience: "orders-api" }],
      rules,
    },
    "a preset of Cognito with ID tokens": {
      issuers: [
        { preset: "cognito", region: "us-east-1", userPoolId: "us-east-1_Ab12", clientIds: ["web"], tokenUse: ["id"] },
      ],
      rules,
    },
    "that of the demonstration": demonstrationConfig(JSON.parse(read("tollgate.json")), {
      issuer: "http://127.0.0.1:8788",
      jwksUri: "http://127.0.0.1:8788/jwks.json",
    }),
    "plans where the API keeps tenants apart": {
      issuers: [issuer],
      tenant: {},
      rules: [{ path: "/{*rest}", plans: ["pro"] }],
    },
    "the tenant in a header": { issuers: [issuer], tenant: { from: { header: "x-tenant" } }, rules },
    "any origin without cookies": { issuers: [issuer], cors: { origins: ["*"] }, rules },
    "a page on this machine": { issuers: [issuer], cors: { origins: ["http://localhost:5173"] }, rules },
    "cookies alone": { issuers: [issuer], credentials: { header: false, cookie: { name: "__Host-t" } }, rules },
    "a public path below a closed one": {
      issuers: [issuer],
      rules: [...rules, { path: "/assets/{*rest}", public: true }],
    },
    "twenty thousand rules": {
      issuers: [issuer],
      tenant: { from: { path: true } },
      rules: many(20_000, (index) => ({ path: `/t/{tenant}/r${index}/{*rest}`, plans: [`plan-${index}`] })),
    },
    "ten thousand issuers and hosts": {
      issuers: many(10_000, (index) => ({
        ...issuer,
        issuer: `https://issuer-${index}.example`,
        tenants: [`t${index}`],
      })),
      tenant: { from: { hosts: Object.fromEntries(many(10_000, (index) => [`api.t${index}.example`, `t${index}`])) } },
      rules,
    },
  };
}

const good = Object.entries(goodConfigurations());

test("there are at least 20 good configurations", () => assert.ok(good.length >= 20, String(good.length)));

for (const [name, config] of good) {
  test(`lint complains about nothing in ${name}`, async () => {
    const { code, findings } = await lint(typeof config === "string" ? config : JSON.stringify(config));
    assert.deepEqual(findings, []);
    assert.equal(code, 0);
  });
}

test("lint complains about no configuration in any of the documents", async () => {
  const root = process.env.TOLLGATE_ROOT;
  const names = readdirSync(join(root, "docs"), { recursive: true }).filter((name) => name.endsWith(".md"));
  const files = ["README.md", ...names.map((name) => join("docs", name))];
  const documents = files.flatMap((name) => {
    const blocks = readFileSync(join(root, name), "utf8").matchAll(/^```json[^\n]*\n([\s\S]*?)^```$/gm);
    return [...blocks].map(([, text]) => ({ name, text })).filter(({ text }) => text.includes('"issuers"'));
  });
  assert.ok(documents.length >= 6, String(documents.length));
  for (const { name, text } of documents) assert.deepEqual((await lint(text)).findings, [], name);
});

test("lint prints a line a problem, with file, line and column, and exits 1", async () => {
  const cwd = folderWith({ "tollgate.json": BASE.replace('"ES256"', '"HS256"').replace('"__Host-token"', '"token"') });
  const { code, stdout, stderr } = await tollgate(["lint"], { cwd });
  const [first, second, end] = stdout.split("\n");
  assert.match(first, /^tollgate\.json:6:22 issuers\[0\]\.algorithms\[0\]: expected ES256 or RS256; write /);
  assert.match(second, /^tollgate\.json:15:\d+ warning: credentials\.cookie\.name: /);
  assert.equal(end, "");
  assert.match(stderr, /1 problem, 1 warning/);
  assert.equal(code, 1);
  const errorsOnly = await tollgate(["lint", "tollgate.json", "--errors-only"], { cwd });
  assert.doesNotMatch(errorsOnly.stdout, /warning/);
});

test("lint says what a document is the configuration of, and takes another word for it", async () => {
  const verifier = { issuers: JSON.parse(BASE).issuers };
  const read = await lint(JSON.stringify(verifier));
  assert.deepEqual([read.kind, read.code], ["verifier", 0]);
  const asked = await lint(JSON.stringify(verifier), "--kind", "gate");
  assert.deepEqual(
    asked.findings.map(({ mend }) => /add "rules"/.test(mend)),
    [true],
  );
  assert.deepEqual((await lint(BASE)).anyTenant, ["/me"]);
});

test("lint refuses what is no configuration at all", async () => {
  for (const text of ["", "[]", "7", "null"]) {
    const { code, findings } = await lint(text);
    assert.equal(code, 1, text);
    assert.ok(findings.length > 0, text);
  }
  const marked = await lint(`\uFEFF${BASE}`);
  assert.deepEqual(
    marked.findings.map(({ mend }) => mend),
    ["save it as UTF-8 without one"],
  );
  const proto = await lint(BASE.replace('"identity"', '"__proto__": {}, "identity"'));
  assert.deepEqual(
    proto.findings.map(({ member }) => member),
    ["__proto__"],
  );
});

test("lint exits 2 when it is called wrongly or can't read the file", async () => {
  for (const args of [
    ["lint", "absent.json"],
    ["lint", "--kind", "worker"],
    ["lint", "--nothing"],
    ["lint", "a", "b"],
  ]) {
    const { code, stdout, stderr } = await tollgate(args, { cwd: folderWith() });
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
    assert.ok(stderr.length > 0);
  }
});

test("what docs/CLI.md shows of lint is what it prints, and the request there is one", async () => {
  const manual = readFileSync(join(process.env.TOLLGATE_ROOT, "docs", "CLI.md"), "utf8");
  const shown = manual.match(/```text\n(tollgate\.json:[\s\S]*?)```/)[1];
  const text = BASE.replace('"ES256"', '"HS256"').replace('"__Host-token"', '"token"');
  const cwd = folderWith({ "tollgate.json": text, "good.json": BASE });
  assert.equal((await tollgate(["lint"], { cwd })).stdout, shown);
  const input = manual.match(/```json request\n([\s\S]*?)```/)[1];
  const diff = await tollgate(["policy", "diff", "good.json", "good.json", "--requests", "-"], { cwd, input });
  assert.equal(diff.code, 0, diff.stderr);
});

test("lint ends where a text is nested without end, and other commands too", async () => {
  const endless = "[".repeat(200_000);
  const { code, findings } = await lint(endless);
  assert.deepEqual([code, findings.map(({ line, column }) => [line, column])], [1, [[1, 101]]]);
  assert.equal((await tollgate(["jwks", "inspect"], { input: endless })).code, 2);
});

/** A dated key as the token service wants it, and its public half. */
async function datedKey() {
  const pair = (await tollgate(["keygen"])).json();
  const { kty, crv, x, y, d } = pair.private;
  return { dated: [{ from: 1, jwk: { kty, crv, x, y, d } }], published: pair.public };
}

const [access, refresh] = [await datedKey(), await datedKey()];
const keysDocument = JSON.stringify({ access: access.dated, refresh: refresh.dated });

/** The same sequence each time. */
function sequence(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What no member should be, and what some should. */
const VALUES = [
  "null",
  "true",
  "0",
  "-1",
  "1.5",
  '""',
  '"x"',
  '"/a"',
  '"any"',
  "[]",
  "{}",
  '[""]',
  "[null]",
  '{"a":1}',
  '["*"]',
];

/** Replaces, renames, doubles or takes away something. */
function changed(document, random) {
  const places = [];
  const visit = (outer) => {
    for (const name of Object.keys(outer)) {
      places.push([outer, name]);
      if (typeof outer[name] === "object" && outer[name] !== null) visit(outer[name]);
    }
  };
  visit(document);
  const [outer, name] = places[random(places.length)];
  const way = random(4);
  if (way === 0 && Array.isArray(outer)) outer.splice(Number(name), 1);
  else if (way === 0) delete outer[name];
  else if (way === 1 && Array.isArray(outer)) outer.push(structuredClone(outer[name]));
  else if (way === 1) outer[`${name}x`] = outer[name];
  else outer[name] = JSON.parse(VALUES[random(VALUES.length)]);
}

test("of a hundred random documents lint refuses what the core refuses, and says nothing of its own making", async () => {
  const random = sequence(20_260_101);
  for (const text of [BASE, TOKENS]) assert.equal(await coreTakes(JSON.parse(text)), true);
  for (let number = 0; number < 100; number += 1) {
    const document = JSON.parse(number % 4 === 0 ? TOKENS : BASE);
    for (let times = 0; times <= random(4); times += 1) changed(document, random);
    const text = JSON.stringify(document, null, 1);
    const { findings, more, code } = await lint(text, "--kind", "gate");
    const errors = findings.filter(({ severity }) => severity === "error");
    assert.deepEqual([errors.length === 0, more], [await coreTakes(document), false], text);
    assert.equal(code, findings.length === 0 ? 0 : 1);
    assert.doesNotMatch(JSON.stringify(findings), /lint[.-]/, text);
  }
});

/** Whether a gate can be made, and the token service beside it, where there is one. */
async function coreTakes(document) {
  try {
    const ownKeys = { keys: [access.published] };
    createGate(document, { ownKeys }).close();
    const entitlements =
      typeof document.tokens?.entitlements === "object" && document.tokens.entitlements !== null ? () => null : null;
    if (document.tokens != null)
      createTokens(document, { keys: keysDocument, store: memoryStore(), entitlements }).close();
    return true;
  } catch (error) {
    assert.equal(error.code, "config_invalid");
    return false;
  }
}
