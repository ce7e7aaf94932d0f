// What a thief of the store holds: nothing from which a token can be made. And one item, or one row, is all that decides.

import assert from "node:assert/strict";
import { test } from "node:test";
import { claims } from "./support/http.mjs";
import { makeService } from "./support/service.mjs";
import { forEachStore } from "./support/stores.mjs";

const MEMBERS =
  "absolute_exp client created_at fam idle_exp kid revoked_at rotated_at_ms schema seq successor_exp tenant tenant_epoch user user_epoch version write";

forEachStore((_name, opened) => {
  // catalogue: P06
  test("a dump holds no token, no signature, no key and no secret of a client", async () => {
    const { driver, login, keys, web } = makeService({ store: opened().store });
    const pairs = [];
    for (let times = 0; times < 5; times += 1) {
      const first = await login();
      const second = await driver.refresh(first.refresh);
      pairs.push(first, second, await driver.refresh(second.refresh));
    }
    await driver.revoke(pairs.at(-1).refresh);
    await driver.revokeAll({ user: pairs[0].user });
    const dump = await opened().dump();
    // It is a dump of these: their families' ids are in it.
    for (const { refresh } of pairs) assert.ok(dump.includes(claims(refresh).fam));
    for (const { refresh, access } of pairs) {
      for (const token of [refresh, access]) {
        const [, payload, signature] = token.split(".");
        const bytes = Buffer.from(signature, "base64url");
        for (const secret of [payload, signature, bytes, bytes.toString("hex"), bytes.toString("base64")]) {
          assert.ok(!dump.includes(secret));
        }
      }
    }
    for (const { jwk } of [...keys.access, ...keys.refresh]) {
      assert.ok(!dump.includes(jwk.d));
      assert.ok(!dump.includes(Buffer.from(jwk.d, "base64url")));
    }
    assert.ok(!dump.includes(web.secret));
  });

  // catalogue: P06, R04
  test("a record has the members that it is to have and no other, and one of it decides", async () => {
    const { driver, login, calls } = makeService({ store: opened().store });
    const { refresh, user, tenant } = await login();
    await driver.refresh(refresh);
    const { fam } = claims(refresh);
    const { family } = await opened().store.load({ family: fam, user, tenant });
    assert.equal(Object.keys(family).sort().join(" "), MEMBERS);
    calls.length = 0;
    await driver.revoke(refresh);
    // However many tokens a family had, its end is one write.
    assert.equal(calls.filter(({ name }) => name !== "load").length, 1);
  });
});
