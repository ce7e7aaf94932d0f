// A trap in the core fails closed, and the next request is served by a new instance. The fault is put into a copy of the
// deployed wasm, because no input is known that traps.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faultyBundle } from "./support/fault.mjs";
import { configuration, orders, reader, startGate, startIssuer, stopAfter } from "./support/gate.mjs";
import { bearer, send } from "./support/http.mjs";

const keep = stopAfter(after);
/** Core.decide traps for exactly this many header fields. */
const FATAL_COUNT = 29;
/** Where wasm-bindgen passes their number: after the object and the text's length. */
const COUNT = 2;

let issuer;
let gate;
let token;

before(async () => {
  issuer = keep(await startIssuer());
  const { directory } = keep(faultyBundle("core_decide", COUNT, FATAL_COUNT));
  gate = keep(
    await startGate(configuration(issuer), {
      directory,
      bindings: { ORDERS: { service: "orders" } },
      behind: [orders()],
    }),
  );
  token = issuer.token(reader());
});

const good = () => send(gate.port, { target: "/orders", headers: [bearer(token)] });
/** Beside `host`, `connection` and `authorization`. */
const fatalHeaders = Array.from({ length: FATAL_COUNT - 3 }, (_, index) => [`x-fatal-${index}`, "x"]);
const fatal = (port = gate.port) => send(port, { target: "/orders", headers: [bearer(token), ...fatalHeaders] });

function assertFailedClosed(answer) {
  assert.equal(answer.status, 503);
  assert.equal(answer.header("cache-control"), "no-store");
  assert.equal(answer.header("content-type"), "application/problem+json");
  assert.doesNotMatch(answer.text, /anvil|wasm|unreachable/);
}

test("a trap fails closed, the instance is rebuilt, and its keys are not lost [N06]", async () => {
  assert.equal((await good()).status, 200);
  assertFailedClosed(await fatal());
  for (let times = 0; times < 20; times += 1) {
    assert.equal((await good()).status, 200);
    assert.equal((await send(gate.port, { target: "/orders" })).status, 401);
  }
  assert.equal(issuer.server.hits.length, 1, "the new core was given the keys of the old one");
  assert.ok(gate.events().some(({ code }) => code === "internal_error"));
});

test("many traps among many good requests spoil none of those [N06]", async () => {
  const answers = await Promise.all(Array.from({ length: 300 }, (_, index) => (index % 7 === 3 ? fatal() : good())));
  for (const [index, answer] of answers.entries()) {
    if (index % 7 === 3) assertFailedClosed(answer);
    else assert.equal(answer.status, 200, answer.text);
  }
  assert.equal((await good()).status, 200);
});

test("a trap while a key set is on its way holds up nobody for long [N06]", async () => {
  const own = keep(await startIssuer());
  const serve = own.server.behave;
  own.server.behave = (request, response) => setTimeout(() => serve(request, response), 1_000);
  const { directory } = keep(faultyBundle("core_decide", COUNT, FATAL_COUNT));
  const other = keep(await startGate(withoutUpstream(own), { directory }));
  const ask = () => send(other.port, { target: "/orders", headers: [bearer(own.token(reader()))] });
  const waiting = Promise.all(Array.from({ length: 20 }, ask));
  while (own.server.hits.length === 0) await new Promise((wake) => setTimeout(wake, 20));
  assertFailedClosed(await fatal(other.port));
  // The gate has no upstream: what passes gets its own 200.
  for (const answer of await waiting) assert.ok([200, 503].includes(answer.status), `${answer.status}`);
  assert.equal((await ask()).status, 200);
});

test("a trap while a key set is taken in is a 503, and not a way in [N06]", async () => {
  const own = keep(await startIssuer());
  const body = JSON.stringify({ keys: own.keys.map(({ jwk }) => jwk) });
  // After the object: issuer, id, now, fetchedAt, and then the body's pointer and length.
  const { directory } = keep(faultyBundle("core_fetchSucceeded", 6, Buffer.byteLength(body)));
  const other = keep(await startGate(withoutUpstream(own), { directory }));
  const answer = await send(other.port, { target: "/orders", headers: [bearer(own.token(reader()))] });
  assertFailedClosed(answer);
  assert.equal((await send(other.port, { target: "/orders" })).status, 401);
  const longer = makeLonger(own);
  own.server.behave = (_request, response) => response.end(longer);
  // The gate has no upstream: what passes gets its own 200.
  for (let tries = 0; tries < 50; tries += 1) {
    const again = await send(other.port, { target: "/orders", headers: [bearer(own.token(reader()))] });
    if (again.status === 200) return;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  assert.fail("the gate did not recover");
});

function withoutUpstream(from) {
  const { upstream: _, ...config } = configuration(from);
  return config;
}

const makeLonger = ({ keys }) => JSON.stringify({ keys: keys.map(({ jwk }) => jwk), more: true });
