// Every adapter, in its real framework and runtime, must do the same. What is special about one is tested beside this file.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { request as open } from "node:http";
import { after, before, describe, test as nodeTest } from "node:test";
import { createGate } from "tollgate";
import { keyServer } from "../node/support/key-server.mjs";
import { makeKey } from "../node/support/tokens.mjs";
import { send } from "../workerd/support/http.mjs";
import { openWebSocket } from "../workerd/support/websocket.mjs";
import { ALLOWED, bearer, DOWN, fresh, host, key, policy } from "./support/config.mjs";
import { HOSTS, listening } from "./support/hosts.mjs";

for (const [name, { start, missing, forwards, hasSockets, hides = [] }] of Object.entries(HOSTS)) {
  describe(name, () => {
    let keys;
    let server;
    let judge;
    const test = (what, run) => nodeTest(what, { skip: missing }, run);
    before(async () => {
      if (missing !== undefined) return;
      keys = await keyServer([key]);
      const behave = keys.behave;
      keys.behave = (request, response) => setTimeout(() => behave(request, response), 200);
      server = await start(policy(keys.jwksUri));
      judge = createGate(policy(keys.jwksUri));
    });
    after(async () => {
      await server?.stop();
      await keys?.stop();
    });

    const ask = ({ tenant = "acme", headers = [], ...more }) =>
      send(server.port, { host: host(tenant), headers, ...more });
    const asUser = ({ changes = {}, headers = [], ...more }) =>
      ask({ ...more, headers: [bearer(fresh(changes)), ...headers] });
    /** How often the API behind the gate was called. */
    const calls = async () => JSON.parse((await ask({ target: "/health" })).text).calls;

    test("many requests that wait for keys cost few fetches, and all are answered", async () => {
      const answers = await Promise.all(Array.from({ length: 40 }, () => asUser({ target: "/api/a" })));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      assert.ok(keys.hits.length >= 1 && keys.hits.length <= 2, `${keys.hits.length} fetches`);
    });

    test("says who asks, in the principal and in the gate's fields, and takes the credential away", async () => {
      const answer = await asUser({ target: "/reports/7?x=%20y", changes: { permissions: ["a", "b"] } });
      assert.equal(answer.status, 200, answer.text);
      const { method, url, redirect, principal, headers } = JSON.parse(answer.text);
      // What forwards such a request hands redirects to the client.
      if (forwards === "workerd") assert.equal(redirect, "manual");
      assert.equal(method, "GET");
      assert.ok(url.endsWith("/reports/7?x=%20y"), url);
      assert.deepEqual([principal.userId, principal.tenantId, principal.plan], ["user-1", "acme", "pro"]);
      assert.deepEqual(headers.filter(([other]) => other.startsWith("x-tollgate")).sort(), [
        ["x-tollgate-permissions", '"a", "b"'],
        ["x-tollgate-plan", '"pro"'],
        ["x-tollgate-tenant", '"acme"'],
        ["x-tollgate-user", '"user-1"'],
      ]);
      assert.ok(!headers.some(([other]) => other === "authorization"));
      assert.ok(!answer.text.includes("eyJ"), "no view of the request has the token");
    });

    test("takes away what a client must not say, in every spelling", async () => {
      const forged = [
        ["x-tollgate-user", '"evil"'],
        ["X-Tollgate-Tenant", '"evil"'],
        ["X_Tollgate_Plan", '"evil"'],
        ["x-tollgate-groups", '"evil"'],
        ["x-original-url", "/evil"],
        ["x-forwarded-host", "evil.example"],
      ];
      for (const target of ["/api/a", "/health"]) {
        const { text } = await asUser({ target, headers: forged });
        assert.ok(!text.includes("evil"), text);
      }
      const { headers } = JSON.parse((await asUser({ target: "/api/a", headers: forged })).text);
      assert.deepEqual(headers.find(([other]) => other === "x-forwarded-host")?.[1], host("acme"));
    });

    if (forwards) {
      test("what a handler forwards has the gate's word, and none of the client's", async () => {
        const seen = [];
        const origin = await listening(({ headers }, response) => {
          seen.push(headers);
          response.end("from the origin");
        });
        const target = `/api/forward?to=http://127.0.0.1:${origin.port}/`;
        // In Bun alone a request that asks for an upgrade is no copy.
        const upgrade = forwards === "bun" ? [["upgrade", "websocket"]] : [];
        const headers = [["x-tollgate-user", "evil"], ["x-tollgate-groups", "evil"], ...upgrade];
        const answer = await asUser({ target, headers });
        await origin.stop();
        assert.deepEqual([answer.status, answer.text], [200, "from the origin"]);
        assert.equal(seen[0]["x-tollgate-user"], '"user-1"');
        assert.ok(!JSON.stringify(seen).includes("evil") && seen[0].authorization === undefined);
      });
    }

    test("refuses as the gate answers, and does not call what stands behind it", async () => {
      await judge.ready().catch(() => {});
      const refusals = {
        no_credential: { target: "/api/a" },
        malformed_credential: { target: "/api/a", headers: [["authorization", "Bearer"]] },
        several_credentials: { target: "/api/a", headers: [bearer("a.b.c"), bearer("d.e.f")] },
        bad_path: { target: "/api/a%2Fb", headers: [bearer(fresh())] },
        no_rule: { target: "/nowhere", headers: [bearer(fresh())] },
        token_expired: { target: "/api/a", headers: [bearer(fresh({ exp: 1_700_000_000, iat: 1_699_999_000 }))] },
        audience_mismatch: { target: "/api/a", headers: [bearer(fresh({ aud: "another" }))] },
        signature_invalid: { target: "/api/a", headers: [bearer(fresh({}, makeKey("ES256", "one")))] },
        tenant_mismatch: { target: "/api/a", tenant: "globex", headers: [bearer(fresh())] },
        tenant_missing: { target: "/api/a", headers: [bearer(fresh({ tenant_id: undefined }))] },
        plan_required: { target: "/reports/a", headers: [bearer(fresh({ plan: "free" }))] },
        keys_unavailable: { target: "/api/a", headers: [bearer(fresh({ iss: DOWN }))] },
      };
      const before = await calls();
      for (const [code, { tenant = "acme", target, headers = [] }] of Object.entries(refusals)) {
        const answer = await ask({ tenant, target, headers });
        const byName = { host: [host(tenant)] };
        for (const [field, value] of headers) byName[field] = [...(byName[field] ?? []), value];
        const decision = await judge.check({ method: "GET", url: target, headers: byName });
        assert.equal(decision.code, code);
        if (hides.includes(code)) {
          assert.equal(answer.status, 401, "of the credential that is left");
          continue;
        }
        assert.equal(answer.status, decision.status, code);
        assert.equal(answer.text, decision.body, code);
        for (const [field, value] of decision.headers) {
          // How long to wait is counted by each gate's own attempts.
          if (field !== "retry-after") assert.ok(answer.header(field)?.includes(value), `${code}: ${field}`);
          else assert.match(answer.header(field), /^\d+$/);
        }
        assert.ok(!answer.headers.some(([field]) => field.startsWith("x-tollgate")));
      }
      assert.ok((await calls()) - before <= 2, "only /health was called");
    });

    test("keeps two tenants apart", async () => {
      for (const tenant of ["acme", "globex"]) {
        const changes = { tenant_id: tenant, sub: `of-${tenant}` };
        const own = await asUser({ target: "/api/a", tenant, changes });
        assert.equal(JSON.parse(own.text).principal.tenantId, tenant);
        const other = tenant === "acme" ? "globex" : "acme";
        assert.equal((await asUser({ target: "/api/a", tenant: other, changes })).status, 403);
      }
    });

    test("a public rule needs no token and has no principal, and a bad token there is not read", async () => {
      for (const headers of [[], [bearer("rubbish")]]) {
        const answer = await ask({ target: "/health", headers });
        assert.equal(answer.status, 200);
        assert.equal(answer.header("cache-control"), "public, max-age=60");
      }
    });

    test("answers a preflight, and lets an allowed page read refusals", async () => {
      const origin = ["origin", ALLOWED];
      const wish = ["access-control-request-method", "PUT"];
      const before = await calls();
      const preflight = await ask({ method: "OPTIONS", target: "/api/a", headers: [origin, wish] });
      assert.deepEqual([preflight.status, preflight.text], [204, ""]);
      assert.equal(preflight.header("access-control-allow-origin"), ALLOWED);
      assert.ok((await calls()) - before <= 1, "only /health was called");
      const refused = await ask({ target: "/api/a", headers: [origin] });
      assert.deepEqual([refused.status, refused.header("access-control-allow-origin")], [401, ALLOWED]);
      const stranger = await ask({ target: "/api/a", headers: [["origin", "https://evil.example"]] });
      assert.deepEqual([stranger.status, stranger.header("access-control-allow-origin")], [401, undefined]);
    });

    test("what the API says about sharing its answer gives way to the gate's word", async () => {
      for (const target of ["/api/loud", "/api/loud?list"]) {
        const answer = await asUser({ target, headers: [["origin", ALLOWED]] });
        assert.deepEqual([answer.status, answer.text], [200, "loud"]);
        assert.equal(answer.header("cache-control"), "private");
        assert.equal(answer.header("access-control-allow-origin"), ALLOWED);
        assert.equal(answer.headers.filter(([other]) => other === "access-control-allow-origin").length, 1);
        const vary = answer.headers.filter(([other]) => other === "vary").map(([, value]) => value);
        assert.match(vary.join(", "), /accept-encoding.*origin/i);
        const stranger = await asUser({ target, headers: [["origin", "https://evil.example"]] });
        assert.equal(stranger.header("access-control-allow-origin"), undefined);
      }
    });

    test("a body arrives as it was sent, with a length and in chunks", async () => {
      const body = randomBytes(300_000);
      const digest = createHash("sha256").update(body).digest("hex");
      const whole = await asUser({ method: "POST", target: "/api/a", body });
      assert.equal(JSON.parse(whole.text).digest, digest);
      const chunked = await exchanged({
        method: "POST",
        path: "/api/a",
        parts: [body.subarray(0, 99), body.subarray(99)],
      });
      assert.equal(JSON.parse(chunked.chunks.join("")).digest, digest);
    });

    test("an answer streams: its beginning is there before its end is made", async () => {
      const { chunks, times } = await exchanged({ method: "GET", path: "/api/stream" });
      assert.deepEqual(chunks, ["one", "two"]);
      assert.ok(times[1] - times[0] > 200, `${times[1] - times[0]} ms apart`);
    });

    test("what a handler throws is the framework's to answer", async () => {
      const answer = await asUser({ target: "/api/throw" });
      assert.deepEqual([answer.status, answer.text], [500, "handled: the handler's own"]);
    });

    test("an upgrade is judged as any request, and opened where the runtime opens one", async () => {
      assert.equal((await openWebSocket(server.port, { target: "/api/socket", host: host("acme") })).status, 401);
      if (!hasSockets) return;
      const headers = [bearer(fresh()), ["x-tollgate-user", "evil"]];
      const socket = await openWebSocket(server.port, { target: "/api/socket", host: host("acme"), headers });
      assert.equal(socket.status, 101, socket.head);
      assert.equal(await socket.ask("hello"), 'echo hello of "user-1"');
      socket.close();
    });

    /** A request whose body goes out in `parts`, and whose answer is told in the pieces that it came in. */
    function exchanged({ method, path, parts = [] }) {
      return new Promise((resolve, reject) => {
        const [field, value] = bearer(fresh());
        const headers = { host: host("acme"), [field]: value };
        if (parts.length > 0) headers["transfer-encoding"] = "chunked";
        const sent = open({ port: server.port, host: "127.0.0.1", method, path, headers }, (response) => {
          const chunks = [];
          const times = [];
          response.setEncoding("utf8").on("data", (chunk) => {
            chunks.push(chunk);
            times.push(performance.now());
          });
          response.on("end", () => resolve({ chunks, times }));
        });
        sent.on("error", reject);
        for (const part of parts) sent.write(part);
        sent.end();
      });
    }
  });
}
