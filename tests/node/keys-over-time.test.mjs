// Key sets over time, with an injected clock: floods, rotations, outages, several issuers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, createVerifier } from "tollgate";
import { allowed, rejectsCode, throwsCode } from "./support/assert.mjs";
import { fixture, one, remote, settled, stops, two } from "./support/key-fixture.mjs";
import { answer, keyServer, serve } from "./support/key-server.mjs";
import { gateConfig, issuerConfig, makeKey, NOW, token } from "./support/tokens.mjs";

test("[K06] an unknown-kid flood of 10,000 costs two fetches plus one each 30 s, and good tokens go on passing", async () => {
  const { verifier, fresh, hits, clock } = await fixture();
  await verifier.verify(fresh());
  assert.equal(hits(), 1);
  const good = fresh();
  const bogus = (index) => token(one, { exp: clock.now + 600 }, { kid: `bogus-${index}` });
  const flood = Array.from({ length: 10_000 }, (_, index) => bogus(index));
  for (let start = 0; start < flood.length; start += 500) {
    const batch = flood.slice(start, start + 500).map((text) => rejectsCode("unknown_key", verifier.verify(text)));
    await Promise.all([...batch, verifier.verify(good)]);
  }
  assert.ok(hits() <= 3, `${hits() - 1} fetches by the flood`);
  const before = hits();
  for (let minute = 0; minute < 4; minute += 1) {
    clock.now += 30;
    await Promise.all(flood.slice(0, 500).map((text) => rejectsCode("unknown_key", verifier.verify(text))));
  }
  assert.ok(hits() - before <= 4, `${hits() - before} fetches in two minutes`);
  await verifier.verify(fresh());
});

test("[K07] a rotation under that flood is seen within 30 s", async () => {
  const { verifier, fresh, clock, server } = await fixture();
  await verifier.verify(fresh());
  const flood = () =>
    Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        rejectsCode("unknown_key", verifier.verify(token(one, {}, { kid: `bogus-${index}` }))),
      ),
    );
  await flood();
  await flood();
  server.behave = serve([one, two]);
  await flood();
  clock.now += 30;
  await verifier.verify(fresh(two));
  await verifier.verify(fresh(one));
});

test("[K07] one bogus key id does not delay a rotation right after a fetch", async () => {
  const { verifier, fresh, server, hits } = await fixture();
  await verifier.verify(fresh());
  await rejectsCode("unknown_key", verifier.verify(token(one, {}, { kid: "bogus" })));
  server.behave = serve([one, two]);
  await verifier.verify(fresh(two));
  assert.equal(hits(), 3);
});

test("[K10] an answer that comes after a newer one is dropped", async () => {
  const answers = [];
  const fetch = () => new Promise((answered) => answers.push((keys) => answered(Response.json({ keys }))));
  const { verifier, fresh, clock } = await fixture([one], { hooks: { fetch } });
  const first = verifier.verify(fresh(two));
  assert.equal(answers.length, 1);
  clock.now += 6; // the first is taken for lost
  const second = verifier.verify(fresh(two));
  assert.equal(answers.length, 2);
  answers[1]([two.jwk]);
  await second;
  answers[0]([one.jwk]);
  await first;
  await verifier.verify(fresh(two));
  throwsCode("keys_due", () => verifier.verifySync(fresh(one)), "the old set did not come back");
});

test("[K11] a failing reload keeps the set, and the next good one replaces it", async () => {
  const { verifier, fresh, clock, server } = await fixture();
  await verifier.verify(fresh());
  server.behave = answer(500);
  clock.now += 700;
  await verifier.verify(fresh());
  await verifier.verify(fresh());
  server.behave = serve([two]);
  clock.now += 120;
  await verifier.verify(fresh(two));
  await rejectsCode("unknown_key", verifier.verify(fresh(one)));
});

test("[K12] [K17] a key that is gone from the set is refused once a fetch has shown it, cached verdict or not", async () => {
  const { verifier, clock, server } = await fixture([one, two]);
  const text = token(one, { iat: NOW, exp: NOW + 3600 });
  for (let call = 0; call < 3; call += 1) await verifier.verify(text);
  server.behave = serve([two]);
  clock.now += 299;
  await verifier.verify(text);
  clock.now += 301;
  await rejectsCode("unknown_key", verifier.verify(text));
  throwsCode("keys_due", () => verifier.verifySync(text), "it might have come back, so a sync call can't tell");
});

test("[K12] a key of the same id with other material replaces the old one", async () => {
  const { verifier, fresh, clock, server } = await fixture();
  const text = fresh();
  await verifier.verify(text);
  const successor = makeKey("ES256", "one");
  server.behave = serve([successor]);
  clock.now += 600;
  await rejectsCode("signature_invalid", verifier.verify(text));
  await verifier.verify(token(successor, { exp: clock.now + 60 }));
});

test("[K13] with the key server down, good tokens pass until the set is an hour old, then the answer is 503", async () => {
  const { verifier, fresh, clock, server } = await fixture();
  await verifier.verify(fresh());
  server.behave = answer(503);
  for (const age of [301, 600, 1_800, 3_000, 3_599]) {
    clock.now = NOW + age;
    await verifier.verify(fresh());
  }
  for (const age of [3_600, 3_700, 86_400]) {
    clock.now = NOW + age;
    const error = await rejectsCode("keys_unavailable", verifier.verify(fresh()));
    assert.ok(error.retryAfterSeconds >= 1 && error.retryAfterSeconds <= 60);
  }
  server.behave = serve([one]);
  clock.now += 61;
  await verifier.verify(fresh());
});

test("[K14] keys overlap: a key published 600 s before its use is never refused", async () => {
  const { verifier, fresh, clock, server } = await fixture();
  await verifier.verify(fresh());
  server.behave = serve([one, two]);
  for (let second = 0; second <= 600; second += 100) {
    clock.now = NOW + second;
    await verifier.verify(fresh(one));
    await settled();
  }
  await verifier.verify(fresh(two));
  server.behave = serve([two]);
  clock.now += 601;
  await verifier.verify(fresh(two));
});

test("from 300 s on the set is refreshed in the background, once, and registered with waitUntil", async () => {
  const { verifier, fresh, clock, hits } = await fixture();
  const registered = [];
  const waitUntil = (work) => registered.push(work);
  await verifier.verify(fresh(), { waitUntil });
  assert.equal(registered.length, 1);
  clock.now += 299;
  await verifier.verify(fresh(), { waitUntil });
  await settled();
  assert.equal(hits(), 1);
  clock.now += 1;
  const text = fresh();
  await Promise.all(Array.from({ length: 20 }, () => verifier.verify(text, { waitUntil })));
  await Promise.all(registered);
  assert.equal(hits(), 2);
  assert.ok(registered.length >= 2);
  verifier.verifySync(text);
});

test("a waitUntil that throws changes nothing", async () => {
  const { verifier, fresh } = await fixture();
  const waitUntil = () => {
    throw new Error("the request is over");
  };
  await verifier.verify(fresh(), { waitUntil });
});

test("[K15] nothing of an unverified token is ever fetched", async () => {
  const trap = await keyServer([one]);
  stops.push(trap.stop);
  const { verifier, hits } = await fixture([two]);
  const headers = { jku: trap.jwksUri, x5u: trap.jwksUri, jwk: one.jwk };
  await rejectsCode("unknown_issuer", verifier.verify(token(one, { iss: trap.origin }, headers)));
  await rejectsCode("unknown_issuer", verifier.verify(token(one, { iss: `${trap.origin}/jwks.json` }, headers)));
  assert.equal(hits(), 0, "an unknown issuer costs no fetch at all");
  await rejectsCode("unknown_key", verifier.verify(token(one, {}, headers)));
  assert.equal(trap.hits.length, 0);
});

test("[K16] two issuers with one key id each use their own keys only", async () => {
  const [here, there] = [makeKey("ES256", "same"), makeKey("ES256", "same")];
  const servers = [await keyServer([here]), await keyServer([there])];
  stops.push(...servers.map((server) => server.stop));
  const other = "https://other.example";
  const verifier = createVerifier(
    { issuers: [remote(servers[0].jwksUri), { ...remote(servers[1].jwksUri), issuer: other }] },
    { now: () => NOW },
  );
  await verifier.ready();
  verifier.verifySync(token(here));
  verifier.verifySync(token(there, { iss: other }));
  throwsCode("signature_invalid", () => verifier.verifySync(token(there)));
  throwsCode("signature_invalid", () => verifier.verifySync(token(here, { iss: other })));
  assert.deepEqual(
    servers.map((server) => server.hits.length),
    [1, 1],
  );
});

test("one issuer's outage is no other issuer's", async () => {
  const server = await keyServer([one]);
  stops.push(server.stop);
  server.behave = answer(500);
  const other = "https://other.example";
  const verifier = createVerifier(
    { issuers: [remote(server.jwksUri), issuerConfig([two], { issuer: other })] },
    { now: () => NOW },
  );
  await rejectsCode("keys_unavailable", verifier.ready());
  await verifier.verify(token(two, { iss: other }));
  await rejectsCode("keys_unavailable", verifier.verify(token(one)));
});

test("a gate fetches as a verifier does, and tells of it", async () => {
  const server = await keyServer([one]);
  stops.push(server.stop);
  const events = [];
  const gate = createGate(
    { ...gateConfig([]), issuers: [remote(server.jwksUri)] },
    { now: () => NOW, onEvent: (event) => events.push(event.type) },
  );
  const request = {
    method: "GET",
    url: "https://acme.api.example.com/orders",
    headers: { authorization: `Bearer ${token(one)}` },
  };
  const due = gate.checkSync(request);
  assert.deepEqual([due.outcome, due.code, due.status], ["unavailable", "keys_due", 503]);
  assert.ok(!("issuer" in due));
  const decisions = await Promise.all(Array.from({ length: 100 }, () => gate.check(request)));
  for (const decision of decisions) allowed(decision);
  allowed(gate.checkSync(request));
  assert.equal(server.hits.length, 1);
  assert.equal(events.filter((type) => type === "decision").length, 102);
  assert.equal(events.filter((type) => type === "keys_fetched").length, 1);
});

test("closing a verifier while it fetches leaves no unhandled rejection", async () => {
  const { verifier, fresh, server } = await fixture();
  const behave = server.behave;
  server.behave = (request, response) => setTimeout(() => behave(request, response), 100);
  const pending = verifier.verify(fresh());
  verifier.close();
  await rejectsCode("closed", pending);
});
