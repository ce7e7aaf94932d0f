// No identity header of a client reaches the origin, under no spelling and on no path. What does reach it round-trips.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { parseString, parseStringList } from "../../demo/orders/fields.ts";
import { behindUrl, reader, startGate, startIssuer, startOrigin, stopAfter } from "./support/gate.mjs";
import { bearer, send } from "./support/http.mjs";

const keep = stopAfter(after);
let issuer;
let origin;
let gate;
/** No `cors`: preflights go upstream. */
let open;

before(async () => {
  issuer = keep(await startIssuer());
  origin = keep(await startOrigin());
  const identity = { send: ["user", "tenant", "plan", "permissions", "email", "groups"] };
  gate = keep(await startGate(behindUrl(issuer, origin, { identity })));
  const { cors: _, ...config } = behindUrl(issuer, origin, { identity });
  open = keep(await startGate(config));
});
beforeEach(() => {
  origin.hits.length = 0;
});

const NAMES = ["user", "client", "tenant", "plan", "permissions", "email", "groups", "proof", "anything"];
/** Every way to write a name that some origin folds into x-tollgate-…. */
const SPELLINGS = [
  (name) => `x-tollgate-${name}`,
  (name) => `X-Tollgate-${name[0].toUpperCase()}${name.slice(1)}`,
  (name) => `X-TOLLGATE-${name.toUpperCase()}`,
  (name) => `x_tollgate_${name}`,
  (name) => `X-Tollgate_${name}`,
  (name) => `x_tollgate-${name}`,
  (name) => `X_TOLLGATE_${name.toUpperCase()}`,
];
const LIES = NAMES.flatMap((name) =>
  SPELLINGS.flatMap((spell) => [
    [spell(name), "evil"],
    [spell(name), '"evil"'],
  ]),
);

const PREFLIGHT = [
  ["origin", "https://app.example.com"],
  ["access-control-request-method", "GET"],
];

/** Header counts are limited, so the lies go in portions. */
function portions() {
  const out = [];
  for (let at = 0; at < LIES.length; at += 60) out.push(LIES.slice(at, at + 60));
  return out;
}

/** What of the origin's request came from the client's lies. */
const lied = () => origin.hits.flatMap(({ rawHeaders }) => rawHeaders.filter((text) => text.includes("evil")));

const fold = (name) => name.toLowerCase().replaceAll("_", "-");

test("they are stripped on a normal path, and ours stand alone [M01] [M02]", async () => {
  for (const lies of portions()) {
    const headers = [...lies, bearer(issuer.token(reader())), ...lies.slice(0, 10)];
    assert.equal((await send(gate.port, { target: "/orders", headers })).status, 200);
  }
  assert.deepEqual(lied(), []);
  for (const { rawHeaders } of origin.hits) {
    const ours = rawHeaders
      .filter((_, index) => index % 2 === 0)
      .map(fold)
      .filter((name) => name.startsWith("x-tollgate-"));
    assert.deepEqual(
      ours.sort(),
      ["permissions", "plan", "tenant", "user"].map((name) => `x-tollgate-${name}`),
    );
  }
});

test("they are stripped on a public path [M01]", async () => {
  for (const lies of portions())
    assert.equal((await send(gate.port, { target: "/health", headers: lies })).status, 200);
  assert.equal(origin.hits.length, portions().length);
  assert.deepEqual(lied(), []);
});

test("they are stripped on a preflight that goes upstream, and so is the credential [M01] [L13]", async () => {
  const token = issuer.token(reader());
  for (const lies of portions()) {
    const headers = [...lies, ...PREFLIGHT, bearer(token), ["cookie", `__Host-access_token=${token}`]];
    assert.equal((await send(open.port, { method: "OPTIONS", target: "/orders", headers })).status, 200);
  }
  assert.equal(origin.hits.length, portions().length);
  assert.deepEqual(lied(), []);
  for (const { headers } of origin.hits) {
    assert.equal(headers.authorization, undefined);
    assert.equal(headers.cookie, undefined);
    assert.equal(headers["x-tollgate-user"], undefined);
  }
});

test("a preflight is answered from the configuration, never with a 401 [L13]", async () => {
  const answer = await send(gate.port, { method: "OPTIONS", target: "/orders", headers: PREFLIGHT });
  assert.equal(answer.status, 204);
  assert.equal(answer.header("access-control-allow-origin"), "https://app.example.com");
  const stranger = [["origin", "https://evil.example"], PREFLIGHT[1]];
  const other = await send(gate.port, { method: "OPTIONS", target: "/orders", headers: stranger });
  assert.equal(other.status, 204);
  assert.equal(other.header("access-control-allow-origin"), undefined);
  assert.equal(
    (await send(gate.port, { method: "OPTIONS", target: "/orders" })).status,
    401,
    "a plain OPTIONS is authenticated",
  );
  assert.deepEqual(origin.hits, []);
});

test("a client's request that is refused never reaches the origin, lies and all [M01]", async () => {
  const answer = await send(gate.port, { target: "/orders", headers: LIES.slice(0, 60) });
  assert.equal(answer.status, 401);
  assert.doesNotMatch(answer.text, /evil/);
  assert.deepEqual(origin.hits, []);
});

const VALUES = ["ann", "a b", 'q"uo\\te', "a,b;c=d", "Zoë", "日本語", "😀", "100%", "%22", "x".repeat(900)];

test("identities round-trip as structured fields [M05] [M06]", async () => {
  for (const value of VALUES) {
    const claims = { ...reader(), sub: value, email: value, permissions: [value, "b, c"], groups: [value] };
    const answer = await send(gate.port, { target: "/orders", headers: [bearer(issuer.token(claims))] });
    assert.equal(answer.status, 200, value);
    const { headers } = origin.hits.at(-1);
    assert.equal(parseString(headers["x-tollgate-user"]), value);
    assert.equal(parseString(headers["x-tollgate-email"]), value);
    assert.deepEqual(parseStringList(headers["x-tollgate-permissions"]), [value, "b, c"]);
    assert.deepEqual(parseStringList(headers["x-tollgate-groups"]), [value]);
  }
});

test("an identity that no header can hold as it is gets a refusal, not a 500 [M04] [M08]", async () => {
  for (const sub of [
    "a\r\nx-tollgate-tenant: globex",
    "a\nb",
    "a\0b",
    "a\u0007",
    "\u0085",
    " ann",
    "ann ",
    "\u00a0ann",
  ]) {
    const answer = await send(gate.port, { target: "/orders", headers: [bearer(issuer.token({ ...reader(), sub }))] });
    assert.ok(answer.status === 403 || answer.status === 401, `${JSON.stringify(sub)}: ${answer.status}`);
  }
  assert.deepEqual(origin.hits, []);
});

test("identities too long for an origin's headers are refused, not cut [M07]", async () => {
  // In a Display String each of these takes six octets.
  const long = (length) => bearer(issuer.token({ ...reader(), permissions: ["é".repeat(length)] }));
  assert.equal((await send(gate.port, { target: "/orders", headers: [long(900)] })).status, 200);
  const refused = await send(gate.port, { target: "/orders", headers: [long(1_100)] });
  assert.equal(refused.status, 403);
  assert.equal(JSON.parse(refused.text).type, "urn:tollgate:identity");
  assert.equal(origin.hits.length, 1);
});

test("no answer and no log line holds a token, a key id or a claim [M11] [M12]", async () => {
  const marks = { sub: "mark-sub", tenant_id: "mark-tenant", plan: "mark-plan", email: "mark-mail" };
  const tokens = [
    issuer.token(marks),
    issuer.token({ ...marks, exp: 1 }),
    issuer.token(marks, undefined, { kid: 'mark-kid", error="' }),
    issuer.token(marks, undefined, { typ: "mark-typ" }),
    issuer.token({ ...marks, iss: "https://mark-iss.example" }),
    issuer.token({ ...marks, aud: "mark-aud" }),
  ];
  for (const token of tokens) {
    for (const target of ["/reports/mark-path", '/mark"path%0d%0a']) {
      const answer = await send(gate.port, { target, headers: [bearer(token)] });
      assert.ok(answer.status >= 400);
      const said = `${answer.headers.join("\n")}${answer.text}`;
      // The plan is verified, and the answer to a plan that does not do says which one it was.
      assert.doesNotMatch(said.replace('"current_plan":"mark-plan"', ""), /mark-/);
      assert.ok(!said.includes(token.slice(0, 30)));
    }
  }
  assert.doesNotMatch(gate.lines.join("\n"), /mark-/);
  assert.ok(
    gate.events().some(({ code }) => code === "token_expired"),
    "the exact code is in the log",
  );
});

test("an unknown key and a bad signature get one answer, the same to the byte [M14]", async () => {
  const good = issuer.token(reader());
  const bad = `${good.slice(0, good.lastIndexOf("."))}.${"A".repeat(86)}`;
  const unknown = issuer.token(reader(), undefined, { kid: "unknown" });
  const answers = [];
  for (const token of [bad, unknown]) {
    answers.push(await send(gate.port, { target: "/orders", headers: [bearer(token)] }));
  }
  const [first, second] = answers.map(({ status, headers, text }) => ({ status, headers, text }));
  assert.equal(first.status, 401);
  assert.deepEqual(first, second);
  assert.deepEqual(
    gate
      .events()
      .filter(({ type }) => type === "decision")
      .slice(-2)
      .map(({ code }) => code),
    ["signature_invalid", "unknown_key"],
  );
});
