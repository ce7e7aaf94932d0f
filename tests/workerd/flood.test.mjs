// A flood of refusals: each is answered, and the log is not flooded.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { configuration, startGate, startIssuer, stopAfter } from "./support/gate.mjs";
import { each, pause, send } from "./support/http.mjs";

const keep = stopAfter(after);
/** What js/worker/log.ts allows. */
const LINES_AT_ONCE = 200;
const LINES_PER_SECOND = 20;
const REQUESTS = 2_000;

let gate;

before(async () => {
  const { upstream: _, ...config } = configuration(keep(await startIssuer()));
  gate = keep(await startGate(config));
});

test("a flood has few lines in the log, and those account for every refusal", async () => {
  const started = Date.now();
  await each(REQUESTS, 32, async () => assert.equal((await send(gate.port, { target: "/orders" })).status, 401));
  const seconds = Math.ceil((Date.now() - started) / 1000);
  await pause(500);
  const flooded = decisions();
  assert.ok(flooded.length >= LINES_AT_ONCE, `${flooded.length} lines`);
  assert.ok(
    flooded.length <= LINES_AT_ONCE + LINES_PER_SECOND * (seconds + 1),
    `${flooded.length} lines in ${seconds} s`,
  );
  assert.equal((await send(gate.port, { target: "/orders" })).status, 401);
  while (decisions().length === flooded.length) await pause(50);
  assert.equal(
    decisions().reduce((all, { unlogged = 0 }) => all + 1 + unlogged, 0),
    REQUESTS + 1,
  );
});

const decisions = () => gate.events().filter(({ type }) => type === "decision");

test("the same refusal is answered the same however often, and other ones are not taken for it", async () => {
  const ask = async (headers) => {
    const { status, text, headers: fields } = await send(gate.port, { target: "/orders", headers });
    return { status, text, fields: fields.filter(([name]) => name !== "date") };
  };
  const malformed = [["authorization", "Bearer rubbish"]];
  const first = [await ask([]), await ask(malformed)];
  for (let times = 0; times < 3; times += 1) assert.deepEqual([await ask([]), await ask(malformed)], first);
  assert.deepEqual(
    first.map(({ status }) => status),
    [401, 401],
  );
  assert.notEqual(first[0].text, first[1].text);
});

test("the text of a refusal is for the origin that asked", async () => {
  const [allowed] = configuration({ issuer: "https://a.example", jwksUri: "https://a.example/jwks" }).cors.origins;
  const header = async (origin) =>
    (await send(gate.port, { target: "/orders", headers: [["origin", origin]] })).header("access-control-allow-origin");
  for (let times = 0; times < 2; times += 1) {
    assert.equal(await header(allowed), allowed);
    assert.equal(await header("https://evil.example"), undefined);
  }
});
