// What the deployed Worker tells where it is asked to: data points of Analytics Engine, and Server-Timing.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  behindUrl,
  configuration,
  orders,
  reader,
  root,
  startGate,
  startIssuer,
  startOrigin,
  stopAfter,
} from "./support/gate.mjs";
import { bearer, send } from "./support/http.mjs";

const keep = stopAfter(after);
const analytics = { ANALYTICS: { wrapped: join(root, "tests/workerd/fixtures/analytics.js") } };

async function started(observe, { origin, bindings = analytics } = {}) {
  const issuer = keep(await startIssuer());
  const more = observe === undefined ? {} : { observe };
  const config = origin
    ? behindUrl(issuer, origin, more)
    : configuration(issuer, { upstream: { service: "ORDERS" }, ...more });
  const gate = keep(
    await startGate(config, { behind: [orders()], bindings: { ORDERS: { service: "orders" }, ...bindings } }),
  );
  const points = () => gate.events().flatMap(({ point }) => point ?? []);
  return { issuer, gate, points };
}

/** All fields of the name, as one. */
const timing = ({ headers }) => headers.flatMap(([name, value]) => (name === "server-timing" ? value : [])).join(", ");
const ask = ({ gate }, target, headers = []) => send(gate.port, { target, headers });

test("decisions, fetches of keys, tables and the kernel are written to Analytics Engine", async () => {
  const made = await started({ analytics: "ANALYTICS" });
  const token = made.issuer.token(reader());
  for (let count = 0; count < 100; count += 1) assert.equal((await ask(made, "/orders", [bearer(token)])).status, 200);
  assert.equal((await ask(made, "/orders")).status, 401);
  assert.equal((await ask(made, "/orders", [bearer(made.issuer.token({ ...reader(), exp: 1 }))])).status, 401);
  const all = made.points();
  const of = (type) => all.filter(({ blobs }) => blobs[0] === type);
  const [fetched] = of("keys_fetched");
  assert.deepEqual(fetched.blobs, ["keys_fetched", "", "", "", made.issuer.issuer, ""]);
  assert.deepEqual([fetched.indexes, fetched.doubles[3]], [["keys_fetched"], 1]);
  assert.ok(fetched.doubles[2] >= 0 && fetched.doubles[2] < 3_500, fetched.doubles);
  assert.deepEqual(
    of("core_started").map(({ blobs }) => blobs[4]),
    ["relaxed-simd"],
  );
  assert.ok(of("tables_made").reduce((sum, { doubles }) => sum + doubles[5], 0) >= 1);
  const decisions = of("decision");
  assert.equal(decisions.length, 102);
  assert.deepEqual(decisions[0].blobs, ["decision", "allow", "", "/{*rest}", "", ""]);
  assert.deepEqual(
    decisions.slice(-2).map(({ blobs, indexes, doubles }) => [blobs[1], blobs[2], indexes[0], doubles[1]]),
    [
      ["deny", "no_credential", "no_credential", 401],
      ["deny", "token_expired", "token_expired", 401],
    ],
  );
  assert.ok(!JSON.stringify(all).includes("acme") && !JSON.stringify(all).includes(token), "nothing of a token");
});

test("nothing is written, and no answer is timed, where nobody asks for it", async () => {
  const made = await started(undefined);
  const answer = await ask(made, "/orders", [bearer(made.issuer.token(reader()))]);
  assert.deepEqual([answer.status, answer.header("server-timing"), made.points()], [200, undefined, []]);
});

test("a binding that is missing, or is none of Analytics Engine's, keeps the Worker from starting", async () => {
  for (const bindings of [{}, { ANALYTICS: "a text" }, { ANALYTICS: { service: "orders" } }]) {
    await assert.rejects(
      started({ analytics: "ANALYTICS" }, { bindings }),
      /observe.analytics: expected an Analytics Engine binding named ANALYTICS/,
    );
  }
  await assert.rejects(started({ analytics: "" }), /observe.analytics: expected the name/);
});

test("a dataset that takes no more points changes no answer", async () => {
  const bindings = { ANALYTICS: { wrapped: join(root, "tests/workerd/fixtures/analytics-full.js") } };
  const made = await started({ analytics: "ANALYTICS" }, { bindings });
  assert.equal((await ask(made, "/orders", [bearer(made.issuer.token(reader()))])).status, 200);
  assert.equal((await ask(made, "/orders")).status, 401);
});

test("Server-Timing says how long a decision waited, on the gate's answers and on those of the origin, beside its own", async () => {
  const origin = keep(
    await startOrigin((_request, response) => response.writeHead(200, { "server-timing": "db;dur=5" }).end("ok")),
  );
  const made = await started({ serverTiming: true }, { origin });
  const serve = made.issuer.server.behave;
  made.issuer.server.behave = (request, response) => setTimeout(() => serve(request, response), 300);
  const first = await ask(made, "/orders", [bearer(made.issuer.token(reader()))]);
  assert.deepEqual([first.status, first.text], [200, "ok"]);
  const [, waited] = /^db;dur=5, tollgate;dur=(\d+)$/.exec(timing(first));
  assert.ok(waited >= 250 && waited < 3_500, waited);
  const second = await ask(made, "/orders", [bearer(made.issuer.token(reader()))]);
  assert.ok(/tollgate;dur=(\d+)$/.exec(timing(second))[1] < 250, timing(second));
  const denied = await ask(made, "/orders");
  assert.equal(denied.status, 401);
  assert.match(timing(denied), /^tollgate;dur=\d+$/);
});
