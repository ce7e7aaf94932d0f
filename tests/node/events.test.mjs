// What the event hook is told of the work: the kernel, tables, fetches with their time, decisions. It changes no answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, createVerifier, kernel } from "tollgate";
import { fixture, one, remote, settled } from "./support/key-fixture.mjs";
import { answer } from "./support/key-server.mjs";
import { gateConfig, issuerConfig, makeKey, NOW, token } from "./support/tokens.mjs";

const now = () => NOW;
const listening = (events) => ({ now, onEvent: (event) => events.push(event) });
const of = (events, type) => events.filter((event) => event.type === type);

/** Waits for so many events of a type, for a few seconds at most: a fetch in the background has no end to wait for. */
async function told(events, type, count) {
  for (let round = 0; round < 100 && of(events, type).length < count; round += 1) await settled();
}

test("the core says once that it started, with its kernel, and when a key's table is complete", () => {
  const events = [];
  const key = makeKey("ES256", "tables");
  const verifier = createVerifier({ issuers: [issuerConfig([key])] }, listening(events));
  assert.deepEqual(events, [], "nothing was asked yet");
  for (let count = 0; count < 100; count += 1) verifier.verifySync(token(key));
  assert.deepEqual(events[0], { type: "core_started", kernel: kernel(), again: false });
  assert.equal(of(events, "core_started").length, 1);
  // The generator's and the key's, unless an earlier test made the first.
  const made = of(events, "tables_made").reduce((sum, { tables }) => sum + tables, 0);
  assert.ok(made === 1 || made === 2, `${made}`);
});

test("a fetch says how long it took, by the clock of the hook, whatever came of it", async () => {
  const { verifier, fresh, events, clock, server } = await fixture();
  const serve = server.behave;
  const after = (seconds, behave) => (request, response) => {
    clock.now += seconds;
    behave(request, response);
  };
  server.behave = after(0.25, serve);
  await verifier.verify(fresh());
  assert.deepEqual(
    of(events, "keys_fetched").map(({ milliseconds }) => milliseconds),
    [250],
  );
  clock.now += 400;
  server.behave = after(0.75, answer(500));
  await verifier.verify(fresh());
  await told(events, "keys_fetch_failed", 1);
  assert.deepEqual(
    of(events, "keys_fetch_failed").map(({ milliseconds, reason }) => [milliseconds, reason]),
    [[750, "status_500"]],
  );
  // A clock that steps back gives no time below nothing.
  clock.now += 20;
  server.behave = after(-5, serve);
  await verifier.verify(fresh());
  await told(events, "keys_fetched", 2);
  assert.equal(of(events, "keys_fetched").at(-1).milliseconds, 0);
});

test("a hook that asks again from within an event is told each thing once", () => {
  const events = [];
  const key = makeKey("ES256", "within");
  const config = { issuers: [issuerConfig([key])] };
  const verifier = createVerifier(config, {
    now,
    onEvent: (event) => {
      events.push(event.type);
      verifier.verifySync(token(key));
    },
  });
  for (let count = 0; count < 100; count += 1) verifier.verifySync(token(key));
  assert.equal(events.filter((type) => type === "core_started").length, 1);
  assert.ok(events.length <= 3, `${events}`);
});

test("a gate that nobody listens to decides the same", () => {
  const key = makeKey("ES256", "k");
  const request = {
    method: "GET",
    url: "https://acme.api.example.com/orders",
    headers: { authorization: `Bearer ${token(key)}` },
  };
  const [told, silent] = [createGate(gateConfig([key]), listening([])), createGate(gateConfig([key]), { now })];
  assert.deepEqual(told.checkSync(request), silent.checkSync(request));
  assert.equal(silent.checkSync(request).outcome, "allow");
});

test("sets that have no room go by age, are told, and come back when they are asked for", async () => {
  // So many sets of 64 KiB and a key of 2,560 bytes each are 40 MiB; one more is not.
  const fitting = Math.floor((40 * 1024 * 1024) / (64 * 1024 + 2_560));
  const set = JSON.stringify({ keys: [one.jwk] }).padEnd(64 * 1024, " ");
  const name = (index) => `https://issuer-${index}.example`;
  const fetched = [];
  let time = NOW;
  const events = [];
  const verifier = createVerifier(
    {
      issuers: Array.from({ length: fitting + 1 }, (_, index) => ({
        ...remote(`${name(index)}/jwks.json`),
        issuer: name(index),
      })),
    },
    {
      now: () => time,
      onEvent: (event) => events.push(event),
      fetch: async (url) => {
        fetched.push(url);
        return new Response(set);
      },
    },
  );
  const ask = (index) => verifier.verify(token(one, { iss: name(index) }));
  for (let index = 0; index < fitting; index += 1) {
    await ask(index);
    time += 0.01;
  }
  assert.deepEqual(of(events, "keys_dropped"), []);
  await ask(fitting);
  assert.deepEqual(of(events, "keys_dropped"), [{ type: "keys_dropped", issuer: name(0) }]);
  const before = fetched.length;
  await ask(1);
  await ask(fitting);
  assert.equal(fetched.length, before, "what stayed is not fetched again");
  await ask(0);
  assert.deepEqual(fetched.slice(before), [`${name(0)}/jwks.json`]);
  assert.deepEqual(
    of(events, "keys_dropped").map(({ issuer }) => issuer),
    [name(0), name(1)],
  );
});
