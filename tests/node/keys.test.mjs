// One fetch of a key set, over a real HTTP key server on the loopback: bounded, never in the way. Time stands still here.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { createGate, createVerifier } from "tollgate";
import { rejectsCode, throwsCode } from "./support/assert.mjs";
import { fixture, one, remote, rsa, settled, stops, two } from "./support/key-fixture.mjs";
import { answer, hang, keyServer, serve } from "./support/key-server.mjs";
import { gateConfig, ISSUER, NOW, token } from "./support/tokens.mjs";

const aboutKeys = (events) => events.filter(({ type }) => type.startsWith("key"));

test("verifySync never fetches: keys_due, until ready has fetched them", async () => {
  const { verifier, fresh, hits, clock } = await fixture();
  throwsCode("keys_due", () => verifier.verifySync(fresh()));
  await settled();
  assert.equal(hits(), 0);
  await verifier.ready();
  assert.equal(hits(), 1);
  assert.equal(verifier.verifySync(fresh()).claims.sub, "user-1");
  await verifier.ready();
  assert.equal(hits(), 1, "a fresh set is not fetched again");
  clock.now += 600;
  throwsCode("keys_due", () => verifier.verifySync(fresh()));
  await verifier.ready();
  verifier.verifySync(fresh());
  assert.equal(hits(), 2);
});

test("verify fetches when the set is due and says what it fetched", async () => {
  const { verifier, fresh, events, server } = await fixture([one, rsa]);
  const { principal } = await verifier.verify(fresh(rsa));
  assert.equal(principal.issuer, ISSUER);
  assert.deepEqual(aboutKeys(events), [{ type: "keys_fetched", issuer: ISSUER, keys: 2, skipped: 0, milliseconds: 0 }]);
  assert.equal(server.hits[0].url, "/jwks.json");
});

test("a fetch carries no credential and asks for nothing conditional", async () => {
  const { verifier, fresh, server } = await fixture();
  await verifier.verify(fresh());
  for (const name of ["authorization", "cookie", "if-none-match", "if-modified-since", "referer"]) {
    assert.equal(server.hits[0].headers[name], undefined, name);
  }
});

test("[K08] a thousand concurrent cold verifications cost one fetch, and all are answered", async () => {
  const { verifier, fresh, hits, server } = await fixture();
  const behave = server.behave;
  server.behave = (request, response) => setTimeout(() => behave(request, response), 100);
  const text = fresh();
  const results = await Promise.all(Array.from({ length: 1_000 }, () => verifier.verify(text)));
  assert.equal(results.length, 1_000);
  for (const { claims } of results) assert.equal(claims.sub, "user-1");
  assert.equal(hits(), 1);
});

test("[K05] with the key server down from the start the answer is unavailable, never invalid_token", async () => {
  const { server, hits, events, ...down } = await fixture();
  await server.stop();
  const error = await rejectsCode("keys_unavailable", down.verifier.verify(down.fresh()));
  assert.ok(error.retryAfterSeconds >= 1);
  assert.equal(events.at(-1).type, "keys_fetch_failed");
  assert.equal(events.at(-1).reason, "network");
  await rejectsCode("keys_unavailable", down.verifier.ready());
  const gate = createGate({ ...gateConfig([]), issuers: [remote(server.jwksUri)] }, { now: () => NOW });
  const decision = await gate.check({
    method: "GET",
    url: "https://acme.api.example.com/orders",
    headers: { authorization: `Bearer ${down.fresh()}` },
  });
  assert.equal(decision.outcome, "unavailable");
  assert.equal(decision.code, "keys_unavailable");
  assert.equal(decision.status, 503);
  const headers = new Headers(decision.headers.map(([name, value]) => [name, value]));
  assert.ok(Number(headers.get("retry-after")) >= 1);
  assert.equal(headers.get("www-authenticate"), null);
  assert.equal(hits(), 0);
});

test("[K05] a name that does not resolve and a server without TLS are failures of the network, not of the token", async () => {
  const { server, clock } = await fixture();
  for (const jwksUri of ["https://tollgate.invalid/jwks.json", server.jwksUri.replace("http:", "https:")]) {
    const events = [];
    const verifier = createVerifier(
      { issuers: [remote(jwksUri)] },
      { now: () => clock.now, onEvent: (event) => events.push(event) },
    );
    await rejectsCode("keys_unavailable", verifier.verify(token(one)));
    const [failed, ...others] = aboutKeys(events);
    assert.deepEqual(others, []);
    assert.match(failed.reason, /^(network|timeout)$/);
  }
});

test("[K05] failing fetches back off: twenty verifications in a second cost one fetch, later ones a few", async () => {
  const { verifier, fresh, hits, clock, server } = await fixture();
  server.behave = answer(500);
  for (let call = 0; call < 20; call += 1) await rejectsCode("keys_unavailable", verifier.verify(fresh()));
  assert.equal(hits(), 1);
  for (let second = 0; second < 300; second += 1) {
    clock.now += 1;
    await rejectsCode("keys_unavailable", verifier.verify(fresh()));
  }
  assert.ok(hits() >= 5 && hits() <= 15, `${hits()} fetches in five minutes of failure`);
});

test("[K02] statuses other than 200 are failures and leave the last good set in use", async () => {
  const statuses = [201, 204, 206, 304, 400, 401, 403, 404, 410, 429, 500, 502, 503];
  for (const status of statuses) {
    const { verifier, fresh, clock, server, events } = await fixture();
    await verifier.verify(fresh());
    server.behave = answer(status, status === 204 || status === 304 ? "" : JSON.stringify({ keys: [two.jwk] }));
    clock.now += 700;
    await verifier.verify(fresh());
    assert.equal(events.at(-1).reason, `status_${status}`);
    assert.equal(events.at(-1).retryAfterSeconds, null);
  }
});

test("[K02] Retry-After is honoured, in seconds and as a date", async () => {
  for (const value of ["40", new Date(Date.now() + 40_000).toUTCString()]) {
    const { verifier, fresh, clock, server, hits } = await fixture();
    server.behave = answer(429, "", { "retry-after": value });
    const error = await rejectsCode("keys_unavailable", verifier.verify(fresh()));
    assert.ok(error.retryAfterSeconds >= 35 && error.retryAfterSeconds <= 41, `${error.retryAfterSeconds}`);
    server.behave = serve([one]);
    clock.now += 30;
    await rejectsCode("keys_unavailable", verifier.verify(fresh()));
    assert.equal(hits(), 1);
    clock.now += 15;
    await verifier.verify(fresh());
    assert.equal(hits(), 2);
  }
});

test("[K03] no conditional request is made, so a 304 is no answer: the set at hand stays as old as it is", async () => {
  const { verifier, fresh, clock, server } = await fixture();
  const behave = server.behave;
  server.behave = (request, response) => {
    response.setHeader("etag", '"v1"');
    behave(request, response);
  };
  await verifier.verify(fresh());
  server.behave = answer(304, "", { etag: '"v1"' });
  clock.now += 3_500;
  await verifier.verify(fresh());
  clock.now += 100;
  await rejectsCode("keys_unavailable", verifier.verify(fresh()));
  for (const hit of server.hits) assert.equal(hit.headers["if-none-match"], undefined);
});

test("[K01] a redirect is never followed, wherever it leads", async () => {
  const elsewhere = await keyServer([two]);
  stops.push(elsewhere.stop);
  for (const status of [301, 302, 303, 307, 308]) {
    for (const location of [elsewhere.jwksUri, "/jwks.json", "http://169.254.169.254/", "file:///etc/passwd"]) {
      const { verifier, fresh, server, hits, events } = await fixture();
      server.behave = answer(status, JSON.stringify({ keys: [one.jwk] }), { location });
      await rejectsCode("keys_unavailable", verifier.verify(fresh()));
      assert.equal(events.at(-1).reason, "redirect");
      assert.equal(hits(), 1);
    }
  }
  assert.equal(elsewhere.hits.length, 0);
});

test("bodies that are no usable key set are failures and leave the last good set in use", async () => {
  const set = JSON.stringify({ keys: [one.jwk] });
  const bodies = {
    html: "<!doctype html><title>Sign in</title>",
    empty: "",
    truncated: set.slice(0, -10),
    array: JSON.stringify([one.jwk]),
    "no keys": '{"keys":[]}',
    "no usable key": JSON.stringify({ keys: [{ kty: "oct", k: "AAAA", kid: "one" }, null, 7] }),
    "private key": JSON.stringify({ keys: [{ ...one.jwk, d: "AAAA" }] }),
    "byte order mark": `\ufeff${set}`,
    "invalid UTF-8": Buffer.concat([Buffer.from(set.slice(0, -1)), Buffer.from(',"a":"\xff"}', "latin1")]),
    "UTF-16": Buffer.from(set, "utf16le"),
    "two keys members": set.replace("{", '{"keys":[],'),
  };
  for (const [name, body] of Object.entries(bodies)) {
    const { verifier, fresh, clock, server, events } = await fixture();
    await verifier.verify(fresh());
    server.behave = answer(200, body, { "content-type": "application/json" });
    clock.now += 700;
    await verifier.verify(fresh());
    assert.equal(events.at(-1).type, "keys_fetch_failed", name);
    assert.doesNotMatch(JSON.stringify(events), new RegExp(one.jwk.x), "an event holds no key");
  }
});

test("the content type is not trusted: a key set served as HTML is a key set", async () => {
  const { verifier, fresh, server } = await fixture();
  server.behave = answer(200, JSON.stringify({ keys: [one.jwk] }), { "content-type": "text/html" });
  await verifier.verify(fresh());
});

test("a bad key among good ones is skipped, with an event", async () => {
  const { verifier, fresh, server, events } = await fixture();
  server.behave = answer(
    200,
    JSON.stringify({ keys: [{ kty: "OKP", kid: "x" }, one.jwk, { ...two.jwk, use: "enc" }] }),
  );
  await verifier.verify(fresh());
  assert.deepEqual(
    aboutKeys(events)
      .map(({ type, index }) => [type, index])
      .sort(),
    [
      ["key_skipped", 0],
      ["key_skipped", 2],
      ["keys_fetched", undefined],
    ],
  );
  await rejectsCode("unknown_key", verifier.verify(fresh(two)));
});

describe("slow, endless and broken answers", { concurrency: true }, () => {
  const bodies = {
    "headers never come": hang,
    "the body comes a byte a second": (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const body = JSON.stringify({ keys: [one.jwk] });
      let sent = 0;
      const drip = setInterval(() => response.write(body[sent++] ?? " "), 1_000);
      response.on("close", () => clearInterval(drip));
    },
    "the body never ends after its first part": (_request, response) => {
      response.writeHead(200);
      response.write('{"keys":[');
    },
  };
  for (const [name, behave] of Object.entries(bodies)) {
    test(`[K04] when ${name}, a cold verification is unavailable within 4 s and a warm one goes on`, async () => {
      const cold = await fixture();
      cold.server.behave = behave;
      const started = performance.now();
      await rejectsCode("keys_unavailable", cold.verifier.verify(cold.fresh()));
      const took = performance.now() - started;
      assert.ok(took > 2_500 && took < 10_000, `${took} ms`);
      assert.equal(cold.events.at(-1).reason, "timeout");

      const warm = await fixture();
      await warm.verifier.verify(warm.fresh());
      warm.server.behave = behave;
      warm.clock.now += 400;
      const sooner = performance.now();
      await warm.verifier.verify(warm.fresh());
      assert.ok(performance.now() - sooner < 1_000, "a background refresh is not waited for");
      warm.clock.now += 300;
      await warm.verifier.verify(warm.fresh());
    });
  }

  test("[K04] a body of 8 MiB, or without end, is cut off at 64 KiB", async () => {
    const { verifier, fresh, server, events } = await fixture();
    let sent = 0;
    server.behave = (_request, response) => {
      const push = () => {
        while (sent < 8 * 1024 * 1024 && !response.destroyed) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536, 0x20))) return response.once("drain", push);
        }
        response.end();
      };
      response.writeHead(200);
      push();
    };
    await rejectsCode("keys_unavailable", verifier.verify(fresh()));
    assert.equal(events.at(-1).reason, "too_large");
    await settled();
    assert.ok(sent < 8 * 1024 * 1024, "the server was not read to the end");
  });

  test("[K04] a compressed body counts as large as it becomes", async () => {
    const { verifier, fresh, server, events } = await fixture();
    const bomb = gzipSync(
      Buffer.concat([Buffer.from(JSON.stringify({ keys: [one.jwk] })), Buffer.alloc(64 * 1024 * 1024, 0x20)]),
    );
    server.behave = answer(200, bomb, { "content-encoding": "gzip" });
    await rejectsCode("keys_unavailable", verifier.verify(fresh()));
    assert.equal(events.at(-1).reason, "too_large");
  });

  test("[K04] a set of exactly 64 KiB is taken, and one byte more is not", async () => {
    for (const [size, reason] of [
      [64 * 1024, undefined],
      [64 * 1024 + 1, "too_large"],
    ]) {
      const { verifier, fresh, server, events } = await fixture();
      server.behave = answer(200, JSON.stringify({ keys: [one.jwk] }).padEnd(size, " "));
      const outcome = await verifier.verify(fresh()).catch((error) => error);
      assert.equal(events.at(-1).reason, reason);
      assert.equal(outcome.code, reason === undefined ? undefined : "keys_unavailable");
    }
  });

  test("[K04] a connection reset in the middle of the body is a failure", async () => {
    const { verifier, fresh, server, events } = await fixture();
    server.behave = (_request, response) => {
      response.writeHead(200, { "content-length": 5_000 });
      response.write('{"keys":[');
      setTimeout(() => response.destroy(), 50);
    };
    await rejectsCode("keys_unavailable", verifier.verify(fresh()));
    assert.equal(events.at(-1).reason, "network");
  });

  test("[K09] a fetch that never settles, whatever its signal says, holds no waiter longer than its own timer", async () => {
    let calls = 0;
    const fetch = () => {
      calls += 1;
      return new Promise(() => {});
    };
    const { verifier, fresh } = await fixture([one], { hooks: { fetch } });
    const started = performance.now();
    await Promise.all(Array.from({ length: 50 }, () => rejectsCode("keys_unavailable", verifier.verify(fresh()))));
    assert.ok(performance.now() - started < 10_000);
    assert.equal(calls, 1);
  });
});

test("a fetch hook that throws, or gives no Response, is a failed fetch", async () => {
  const hooks = [
    () => {
      throw new Error("no network");
    },
    async () => undefined,
    async () => ({ status: 200 }),
    async () => ({ status: 200, body: "text" }),
    async () => new Response(null, { status: 200 }),
  ];
  for (const fetch of hooks) {
    const { verifier, fresh, events } = await fixture([one], { hooks: { fetch } });
    await rejectsCode("keys_unavailable", verifier.verify(fresh()));
    assert.equal(aboutKeys(events).length, 1);
  }
});

test("the fetch hook is given the url, redirect manual and a signal", async () => {
  const seen = [];
  const fetch = async (url, init) => {
    seen.push([url, init.redirect, init.signal instanceof AbortSignal, init.credentials]);
    return Response.json({ keys: [one.jwk] });
  };
  const { verifier, fresh, server } = await fixture([one], { hooks: { fetch } });
  await verifier.verify(fresh());
  assert.deepEqual(seen, [[server.jwksUri, "manual", true, "omit"]]);
});
