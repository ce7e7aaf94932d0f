// A token service behind API Gateway: events become requests and answers become results, under a core whose steps the tests
// write.

import assert from "node:assert/strict";
import { test } from "node:test";
import { core } from "./support/scripted-core.mjs";
import { client, keysDocument, NOW, tokensConfig } from "./support/token-service.mjs";

const { createTokens, memoryStore } = await import("tollgate/tokens");

const tokens = createTokens(tokensConfig([client("web")]), {
  keys: keysDocument(),
  store: memoryStore(),
  entitlements: null,
  now: () => NOW,
});
const done = () => ({ do: "answer", answer: { status: 200, headers: [], body: "{}" } });

const event = (changes = {}) => ({
  version: "2.0",
  rawPath: "/auth/token",
  rawQueryString: "",
  headers: { host: "api.example.com", "content-type": "application/x-www-form-urlencoded" },
  requestContext: { domainName: "abc.execute-api.example", http: { method: "POST" } },
  body: Buffer.from("a=b").toString("base64"),
  isBase64Encoded: true,
  ...changes,
});

test("an API Gateway event is a request: base64 or plain body, cookies, joined values, query, host", async () => {
  const asked = [];
  core.begin = (request) => {
    asked.push(request);
    return done();
  };
  const seen = async (changes) => {
    await tokens.handleEvent(event(changes));
    const { headers, body, ...rest } = asked.at(-1);
    return { ...rest, headers, body: new TextDecoder().decode(body) };
  };
  const usual = ["host", "api.example.com", "content-type", "application/x-www-form-urlencoded"];
  const first = await seen({});
  assert.deepEqual(first, {
    method: "POST",
    url: "https://api.example.com/auth/token",
    headers: usual,
    count: 2,
    body: "a=b",
    now: NOW,
  });
  assert.equal((await seen({ body: "a=\u00e9", isBase64Encoded: false })).body, "a=\u00e9");
  assert.equal((await seen({ body: undefined, isBase64Encoded: false })).body, "");
  assert.equal((await seen({ rawQueryString: "x=1&x=%2F" })).url, "https://api.example.com/auth/token?x=1&x=%2F");
  assert.equal((await seen({ headers: {} })).url, "https://abc.execute-api.example/auth/token");
  assert.deepEqual((await seen({ cookies: ["a=1", "b=2"] })).headers, [...usual, "cookie", "a=1; b=2"]);
  const doubled = await seen({ headers: { authorization: "Basic YQ==,Basic Yg==" }, cookies: [] });
  assert.deepEqual(doubled.headers, ["authorization", "Basic YQ==,Basic Yg==", "cookie", ""]);
  for (const isBase64Encoded of [true, false]) {
    const long = "a".repeat(1_048_576);
    const body = isBase64Encoded ? Buffer.from(long).toString("base64") : long;
    assert.equal((await seen({ body, isBase64Encoded })).body.length, 16_385);
  }
});

test("an answer is a result: cookies apart, other fields joined, and null for what is not for here", async () => {
  const headers = [
    ["Set-Cookie", "a=1; Path=/"],
    ["set-cookie", "b=2; Path=/"],
    ["vary", "origin"],
    ["vary", "cookie"],
  ];
  core.begin = () => ({ do: "answer", answer: { status: 400, headers, body: "{}" } });
  assert.deepEqual(await tokens.handleEvent(event()), {
    statusCode: 400,
    headers: { vary: "origin, cookie" },
    cookies: ["a=1; Path=/", "b=2; Path=/"],
    body: "{}",
    isBase64Encoded: false,
  });
  core.serves = () => false;
  assert.equal(await tokens.handleEvent(event()), null);
  core.serves = () => true;
});

test("an event of another payload format is the deployment's mistake; a body that is no base64 is answered", async () => {
  core.begin = () => done();
  for (const wrong of [event({ version: "1.0" }), {}, null, undefined]) {
    await assert.rejects(tokens.handleEvent(wrong), { code: "config_invalid", member: "event.version" });
  }
  assert.equal((await tokens.handleEvent(event({ body: "%%%" }))).statusCode, 503);
});
