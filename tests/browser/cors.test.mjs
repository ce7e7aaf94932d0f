// A page of an allowed origin can read why it was refused; a page of another origin can't. In Chromium, through the gate
// in workerd.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { configuration, orders, reader, startGate, startIssuer, stopAfter } from "../workerd/support/gate.mjs";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const skip = !existsSync(executablePath) && "missing Chromium: install it, or name it in CHROMIUM";
const keep = stopAfter(after);

let issuer;
let gate;
let browser;
let allowed;
let foreign;

/** A page of its own origin. */
async function page() {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>page</title>");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  keep({ stop: () => new Promise((closed) => server.close(closed).closeAllConnections()) });
  return `http://127.0.0.1:${server.address().port}`;
}

before(async () => {
  if (skip) return;
  [allowed, foreign] = [await page(), await page()];
  issuer = keep(await startIssuer());
  const cors = { origins: [allowed], credentials: true };
  const bindings = { ORDERS: { service: "orders" } };
  gate = keep(await startGate(configuration(issuer, { cors }), { bindings, behind: [orders()] }));
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  browser = await chromium.launch({ executablePath, args });
  keep({ stop: () => browser.close() });
});

/** What a script of a page at `origin` sees of its request. */
async function fetchFrom(origin, path, init) {
  const tab = await browser.newPage();
  try {
    await tab.goto(origin);
    const ask = async ([url, settings]) => {
      try {
        const response = await fetch(url, settings);
        const text = await response.text();
        return { status: response.status, type: response.headers.get("content-type"), body: JSON.parse(text) };
      } catch (error) {
        return { error: error.name };
      }
    };
    return await tab.evaluate(ask, [`http://acme.localhost:${gate.port}${path}`, init]);
  } finally {
    await tab.close();
  }
}

const withToken = (claims, more = {}) => ({ headers: { authorization: `Bearer ${issuer.token(claims)}`, ...more } });

test("a page of an allowed origin reads its orders, after a preflight", { skip }, async () => {
  const got = await fetchFrom(allowed, "/orders", withToken(reader(), { "x-custom": "1" }));
  assert.equal(got.status, 200);
  assert.equal(got.body.tenant, "acme");
});

test("a page of an allowed origin can read a 401", { skip }, async () => {
  const none = await fetchFrom(allowed, "/orders");
  assert.equal(none.status, 401);
  assert.equal(none.body.type, "urn:tollgate:unauthenticated");
  const expired = await fetchFrom(allowed, "/orders", withToken({ ...reader(), exp: 1 }));
  assert.equal(expired.status, 401);
  assert.equal(expired.body.type, "urn:tollgate:invalid_token");
  assert.equal(expired.type, "application/problem+json");
});

test("a page of an allowed origin can read a 403 with its current_plan", { skip }, async () => {
  const got = await fetchFrom(allowed, "/reports/", withToken({ ...reader(), plan: "free" }));
  assert.equal(got.status, 403);
  assert.equal(got.body.type, "urn:tollgate:plan_required");
  assert.equal(got.body.current_plan, "free");
  assert.deepEqual(got.body.required_plans, ["pro", "enterprise"]);
});

test("a page of another origin reads nothing", { skip }, async () => {
  assert.deepEqual(await fetchFrom(foreign, "/orders", withToken(reader())), { error: "TypeError" });
  assert.deepEqual(await fetchFrom(foreign, "/health"), { error: "TypeError" });
  assert.deepEqual(await fetchFrom(foreign, "/orders"), { error: "TypeError" });
});
