// Key sets over a real HTTP key server: few fetches, no waiting for ever, and no harm from what a server may do. The
// clock is the real one; ages come from the shared cache.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { startCache } from "../../demo/cache.mjs";
import { makeKey, signToken } from "../../demo/issuer.mjs";
import { answer, hang, serve } from "../node/support/key-server.mjs";
import { configuration, orders, reader, startGate, startIssuer, stopAfter } from "./support/gate.mjs";
import { bearer, each, pause, send } from "./support/http.mjs";

const keep = stopAfter(after);
const started = (config, options = {}) =>
  startGate(config, { bindings: { ORDERS: { service: "orders" } }, behind: [api], ...options }).then(keep);
let api;
before(() => {
  api = orders();
});

const ask = (gate, token) => send(gate.port, { target: "/orders", headers: [bearer(token)] });
const status = async (gate, token) => (await ask(gate, token)).status;

/** Asks until the answer is `wanted`, for as long as `milliseconds`; resolves to how long it took. */
async function until(wanted, milliseconds, question) {
  const start = Date.now();
  for (;;) {
    const got = await question();
    if (got === wanted) return Date.now() - start;
    if (Date.now() - start > milliseconds) assert.fail(`still ${got} after ${milliseconds} ms, not ${wanted}`);
    await pause(100);
  }
}

const slowly = (behave, milliseconds) => (request, response) =>
  setTimeout(() => behave(request, response), milliseconds);

/** Asserts a 503 that says when to come back, and never blames the token. */
function assertUnavailable(got) {
  assert.equal(got.status, 503, got.text);
  assert.ok(Number(got.header("retry-after")) >= 1);
  assert.equal(got.header("cache-control"), "no-store");
  assert.equal(got.header("www-authenticate"), undefined);
}

test("1,000 concurrent cold requests cost one fetch, and all are answered [K08] [K09]", async () => {
  const issuer = keep(await startIssuer());
  issuer.server.behave = slowly(issuer.server.behave, 500);
  const gate = await started(configuration(issuer));
  const token = issuer.token(reader());
  const statuses = await Promise.all(Array.from({ length: 1_000 }, () => status(gate, token)));
  assert.deepEqual([...new Set(statuses)], [200]);
  assert.ok(issuer.server.hits.length <= 2, `${issuer.server.hits.length} fetches`);
});

test("they are answered too when the first caller, whose fetch it is, disconnects [K09]", async () => {
  const issuer = keep(await startIssuer());
  issuer.server.behave = slowly(issuer.server.behave, 1_500);
  const gate = await started(configuration(issuer));
  const token = issuer.token(reader());
  const first = connect(gate.port, "127.0.0.1");
  first.write(`GET /orders HTTP/1.1\r\nhost: acme.localhost\r\n${bearer(token).join(": ")}\r\n\r\n`);
  await until(1, 5_000, () => issuer.server.hits.length);
  const rest = Promise.all(Array.from({ length: 999 }, () => status(gate, token)));
  await pause(300);
  first.destroy();
  assert.deepEqual([...new Set(await rest)], [200]);
  assert.ok(issuer.server.hits.length <= 2, `${issuer.server.hits.length} fetches`);
});

test("a flood of 10,000 unknown key ids costs few fetches, good tokens go on passing, and a rotation lands under it [K06] [K07] [K12] [K14] [K17]", {
  timeout: 300_000,
}, async () => {
  const issuer = keep(await startIssuer());
  const gate = await started(configuration(issuer));
  const good = issuer.token(reader());
  assert.equal(await status(gate, good), 200);
  const start = Date.now();
  const allowed = () => 1 + 2 + Math.ceil((Date.now() - start) / 30_000);
  let sent = 0;
  const unknown = () => issuer.token(reader(), undefined, { kid: `unknown-${sent++}` });
  await each(10_000, 40, async (index) => {
    if (index % 50 === 0) assert.equal(await status(gate, good), 200);
    assert.equal(await status(gate, unknown()), 401);
  });
  assert.ok(issuer.server.hits.length <= allowed(), `${issuer.server.hits.length} fetches`);

  // The flood goes on; the issuer changes its key, first with both published, then with the new one alone.
  let isOver = false;
  const flood = Promise.all(
    Array.from({ length: 10 }, async () => {
      while (!isOver) {
        await status(gate, unknown());
        await pause(5);
      }
    }),
  );
  const next = makeKey("ES256");
  const fresh = issuer.token(reader(), next);
  try {
    issuer.server.behave = serve([issuer.keys[0], next]);
    await until(200, 60_000, () => status(gate, fresh));
    assert.equal(await status(gate, good), 200, "both live");
    issuer.server.behave = serve([next]);
    // The set that shows the old key gone must refuse it, whatever passed before.
    await until(401, 60_000, () => status(gate, good));
    assert.equal(await status(gate, fresh), 200);
  } finally {
    isOver = true;
    await flood;
  }
  assert.ok(issuer.server.hits.length <= allowed(), `${issuer.server.hits.length} fetches`);
});

test("a key server that is down from the start gives 503, and its return is noticed [K05]", async () => {
  const issuer = keep(await startIssuer());
  const good = issuer.server.behave;
  issuer.server.behave = (request) => request.socket.destroy();
  const gate = await started(configuration(issuer));
  const token = issuer.token(reader());
  assertUnavailable(await ask(gate, token));
  const hits = issuer.server.hits.length;
  for (let times = 0; times < 20; times += 1) assertUnavailable(await ask(gate, token));
  assert.ok(issuer.server.hits.length <= hits + 1, "failures are followed by a pause");
  assert.equal((await send(gate.port, { target: "/orders" })).status, 401, "no token is no matter of keys");
  assert.equal((await send(gate.port, { target: "/health" })).status, 200);
  issuer.server.behave = good;
  await until(200, 20_000, () => status(gate, token));
});

/** A cache that holds `issuer`'s set as if it had been fetched `age` seconds ago. */
async function agedCache(issuer, age) {
  const cache = keep(await startCache());
  const gate = await started(configuration(issuer), { cache });
  assert.equal(await status(gate, issuer.token(reader())), 200);
  await until(1, 5_000, () => cache.entries.size);
  for (const entry of cache.entries.values()) {
    const at = entry.headers.findIndex((name) => name.toLowerCase() === "x-tollgate-fetched-at") + 1;
    assert.ok(Math.abs(Number(entry.headers[at]) - Date.now() / 1000) < 30);
    entry.headers[at] = String(Date.now() / 1000 - age);
  }
  issuer.server.hits.length = 0;
  return cache;
}

const down = (request) => request.socket.destroy();

test("a set in the shared cache spares another isolate the fetch, and is as old as it is [K16]", async () => {
  const issuer = keep(await startIssuer());
  const cache = await agedCache(issuer, 100);
  const gate = await started(configuration(issuer), { cache });
  assert.equal(await status(gate, issuer.token(reader())), 200);
  assert.equal(issuer.server.hits.length, 0);
  const old = await agedCache(issuer, 400);
  const other = await started(configuration(issuer), { cache: old });
  assert.equal(await status(other, issuer.token(reader())), 200);
  assert.equal(issuer.server.hits.length, 1, "a copy that is due for renewal is renewed while its issuer answers");
  assert.equal([...cache.entries.keys()].length, 1);
  assert.match(
    [...cache.entries.keys()][0],
    new RegExp(`^tollgate-keys\\|.*${encodeURIComponent(issuer.issuer)}.*jwks\\.json`),
  );
});

test("an unknown key id goes to the issuer itself, past the shared cache [K12]", async () => {
  const issuer = keep(await startIssuer());
  const cache = await agedCache(issuer, 10);
  const next = makeKey("ES256");
  issuer.server.behave = serve([issuer.keys[0], next]);
  const gate = await started(configuration(issuer), { cache });
  assert.equal(await status(gate, issuer.token(reader(), next)), 200);
  assert.equal(issuer.server.hits.length, 1);
});

test("a set is renewed in the background past 300 s, and a key that is gone then is refused [K12]", async () => {
  const issuer = keep(await startIssuer());
  const cache = await agedCache(issuer, 296);
  const next = makeKey("ES256");
  issuer.server.behave = slowly(serve([next]), 1_000);
  const gate = await started(configuration(issuer), { cache });
  const token = issuer.token(reader());
  assert.equal(await status(gate, token), 200);
  assert.equal(issuer.server.hits.length, 0);
  await until(1, 15_000, async () => {
    assert.equal(await status(gate, token), 200, "nobody waits for the renewal");
    return issuer.server.hits.length;
  });
  await until(401, 10_000, () => status(gate, token));
  assert.equal(await status(gate, issuer.token(reader(), next)), 200);
});

test("good tokens pass while the key server is down, until the stale limit [K13]", { timeout: 60_000 }, async () => {
  const issuer = keep(await startIssuer());
  const token = issuer.token(reader());
  const caches = { 700: null, 3592: null, 3700: null };
  for (const age of Object.keys(caches)) caches[age] = await agedCache(issuer, Number(age));
  issuer.server.behave = down;
  const gates = {};
  for (const [age, cache] of Object.entries(caches)) gates[age] = await started(configuration(issuer), { cache });
  assert.equal(await status(gates[3_592], token), 200);
  assert.equal(await status(gates[700], token), 200);
  assertUnavailable(await ask(gates[3_700], token));
  const hits = issuer.server.hits.length;
  for (let times = 0; times < 50; times += 1) assert.equal(await status(gates[700], token), 200);
  assert.ok(issuer.server.hits.length <= hits + 3, "and the key server is left in peace");
  await until(503, 30_000, () => status(gates[3_592], token));
  assertUnavailable(await ask(gates[3_592], token));
  assert.equal(await status(gates[700], token), 200);
});

test("a shared copy that the core refuses does not outlive the next try", async () => {
  const issuer = keep(await startIssuer());
  const cache = await agedCache(issuer, 10);
  for (const entry of cache.entries.values()) entry.body = Buffer.from('{"keys":[]}'.padEnd(entry.body.length));
  const gate = await started(configuration(issuer), { cache });
  await until(200, 20_000, () => status(gate, issuer.token(reader())));
  assert.equal(issuer.server.hits.length, 1);
});

test("a shared cache that fails costs a fetch and no more", async () => {
  const issuer = keep(await startIssuer());
  const cache = await startCache();
  await cache.stop();
  const gate = await started(configuration(issuer), { cache });
  assert.equal(await status(gate, issuer.token(reader())), 200);
  assert.equal(issuer.server.hits.length, 1);
});

/** Takes connections and says nothing. */
async function hangingCache() {
  const server = createServer(() => {});
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const stop = () => new Promise((closed) => server.close(closed).closeAllConnections());
  return { address: `127.0.0.1:${server.address().port}`, stop };
}

test("a shared cache that hangs costs half a second and a fetch", async () => {
  const issuer = keep(await startIssuer());
  const cache = keep(await hangingCache());
  const gate = await started(configuration(issuer), { cache });
  assert.equal(await status(gate, issuer.token(reader())), 200);
  assert.equal(issuer.server.hits.length, 1);
});

const JWKS = { "content-type": "application/jwk-set+json" };
const body = (issuer) => JSON.stringify({ keys: issuer.keys.map(({ jwk }) => jwk) });

/** What a key server may do. Each is given its issuer, whose good set it could serve, and the address of another's. */
const FAULTS = {
  "hangs before its headers": () => hang,
  "sends a byte a second": () => (_request, response) => {
    response.writeHead(200, JWKS).write("{");
    const timer = setInterval(() => response.write(" "), 1_000);
    response.on("close", () => clearInterval(timer));
  },
  "never ends": () => (_request, response) => {
    response.writeHead(200, JWKS);
    const more = () => response.write(" ".repeat(16_384)) && setTimeout(more, 5);
    response.on("drain", more);
    more();
  },
  "sends 8 MiB": (issuer) => answer(200, `${body(issuer)}${" ".repeat(8 * 1024 * 1024)}`, JWKS),
  "sends a byte more than 64 KiB": (issuer) => answer(200, body(issuer).padEnd(65_537), JWKS),
  "sends a gzip bomb": (issuer) => (_request, response) => {
    response.writeHead(200, { ...JWKS, "content-encoding": "gzip" }).end(gzip(body(issuer).padEnd(64 * 1024 * 1024)));
  },
  "sends HTML": () => answer(200, "<!doctype html><title>Sign in</title>", { "content-type": "text/html" }),
  "moves for good": (_issuer, other) => answer(301, "", { location: other }),
  "moves for now": (_issuer, other) => answer(302, "", { location: other }),
  "redirects with 307": (_issuer, other) => answer(307, "", { location: other }),
  "redirects with 308": (_issuer, other) => answer(308, "", { location: other }),
  "redirects to itself": () => answer(302, "", { location: "/jwks.json" }),
  "resets in the body": (issuer) => (_request, response) => {
    response.writeHead(200, { ...JWKS, "content-length": 5_000 }).write(body(issuer));
    setTimeout(() => response.destroy(), 50);
  },
  "truncates the JSON": (issuer) => answer(200, body(issuer).slice(0, -2), JWKS),
  "starts with a byte order mark": (issuer) => answer(200, `\ufeff${body(issuer)}`, JWKS),
  "sends UTF-16": (issuer) => answer(200, Buffer.from(body(issuer), "utf16le"), JWKS),
  "sends nothing": () => answer(200, "", JWKS),
  "sends no usable key": () => answer(200, '{"keys":[{"kty":"oct","k":"AAAA"}]}', JWKS),
  "says 204": () => answer(204),
  "says 206": (issuer) => answer(206, body(issuer), JWKS),
  "says 304": () => answer(304),
  "says 404": (issuer) => answer(404, body(issuer), JWKS),
  "says 429": (issuer) => answer(429, body(issuer), { "retry-after": "2" }),
  "says 500": (issuer) => answer(500, body(issuer), JWKS),
  "closes the connection": () => down,
};
const NAMES = Object.keys(FAULTS);

let gzip;
before(async () => {
  const { gzipSync } = await import("node:zlib");
  gzip = (text) => gzipSync(text);
});

/** One gate with an issuer for each fault, and one that is well. */
async function faulty() {
  const elsewhere = keep(await startIssuer());
  const well = keep(await startIssuer());
  const issuers = await Promise.all(NAMES.map(() => startIssuer().then(keep)));
  const config = configuration(well);
  config.issuers = [well, ...issuers].map((one) => ({
    ...config.issuers[0],
    issuer: one.issuer,
    jwksUri: one.jwksUri,
  }));
  return { elsewhere, well, issuers, gate: await started(config) };
}

const breakAll = ({ issuers, elsewhere }) =>
  issuers.forEach((one, index) => {
    one.server.behave = FAULTS[NAMES[index]](one, elsewhere.jwksUri);
  });

test("no fault of a key server at the start is more than a 503, or lasts longer than the fault [K01] [K02] [K04] [J22]", {
  timeout: 120_000,
}, async () => {
  const world = await faulty();
  const { gate, well, issuers, elsewhere } = world;
  breakAll(world);
  const start = Date.now();
  const answers = issuers.map((one) => ask(gate, one.token(reader())));
  assert.equal(await status(gate, well.token(reader())), 200, "another issuer's fault is not this one's");
  for (const [index, got] of (await Promise.all(answers)).entries()) {
    assert.equal(got.status, 503, `${NAMES[index]}: ${got.status}`);
    assertUnavailable(got);
  }
  assert.ok(Date.now() - start < 15_000, "nobody waits for long");
  assert.deepEqual(elsewhere.server.hits, [], "no redirect is followed");
  for (const one of issuers) one.server.behave = serve(one.keys);
  await Promise.all(issuers.map((one) => until(200, 60_000, () => status(gate, one.token(reader())))));
});

test("no fault of a key server later on harms a good token [K02] [K04] [K11]", { timeout: 120_000 }, async () => {
  const world = await faulty();
  const { gate, issuers, elsewhere } = world;
  for (const one of issuers) assert.equal(await status(gate, one.token(reader())), 200);
  breakAll(world);
  const unknown = issuers.map((one) => status(gate, one.token(reader(), undefined, { kid: "unknown" })));
  for (let round = 0; round < 5; round += 1) {
    const statuses = await Promise.all(issuers.map((one) => status(gate, one.token(reader()))));
    assert.deepEqual([...new Set(statuses)], [200]);
    await pause(200);
  }
  for (const [index, got] of (await Promise.all(unknown)).entries()) assert.equal(got, 401, NAMES[index]);
  for (const one of issuers) assert.equal(await status(gate, one.token(reader())), 200);
  assert.deepEqual(elsewhere.server.hits, []);
});

test("Retry-After of the key server is honoured [K02]", async () => {
  const issuer = keep(await startIssuer());
  issuer.server.behave = answer(429, "", { "retry-after": "5" });
  const gate = await started(configuration(issuer));
  const start = Date.now();
  while (Date.now() - start < 3_500) {
    assertUnavailable(await ask(gate, issuer.token(reader())));
    await pause(100);
  }
  assert.equal(issuer.server.hits.length, 1);
  issuer.server.behave = serve(issuer.keys);
  await until(200, 20_000, () => status(gate, issuer.token(reader())));
});

test("a server that does not speak TLS, and a name that does not resolve, give 503 [K05]", async () => {
  const issuer = keep(await startIssuer());
  for (const jwksUri of [issuer.jwksUri.replace("http:", "https:"), "https://keys.tollgate.invalid/jwks.json"]) {
    const gate = await started(configuration({ ...issuer, jwksUri }));
    assertUnavailable(await ask(gate, issuer.token(reader())));
  }
});

test("the request for a key set carries no credential, no condition and no client's header [K03]", async () => {
  const issuer = keep(await startIssuer());
  const gate = await started(configuration(issuer));
  const headers = [bearer(issuer.token(reader())), ["cookie", "a=1"], ["x-a", "1"], ["if-none-match", '"x"']];
  await send(gate.port, { target: "/orders", headers });
  assert.equal(issuer.server.hits.length, 1);
  for (const name of ["authorization", "cookie", "x-a", "if-none-match", "if-modified-since"]) {
    assert.equal(issuer.server.hits[0].headers[name], undefined, name);
  }
});

test("the content type of a key set is not trusted, either way [J22]", async () => {
  for (const type of ["text/html", "image/png", "application/octet-stream"]) {
    const issuer = keep(await startIssuer());
    issuer.server.behave = answer(200, body(issuer), { "content-type": type });
    const gate = await started(configuration(issuer));
    assert.equal(await status(gate, issuer.token(reader())), 200, type);
  }
});

test("an issuer that is not configured is never asked for keys [K15]", async () => {
  const issuer = keep(await startIssuer());
  const stranger = keep(await startIssuer());
  const gate = await started(configuration(issuer));
  assert.equal(await status(gate, stranger.token(reader())), 401);
  const header = { jku: stranger.jwksUri, x5u: stranger.jwksUri, jwk: stranger.keys[0].jwk, kid: stranger.keys[0].kid };
  assert.equal(await status(gate, signToken(stranger.keys[0], issuer.claims(reader()), header)), 401);
  assert.deepEqual(stranger.server.hits, []);
});

test("one issuer's key does not verify another's token, even under one key id [K16]", async () => {
  const [a, b] = [makeKey("ES256", "same"), makeKey("ES256", "same")];
  const first = keep(await startIssuer([a]));
  const second = keep(await startIssuer([b]));
  const config = configuration(first);
  config.issuers.push({ ...config.issuers[0], issuer: second.issuer, jwksUri: second.jwksUri });
  const gate = await started(config);
  assert.equal(await status(gate, first.token(reader())), 200);
  assert.equal(await status(gate, second.token(reader())), 200);
  assert.equal(await status(gate, signToken(a, second.claims(reader()))), 401);
  assert.equal(await status(gate, signToken(b, first.claims(reader()))), 401);
});
