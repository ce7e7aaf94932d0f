// Tests of keys.mjs: that what it makes are keys, when they sign, which it drops, and where it refuses to write them.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { newClient, newDocument, withNext } from "./keys.mjs";
import { node, path } from "./project.mjs";

/** 2026-01-01T00:00:00Z. */
const NOW = 1_767_225_600;
const LIVES = { accessTokenSeconds: 900, familySeconds: 2_592_000 };

const folder = mkdtempSync(join(tmpdir(), "tollgate-keys-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(args, options = {}) {
  return spawnSync(node, [path("scripts", "keys.mjs"), ...args], { encoding: "utf8", ...options });
}

function made(args, options) {
  const { status, stdout, stderr } = run(args, options);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

const dates = (document) => [document.access, document.refresh].map((keys) => keys.map(({ from }) => from));
const seconds = () => Math.floor(Date.now() / 1000);

test("new makes a key for each use, whose public half is its own", () => {
  const document = made(["new"]);
  assert.deepEqual(Object.keys(document), ["access", "refresh"]);
  const [access, refresh] = [document.access, document.refresh].map(([{ from, jwk }]) => {
    assert.ok(Math.abs(from - seconds()) < 60);
    assert.deepEqual(Object.keys(jwk), ["kty", "crv", "x", "y", "d"]);
    assert.deepEqual([jwk.kty, jwk.crv], ["EC", "P-256"]);
    for (const member of ["x", "y", "d"]) assert.equal(Buffer.from(jwk[member], "base64url").length, 32);
    const { x, y } = createPublicKey(createPrivateKey({ key: jwk, format: "jwk" })).export({ format: "jwk" });
    assert.deepEqual([x, y], [jwk.x, jwk.y]);
    return jwk.d;
  });
  assert.notEqual(access, refresh);
  assert.notEqual(made(["new"]).access[0].jwk.d, access);
});

test("the date is now, the one that is asked for, or that of a next key", () => {
  assert.deepEqual(dates(made(["new", "--from", "2026-01-01T00:00:00Z"])), [[NOW], [NOW]]);
  assert.deepEqual(dates(made(["new", "--from", String(NOW)])), [[NOW], [NOW]]);
  const [[next]] = dates(made(["new", "--next"]));
  assert.ok(Math.abs(next - 3_900 - seconds()) < 60);
  for (const from of [
    "yesterday",
    "1.5",
    "",
    "99999999999999",
    "2026-01-01",
    "2026-01-01T00:00:00",
    "2026-13-01T00:00:00Z",
  ]) {
    const { status, stderr, stdout } = run(["new", "--from", from]);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^tollgate: expected --from as 2026/);
  }
});

test("add keeps what is of use and adds a next pair, 3,900 s ahead", () => {
  const first = newDocument(NOW);
  const second = withNext(first, NOW + 10, LIVES);
  assert.deepEqual(dates(second), [
    [NOW, NOW + 3_910],
    [NOW, NOW + 3_910],
  ]);
  assert.deepEqual(second.access[0], first.access[0]);
  // Just inside and just outside: an access key is of use for 1,200 s after its successor's date, a refresh key for 30 days.
  for (const [now, access, refresh] of [
    [NOW + 3_910 + 1_199, 3, 3],
    [NOW + 3_910 + 1_200, 2, 3],
    [NOW + 3_910 + 2_591_999, 2, 3],
    [NOW + 3_910 + 2_592_000, 2, 2],
  ]) {
    const third = withNext(second, now, LIVES);
    assert.deepEqual([third.access.length, third.refresh.length], [access, refresh], String(now));
    assert.equal(third.access.at(-1).from, now + 3_900);
  }
});

test("add refuses a second next key, and more keys than a document may have", () => {
  const waiting = withNext(newDocument(NOW), NOW, LIVES);
  assert.throws(() => withNext(waiting, NOW + 3_899, LIVES), /already: it signs from 2026-01-01T01:05:00Z$/);
  assert.ok(withNext(waiting, NOW + 3_900, LIVES));
  let document = newDocument(NOW);
  for (let day = 1; day < 16; day += 1) document = withNext(document, NOW + day * 86_400, LIVES);
  assert.throws(() => withNext(document, NOW + 16 * 86_400, LIVES), /refresh tokens would have more than 16 keys/);
});

test("add reads its document from stdin and goes by the configuration's lives", () => {
  const now = seconds();
  const old = newDocument(now - 7_000);
  const document = { access: [...old.access, ...newDocument(now - 2_000).access], refresh: old.refresh };
  const config = join(folder, "tollgate.json");
  const add = (tokens) => {
    writeFileSync(config, JSON.stringify({ tokens }));
    return made(["new", "--add", "--config", config], { input: JSON.stringify(document) });
  };
  assert.equal(add({ accessTokenSeconds: 3_600 }).access.length, 3);
  assert.equal(add({}).access.length, 2);
});

test("a document that is none is refused, and no part of it is shown", () => {
  const secret = newDocument(NOW).access[0].jwk.d;
  const texts = [
    "",
    "null",
    "{}",
    `{"access":[{"from":1,"jwk":{"d":"${secret}"`,
    JSON.stringify({ access: [{ from: 1, jwk: { d: secret } }], refresh: [] }),
    JSON.stringify({ ...newDocument(NOW), access: [{ from: secret, jwk: newDocument(NOW).access[0].jwk }] }),
    JSON.stringify({ ...newDocument(NOW), refresh: [] }),
  ];
  for (const input of texts) {
    const { status, stderr, stdout } = run(["new", "--add"], { input });
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^tollgate: expected a keys document on stdin/);
    assert.ok(!stderr.includes(secret));
  }
});

test("client prints a secret of 256 bits and its hash", () => {
  const { id, secret, secretHash } = made(["client", "web.app_1~x-y"]);
  assert.equal(id, "web.app_1~x-y");
  assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(secretHash, `sha256:${createHash("sha256").update(secret).digest("base64url")}`);
  assert.notEqual(newClient("web").secret, newClient("web").secret);
  for (const name of [undefined, "", "a b", "a:b", "a".repeat(65)])
    assert.throws(() => newClient(name), /a client's id/);
});

test("no key is written into the repository, and elsewhere it is", () => {
  const inside = path("scripts", "keys-test-output.json");
  for (const args of [["new"], ["client", "web"]]) {
    for (const [file, status] of [
      [inside, 1],
      [join(folder, "out.json"), 0],
    ]) {
      const out = openSync(file, "w");
      try {
        const result = run(args, { stdio: ["ignore", out, "pipe"] });
        assert.equal(result.status, status, result.stderr);
        if (status === 1) assert.match(result.stderr, /^tollgate: refusing to write a private key into the repository/);
        assert.equal(readFileSync(file, "utf8") === "", status === 1);
      } finally {
        closeSync(out);
        rmSync(file, { force: true });
      }
    }
  }
});

test("help shows how keys get to where they are used, and mistakes show help", () => {
  for (const args of [["--help"], ["help"], ["new", "--help"]]) {
    const { status, stdout } = run(args);
    assert.equal(status, 0);
    assert.match(stdout, /npm run --silent keys -- new \| npx wrangler secret put TOLLGATE_KEYS\n/);
  }
  for (const args of [
    [],
    ["old"],
    ["new", "web"],
    ["new", "--soon"],
    ["client", "a", "b"],
    ["client", "a", "--next"],
  ]) {
    const { status, stdout, stderr } = run(args);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /npm run --silent keys -- client ID/);
  }
  assert.match(run(["new", "--next", "--add"]).stderr, /take one of --from, --next and --add/);
});
