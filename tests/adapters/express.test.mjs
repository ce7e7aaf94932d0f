// `tollgate/express` alone: every view of a request, mount paths, what others put around the answer, and time.

import assert from "node:assert/strict";
import { test } from "node:test";
import connect from "connect";
import express from "express";
import express4 from "express4";
import { tollgate } from "tollgate/express";
import { keyServer } from "../node/support/key-server.mjs";
import { gateConfig, issuerConfig, makeKey, NOW, token } from "../node/support/tokens.mjs";
import { send } from "../workerd/support/http.mjs";
import { listening } from "./support/hosts.mjs";

const key = makeKey("ES256", "one");
const hooks = { now: () => NOW };
const host = "acme.api.example.com";
const authorization = ["authorization", `Bearer ${token(key)}`];
const guard = (changes) => tollgate(gateConfig([key], changes), hooks);
const makers = { "Express 5": express, "Express 4": express4, Connect: connect };

/** What `app` answers to one request. */
async function once(app, request = {}) {
  const server = await listening(app);
  try {
    return await send(server.port, { target: "/reports/1", host, headers: [authorization], ...request });
  } finally {
    await server.stop();
  }
}

for (const [name, make] of Object.entries(makers)) {
  test(`${name}: no view of the request has what was taken away, whoever looked before`, async () => {
    const forged = ["X-Tollgate-User", '"evil"'];
    for (const look of [(request) => [request.headers, request.headersDistinct], () => []]) {
      const app = make();
      app.use((request, _response, next) => {
        look(request);
        next();
      });
      app.use(guard()).use(({ headers, headersDistinct, rawHeaders, principal }, response) => {
        response.end(JSON.stringify({ headers, headersDistinct, rawHeaders, principal }));
      });
      const { text } = await once(app, { headers: [authorization, forged, ["x-other", "1"]] });
      const seen = JSON.parse(text);
      assert.ok(!text.includes("evil") && !text.includes("eyJ"), text);
      assert.equal(seen.headers["x-tollgate-user"], '"user-1"');
      assert.deepEqual(seen.headersDistinct["x-tollgate-user"], ['"user-1"']);
      const at = seen.rawHeaders.indexOf("x-tollgate-user");
      assert.deepEqual(seen.rawHeaders.slice(at, at + 2), ["x-tollgate-user", '"user-1"']);
      assert.ok(seen.rawHeaders.includes("x-other"));
      assert.equal(seen.principal.userId, "user-1");
    }
  });

  test(`${name}: below a mount path the whole path is judged`, async () => {
    for (const [target, status] of [
      ["/reports/1", 200],
      ["/health", 200],
    ]) {
      const app = make();
      app.use("/reports", guard());
      app.use((_request, response) => response.end("ok"));
      assert.equal((await once(app, { target })).status, status);
    }
    const app = make();
    app.use("/health", guard()).use((_request, response) => response.end("ok"));
    assert.equal((await once(app, { target: "/health", headers: [] })).status, 200, "public");
    // Were the rest of the path judged, it would be a path that needs a token.
    assert.equal((await once(app, { target: "/health/x", headers: [] })).status, 401);
  });

  test(`${name}: where somebody answered while keys were fetched, nothing more is said`, async () => {
    const keys = await keyServer([key]);
    const behave = keys.behave;
    keys.behave = (request, response) => setTimeout(() => behave(request, response), 200);
    const issuers = [issuerConfig([], { jwks: undefined, jwksUri: keys.jwksUri })];
    const app = make();
    let went = false;
    app.use((_request, response, next) => {
      setTimeout(() => response.end("too late"), 20);
      next();
    });
    app.use(guard({ issuers })).use(() => {
      went = true;
    });
    const [answer] = await Promise.all([
      once(app, { headers: [["authorization", `Bearer ${token(makeKey("ES256", "one"))}`]] }),
      new Promise((later) => setTimeout(later, 400)),
    ]);
    assert.deepEqual([answer.status, answer.text, went], [200, "too late", false]);
    await keys.stop();
  });
}

test("a chunked body is still known as one to body parsers", async () => {
  const app = express();
  app.use(guard(), express.json()).use((request, response) => response.json(request.body));
  const server = await listening(app);
  try {
    const headers = { host, authorization: authorization[1], "content-type": "application/json" };
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"a":'));
        controller.enqueue(new TextEncoder().encode("1}"));
        controller.close();
      },
    });
    const { request } = await import("node:http");
    const text = await new Promise((resolve, reject) => {
      const sent = request(
        { port: server.port, host: "127.0.0.1", method: "POST", path: "/reports/1", headers },
        (answer) => {
          let all = "";
          answer.setEncoding("utf8").on("data", (chunk) => {
            all += chunk;
          });
          answer.on("end", () => resolve(all));
        },
      );
      sent.on("error", reject);
      (async () => {
        for await (const chunk of body) sent.write(chunk);
        sent.end();
      })();
    });
    assert.equal(text, '{"a":1}');
  } finally {
    await server.stop();
  }
});

test("Express's own settings say whose word on the client's address counts", async () => {
  const app = express();
  app.set("trust proxy", true);
  app.use(guard()).use((request, response) => response.json([request.ip, request.hostname]));
  const headers = [authorization, ["x-forwarded-for", "192.0.2.7"], ["x-forwarded-host", "evil.example"]];
  assert.equal((await once(app, { headers })).text, JSON.stringify(["192.0.2.7", host]));
});

test("the gate's word comes after whatever sets fields late, and however they are given", async () => {
  const cors = { origins: ["https://app.example.com"] };
  const origin = ["origin", "https://app.example.com"];
  const wilful = { "Access-Control-Allow-Origin": "*", "Cache-Control": "public", Vary: "Accept" };
  const answers = {
    implicit: (response) => response.end("ok"),
    object: (response) => response.writeHead(200, wilful).end("ok"),
    "object and words": (response) => response.writeHead(200, "Fine", wilful).end("ok"),
    list: (response) => response.writeHead(200, Object.entries(wilful).flat()).end("ok"),
    pairs: (response) => response.writeHead(200, Object.entries(wilful)).end("ok"),
    written: (response) => response.writeHead(200, wilful).write("ok") && response.end(),
    flushed: (response) => {
      for (const [name, value] of Object.entries(wilful)) response.setHeader(name, value);
      response.flushHeaders();
      response.end("ok");
    },
  };
  for (const [how, answer] of Object.entries(answers)) {
    const app = express();
    app.use(guard({ cors })).use((_request, response) => answer(response));
    const got = await once(app, { headers: [authorization, origin] });
    assert.deepEqual([got.status, got.text], [200, "ok"], how);
    assert.equal(got.header("access-control-allow-origin"), "https://app.example.com", how);
    assert.equal(got.header("cache-control"), "private", how);
    assert.match(got.header("vary"), how === "implicit" ? /^origin$/i : /^accept, origin$/i, how);
  }
});

test("several cookies set by a handler stay several", async () => {
  for (const set of [
    (response) => response.setHeader("set-cookie", ["a=1", "b=2"]).end(),
    (response) => response.writeHead(200, { "set-cookie": ["a=1", "b=2"] }).end(),
    (response) => response.writeHead(200, ["set-cookie", "a=1", "set-cookie", "b=2"]).end(),
  ]) {
    const app = connect();
    app.use(guard()).use((_request, response) => set(response));
    const { headers } = await once(app);
    assert.deepEqual(
      headers.filter(([name]) => name === "set-cookie").map(([, value]) => value),
      ["a=1", "b=2"],
    );
  }
});

test("a request without a method or a target is refused", async () => {
  const guarded = guard();
  for (const broken of [
    { method: undefined, url: "/health" },
    { method: "GET", url: undefined },
  ]) {
    const said = {};
    const response = {
      headersSent: false,
      setHeader: (name, value) => (said[name] = value),
      end: (body) => (said.body = body),
    };
    const next = () => assert.fail("it went on");
    guarded({ headers: { host }, rawHeaders: [], ...broken }, response, next);
    await new Promise((turn) => setTimeout(turn, 20));
    assert.equal(response.statusCode, 400);
    assert.equal(JSON.parse(said.body).type, "urn:tollgate:invalid_request");
  }
});
