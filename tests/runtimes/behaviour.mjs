// What the package promises, as tests that name no runtime: the same file runs in Node, Deno, Bun, workerd and browsers, bundled and
// not. Reads no file, and asks no server but the one in `given`.

import { createGate, createVerifier, kernel, limitTables, TollgateError } from "tollgate";
import { tollgate as forHono } from "tollgate/hono";
import { createTokens, memoryStore } from "tollgate/tokens";
import { protect } from "tollgate/worker";
import { equal, ok, thrown } from "./support/assert.mjs";
import {
  AUDIENCE,
  base64url,
  gateConfig,
  ISSUER,
  makeKey,
  NOW,
  signed,
  token,
  verifierConfig,
} from "./support/keys.mjs";

const hooks = { now: () => NOW };
const get = (path, text, host = "acme.api.example.com") => ({
  method: "GET",
  url: `https://${host}${path}`,
  headers: text === undefined ? {} : { authorization: `Bearer ${text}` },
});

/** Made once, in the first test that needs them: RSA keys take a while. */
let made;
const keys = () => {
  made ??= Promise.all([makeKey("ES256", "es"), makeKey("RS256", "rs"), makeKey("ES256", "es")]);
  return made.then(([es, rs, stranger]) => ({ es, rs, stranger }));
};

/** A `fetch` of one's own: `hits` counts, `answer` may be replaced. */
function keyFetch(set) {
  const state = { hits: 0, answer: () => Response.json(set) };
  state.fetch = async (_url, init) => {
    state.hits += 1;
    state.init = init;
    await new Promise((turn) => setTimeout(turn, 5));
    return state.answer();
  };
  return state;
}

const remote = (jwksUri = "https://issuer.example/jwks.json") => verifierConfig([], { jwksUri });

/** Each test by its name. `given` is what the runner's own server offers: `{ jwksUri, movedUri, token }`. */
export const TESTS = {
  "an ES256 token verifies, at once and when waited for": async () => {
    const { es, rs } = await keys();
    const verifier = createVerifier(verifierConfig([es, rs]), hooks);
    const { claims, principal, header } = verifier.verifySync(await token(es));
    equal(
      [claims.sub, claims.iss, principal.userId, principal.tenantId, header.alg],
      ["user-1", ISSUER, "user-1", "acme", "ES256"],
    );
    equal((await verifier.verify(await token(es, { sub: "user-2" }))).principal.userId, "user-2");
  },

  "an RS256 token verifies, at once and when waited for": async () => {
    const { es, rs } = await keys();
    const verifier = createVerifier(verifierConfig([es, rs]), hooks);
    equal(verifier.verifySync(await token(rs)).header.alg, "RS256");
    equal((await verifier.verify(await token(rs, { sub: "user-2" }))).claims.sub, "user-2");
  },

  "a hundred tokens of one key verify, with its table and without": async () => {
    const { es } = await keys();
    const verifier = createVerifier(verifierConfig([es]), hooks);
    const text = await token(es);
    for (const bytes of [0, 2 * 1024 * 1024]) {
      limitTables(bytes);
      for (let count = 0; count < 100; count += 1) equal(verifier.verifySync(text).claims.sub, "user-1");
    }
    ok((await thrown(() => limitTables(-1))) instanceof RangeError);
  },

  "the arithmetic has a name": () => ok(["scalar", "simd", "relaxed-simd"].includes(kernel()), kernel()),

  "a signature that does not hold is refused, wherever a bit of it is turned": async () => {
    const { es, rs, stranger } = await keys();
    const verifier = createVerifier(verifierConfig([es, rs]), hooks);
    const refused = async (text) => equal((await thrown(() => verifier.verifySync(text))).code, "signature_invalid");
    await refused(await token(stranger));
    for (const key of [es, rs]) {
      const [head, payload, signature] = (await token(key)).split(".");
      for (const at of [0, 20, signature.length - 3]) {
        const turned = signature[at] === "A" ? "B" : "A";
        await refused(`${head}.${payload}.${signature.slice(0, at)}${turned}${signature.slice(at + 1)}`);
      }
      await refused(`${head}.${base64url(JSON.stringify({ iss: ISSUER, sub: "evil" }))}.${signature}`);
    }
  },

  "times are just good enough, or just not": async () => {
    const { es } = await keys();
    const verifier = createVerifier({ ...verifierConfig([es]), clockToleranceSeconds: 30 }, hooks);
    const code = async (changes) => {
      try {
        verifier.verifySync(await token(es, { iat: NOW - 60, ...changes }));
        return "taken";
      } catch (error) {
        return error.code;
      }
    };
    equal(await code({ exp: NOW - 29 }), "taken");
    equal(await code({ exp: NOW - 30 }), "token_expired");
    equal(await code({ exp: undefined }), "claim_missing");
    equal(await code({ exp: String(NOW + 60) }), "claim_malformed");
    equal(await code({ nbf: NOW + 30 }), "taken");
    equal(await code({ nbf: NOW + 31 }), "token_not_yet_valid");
  },

  "what was made for something else, or is no token, is refused with its own code": async () => {
    const { es, rs, stranger } = await keys();
    const verifier = createVerifier(verifierConfig([es, rs]), hooks);
    const claims = JSON.stringify({ iss: ISSUER, aud: AUDIENCE, sub: "a", exp: NOW + 60 });
    const cases = [
      ["audience_mismatch", await token(es, { aud: "https://other.example" })],
      ["claim_missing", await token(es, { aud: undefined })],
      ["unknown_issuer", await token(es, { iss: "https://other.example" })],
      ["unknown_key", await token({ ...stranger, kid: "other" })],
      ["alg_not_allowed", await token(es, {}, { alg: "none" })],
      ["alg_not_allowed", await token(es, {}, { alg: "HS256" })],
      ["unknown_key", await token(es, {}, { alg: "RS256" })],
      ["typ_not_allowed", await token(es, {}, { typ: "logout+jwt" })],
      ["crit_not_supported", await token(es, {}, { crit: ["exp"] })],
      ["malformed_json", await signed(es, '{"alg":"ES256","kid":"es"}', claims.replace("{", '{"sub":"b",'))],
      ["malformed_token", "a.b"],
      ["malformed_token", ""],
      ["jwe_not_supported", "a.b.c.d.e"],
      ["malformed_base64url", "e30=.e30.AAAA"],
      ["token_too_large", "a".repeat(8 * 1024 + 1)],
    ];
    for (const [code, text] of cases) {
      for (const verify of [() => verifier.verifySync(text), () => verifier.verify(text)]) {
        const error = await thrown(verify);
        equal(error.code, code, text.slice(0, 30));
        ok(error instanceof TollgateError && error instanceof Error && error.name === "TollgateError");
        ok(text.length < 9 || !error.message.includes(text), "the message holds the token");
      }
    }
  },

  "claims cross with every character, and with names that objects have": async () => {
    const { es } = await keys();
    const verifier = createVerifier(verifierConfig([es]), hooks);
    const odd = JSON.parse(
      '{ "__proto__": 1, "constructor": "c", "text": "ü 💶 \\u0000", "list": [1.5, null, true], "large": 9007199254740991 }',
    );
    const { claims } = verifier.verifySync(await token(es, odd));
    for (const name of Object.keys(odd)) equal(claims[name], odd[name], name);
    equal(Object.getPrototypeOf(claims), null);
  },

  "a configuration that can't be right is refused, and the member is named": async () => {
    const { es } = await keys();
    const wrong = [
      ["issuers", { ...gateConfig([es]), issuers: [] }],
      ["surplus", { ...gateConfig([es]), surplus: 1 }],
      ["rules[1].plans", { ...gateConfig([es]), rules: [{ path: "/a" }, { path: "/b", plans: "pro" }] }],
      ["clockToleranceSeconds", { ...gateConfig([es]), clockToleranceSeconds: 301 }],
      ["hooks.onEvents", gateConfig([es]), { onEvents() {} }],
    ];
    for (const [member, config, more] of wrong) {
      const error = await thrown(() => createGate(config, more));
      equal([error.code, error.member], ["config_invalid", member]);
    }
  },

  "a gate lets through what a rule allows, and says who it is": async () => {
    const { es } = await keys();
    const gate = createGate(gateConfig([es]), hooks);
    const request = get("/reports/7", await token(es));
    request.headers["x-tollgate-user"] = "evil";
    for (const decision of [gate.checkSync(request), await gate.check(request)]) {
      equal([decision.outcome, decision.rule, decision.principal.userId], ["allow", "/reports/{*rest}", "user-1"]);
      equal(Object.fromEntries(decision.setHeaders)["x-tollgate-user"], '"user-1"');
      for (const name of ["authorization", "x-tollgate-user"]) ok(decision.removeHeaders.includes(name), name);
    }
    equal(gate.checkSync(get("/health")).principal, null);
  },

  "a gate takes the runtime's own Request": async () => {
    const { es } = await keys();
    const gate = createGate(gateConfig([es]), hooks);
    const { method, url, headers } = get("/reports/7", await token(es));
    const decision = await gate.check(new Request(url, { method, headers: new Headers(headers) }));
    equal([decision.outcome, decision.principal.tenantId], ["allow", "acme"]);
    const denied = await gate.check(new Request(url));
    const answer = new Response(denied.body || null, denied);
    equal([answer.status, answer.headers.get("www-authenticate")], [401, 'Bearer realm="api"']);
  },

  "a gate denies with status, code and a body that says no more than it must": async () => {
    const { es, stranger } = await keys();
    const gate = createGate(gateConfig([es]), hooks);
    const good = await token(es);
    const cases = [
      [401, "no_credential", get("/reports/7")],
      [401, "signature_invalid", get("/reports/7", await token(stranger))],
      [401, "token_expired", get("/reports/7", await token(es, { exp: NOW - 31, iat: NOW - 60 }))],
      [403, "no_rule", get("/nowhere", good)],
      [403, "tenant_mismatch", get("/reports/7", good, "globex.api.example.com")],
      [403, "plan_required", get("/reports/7", await token(es, { plan: "free" }))],
      [403, "permission_required", get("/orders/7", good)],
      [400, "bad_path", { ...get("/", good), url: "/reports/../health" }],
      [400, "bad_request", { ...get("/", good), method: "GE T" }],
    ];
    for (const [status, code, request] of cases) {
      const decision = gate.checkSync(request);
      equal([decision.outcome, decision.status, decision.code], ["deny", status, code]);
      const { type, status: said } = JSON.parse(decision.body);
      ok(type.startsWith("urn:tollgate:") && said === status, decision.body);
      ok(!decision.body.includes("user-1") && !decision.body.includes("globex"), decision.body);
    }
  },

  "a gate answers preflights, and says which pages may read an answer": async () => {
    const { es } = await keys();
    const gate = createGate(gateConfig([es], { cors: { origins: ["https://app.example.com"] } }), hooks);
    const headers = { origin: "https://app.example.com", "access-control-request-method": "PUT" };
    const preflight = gate.checkSync({ ...get("/reports/7"), method: "OPTIONS", headers });
    equal([preflight.status, preflight.code, preflight.body], [204, "preflight", ""]);
    const allowed = get("/reports/7", await token(es));
    allowed.headers.origin = "https://app.example.com";
    equal(
      Object.fromEntries(gate.checkSync(allowed).responseHeaders)["access-control-allow-origin"],
      "https://app.example.com",
    );
  },

  "keys are fetched once for all who wait, by a fetch of one's own": async () => {
    const { es } = await keys();
    const server = keyFetch({ keys: [es.jwk] });
    const verifier = createVerifier(remote(), { ...hooks, fetch: server.fetch });
    const text = await token(es);
    equal((await thrown(() => verifier.verifySync(text))).code, "keys_due");
    const answers = await Promise.all(Array.from({ length: 20 }, () => verifier.verify(text)));
    equal([answers.length, server.hits, server.init.redirect], [20, 1, "manual"]);
    equal(verifier.verifySync(text).claims.sub, "user-1");
  },

  "a key server that fails is no fault of the token": async () => {
    const { es } = await keys();
    const answers = [
      () => new Response("no", { status: 500, headers: { "retry-after": "7" } }),
      () => new Response("no JSON"),
      () => new Response("x".repeat(64 * 1024 + 1)),
      () => new Response(new Uint8Array([0xff, 0xfe])),
      () => {
        throw new TypeError("no network");
      },
    ];
    for (const answer of answers) {
      const server = keyFetch({ keys: [] });
      server.answer = answer;
      const events = [];
      const gate = createGate(gateConfig([], remote()), {
        ...hooks,
        fetch: server.fetch,
        onEvent: (event) => events.push(event),
      });
      const decision = await gate.check(get("/reports/7", await token(es)));
      equal([decision.outcome, decision.status, decision.code], ["unavailable", 503, "keys_unavailable"]);
      ok(Number(Object.fromEntries(decision.headers)["retry-after"]) >= 1);
      ok(
        events.some(({ type }) => type === "keys_fetch_failed"),
        JSON.stringify(events),
      );
      equal((await thrown(() => gate.ready())).code, "keys_unavailable");
    }
  },

  "the runtime's own fetch gets keys from a server, and follows no redirect of it": async (given) => {
    const clock = { now: () => NOW };
    const { claims } = await createVerifier(remote(given.jwksUri), clock).verify(given.token);
    equal(claims.sub, "user-1");
    const events = [];
    const moved = createVerifier(remote(given.movedUri), { ...clock, onEvent: (event) => events.push(event) });
    equal((await thrown(() => moved.verify(given.token))).code, "keys_unavailable");
    ok(
      /^(redirect|status_3)/.test(events.find(({ type }) => type === "keys_fetch_failed").reason),
      JSON.stringify(events),
    );
  },

  "an unknown kid makes keys be fetched again, and a new key is found": async () => {
    const { es } = await keys();
    const next = await makeKey("ES256", "next");
    const server = keyFetch({ keys: [es.jwk] });
    const clock = { now: NOW };
    const verifier = createVerifier(remote(), { now: () => clock.now, fetch: server.fetch });
    await verifier.verify(await token(es));
    server.answer = () => Response.json({ keys: [es.jwk, next.jwk] });
    clock.now += 60;
    equal((await verifier.verify(await token(next))).header.kid, "next");
    equal(server.hits, 2);
  },

  "events tell of the start, of keys and of decisions, and hold no token": async () => {
    const { es } = await keys();
    const server = keyFetch({ keys: [es.jwk, { kty: "EC", crv: "P-384", x: "AA", y: "AA" }] });
    const events = [];
    const gate = createGate(gateConfig([], remote()), {
      ...hooks,
      fetch: server.fetch,
      onEvent: (event) => events.push(event),
    });
    const text = await token(es);
    await gate.check(get("/reports/7", text));
    await gate.check(get("/nowhere", text));
    for (const type of ["core_started", "keys_fetched", "key_skipped", "decision"]) {
      ok(
        events.some((event) => event.type === type),
        `${type} is not among ${JSON.stringify(events)}`,
      );
    }
    equal(
      events.filter(({ type }) => type === "decision").map(({ outcome, code }) => [outcome, code]),
      [
        ["allow", null],
        ["deny", "no_rule"],
      ],
    );
    const told = JSON.stringify(events);
    for (const secret of [text, text.split(".")[2], es.jwk.x, "user-1"]) ok(!told.includes(secret));
  },

  "a hook that fails changes no answer, and a clock that fails refuses": async () => {
    const { es } = await keys();
    const text = await token(es);
    const fails = () => {
      throw new Error("mine");
    };
    equal(
      createGate(gateConfig([es]), { ...hooks, onEvent: fails }).checkSync(get("/reports/7", text)).outcome,
      "allow",
    );
    for (const now of [fails, () => Number.NaN, () => Date.now(), () => 0]) {
      equal((await thrown(() => createVerifier(verifierConfig([es]), { now }).verifySync(text))).code, "clock_invalid");
    }
  },

  "a verifier explains each check, up to the one that failed": async () => {
    const { es, stranger } = await keys();
    const verifier = createVerifier(verifierConfig([es]), hooks);
    const good = await verifier.explain(await token(es));
    equal([good.code, good.verification.claims.sub], [null, "user-1"]);
    ok(good.checks.length > 5 && good.checks.every(({ outcome }) => outcome === "pass"));
    const bad = await verifier.explain(await token(stranger));
    equal([bad.code, bad.verification], ["signature_invalid", null]);
    equal(bad.checks.find(({ outcome }) => outcome === "fail").name, "signature");
    ok(!JSON.stringify(bad).includes("user-1"), "an unverified claim is shown");
  },

  "a gate explains its decision, and tells nobody of it": async () => {
    const { es } = await keys();
    const events = [];
    const gate = createGate(gateConfig([es]), { ...hooks, onEvent: (event) => events.push(event) });
    const { checks, decision } = await gate.explain(get("/reports/7", await token(es, { plan: "free" })));
    equal([decision.status, decision.code], [403, "plan_required"]);
    const failed = checks.find(({ outcome }) => outcome === "fail");
    equal([failed.name, failed.code], ["plan", "plan_required"]);
    ok(!events.some(({ type }) => type === "decision"));
  },

  "a token that comes again is known, and its times are judged anew": async () => {
    const { es } = await keys();
    const events = [];
    const clock = { now: NOW };
    const config = { ...gateConfig([es]), verifiedTokenCache: {} };
    const gate = createGate(config, { now: () => clock.now, onEvent: (event) => events.push(event) });
    const request = get("/reports/7", await token(es, { exp: NOW + 40 }));
    for (let count = 0; count < 2; count += 1) equal(gate.checkSync(request).outcome, "allow");
    equal(
      events.filter(({ type }) => type === "decision").map(({ cached }) => cached ?? false),
      [false, true],
    );
    clock.now = NOW + 70;
    equal(gate.checkSync(request).code, "token_expired");
  },

  "what was closed refuses, and others go on": async () => {
    const { es } = await keys();
    const [closed, open] = [createGate(gateConfig([es]), hooks), createGate(gateConfig([es]), hooks)];
    closed.close();
    equal((await thrown(() => closed.checkSync(get("/health")))).code, "closed");
    equal((await thrown(() => closed.check(get("/health")))).code, "closed");
    equal(open.checkSync(get("/health")).outcome, "allow");
  },

  "a session gives tokens that the gate takes, a refresh gives new ones, and a replay ends it": async () => {
    const [access, refresh] = await Promise.all([makeKey("ES256", "a"), makeKey("ES256", "r")]);
    const secret = base64url(crypto.getRandomValues(new Uint8Array(32)));
    const hash = base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret)));
    const clients = [{ id: "web", secretHashes: [`sha256:${hash}`] }];
    const settings = { issuer: "https://api.example.com", audience: "orders-api", entitlements: null, clients };
    const from = NOW - 86_400;
    const document = { access: [{ from, jwk: access.secret }], refresh: [{ from, jwk: refresh.secret }] };
    const clock = { now: NOW };
    const now = () => clock.now;
    const store = memoryStore();
    const service = createTokens(
      { tokens: settings },
      { keys: JSON.stringify(document), store, entitlements: null, now },
    );
    const post = async (form) => {
      const headers = {
        authorization: `Basic ${btoa(`web:${secret}`)}`,
        "content-type": "application/x-www-form-urlencoded",
      };
      const body = new URLSearchParams(form).toString();
      const answer = await service.handle(
        new Request("https://api.example.com/auth/token", { method: "POST", headers, body }),
      );
      return { status: answer.status, body: await answer.json() };
    };
    const renew = ({ refresh_token }) => post({ grant_type: "refresh_token", refresh_token });
    const first = await post({ grant_type: "urn:tollgate:session", user: "ann", tenant: "acme" });
    equal(first.status, 200, JSON.stringify(first.body));
    const { rules, tenant } = gateConfig([]);
    const config = { issuers: [{ preset: "tollgate" }], tokens: settings, tenant, rules: [...rules, { path: "/me" }] };
    const gate = createGate(config, { now, ownKeys: await service.keySet() });
    const decision = gate.checkSync(get("/me", first.body.access_token));
    equal([decision.outcome, decision.principal?.userId], ["allow", "ann"], decision.code);
    const second = await renew(first.body);
    equal(second.status, 200);
    ok(second.body.refresh_token !== first.body.refresh_token);
    clock.now += 60;
    equal([(await renew(first.body)).status, (await renew(second.body)).status], [400, 400]);
  },

  "a Worker's handler behind `protect` is called for what passes, with the gate's fields": async () => {
    const { es } = await keys();
    const handler = (request, env, _context, principal) =>
      Response.json([
        env.name,
        principal.userId,
        request.headers.get("x-tollgate-user"),
        request.headers.has("authorization"),
      ]);
    const worker = protect(gateConfig([es]), { fetch: handler }, hooks);
    const ask = (headers) =>
      worker.fetch(
        new Request("https://acme.api.example.com/reports/7", { headers }),
        { name: "env" },
        { waitUntil() {} },
      );
    const answer = await ask({ authorization: `Bearer ${await token(es)}`, "x-tollgate-user": "evil" });
    equal(await answer.json(), ["env", "user-1", '"user-1"', false]);
    equal(answer.headers.get("cache-control"), "private");
    equal((await ask({})).status, 401);
  },

  "Hono's middleware goes on with what passes only, and with a body that is whole": async () => {
    const { es } = await keys();
    const middleware = forHono(gateConfig([es]), hooks);
    const ask = async (headers) => {
      const set = {};
      const raw = new Request("https://acme.api.example.com/reports/7", { method: "POST", headers, body: "a body" });
      const context = { req: { raw }, res: undefined, set: (name, value) => (set[name] = value) };
      const answer = await middleware(context, async () => {
        context.res = Response.json([await context.req.raw.text(), context.req.raw.headers.get("x-tollgate-user")]);
      });
      return { answer: answer ?? context.res, principal: set.principal };
    };
    const passed = await ask({ authorization: `Bearer ${await token(es)}`, "x-tollgate-user": "evil" });
    equal([await passed.answer.json(), passed.principal.userId], [["a body", '"user-1"'], "user-1"]);
    equal(passed.answer.headers.get("cache-control"), "private");
    const refused = await ask({});
    equal([refused.answer.status, refused.principal ?? null], [401, null]);
  },
};

/** Runs all of them, one after the other: of each its name, and what went wrong or `null`. And says where this is. */
export async function runAll(given) {
  const results = [];
  for (const [name, test] of Object.entries(TESTS)) {
    try {
      await test(given);
      results.push({ name, failure: null });
    } catch (error) {
      results.push({ name, failure: String(error?.stack ?? error) });
    }
  }
  return { agent: navigator.userAgent, kernel: kernel(), results };
}
