// The playground tells what the gate tells: of each example, of what is pasted, of what is broken. In Chromium.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeKey, signed } from "../node/support/tokens.mjs";
import { example, fill, open, shown, showsCode, skip, start } from "./support/browser.mjs";

let world;
before(async () => {
  if (!skip) world = await start();
});
after(() => world?.stop());

/** Runs `use` on a page of its own, on which nothing may go wrong. */
async function withPage(use) {
  const page = await open(world);
  try {
    await use(page);
    assert.deepEqual(page.errors, []);
  } finally {
    await page.close();
  }
}

const allowed = { outcome: "allow", verdict: "Allowed", code: null, failed: [] };
const refused = (status, code, check) => ({
  outcome: "deny",
  verdict: `Refused with ${status} ${code}`,
  code,
  failed: [check],
});

const EXAMPLES = {
  good: allowed,
  expired: refused(401, "token_expired", "expiry"),
  tenant: refused(403, "tenant_mismatch", "tenant"),
  plan: refused(403, "plan_required", "plan"),
  path: refused(400, "bad_path", "path"),
  none: refused(401, "alg_not_allowed", "algorithm"),
  duplicate: refused(401, "malformed_json", "token_payload"),
  padded: refused(401, "malformed_base64url", "token_payload"),
  changed: refused(401, "signature_invalid", "signature"),
  public: allowed,
};

test("each example shows the decision, the check that failed, and a sentence", { skip }, () =>
  withPage(async ({ frame }) => {
    const ids = await frame.locator("#examples button").evaluateAll((all) => all.map(({ id }) => id.slice(8)));
    assert.deepEqual(ids, Object.keys(EXAMPLES));
    for (const id of ids) {
      await example(frame, id);
      await showsCode(frame, EXAMPLES[id].code);
      const { outcomes, ...said } = await shown(frame);
      assert.deepEqual(said, EXAMPLES[id], id);
      assert.match(outcomes.join(" "), /^(pass ?)*(fail ?)?(not_reached ?)*$/, id);
      assert.match(await frame.locator("#example-note").textContent(), /^[A-Z].{20,}\.$/, id);
    }
  }),
);

test("a good token shows what the origin gets, and no token among it", { skip }, () =>
  withPage(async ({ frame }) => {
    const rows = await frame
      .locator("#origin tbody tr")
      .evaluateAll((all) =>
        all.map((row) => [row.dataset.fate, row.children[1].textContent, row.children[2].textContent]),
      );
    const set = rows.filter(([fate]) => fate === "set").map(([, name, value]) => `${name}: ${value}`);
    assert.ok(set.includes('x-tollgate-user: "ann"') && set.includes('x-tollgate-tenant: "acme"'), set.join("\n"));
    const sent = rows.filter(([, name]) => name === "authorization");
    assert.deepEqual(
      sent.map(([fate]) => fate),
      ["removed"],
    );
    assert.equal(await frame.locator("#decoded-badge").textContent(), "signature holds");
  }),
);

test("a refusal shows the very answer that the client gets", { skip }, () =>
  withPage(async ({ frame }) => {
    await example(frame, "plan");
    await showsCode(frame, "plan_required");
    const body = JSON.parse(await frame.locator("#client pre").textContent());
    assert.deepEqual(
      [body.type, body.status, body.required_plans, body.current_plan],
      ["urn:tollgate:plan_required", 403, ["pro", "enterprise"], "free"],
    );
    assert.match(await frame.locator("#client table").textContent(), /application\/problem\+json/);
    assert.match(await frame.locator("#origin").textContent(), /not passed on/);
  }),
);

test("a token whose signature does not hold is marked as not verified, and its duplicates are seen", { skip }, () =>
  withPage(async ({ frame }) => {
    for (const id of ["none", "duplicate", "changed"]) {
      await example(frame, id);
      await showsCode(frame, EXAMPLES[id].code);
      assert.equal(await frame.locator("#decoded-badge").textContent(), "not verified", id);
    }
    await example(frame, "duplicate");
    assert.equal((await frame.locator("#decoded pre").nth(1).textContent()).match(/"tenant_id"/g).length, 2);
    await example(frame, "expired");
    await showsCode(frame, "token_expired");
    assert.equal(await frame.locator("#decoded-badge").textContent(), "signature holds");
  }),
);

test("a pasted token passes with the key set that was pasted with it, and not with the page's", { skip }, () =>
  withPage(async ({ frame }) => {
    const key = makeKey("RS256", "stranger-1");
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: "https://issuer.example",
      aud: "orders-api",
      sub: "bob",
      tenant_id: "acme",
      iat: now,
      exp: now + 60,
    };
    const header = JSON.stringify({ alg: "RS256", typ: "JWT", kid: "stranger-1" });
    await fill(frame, "url", "https://acme.api.example.com/orders");
    await fill(frame, "token", signed(key, header, JSON.stringify(claims)));
    await showsCode(frame, "unknown_key");
    await fill(frame, "keys", JSON.stringify({ keys: [key.jwk] }));
    await showsCode(frame, null);
    assert.match(await frame.locator("#verdict").textContent(), /user bob of acme/);
    assert.equal(await frame.locator("#keys-said").textContent(), "1 usable key.");
    await fill(frame, "time", String(now + 3600));
    await showsCode(frame, "token_expired");
  }),
);

test("a broken token is told by its code, and breaks nothing", { skip }, () =>
  withPage(async ({ frame }) => {
    for (const [token, code] of [
      ["nonsense", "malformed_token"],
      ["a.b.c", "malformed_base64url"],
      ["é.ü.ß", "malformed_credential"],
      ["e30.e30.AAAA", "malformed_header"],
      ["", "malformed_credential"],
      ["a.b.c.d.e", "jwe_not_supported"],
    ]) {
      await fill(frame, "token", token);
      await showsCode(frame, code);
    }
    await frame.locator("#carrier").selectOption("none");
    await showsCode(frame, "no_credential");
  }),
);

test("a configuration that can't be right shows the core's words beside it, and mending it goes on", { skip }, () =>
  withPage(async ({ frame }) => {
    const config = await frame.locator("#config").inputValue();
    for (const [text, words] of [
      [config.replace('"/me"', '"me"'), /configuration: rules\[1\]\.path: expected/],
      [config.replace('"rules"', '"rule"'), /configuration: rule: unknown member, expected/],
      ["[]", /configuration/],
      ["{", /no JSON/],
      ["", /no JSON/],
    ]) {
      await fill(frame, "config", text);
      await frame.locator("#config-problem", { hasText: words }).waitFor();
      assert.equal((await shown(frame)).verdict, "Not asked");
      assert.equal(await frame.locator("#checks li").count(), 0);
      assert.equal(await frame.locator("#config").getAttribute("aria-invalid"), "true");
    }
    await fill(frame, "config", config);
    await showsCode(frame, null);
    assert.equal(await frame.locator("#config-problem").textContent(), "");
  }),
);

test("a key set, headers and a time that can't be read are told beside their fields", { skip }, () =>
  withPage(async ({ frame }) => {
    await fill(frame, "keys", "{}");
    await showsCode(frame, "keys_unavailable");
    assert.match(await frame.locator("#keys-problem").textContent(), /can’t be used/);
    await frame.getByRole("button", { name: "Put this page’s keys back" }).click();
    await showsCode(frame, null);
    await fill(frame, "headers", "x-good: 1\nnonsense");
    await frame.locator("#headers-problem", { hasText: "Line 2" }).waitFor();
    await fill(frame, "headers", "authorization: Bearer a.b.c");
    await showsCode(frame, "several_credentials");
    await fill(frame, "headers", "");
    await fill(frame, "time", "yesterday");
    await frame.locator("#time-problem", { hasText: "seconds" }).waitFor();
    await fill(frame, "time", "1");
    await showsCode(frame, "issued_in_future");
    assert.equal(await frame.locator("#time-said").textContent(), "1970-01-01 00:00:01 UTC");
    await fill(frame, "time", "0");
    await showsCode(frame, "clock_invalid");
    await fill(frame, "time", "");
    await showsCode(frame, null);
  }),
);

test("a token made in the page passes, with either algorithm", { skip }, () =>
  withPage(async ({ frame }) => {
    await frame.locator("#make summary").click();
    for (const algorithm of ["ES256", "RS256"]) {
      await fill(frame, "token", "nonsense");
      await showsCode(frame, "malformed_token");
      await frame.locator("#algorithm").selectOption(algorithm);
      await frame.getByRole("button", { name: "Set iat and exp to now" }).click();
      await frame.getByRole("button", { name: "Sign", exact: true }).click();
      await showsCode(frame, null);
      assert.equal(await frame.locator("#signed").textContent(), `Signed by page-${algorithm.toLowerCase()}.`);
    }
    const claims = await frame.locator("#claims").inputValue();
    await fill(frame, "claims", claims.replace('"pro"', '"free"'));
    await frame.getByRole("button", { name: "Sign", exact: true }).click();
    await showsCode(frame, "plan_required");
  }),
);

test("a token in the configured cookie is read, and one in a cookie that is not configured is told", { skip }, () =>
  withPage(async ({ frame }) => {
    await frame.locator("#carrier").selectOption("cookie");
    await frame.locator("#config-problem", { hasText: "credentials.cookie" }).waitFor();
    const config = JSON.parse(await frame.locator("#config").inputValue());
    await fill(
      frame,
      "config",
      JSON.stringify({ ...config, credentials: { cookie: { name: "__Host-access_token" } } }),
    );
    await showsCode(frame, null);
    await fill(frame, "method", "POST");
    await showsCode(frame, "cross_site");
  }),
);

/** Pastes for real: by the clipboard, into the field that has the focus. */
async function paste({ context, tab, frame }, id, text) {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await tab.evaluate((all) => navigator.clipboard.writeText(all), text);
  await frame.locator(`#${id}`).focus();
  await tab.keyboard.press("Control+A");
  await tab.keyboard.press("Control+V");
}

test("a megabyte pasted into any field is refused with a word on it, and the page goes on at once", { skip }, () =>
  withPage(async (page) => {
    const { frame, tab } = page;
    const megabyte = "a.".repeat(512 * 1024);
    await frame.locator("#make summary").click();
    for (const id of ["token", "url", "headers", "config", "keys", "claims"]) {
      const before = await frame.locator(`#${id}`).inputValue();
      await paste(page, id, megabyte);
      const started = performance.now();
      await frame.locator(`#${id}-problem`, { hasText: "1,048,576 characters" }).waitFor();
      const took = performance.now() - started;
      assert.ok(took < 1000, `${id}: ${took.toFixed(0)} ms`);
      assert.equal(await frame.locator(`#${id}`).inputValue(), before, id);
    }
    await paste(page, "token", "a.b.c");
    await showsCode(frame, "malformed_base64url");
    assert.equal(await frame.locator("#token-problem").textContent(), "");
    assert.equal(await tab.title(), "Tollgate playground");
  }),
);

test("a megabyte that gets into a field all the same is not asked about", { skip }, () =>
  withPage(async ({ frame }) => {
    /** Past what guards the field, as an extension of the browser may. */
    const put = (text) =>
      frame.locator("#token").evaluate((field, all) => {
        field.value = all;
        field.dispatchEvent(new InputEvent("input"));
      }, text);
    await put("a".repeat(1024 * 1024));
    await frame.locator("#token-problem", { hasText: "1,048,576 characters are too many" }).waitFor();
    assert.equal((await shown(frame)).verdict, "Not asked");
    // The longest that is asked about, and one more.
    await put("a".repeat(16 * 1024));
    await showsCode(frame, "header_fields_too_large");
    await put("a".repeat(16 * 1024 + 1));
    await frame.locator("#token-problem", { hasText: "16,385 characters" }).waitFor();
  }),
);
