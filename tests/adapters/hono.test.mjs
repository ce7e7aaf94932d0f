// `tollgate/hono` alone: bodies that were read before, answers that can't be changed, contexts, and other middleware.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { tollgate } from "tollgate/hono";
import { answer, keyServer } from "../node/support/key-server.mjs";
import { gateConfig, issuerConfig, makeKey, NOW, token } from "../node/support/tokens.mjs";
import { send } from "../workerd/support/http.mjs";
import { honoOnNode, listening } from "./support/hosts.mjs";

const key = makeKey("ES256", "one");
const hooks = { now: () => NOW };
const guard = (changes) => tollgate(gateConfig([key], changes), hooks);
const URL_OF_ACME = "https://acme.api.example.com/reports/1";
const authorization = `Bearer ${token(key)}`;
const ask = (app, { headers = {}, ...more } = {}, ...context) =>
  app.request(URL_OF_ACME, { headers: { authorization, ...headers }, ...more }, ...context);

test("a body that was read before the gate can still be read after it", async () => {
  const app = new Hono();
  app.use(async (c, next) => {
    await c.req.json();
    await next();
  });
  app.use(guard());
  app.post("*", async (c) => c.json({ ...(await c.req.json()), user: c.req.header("x-tollgate-user") }));
  const response = await ask(app, { method: "POST", body: '{"a":1}', headers: { "x-tollgate-user": "evil" } });
  assert.deepEqual([response.status, await response.json()], [200, { a: 1, user: '"user-1"' }]);
});

test("what handlers forward has no word of the client about itself, and no credential", async () => {
  const seen = [];
  const origin = await listening((request, response) => {
    seen.push(request.headers);
    response.setHeader("cache-control", "public, max-age=9").end("from the origin");
  });
  const app = new Hono();
  app.use(guard());
  app.all("*", (c) => fetch(new Request(`http://127.0.0.1:${origin.port}/`, c.req.raw)));
  const response = await ask(app, { headers: { "x-tollgate-user": "evil", "x-tollgate-plan": "evil" } });
  assert.deepEqual([response.status, await response.text()], [200, "from the origin"]);
  assert.equal(
    response.headers.get("cache-control"),
    "private, max-age=9",
    "the fields of fetch's answer can't be changed",
  );
  assert.equal(seen[0]["x-tollgate-user"], '"user-1"');
  assert.equal(seen[0].authorization, undefined);
  await origin.stop();
});

test("a fetch of keys that goes on is kept alive by the runtime's context", async () => {
  const keys = await keyServer([key]);
  const issuers = [issuerConfig([], { jwks: undefined, jwksUri: keys.jwksUri })];
  const app = new Hono();
  app.use(guard({ issuers }));
  app.get("*", (c) => c.text("ok"));
  const works = [];
  const context = { waitUntil: (work) => works.push(work), passThroughOnException() {}, props: {} };
  assert.equal((await ask(app, {}, {}, context)).status, 200);
  assert.ok(works.length > 0);
  keys.behave = answer(500);
  assert.equal((await ask(app)).status, 200, "and without a context it works as well");
  await keys.stop();
});

test("nothing that is registered before it is guarded, and everything after it is", async () => {
  const app = new Hono();
  app.get("/reports/0", (c) => c.text(String(c.get("principal"))));
  app.use(guard());
  app.get("/reports/1", (c) => c.text(c.get("principal").userId));
  assert.equal(await (await app.request("https://acme.api.example.com/reports/0")).text(), "undefined");
  assert.equal((await app.request(URL_OF_ACME)).status, 401);
  assert.equal((await app.request("https://acme.api.example.com/no/handler")).status, 401);
  assert.equal(await (await ask(app)).text(), "user-1");
});

test("Hono's own middleware on either side keeps its part, but for the fields that are the gate's", async () => {
  const app = new Hono();
  app.use(guard({ cors: { origins: ["https://app.example.com"] } }));
  app.use(cors({ origin: "*" }), etag());
  app.get("*", (c) => {
    c.header("set-cookie", "a=1", { append: true });
    c.header("set-cookie", "b=2", { append: true });
    return c.text("ok");
  });
  const response = await ask(app, { headers: { origin: "https://app.example.com" } });
  assert.equal(response.headers.get("access-control-allow-origin"), "https://app.example.com");
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.ok(response.headers.has("etag"));
  assert.equal(response.headers.get("cache-control"), "private");
});

test("HEAD is a GET without a body, and an unknown path is Hono's 404 with the gate's fields", async () => {
  const app = new Hono();
  app.use(guard());
  app.get("/reports/1", (c) => c.text("ok"));
  const head = await ask(app, { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  const missing = await ask(app, { method: "DELETE" });
  assert.deepEqual([missing.status, missing.headers.get("cache-control")], [404, "private"]);
});

test("what a handler throws that is no Error goes on as it was", async () => {
  const app = new Hono();
  app.use(guard());
  app.get("*", () => {
    throw "a text";
  });
  await assert.rejects(
    async () => ask(app),
    (thrown) => thrown === "a text",
  );
});

test("under Hono's Node server, requests that it has not made whole yet are judged and dressed", async () => {
  const app = new Hono();
  app.use(guard());
  app.post("*", async (c) =>
    c.json({ text: await c.req.text(), user: c.req.header("X-Tollgate-User"), url: c.req.url }),
  );
  const server = await honoOnNode(app);
  const headers = [
    ["authorization", authorization],
    ["x-tollgate-user", "evil"],
  ];
  const request = { method: "POST", target: "/reports/1?a", host: "acme.api.example.com", body: "hello", headers };
  const { status, text } = await send(server.port, request);
  await server.stop();
  assert.equal(status, 200, text);
  assert.deepEqual(JSON.parse(text), {
    text: "hello",
    user: '"user-1"',
    url: "http://acme.api.example.com/reports/1?a",
  });
});

test("a WebSocket's answer is handed on as it is", async () => {
  // Node makes no such Response.
  const opened = Object.freeze({ status: 101 });
  const context = { req: { raw: new Request(URL_OF_ACME, { headers: { authorization } }) }, res: undefined, set() {} };
  const answer = await guard()(context, async () => {
    context.res = opened;
  });
  assert.deepEqual([answer, context.res === opened], [undefined, true]);
});
