// What runs the guides fails when a guide is wrong: a mistake of each kind, and beside it the same without the mistake.

import assert from "node:assert/strict";
import { test } from "node:test";
import { answers, needs, steps } from "./support/guide.mjs";
import { judge } from "./support/judge.mjs";

const block = (info, ...lines) => [`\`\`\`${info}`, ...lines, "```", ""].join("\n");
const none = () => assert.fail("no other guide is read");
const right = (text, readGuide = none) => judge(text, readGuide);
const wrong = (text, message) => assert.rejects(judge(text, none), message);

const policy = (path) =>
  block(
    "json tollgate.json",
    `{ "issuers": [{ "issuer": "https://issuer.example", "audience": "api", "algorithms": ["ES256"], "jwksUri": "https://issuer.example/jwks.json" }],`,
    `  "tenant": { "required": false }, "rules": [{ "path": "${path}" }] }`,
  );

test("a block of an unknown kind is a failure, and so is one that is indented or never closed", () => {
  for (const info of [
    "",
    "js",
    "js server.ts",
    "js a.mjs again",
    "bash",
    "json",
    "json ../tollgate.json",
    "sh run.sh",
    "yaml a.yml",
  ]) {
    assert.throws(() => steps(block(info, "x")), /no known kind of block/, info);
  }
  assert.throws(() => steps(" ```sh\n ls\n ```\n"), /indented/);
  assert.throws(() => steps("```sh\nls\n"), /never closed/);
  assert.deepEqual(
    steps(block("sh", "ls")).map(({ kind, line }) => [kind, line]),
    [["shell", 1]],
  );
});

test("a block that goes on continues the file of that name, and no other", () => {
  const text = block("js a.mjs", "const a = 1;") + block("js a.mjs continued", "console.log(a); // → 1");
  assert.equal(steps(text)[1].body, "const a = 1;\n\nconsole.log(a); // → 1\n");
  assert.throws(() => steps(block("js b.mjs continued", "1;")), /not there to be continued/);
});

test("a module must print what stands behind its arrows, on that line", async () => {
  await right(block("js a.mjs", "for (const one of [1, 2]) console.log(one); // → 1, then 2"));
  await right(block("js a.mjs", "const a = 1;") + block("js a.mjs continued", "console.log(a); // → 1"));
  await wrong(block("js a.mjs", "console.log(1); // → 2"), /a\.mjs:1/);
  await wrong(block("js a.mjs", "const nothing = 1; // → 1"), /a\.mjs:1/);
  await wrong(block("js a.mjs", "console.log(1);", "console.log(2); // → 1"), /a\.mjs:2/);
});

test("a module that throws is a failure, and so is one that asks the network, whatever becomes of it", async () => {
  await wrong(block("js a.mjs", "throw new Error('no')"), /exited with 1/);
  await wrong(block("js a.mjs", "await fetch('https://issuer.example').catch(() => {});"), /asked the network/);
});

test("a file of tests fails when one of its tests does", async () => {
  const file = (is) =>
    block(
      "js a.test.mjs",
      "import { test } from 'node:test';",
      `test('a', () => { if (!${is}) throw new Error('no'); });`,
    );
  await right(file(true));
  await wrong(file(false), /exited with 1/);
});

test("a server is stopped when it listens, and what it printed until then counts", async () => {
  const server = [
    "import { createServer } from 'node:http';",
    "console.log('up'); // → UP",
    "createServer().listen(8080, '127.0.0.1');",
  ];
  await right(block("js a.mjs", ...server).replace("UP", "up"));
  await wrong(block("js a.mjs", ...server), /a\.mjs:2/);
});

test("a configuration must start a gate", async () => {
  await right(policy("/{*rest}"));
  await wrong(policy("orders"), { code: "config_invalid" });
});

const row = (request, token, answer) =>
  `| request | token | answer |\n|---|---|---|\n| ${request} | ${token} | ${answer} |\n`;

test("each row of a table of answers is what the gate above it says", async () => {
  const gate = policy("/orders");
  const url = "`GET https://api.example/orders`";
  await right(`${gate}\n${row(url, "`{}`", "allow")}`);
  await right(`${gate}\n${row(url, "none", "401 `no_credential`")}`);
  await right(`${gate}\n${row(`${url} \`authorization: Basic x\``, "none", "401 `no_credential`")}`);
  await right(`${gate}\n${row(url, '`{ "aud": "other" }`', "401 `audience_mismatch`")}`);
  await wrong(`${gate}\n${row(url, "`{}`", "401 `no_credential`")}`, /GET https/);
  await wrong(`${gate}\n${row(url, "none", "allow")}`, /GET https/);
  await wrong(row(url, "none", "allow"), /below a configuration/);
  assert.deepEqual(answers(row("`GET /a` `x-tenant: b`", "none", "allow"))[0].headers, { "x-tenant": "b" });
});

test("a command must exist, exit with 0 and print what stands behind its arrow", async () => {
  await right(block("sh", "A=$(echo 1)", "echo $A # → 1", "echo two \\", "  three # → two three"));
  await right(block("sh", "A=1") + block("sh", "echo $A # → 1"));
  await right(block("sh", "node -e 'process.exit(3)' # → (exit code 3)"));
  await wrong(block("sh", "echo 1 # → 2"), /expected 2/);
  await wrong(block("sh", "node -e 'process.exit(3)'"), /3 !== 0/);
  await wrong(block("sh", "npm run nothing-of-this-name"), /no such command/);
  await wrong(block("sh", "npx nothing"), /no such command/);
  await wrong(block("sh", "npm install something"), /this package/);
});

test("a server that a command starts is there for the next commands", async () => {
  const server =
    "import { createServer } from 'node:http'; createServer((_, answer) => answer.end('yes')).listen(8080, '127.0.0.1');";
  const lines = ["node a.mjs &", "curl -s http://127.0.0.1:8080/ # → yes"];
  await right(block("js a.mjs", server) + block("sh", ...lines));
});

test("types must compile, strictly", async () => {
  await right(block("ts a.ts", "export const a: number = 1;"));
  await wrong(block("ts a.ts", "export const a: number = 'one';"), /TS2322/);
});

test("wrangler.toml must be one that wrangler reads, of a Worker that is there", async () => {
  const toml = block("toml wrangler.toml", 'name = "api"', 'main = "worker.mjs"', 'compatibility_date = "2026-10-01"');
  await right(block("js worker.mjs", "export default {};") + toml);
  await wrong(toml, /that is there/);
});

test("a guide takes files of another by name", async () => {
  const text = `<!-- needs one.mjs of other.md -->\n\n${block("js a.mjs", "import { one } from './one.mjs';", "console.log(one); // → 1")}`;
  assert.deepEqual(needs(text), [{ file: "one.mjs", guide: "other.md" }]);
  await right(text, () => block("js one.mjs", "export const one = 1;"));
  await assert.rejects(
    right(text, () => ""),
    /there is no one\.mjs/,
  );
});
