// How a request may carry its token, over HTTP as bytes. What is doubtful is refused; nothing is guessed.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { behindUrl, reader, startGate, startIssuer, startOrigin, stopAfter } from "./support/gate.mjs";
import { bearer, exchange, send } from "./support/http.mjs";

const keep = stopAfter(after);
let issuer;
let origin;
let gate;
let token;
let other;
const COOKIE = "__Host-access_token";

before(async () => {
  issuer = keep(await startIssuer());
  origin = keep(await startOrigin());
  gate = keep(await startGate(behindUrl(issuer, origin)));
  token = issuer.token(reader());
  other = issuer.token({ ...reader(), sub: "bob" });
});
beforeEach(() => {
  origin.hits.length = 0;
});

const ask = (headers, more = {}) => send(gate.port, { target: "/orders", headers, ...more });

/** Asserts the status, and that only 200 reached the origin. */
async function gets(status, headers, more) {
  const before = origin.hits.length;
  const answer = await ask(headers, more);
  assert.equal(answer.status, status, `${JSON.stringify(headers).slice(0, 200)}: ${answer.text}`);
  assert.equal(origin.hits.length - before, status === 200 ? 1 : 0);
  return answer;
}

test("the scheme is Bearer in any case [L01]", async () => {
  for (const scheme of ["Bearer", "bearer", "BEARER", "bEaReR"])
    await gets(200, [["authorization", `${scheme} ${token}`]]);
});

test("anything but `Bearer`, one space and a token is no token that passes [L02]", async () => {
  const values = ["Bearer", "Bearer ", `Bearer  ${token}`, `Bearer\t${token}`, `Bearer${token}`, `Bearer: ${token}`];
  values.push(`Bearer=${token}`, `Bearer "${token}"`, `Bearer ${token} x`, `Token ${token}`, `Basic ${token}`, token);
  for (const value of values) {
    const answer = await ask([["authorization", value]]);
    assert.ok([400, 401].includes(answer.status), `${value.slice(0, 20)}: ${answer.status}`);
  }
  assert.deepEqual(origin.hits, []);
});

test("spaces round the field's value are HTTP's own and mean nothing [L02]", async () => {
  await gets(200, [["authorization", `  Bearer ${token}  `]]);
});

test("no credential is a 401 without an error", async () => {
  const answer = await gets(401, []);
  assert.equal(answer.header("www-authenticate"), 'Bearer realm="api"');
  assert.equal(answer.header("cache-control"), "no-store");
});

test("a non-Bearer Authorization is no credential, and never falls back to the cookie", async () => {
  await gets(401, [["authorization", "Basic YTpi"]]);
  await gets(401, [
    ["authorization", "Basic YTpi"],
    ["cookie", `${COOKIE}=${token}`],
  ]);
});

test("two Authorization fields are refused, which workerd hands over joined [L03]", async () => {
  for (const [first, second] of [
    [token, other],
    [token, token],
  ]) {
    await gets(400, [bearer(first), bearer(second)]);
    await gets(400, [["authorization", `Bearer ${first}, Bearer ${second}`]]);
  }
  for (const headers of [
    [["authorization", "Basic eA=="], bearer(token)],
    [bearer(token), ["authorization", "Basic eA=="]],
  ]) {
    const answer = await ask(headers);
    assert.ok([400, 401].includes(answer.status), `${answer.status}`);
  }
  assert.deepEqual(origin.hits, []);
});

test("text after the token is refused [L04]", async () => {
  for (const tail of [",extra=1", ";x", " .junk", ", ", "=", "."]) {
    const answer = await ask([["authorization", `Bearer ${token}${tail}x`]]);
    assert.ok([400, 401].includes(answer.status), tail);
  }
  assert.deepEqual(origin.hits, []);
});

test("header and cookie together pass when they hold one token, and are refused when they differ [L05]", async () => {
  await gets(200, [bearer(token), ["cookie", `${COOKIE}=${token}`]]);
  await gets(400, [bearer(token), ["cookie", `${COOKIE}=${other}`]]);
  await gets(400, [bearer(other), ["cookie", `${COOKIE}=${token}`]]);
});

test("a token in the query is never read [L06]", async () => {
  for (const name of ["access_token", "token", "jwt", "authorization"])
    await gets(401, [], { target: `/orders?${name}=${token}` });
});

test("a cookie's value is split off at the first equals sign only [L07]", async () => {
  await gets(200, [["cookie", `a=b=c; ${COOKIE}=${token}; d==`]]);
  const answer = await ask([["cookie", `${COOKIE}=${token}=`]]);
  assert.equal(answer.status, 401, "the value is the token and an equals sign");
});

test("one cookie name twice passes with one value and is refused with two [L08]", async () => {
  await gets(200, [["cookie", `${COOKIE}=${token}; ${COOKIE}=${token}`]]);
  await gets(400, [["cookie", `${COOKIE}=${token}; ${COOKIE}=${other}`]]);
  await gets(400, [["cookie", `${COOKIE}=${other}; a=1; ${COOKIE}=${token}`]]);
  await gets(400, [["cookie", `${COOKIE}=; ${COOKIE}=${token}`]]);
});

test("the cookie's name is compared whole and in its own case [L09] [L11]", async () => {
  for (const name of [
    "__host-access_token",
    "__HOST-access_token",
    "x__Host-access_token",
    "__Host-access_token2",
    "__Secure-access_token",
    "access_token",
    "__Host-access",
    "__Host-access_token ",
  ]) {
    await gets(401, [["cookie", `${name}=${token}`]]);
  }
});

test("odd cookies are read by the grammar, and large ones are refused [L10]", async () => {
  const cases = [
    [200, `=x; ${COOKIE}=${token}`],
    [200, `flag; ${COOKIE}=${token}; %zz=%`],
    [200, `q="a"; ${COOKIE}=${token}`],
    [401, `=${COOKIE}=${token}`],
    [400, `${COOKIE}=%65${token.slice(1)}`],
  ];
  for (const [status, line] of cases) await gets(status, [["cookie", line]]);
  // Refusing is right where readers differ: RFC 6265 section 4.2.1 has one space after each semicolon, and no quotes.
  for (const line of [
    `a=1;${COOKIE}=${token}`,
    `a=1;\t${COOKIE}=${token}`,
    `${COOKIE}="${token}"`,
    `q="a; ${COOKIE}=${token}"`,
  ]) {
    const answer = await ask([["cookie", line]]);
    assert.ok([200, 400, 401].includes(answer.status), `${line.slice(0, 20)}: ${answer.status}`);
  }
  origin.hits.length = 0;
  const many = Array.from({ length: 10_000 }, (_, index) => `c${index}=1`).join("; ");
  for (const line of [`${many}; ${COOKIE}=${token}`, `a=${"x".repeat(64 * 1024)}; ${COOKIE}=${token}`]) {
    assert.equal((await ask([["cookie", line]])).status, 431);
  }
  assert.deepEqual(origin.hits, []);
});

test("two Cookie fields are refused or read as one line, never by the last alone [L12]", async () => {
  // HTTP/1.1 allows one Cookie field (RFC 6265 section 5.4), and over HTTP/2 the edge joins them with "; ". workerd joins
  // what an HTTP/1.1 client splits with ", ", so the token's edge is not certain any more.
  for (const headers of [
    [
      ["cookie", "a=1"],
      ["cookie", `${COOKIE}=${token}`],
    ],
    [
      ["cookie", `${COOKIE}=${token}`],
      ["cookie", "a=1"],
    ],
    [
      ["cookie", `${COOKIE}=${token}`],
      ["cookie", `${COOKIE}=${other}`],
    ],
  ]) {
    const answer = await ask(headers);
    assert.ok([400, 401].includes(answer.status), `${answer.status}`);
  }
  assert.deepEqual(origin.hits, []);
});

test("a cookie from another site changes nothing, reads included only where they are safe", async () => {
  const cookie = ["cookie", `${COOKIE}=${token}`];
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    const of = (headers) => [[cookie, ...headers], { method }];
    await gets(403, ...of([]));
    await gets(403, ...of([["origin", "https://evil.example"]]));
    await gets(403, ...of([["origin", "null"]]));
    await gets(403, ...of([["sec-fetch-site", "cross-site"]]));
    await gets(403, ...of([["sec-fetch-site", "same-site"]]));
    await gets(403, ...of([["origin", "http://globex.localhost"]]));
    await gets(200, ...of([["sec-fetch-site", "same-origin"]]));
    await gets(200, ...of([["origin", "http://acme.localhost"]]));
  }
  await gets(200, [cookie, ["sec-fetch-site", "cross-site"]]);
  await gets(200, [bearer(token), ["origin", "https://evil.example"]], { method: "POST" });
});

test("hosts that can't be judged are refused", async () => {
  for (const host of [
    "acme.localhost:80:80",
    "acme.localhost,globex.localhost",
    "acme..localhost",
    "[::1",
    "acme@localhost",
    "acme localhost",
  ]) {
    const answer = await ask([bearer(token)], { host });
    assert.ok([400, 403].includes(answer.status), `${host}: ${answer.status}`);
  }
  const raw = (head) =>
    exchange(gate.port, [Buffer.from(`${head}\r\nconnection: close\r\nauthorization: Bearer ${token}\r\n\r\n`)]);
  for (const head of [
    "GET /orders HTTP/1.1",
    "GET /orders HTTP/1.1\r\nhost: acme.localhost\r\nhost: globex.localhost",
  ]) {
    const answer = await raw(head);
    assert.ok(answer.status >= 400 && answer.status < 500, `${head}: ${answer.status}`);
  }
  assert.deepEqual(origin.hits, []);
});

test("a request that is too large is refused by name: 414, 431", async () => {
  assert.equal((await ask([bearer(token)], { target: `/orders?${"x".repeat(8_200)}` })).status, 414);
  assert.equal((await ask([["authorization", `Bearer ${"a".repeat(9_000)}`]])).status, 431);
  const many = Array.from({ length: 140 }, (_, index) => [`x-${index}`, "1"]);
  assert.equal((await ask([bearer(token), ...many])).status, 431);
  assert.deepEqual(origin.hits, []);
});

test("an asterisk or rubbish for a target never passes, and an authority asks for `/`", async () => {
  const raw = (head) => {
    const fields = `host: acme.localhost\r\nconnection: close\r\nauthorization: Bearer ${token}`;
    return exchange(gate.port, [Buffer.from(`${head}\r\n${fields}\r\n\r\n`)]).catch(() => ({ status: 400 }));
  };
  for (const head of [
    "OPTIONS * HTTP/1.1",
    "CONNECT acme.localhost:80 HTTP/1.1",
    "GET ?x HTTP/1.1",
    "GET orders/x HTTP/1.1",
  ]) {
    const answer = await raw(head);
    assert.ok(answer.status >= 400, `${head}: ${answer.status}`);
  }
  assert.deepEqual(origin.hits, []);
  // workerd reads this as an authority without a path; what is judged is what is forwarded.
  await raw("GET reports HTTP/1.1");
  assert.deepEqual(
    origin.hits.map(({ url }) => url),
    ["/"],
  );
});
