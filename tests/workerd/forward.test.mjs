// What the gate forwards and hands back: target, bodies, upgrades, redirects, hop-by-hop fields. It buffers no body and
// follows no redirect.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import {
  behindUrl,
  configuration,
  reader,
  startGate,
  startIssuer,
  startOrigin,
  stopAfter,
  worker,
} from "./support/gate.mjs";
import { bearer, send } from "./support/http.mjs";
import { echoUpgrade, openWebSocket } from "./support/websocket.mjs";

const keep = stopAfter(after);
let issuer;
let origin;
/** Behind a URL, with a secret. */
let gate;
/** Behind a service binding. */
let bound;
let pro;

before(async () => {
  issuer = keep(await startIssuer());
  origin = keep(await startOrigin());
  const upstream = { url: origin.url, secret: "ORIGIN_PROOF", forwardCredentials: false };
  gate = keep(await startGate(configuration(issuer, { upstream }), { bindings: { ORIGIN_PROOF: "s3cret" } }));
  const behind = [worker("echo", "tests/workerd/fixtures/echo.js")];
  bound = keep(await startGate(configuration(issuer), { bindings: { ORDERS: { service: "echo" } }, behind }));
  pro = bearer(issuer.token(reader()));
});
beforeEach(() => {
  origin.hits.length = 0;
  origin.behave = (_request, response) => response.end("ok");
});

const TARGETS = [
  "/orders",
  "/orders?",
  "/orders?a='b'&c=%27&d=%zz&e=a+b%20c",
  "/orders?x=//y/../z/./%2e%2e%2f;v=1",
  "/orders?q=a?b/c:d@e,f[g]h!i$j*k(l)",
  "/orders/a:b@c!$&'()*+,=~",
  "/orders/%C3%A9/%20",
];

test("the target reaches a URL upstream byte for byte", async () => {
  for (const target of TARGETS) assert.equal((await send(gate.port, { target, headers: [pro] })).status, 200, target);
  assert.deepEqual(
    origin.hits.map(({ url }) => url),
    TARGETS,
  );
});

test("the target reaches a service binding byte for byte", async () => {
  for (const target of TARGETS) {
    const answer = await send(bound.port, { target, headers: [pro] });
    assert.equal(JSON.parse(answer.text).url, `http://acme.localhost${target}`);
  }
});

test("a fragment and a backslash do not confuse the upstream's host", async () => {
  for (const target of ["/orders#@evil.example/", "/orders?\\@evil.example", "/@evil.example", "/orders?#"]) {
    await send(gate.port, { target, headers: [pro] });
  }
  assert.ok(origin.hits.every(({ headers }) => `http://${headers.host}` === origin.url));
  assert.ok(origin.hits.length >= 2);
});

test("a redirect of a URL upstream goes to the client, and nothing to where it points", async () => {
  const elsewhere = keep(await startOrigin());
  for (const status of [301, 302, 303, 307, 308]) {
    origin.behave = (_request, response) => response.writeHead(status, { location: `${elsewhere.url}/x` }).end();
    const answer = await send(gate.port, { method: "POST", target: "/orders", headers: [pro], body: "{}" });
    assert.equal(answer.status, status);
    assert.equal(answer.header("location"), `${elsewhere.url}/x`);
    assert.deepEqual(
      answer.headers.filter(([name]) => name.startsWith("x-tollgate-")),
      [],
    );
  }
  assert.deepEqual(elsewhere.hits, []);
});

test("a redirect of a service goes to the client", async () => {
  const answer = await send(bound.port, { target: "/moved", headers: [pro] });
  assert.equal(answer.status, 302);
  assert.equal(answer.header("location"), "https://elsewhere.example/x");
});

test("the origin never sees the credential [M09]", async () => {
  const token = issuer.token(reader());
  const ways = [
    [["authorization", `Bearer ${token}`]],
    [["authorization", `bearer ${token}`]],
    [["cookie", `a=1; __Host-access_token=${token}; b="2"`]],
    [["cookie", `__Host-access_token=${token}`]],
    [
      ["authorization", `Bearer ${token}`],
      ["cookie", `__Host-access_token=${token}; c=3`],
    ],
  ];
  for (const headers of ways) assert.equal((await send(gate.port, { target: "/orders", headers })).status, 200);
  for (const { rawHeaders } of origin.hits) assert.ok(!rawHeaders.join("\n").includes(token.slice(-40)));
  assert.deepEqual(
    origin.hits.map(({ headers }) => headers.cookie),
    [undefined, undefined, 'a=1; b="2"', undefined, "c=3"],
  );
});

test("the origin sees the credential when the configuration says so [M09]", async () => {
  const upstream = { url: origin.url, secret: null, forwardCredentials: true };
  const open = keep(await startGate(behindUrl(issuer, origin, { upstream })));
  await send(open.port, { target: "/orders", headers: [pro] });
  assert.equal(origin.hits[0].headers.authorization, pro[1]);
});

test("a URL upstream is shown the secret, whatever the client sends under its name [M10]", async () => {
  for (const name of ["x-tollgate-proof", "X-Tollgate-Proof", "x_tollgate_proof", "X-Tollgate_Proof"]) {
    await send(gate.port, {
      target: "/health",
      headers: [
        [name, "guess"],
        [name, "again"],
      ],
    });
    const sent = origin.hits
      .at(-1)
      .rawHeaders.filter((_, index, all) => index % 2 && /tollgate.proof/i.test(all[index - 1]));
    assert.deepEqual(sent, ["s3cret"]);
  }
  const echoed = JSON.parse((await send(bound.port, { target: "/orders", headers: [pro] })).text);
  assert.ok(!echoed.headers.some(([name]) => name === "x-tollgate-proof"), "a service binding needs none");
});

test("the origin learns host, scheme and client address, and not what the client claims about them", async () => {
  const lies = [
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x_forwarded_for",
    "forwarded",
  ];
  const headers = [pro, ...lies.map((name) => [name, "evil.example"])];
  await send(gate.port, { target: "/orders", host: "ACME.localhost.:80", headers });
  const { "x-forwarded-host": host, "x-forwarded-proto": scheme, ...rest } = origin.hits[0].headers;
  assert.equal(host, "acme.localhost:80");
  assert.equal(scheme, "http");
  for (const name of lies.filter((lie) => !/host|proto/.test(lie))) assert.equal(rest[name], undefined, name);
  await send(gate.port, {
    target: "/orders",
    headers: [pro, ["cf-connecting-ip", "203.0.113.9"], ["x-forwarded-for", "1.1.1.1"]],
  });
  assert.equal(origin.hits[1].headers["x-forwarded-for"], "203.0.113.9");
});

test("hop-by-hop fields end at the gate, those that `Connection` names too [M03]", async () => {
  const hop = [
    ["connection", "x-foo, X-Bar, close"],
    ["x-foo", "1"],
    ["x-bar", "2"],
    ["keep-alive", "timeout=5"],
  ];
  hop.push(["te", "trailers"], ["proxy-connection", "keep-alive"], ["x-kept", "3"]);
  const head = `GET /orders HTTP/1.1\r\nhost: acme.localhost\r\n${[pro, ...hop].map((pair) => `${pair.join(": ")}\r\n`).join("")}\r\n`;
  origin.behave = (_request, response) => {
    const fields = [
      "Connection",
      "x-inside, close",
      "X-Inside",
      "1",
      "Keep-Alive",
      "timeout=5",
      "X-Kept",
      "4",
      "Trailer",
      "x-t",
    ];
    response.writeHead(200, fields).end("ok");
  };
  const answer = await new Promise((resolve) => {
    const socket = connect(gate.port, "127.0.0.1", () => socket.write(head));
    let text = "";
    socket.on("data", (chunk) => (text += chunk)).on("close", () => resolve(text.toLowerCase()));
  });
  const seen = origin.hits[0].headers;
  for (const name of ["x-foo", "x-bar", "keep-alive", "te", "proxy-connection"])
    assert.equal(seen[name], undefined, name);
  assert.equal(seen["x-kept"], "3");
  assert.match(answer, /^http\/1\.1 200/);
  assert.match(answer, /x-kept: 4/);
  for (const name of ["x-inside", "keep-alive", "trailer", "timeout="]) assert.ok(!answer.includes(name), name);
});

test("`Connection` cannot strip the identity that the gate adds [M03]", async () => {
  const names = ["x-tollgate-user", "x-tollgate-tenant", "x-forwarded-host", "x-tollgate-proof"];
  await send(gate.port, { target: "/orders", headers: [["connection", names.join(", ")], pro] });
  const { headers } = origin.hits[0];
  assert.equal(headers["x-tollgate-user"], '"ann"');
  assert.equal(headers["x-tollgate-tenant"], '"acme"');
  assert.equal(headers["x-tollgate-proof"], "s3cret");
});

test("a response body streams: its start arrives before its end is written", async () => {
  let finish;
  origin.behave = (_request, response) => {
    response.writeHead(200, { "content-type": "text/plain" }).write("first ");
    finish = () => response.end("second");
  };
  const text = await new Promise((resolve, reject) => {
    const socket = connect(gate.port, "127.0.0.1", () => {
      socket.write(`GET /orders HTTP/1.1\r\nhost: acme.localhost\r\nconnection: close\r\n${pro.join(": ")}\r\n\r\n`);
    });
    socket.setTimeout(20_000, () => reject(new Error("the first part did not arrive before the last was written")));
    let got = "";
    socket.on("data", (chunk) => {
      got += chunk;
      if (got.includes("first ")) finish();
    });
    socket.on("close", () => resolve(got));
  });
  assert.match(text, /second/);
});

test("a request body streams: the origin reads its start before the client writes its end", async () => {
  let more;
  origin.behave = (request, response) => {
    let got = "";
    request.on("data", (chunk) => {
      got += chunk;
      if (got.includes("first")) more();
    });
    request.on("end", () => response.end(got));
  };
  const text = await new Promise((resolve, reject) => {
    const socket = connect(gate.port, "127.0.0.1", () => {
      const head = `POST /orders HTTP/1.1\r\nhost: acme.localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n`;
      socket.write(`${head}${pro.join(": ")}\r\n\r\n5\r\nfirst\r\n`);
    });
    more = () => {
      more = () => {};
      socket.write("6\r\nsecond\r\n0\r\n\r\n");
    };
    socket.setTimeout(20_000, () =>
      reject(new Error("the origin did not see the first part before the last was sent")),
    );
    let got = "";
    socket.on("data", (chunk) => (got += chunk)).on("close", () => resolve(got));
  });
  assert.match(text, /firstsecond/);
});

test("large bodies arrive whole, both ways", async () => {
  const up = randomBytes(24 * 1024 * 1024);
  origin.behave = (request, response) =>
    request.pipe(response.writeHead(200, { "content-type": "application/octet-stream" }));
  const answer = await send(gate.port, { method: "PUT", target: "/orders", headers: [pro], body: up });
  assert.equal(answer.status, 200);
  const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
  assert.equal(digest(answer.body), digest(up));
});

test("HEAD is forwarded as HEAD, and its answer has no body [L15]", async () => {
  origin.behave = (_request, response) => response.writeHead(200, { "content-length": "1234", "x-a": "b" }).end();
  const answer = await send(gate.port, { method: "HEAD", target: "/orders", headers: [pro] });
  assert.equal(answer.status, 200);
  assert.equal(answer.header("content-length"), "1234");
  assert.equal(answer.body.length, 0);
  assert.equal(origin.hits[0].method, "HEAD");
  const refused = await send(gate.port, { method: "HEAD", target: "/orders" });
  assert.equal(refused.status, 401);
  assert.equal(refused.body.length, 0);
});

test("methods, statuses and fields pass as they are", async () => {
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]) {
    await send(gate.port, { method, target: "/orders", headers: [pro], ...(method !== "GET" && { body: "x" }) });
    assert.equal(origin.hits.at(-1)?.method, method);
  }
  for (const status of [200, 201, 204, 206, 304, 400, 404, 418, 429, 500, 503]) {
    origin.behave = (_request, response) =>
      response.writeHead(status, ["Set-Cookie", "a=1", "Set-Cookie", "b=2"]).end();
    const answer = await send(gate.port, { target: "/orders", headers: [pro] });
    assert.equal(answer.status, status);
    const cookies = answer.headers.filter(([name]) => name === "set-cookie").map(([, value]) => value);
    assert.deepEqual(cookies, ["a=1", "b=2"]);
  }
});

test("a compressed answer passes as it is", async () => {
  const { gzipSync, gunzipSync } = await import("node:zlib");
  origin.behave = (_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip", "content-type": "text/plain" }).end(gzipSync("plain text"));
  };
  const answer = await send(gate.port, { target: "/orders", headers: [pro, ["accept-encoding", "gzip"]] });
  assert.equal(answer.header("content-encoding"), "gzip");
  assert.equal(gunzipSync(answer.body).toString(), "plain text");
});

test("a WebSocket passes to a URL upstream and echoes [L15]", async () => {
  const seen = [];
  origin.server.on(
    "upgrade",
    echoUpgrade((request) => seen.push(request.headers)),
  );
  const socket = await openWebSocket(gate.port, { target: "/orders", headers: [pro] });
  assert.equal(socket.status, 101);
  assert.equal(await socket.ask("hello"), "echo hello");
  assert.equal(await socket.ask("again"), "echo again");
  socket.close();
  assert.equal(seen[0].authorization, undefined);
  assert.equal(seen[0]["x-tollgate-tenant"], '"acme"');
});

test("a WebSocket passes to a service binding, with the subprotocol it chose", async () => {
  const headers = [pro, ["sec-websocket-protocol", "orders.v1"]];
  const socket = await openWebSocket(bound.port, { target: "/orders", headers });
  assert.equal(socket.status, 101);
  assert.match(socket.head, /sec-websocket-protocol: orders\.v1/);
  assert.equal(await socket.ask("hello"), "echo hello");
  socket.close();
});

test("a WebSocket without a token, or with a cookie from another site, is refused [L15]", async () => {
  const cookie = ["cookie", `__Host-access_token=${issuer.token(reader())}`];
  const cases = [
    [401, []],
    [403, [cookie]],
    [403, [cookie, ["origin", "https://evil.example"]]],
    [101, [cookie, ["origin", "http://acme.localhost"]]],
  ];
  for (const [status, headers] of cases) {
    const socket = await openWebSocket(bound.port, { target: "/orders", headers });
    assert.equal(socket.status, status);
    socket.close();
  }
});

test("an upstream that refuses, or breaks off, or throws, is a 502 that tells nothing of the inside", async () => {
  const gone = await startOrigin();
  await gone.stop();
  const dead = keep(await startGate(behindUrl(issuer, gone)));
  origin.behave = (request) => request.socket.destroy();
  const answers = [
    await send(dead.port, { target: "/orders", headers: [pro, ["origin", "https://app.example.com"]] }),
    await send(gate.port, { target: "/orders", headers: [pro, ["origin", "https://app.example.com"]] }),
    await send(bound.port, { target: "/broken", headers: [pro, ["origin", "https://app.example.com"]] }),
  ];
  for (const answer of answers) {
    assert.equal(answer.status, 502);
    assert.equal(answer.header("content-type"), "application/problem+json");
    assert.equal(answer.header("cache-control"), "no-store");
    assert.equal(answer.header("access-control-allow-origin"), "https://app.example.com");
    assert.equal(JSON.parse(answer.text).type, "urn:tollgate:bad_gateway");
    assert.doesNotMatch(answer.text, /127\.0\.0\.1|10\.0\.0\.7/);
  }
});

test("CORS: the gate's word replaces the upstream's [L13]", async () => {
  origin.behave = (_request, response) =>
    response
      .writeHead(200, {
        "access-control-allow-origin": "*",
        "access-control-allow-credentials": "true",
        vary: "accept",
      })
      .end();
  const good = await send(gate.port, { target: "/orders", headers: [pro, ["origin", "https://app.example.com"]] });
  assert.equal(good.header("access-control-allow-origin"), "https://app.example.com");
  assert.equal(good.header("access-control-allow-credentials"), "true");
  const vary = good.headers.filter(([name]) => name === "vary").map(([, value]) => value.toLowerCase());
  assert.match(vary.join(", "), /accept/);
  assert.match(vary.join(", "), /origin/);
  const other = await send(gate.port, { target: "/orders", headers: [pro, ["origin", "https://evil.example"]] });
  assert.equal(other.header("access-control-allow-origin"), undefined);
  assert.equal(other.header("access-control-allow-credentials"), undefined);
});

const CACHE_CASES = [
  [undefined, "private"],
  ["public", "private"],
  ["public, max-age=60", "private, max-age=60"],
  ["max-age=60, S-MaxAge=600", "private, max-age=60"],
  ['s-maxage="600", must-revalidate', "private, must-revalidate"],
  ["private, max-age=60", "private, max-age=60"],
  ["PRIVATE", "private"],
  ["no-store", "no-store"],
  ["public, no-store", "no-store"],
  ["no-store, private", "private, no-store"],
  ['private="set-cookie, x-a", s-maxage=9', "private"],
  ['no-cache="set-cookie, public", max-age=1', 'private, no-cache="set-cookie, public", max-age=1'],
  ["no-cache", "private, no-cache"],
  ["public=1, publicly=2", "private, publicly=2"],
  [",, ,", "private"],
];

test("an answer behind a rule that is not public leaves as private [M13]", async () => {
  for (const [from, to] of CACHE_CASES) {
    origin.behave = (_request, response) => {
      if (from !== undefined) response.setHeader("cache-control", from);
      for (const name of ["cdn-cache-control", "cloudflare-cdn-cache-control", "surrogate-control"])
        response.setHeader(name, "max-age=9");
      response.end("x");
    };
    const answer = await send(gate.port, { target: "/orders", headers: [pro] });
    assert.equal(answer.header("cache-control"), to, `from ${from}`);
    for (const name of ["cdn-cache-control", "cloudflare-cdn-cache-control", "surrogate-control"]) {
      assert.equal(answer.header(name), undefined);
    }
    const open = await send(gate.port, { target: "/health" });
    assert.equal(open.header("cache-control"), from, "a public rule's answer is the origin's own affair");
  }
});

test("a gate without an upstream answers 200 itself, and only to those it lets through", async () => {
  const { upstream: _, ...config } = configuration(issuer);
  const alone = keep(await startGate(config));
  const origin = ["origin", config.cors.origins[0]];
  const answer = await send(alone.port, { target: "/orders", headers: [pro, origin] });
  assert.equal(answer.status, 200);
  assert.equal(answer.text, "");
  assert.equal(answer.header("cache-control"), "no-store");
  assert.equal(answer.header("access-control-allow-origin"), config.cors.origins[0]);
  assert.equal((await send(alone.port, { target: "/orders" })).status, 401);
});
