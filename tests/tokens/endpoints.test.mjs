// The endpoints' shapes over HTTP: what is malformed, forged, foreign or from another site, what is answered, and which calls
// of the store it costs. In memory, because no store sees any of it.

import assert from "node:assert/strict";
import { createPrivateKey, sign } from "node:crypto";
import { describe, test } from "node:test";
import { createVerifier } from "tollgate";
import { memoryStore } from "tollgate/tokens";
import { faulty } from "./support/faults.mjs";
import { basic, claims, form, header, post } from "./support/http.mjs";
import { AUDIENCE, datedKey, ISSUER, makeClient } from "./support/keys.mjs";
import { fresh, makeService } from "./support/service.mjs";
import { storeError } from "./support/stores.mjs";

const service = (more) => makeService({ store: memoryStore(), ...more });
const TOKEN = "/auth/token";
const FORM = "application/x-www-form-urlencoded";
const refreshForm = (refresh_token) => ({ grant_type: "refresh_token", refresh_token });
const sessionForm = (more = {}) => ({
  grant_type: "urn:tollgate:session",
  user: fresh("ann"),
  tenant: "acme",
  ...more,
});

function is(answer, status, error) {
  assert.deepEqual([answer.status, answer.json?.error], [status, error], answer.text);
}

// catalogue: P08
test("no answer of an endpoint may be kept, whatever it says", async () => {
  const { tokens, web, login, hook } = service();
  const { refresh } = await login();
  const answers = [
    await post(tokens, TOKEN, { client: web, body: sessionForm() }),
    await post(tokens, TOKEN, { client: web, body: refreshForm(refresh) }),
    await post(tokens, TOKEN, { client: web, body: refreshForm("nonsense") }),
    await post(tokens, TOKEN, { body: refreshForm(refresh) }),
    await post(tokens, TOKEN, { method: "GET" }),
    await post(tokens, "/auth/revoke", { client: web, body: { token: refresh } }),
    await post(tokens, "/auth/revoke-all", { client: web, body: { user: "ann" } }),
    await post(tokens, "/auth/refresh", { body: "" }),
  ];
  hook.ask = () => Promise.reject(new Error("down"));
  answers.push(await post(tokens, TOKEN, { client: web, body: sessionForm() }));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 400, 401, 403, 405, 503]));
  for (const { status, headers } of answers) {
    assert.equal(headers.get("cache-control"), "no-store", String(status));
    assert.equal(headers.get("pragma"), "no-cache", String(status));
  }
});

describe("a request that is no form of RFC 6749 is an invalid_request, and touches no store", () => {
  const good = "grant_type=refresh_token&refresh_token=x";
  const cases = {
    "a repeated parameter": { body: `${good}&refresh_token=x` },
    "a repeated grant": { body: `${good}&grant_type=refresh_token` },
    JSON: { body: '{"grant_type":"refresh_token"}', headers: { "content-type": "application/json" } },
    "another content type": { body: good, headers: { "content-type": "text/plain" } },
    "no grant": { body: "refresh_token=x" },
    "no token": { body: "grant_type=refresh_token" },
    "an empty token": { body: "grant_type=refresh_token&refresh_token=" },
    nothing: { body: "" },
    "wrong percent-encoding": { body: "grant_type=refresh_token&refresh_token=%zz" },
    "what is no UTF-8": { body: "grant_type=refresh_token&refresh_token=%ff" },
    "a query": { path: `${TOKEN}?a=b`, body: good },
    "a secret in the body": { body: `${good}&client_secret=x` },
    "another client's id in the body": { body: `${good}&client_id=other` },
    "a user on a refresh": { body: `${good}&user=ann` },
    "a tenant on a refresh": { body: `${good}&tenant=ying` },
  };
  for (const [what, { path = TOKEN, body, headers }] of Object.entries(cases)) {
    // catalogue: P09
    test(`refuses ${what}`, async () => {
      const { tokens, web, calls } = service();
      is(await post(tokens, path, { client: web, body, headers }), 400, "invalid_request");
      assert.deepEqual(calls, []);
    });
  }

  // catalogue: P09
  test("a body that is too large, by one byte and by far", async () => {
    const { tokens, web, calls } = service();
    for (const size of [16_385, 1 << 20]) {
      const answer = await post(tokens, TOKEN, { client: web, body: `${good}&pad=`.padEnd(size, "x") });
      is(answer, 413, "invalid_request");
    }
    is(await post(tokens, TOKEN, { client: web, body: `${good}&pad=`.padEnd(16_384, "x") }), 400, "invalid_grant");
    assert.deepEqual(calls, []);
  });

  // catalogue: P09
  test("any method but POST", async () => {
    const { tokens, web, calls } = service();
    for (const path of [TOKEN, "/auth/refresh", "/auth/revoke", "/auth/revoke-all"]) {
      for (const method of ["GET", "HEAD", "PUT", "DELETE", "PATCH"]) {
        const answer = await post(tokens, path, { method, client: web });
        assert.equal(answer.status, 405, `${method} ${path}`);
        assert.equal(answer.headers.get("allow"), "POST");
        if (method !== "HEAD") assert.equal(answer.json.error, "invalid_request");
      }
    }
    assert.deepEqual(calls, []);
  });

  test("a grant or a scope that there is not", async () => {
    const { tokens, web } = service();
    for (const grant_type of ["password", "client_credentials", "authorization_code"]) {
      is(await post(tokens, TOKEN, { client: web, body: { grant_type } }), 400, "unsupported_grant_type");
    }
    is(await post(tokens, TOKEN, { client: web, body: { ...refreshForm("x"), scope: "admin" } }), 400, "invalid_scope");
    is(await post(tokens, TOKEN, { client: web, body: sessionForm({ scope: "admin" }) }), 400, "invalid_scope");
  });

  test("a user who is no text that can be one, or who is the client", async () => {
    const { tokens, web, calls } = service();
    for (const user of ["", "a\nb", "a\u0000", "web", "x".repeat(257)]) {
      is(await post(tokens, TOKEN, { client: web, body: sessionForm({ user }) }), 400, "invalid_request");
    }
    assert.deepEqual(calls, []);
  });
});

// catalogue: Q12
test("who does not prove to be a client is told so, in one way, and touches no store", async () => {
  const { tokens, web, calls } = service();
  const stranger = makeClient("stranger");
  const wrong = [
    undefined,
    "",
    "Basic",
    "Basic !!!",
    `Basic ${Buffer.from("web").toString("base64")}`,
    basic(stranger),
    basic({ id: "web", secret: stranger.secret }),
    basic({ id: "web", secret: "short" }),
    basic({ id: "other", secret: web.secret }),
    `Bearer ${web.secret}`,
  ];
  const bodies = new Set();
  for (const authorization of wrong) {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await post(tokens, TOKEN, { headers, body: refreshForm("x") });
    is(answer, 401, "invalid_client");
    assert.match(answer.headers.get("www-authenticate"), /^Basic /);
    bodies.add(answer.text);
  }
  assert.equal(bodies.size, 1);
  assert.deepEqual(calls, []);
});

test("a client's id and secret may be percent-encoded (RFC 6749 section 2.3.1)", async () => {
  const { tokens, web } = service();
  const encoded = [web.id, web.secret].map((text) =>
    text.replace(/[^A-Za-z0-9]/g, (c) => `%${c.charCodeAt(0).toString(16)}`),
  );
  const authorization = `Basic ${Buffer.from(encoded.join(":")).toString("base64")}`;
  is(await post(tokens, TOKEN, { headers: { authorization }, body: sessionForm() }), 200, undefined);
});

describe("a token that we did not sign is refused, and touches no store", () => {
  /** A token signed with some key, over other claims. */
  function signed({ jwk }, head, body) {
    const parts = [head, body].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    const key = { key: createPrivateKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
    return `${parts}.${sign("sha256", Buffer.from(parts), key).toString("base64url")}`;
  }

  // catalogue: Q14
  test("forged, foreign, truncated, an access token, none at all", async () => {
    const { tokens, web, login, calls, keys, driver } = service();
    const { refresh, access } = await login();
    const [head, body] = [header(refresh), claims(refresh)];
    const [access0, refresh0] = [keys.access[0], keys.refresh[0]];
    const foreign = {
      "another's key": signed(datedKey(0), head, body),
      "the access key": signed(access0, head, body),
      "the access key under its name": signed(access0, { ...head, kid: header(access).kid }, body),
      "an access token": access,
      "another type": signed(refresh0, { ...head, typ: "at+jwt" }, body),
      "no type": signed(refresh0, { alg: "ES256", kid: head.kid }, body),
      "another algorithm": signed(refresh0, { ...head, alg: "none" }, body),
      "another issuer": signed(refresh0, head, { ...body, iss: "https://evil.example" }),
      "another audience": signed(refresh0, head, { ...body, aud: AUDIENCE }),
      "a number that is none": signed(refresh0, head, { ...body, seq: "1" }),
      expired: signed(refresh0, head, { ...body, exp: 1 }),
      "no signature": refresh.slice(0, refresh.lastIndexOf(".") + 1),
      text: "not a token",
      "a prefix before it": `x${refresh}`,
      "1 MiB": "x".repeat(1 << 20),
      "15 KiB": `${refresh.slice(0, -4)}${"x".repeat(15_000)}`,
    };
    calls.length = 0;
    const texts = new Set();
    for (const [what, token] of Object.entries(foreign)) {
      const answer = await post(tokens, TOKEN, { client: web, body: refreshForm(token) });
      if (what === "1 MiB") is(answer, 413, "invalid_request");
      else is(answer, 400, "invalid_grant");
      if (what !== "1 MiB") texts.add(answer.text);
      assert.deepEqual(calls, [], what);
    }
    assert.equal(texts.size, 1);
    for (let end = 0; end < refresh.length; end += 1) {
      const answer = await driver.refresh(refresh.slice(0, end));
      assert.equal(answer.error, end === 0 ? "invalid_request" : "invalid_grant");
    }
    assert.deepEqual(calls, []);
    assert.equal((await driver.refresh(refresh)).status, 200);
  });

  // catalogue: P06, Q14
  test("each bit flipped", async () => {
    const { driver, login, calls } = service();
    const { refresh } = await login();
    calls.length = 0;
    const bytes = Buffer.from(refresh);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      const answer = await driver.refresh(flipped.toString("latin1"));
      assert.equal(answer.error, "invalid_grant", `bit ${bit}`);
    }
    assert.deepEqual(calls, []);
  });

  // catalogue: Q15
  test("a family's id that is known or guessed revokes nobody", async () => {
    const { tokens, web, login, driver, calls } = service();
    const { refresh } = await login();
    const forged = signed(datedKey(0), header(refresh), { ...claims(refresh), seq: 1 });
    const replayed = signed(datedKey(0), header(refresh), { ...claims(refresh), seq: 99 });
    calls.length = 0;
    for (const token of [forged, replayed, claims(refresh).fam]) {
      is(await post(tokens, TOKEN, { client: web, body: refreshForm(token) }), 400, "invalid_grant");
      is(await post(tokens, "/auth/revoke", { client: web, body: { token } }), 200, undefined);
    }
    assert.deepEqual(calls, []);
    assert.equal((await driver.refresh(refresh)).status, 200);
  });
});

// catalogue: P04
test("a hook that names a claim of ours is down: no token, and nothing written", async () => {
  const reserved =
    "iss aud sub client_id iat exp jti auth_time sid tid plan permissions groups email nbf cnf act scope azp token_use acr amr fam seq gty email_verified";
  const { tokens, web, hook, calls, login } = service();
  const { refresh } = await login();
  calls.length = 0;
  for (const name of reserved.split(" ")) {
    hook.ask = () => ({ member: true, claims: { [name]: "x" } });
    for (const body of [refreshForm(refresh), sessionForm()]) {
      is(await post(tokens, TOKEN, { client: web, body }), 503, "temporarily_unavailable");
    }
  }
  assert.deepEqual(new Set(calls.map(({ name }) => name)), new Set(["load"]));
  hook.ask = () => ({ member: true, claims: { "https://app.example/team": ["a", 1, null] } });
  const { json } = await post(tokens, TOKEN, { client: web, body: refreshForm(refresh) });
  assert.deepEqual(claims(json.access_token)["https://app.example/team"], ["a", 1, null]);
});

// catalogue: Q19, Q09
test("unknown, expired, revoked, replayed and forged look the same from outside", async () => {
  const { tokens, web, login, driver, clock, keys } = service();
  const elsewhere = service({ keys });
  const { refresh: unknown } = await elsewhere.login();
  const { refresh: revoked } = await login();
  await driver.revoke(revoked);
  const { refresh: replayed } = await login();
  await driver.refresh(replayed);
  clock.now += 10_000;
  const seen = [];
  const ask = async (token) => {
    const { status, headers, text } = await post(tokens, TOKEN, { client: web, body: refreshForm(token) });
    seen.push(JSON.stringify([status, [...headers].sort(), text]));
  };
  for (const token of [unknown, revoked, replayed, replayed, "forged"]) await ask(token);
  const { refresh: expired } = await login();
  clock.now += 2_592_000_000;
  await ask(expired);
  assert.equal(seen.length, 6);
  assert.equal(new Set(seen).size, 1);
});

// catalogue: Q16
test("a flood of tokens of nobody's costs no call of the store", async () => {
  const { driver, calls } = service();
  const answers = await Promise.all(Array.from({ length: 500 }, (_, index) => driver.refresh(`a.b.${index}`)));
  assert.ok(answers.every(({ error }) => error === "invalid_grant"));
  assert.deepEqual(calls, []);
});

describe("revocation (RFC 7009)", () => {
  // catalogue: Q09
  test("is a 200 for what is unknown, foreign, expired or revoked", async () => {
    const { tokens, web, login, clock } = service();
    const { refresh, access } = await login();
    for (const token of ["nonsense", access, refresh, refresh]) {
      is(await post(tokens, "/auth/revoke", { client: web, body: { token, token_type_hint: "refresh_token" } }), 200);
    }
    const { refresh: expired } = await login();
    clock.now += 2_592_000_000;
    is(await post(tokens, "/auth/revoke", { client: web, body: { token: expired } }), 200);
    is(await post(tokens, "/auth/revoke", { client: web, body: {} }), 400, "invalid_request");
    is(
      await post(tokens, "/auth/revoke", {
        client: web,
        body: [
          ["token", "a"],
          ["token", "b"],
        ],
      }),
      400,
      "invalid_request",
    );
  });

  test("of one client's token by another ends nothing", async () => {
    const { tokens, other, login, driver } = service();
    const { refresh } = await login();
    is(await post(tokens, "/auth/revoke", { client: other, body: { token: refresh } }), 200);
    assert.equal((await driver.refresh(refresh)).status, 200);
  });

  test("of all is for clients that may, of one user or one tenant", async () => {
    const { tokens, web, other, calls } = service();
    const path = "/auth/revoke-all";
    is(await post(tokens, path, { client: other, body: { user: "ann" } }), 400, "unauthorized_client");
    is(await post(tokens, path, { body: { user: "ann" } }), 401, "invalid_client");
    for (const body of [
      {},
      { user: "ann", tenant: "acme" },
      [
        ["user", "a"],
        ["user", "b"],
      ],
      { user: "" },
    ]) {
      is(await post(tokens, path, { client: web, body }), 400, "invalid_request");
    }
    assert.deepEqual(calls, []);
    is(await post(tokens, path, { client: web, body: { tenant: "acme" } }), 200);
  });
});

describe("the cookie form", () => {
  const REFRESH = "__Host-refresh_token";
  const sameSite = { "sec-fetch-site": "same-origin" };
  const cookies = (answer) => answer.headers.getSetCookie();
  const ask = (tokens, token, headers = sameSite) => {
    const cookie = token === undefined ? {} : { cookie: `${REFRESH}=${token}` };
    return post(tokens, "/auth/refresh", { body: "", headers: { ...cookie, ...headers } });
  };

  test("sets both cookies, and no token is in the body", async () => {
    const { tokens, login } = service();
    const { refresh } = await login();
    const answer = await ask(tokens, refresh);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json, { expires_in: 900 });
    const [access, next] = cookies(answer).sort();
    assert.match(access, /^__Host-access_token=[\w.-]+; /);
    assert.match(next, /^__Host-refresh_token=[\w.-]+; /);
    for (const [cookie, site] of [
      [access, "Lax"],
      [next, "Strict"],
    ]) {
      for (const attribute of ["Path=/", "Secure", "HttpOnly", `SameSite=${site}`]) {
        assert.ok(cookie.split("; ").includes(attribute), cookie);
      }
      assert.ok(!/domain/i.test(cookie));
    }
    assert.equal(claims(next.slice(REFRESH.length + 1).split(";")[0]).seq, 2);
  });

  test("obeys the cross-site rule, and a refusal of it clears nothing", async () => {
    const { tokens, login, calls } = service();
    const { refresh } = await login();
    calls.length = 0;
    for (const headers of [{}, { "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }]) {
      const answer = await ask(tokens, refresh, headers);
      assert.equal(answer.status, 403);
      assert.deepEqual(cookies(answer), []);
    }
    assert.deepEqual(calls, []);
    assert.equal((await ask(tokens, refresh)).status, 200);
  });

  test("invalid_grant clears both cookies, and a 503 neither", async () => {
    const { tokens, login, hook } = service();
    const { refresh } = await login();
    const refused = await ask(tokens, "nonsense");
    is(refused, 400, "invalid_grant");
    assert.equal(cookies(refused).length, 2);
    for (const cookie of cookies(refused)) assert.match(cookie, /^__Host-(?:access|refresh)_token=; .*Max-Age=0/);
    hook.ask = () => Promise.reject(new Error("down"));
    const down = await ask(tokens, refresh);
    is(down, 503, "temporarily_unavailable");
    assert.deepEqual(cookies(down), []);
  });

  test("is for families of clients that may, and wants one cookie", async () => {
    const { tokens, other, login } = service();
    const { json } = await post(tokens, TOKEN, { client: other, body: sessionForm() });
    assert.notEqual((await ask(tokens, json.refresh_token)).status, 200);
    const { refresh } = await login();
    const two = { ...sameSite, cookie: `${REFRESH}=${refresh}; ${REFRESH}=other` };
    is(await ask(tokens, undefined, two), 400, "invalid_request");
  });

  test("of revocation ends the family and clears both", async () => {
    const { tokens, login, driver } = service();
    const { refresh } = await login();
    const headers = { ...sameSite, cookie: `${REFRESH}=${refresh}` };
    const answer = await post(tokens, "/auth/revoke", { body: "", headers });
    assert.equal(answer.status, 200);
    assert.equal(cookies(answer).length, 2);
    assert.equal((await driver.refresh(refresh)).error, "invalid_grant");
  });
});

// catalogue: R11
test("with the store down a refresh is a 503 with Retry-After, and access tokens verify on", async () => {
  let isDown = false;
  const store = faulty(memoryStore(), () => (isDown ? "before" : undefined), { error: storeError });
  const { tokens, web, login, clock } = makeService({ store, clock: { now: Date.now() } });
  const { refresh, access } = await login();
  isDown = true;
  for (const body of [refreshForm(refresh), sessionForm()]) {
    const answer = await post(tokens, TOKEN, { client: web, body });
    is(answer, 503, "temporarily_unavailable");
    assert.match(answer.headers.get("retry-after"), /^[1-9]\d*$/);
  }
  const issuer = { issuer: ISSUER, audience: [AUDIENCE], algorithms: ["ES256"], jwks: await tokens.keySet() };
  const verifier = createVerifier({ issuers: [issuer] }, { now: () => clock.now / 1000 });
  await verifier.verify(access);
  isDown = false;
  is(await post(tokens, TOKEN, { client: web, body: refreshForm(refresh) }), 200);
});

test("what is not the service's own is nobody's: the request goes on, unread", async () => {
  const { tokens } = service();
  for (const path of [
    "/",
    "/auth",
    "/auth/",
    "/auth/tokens",
    "/authtoken",
    "/auth/token/x",
    "/reports",
    "/AUTH/token",
  ]) {
    const request = new Request(`${ISSUER}${path}`, { method: "POST", body: "x", headers: { "content-type": FORM } });
    assert.equal(await tokens.handle(request), null, path);
    assert.equal(request.bodyUsed, false);
  }
});

// catalogue: Q18
test("no event and no answer that refuses holds a token, a secret or what was sent", async () => {
  const { tokens, web, login, driver, events } = service();
  const { refresh } = await login();
  await driver.refresh(refresh);
  const texts = [];
  const bodies = [refreshForm(`${refresh}x`), refreshForm("needle-in-a-token"), { grant_type: "needle-in-a-grant" }];
  for (const body of bodies) texts.push((await post(tokens, TOKEN, { client: web, body })).text);
  const needle = { id: "needle-in-an-id", secret: web.secret };
  texts.push((await post(tokens, TOKEN, { client: needle, body: form(refreshForm(refresh)) })).text);
  const all = JSON.stringify([texts, events]);
  for (const secret of [...refresh.split("."), web.secret, "needle"]) assert.ok(!all.includes(secret));
});
