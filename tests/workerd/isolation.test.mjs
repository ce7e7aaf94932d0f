// One tenant never sees another's data, over HTTP, for every pair of tenant, host and route. Trusts no unit test.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  behindUrl,
  configuration,
  orders,
  reader,
  startGate,
  startIssuer,
  startOrigin,
  stopAfter,
} from "./support/gate.mjs";
import { bearer, send } from "./support/http.mjs";

const TENANTS = ["acme", "globex"];
const HOSTS = [
  "acme.localhost",
  "globex.localhost",
  "api.acme.com",
  "initech.localhost",
  "localhost",
  "acme.localhost.evil.example",
];
const ROUTES = ["/orders", "/orders/a-1", "/orders/g-1", "/reports", "/reports/", "/reports/orders.csv", "/me", "/"];
/** What stands in an answer of one tenant's data only. */
const MARKS = { acme: /anvil|rocket skates|"total":460/, globex: /hammock|weather machine|98075/ };

const keep = stopAfter(after);
let issuer;
let gate;

before(async () => {
  issuer = keep(await startIssuer());
  gate = keep(
    await startGate(configuration(issuer), { bindings: { ORDERS: { service: "orders" } }, behind: [orders()] }),
  );
});

/** The tenant that a host asks for, or undefined. */
const asked = (host) => (host === "api.acme.com" ? "acme" : /^([a-z]+)\.localhost$/.exec(host)?.[1]);

for (const tenant of TENANTS) {
  for (const host of HOSTS) {
    for (const route of ROUTES) {
      test(`a token of ${tenant} at ${host}${route} gets ${tenant}'s data or none`, async () => {
        const answer = await send(gate.port, { host, target: route, headers: [bearer(issuer.token(reader(tenant)))] });
        for (const [owner, mark] of Object.entries(MARKS)) {
          if (owner !== tenant) assert.doesNotMatch(answer.text, mark);
        }
        if (route === "/me") {
          // "tenant": "any": the rule names no tenant of its own, and the answer is about the caller.
          assert.equal(answer.status, 200);
          assert.equal(JSON.parse(answer.text).tenant, tenant);
        } else if (asked(host) === tenant) {
          assert.notEqual(answer.status, 403);
        } else {
          assert.equal(answer.status, 403);
          assert.equal(JSON.parse(answer.text).type, "urn:tollgate:tenant");
        }
      });
    }
  }
}

test("a token without a tenant, with an empty one or a malformed one gets nothing", async () => {
  for (const tenant_id of [undefined, "", "ACME", "acme ", "acme/globex", ["acme"], null, 7]) {
    const answer = await send(gate.port, {
      target: "/orders",
      headers: [bearer(issuer.token({ ...reader(), tenant_id }))],
    });
    assert.ok([401, 403].includes(answer.status), `${JSON.stringify(tenant_id)}: ${answer.status}`);
    assert.doesNotMatch(answer.text, MARKS.acme);
  }
});

test("10,000 interleaved requests of two tenants never cross [N07]", { timeout: 300_000 }, async () => {
  const tokens = Object.fromEntries(TENANTS.map((tenant) => [tenant, issuer.token(reader(tenant))]));
  let next = 0;
  const lane = async () => {
    while (next < 10_000) {
      const tenant = TENANTS[next++ % 2];
      const answer = await send(gate.port, {
        host: `${tenant}.localhost`,
        target: "/orders",
        headers: [bearer(tokens[tenant])],
      });
      assert.equal(answer.status, 200);
      assert.match(answer.text, MARKS[tenant]);
      assert.doesNotMatch(answer.text, MARKS[tenant === "acme" ? "globex" : "acme"]);
    }
  };
  await Promise.all(Array.from({ length: 40 }, lane));
});

test("two tenants asking for one cacheable .csv path never see each other's answer [M13]", async () => {
  const origin = keep(
    await startOrigin((request, response) => {
      const tenant = request.headers["x-tollgate-tenant"];
      response.writeHead(200, {
        "content-type": "text/csv",
        "cache-control": "public, max-age=3600, s-maxage=7200",
        etag: '"1"',
      });
      response.end(`secret of ${tenant}`);
    }),
  );
  const behind = keep(await startGate(behindUrl(issuer, origin)));
  // A shared cache in front of the gate, keyed by path alone: the worst that could stand there.
  const shelf = new Map();
  const throughCache = async (request) => {
    const kept = shelf.get(request.target);
    if (kept) return kept;
    const answer = await send(behind.port, request);
    if (!/private|no-store/.test(answer.header("cache-control") ?? "")) shelf.set(request.target, answer);
    return answer;
  };
  for (let round = 0; round < 3; round += 1) {
    for (const tenant of TENANTS) {
      const answer = await throughCache({
        host: `${tenant}.localhost`,
        target: "/reports/orders.csv",
        headers: [bearer(issuer.token(reader(tenant)))],
      });
      assert.equal(answer.status, 200);
      assert.equal(answer.text, `secret of "${tenant}"`);
      assert.equal(answer.header("cache-control"), "private, max-age=3600");
    }
  }
  assert.equal(origin.hits.length, 6);
  // A Worker's own fetch may be answered from a cache keyed by URL, unless it asks not to be.
  assert.ok(origin.hits.every(({ headers }) => headers["cache-control"] === "no-cache"));
});
