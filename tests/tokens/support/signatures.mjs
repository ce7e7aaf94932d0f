// The signatures of many tokens, as a service makes them in wasm: each looked at, some verified by Node. Keeps no token.

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { memoryStore } from "tollgate/tokens";
import { claims } from "./http.mjs";
import { makeService } from "./service.mjs";

/** Two in so many are verified, one of each kind, beside all whose r or s begins with a zero byte. */
const SAMPLE = 64;

/**
 * Makes `cases` tokens, a refresh token and an access token in turn, and counts what their signatures are.
 *
 * @param progress is told now and then how many there are
 * @returns {Promise<{ shortR: number, shortS: number, verified: number }>} how many r and s begin with a zero byte
 * @throws AssertionError for a signature that is not 64 bytes or does not verify, an r or an id that stands twice, and, from
 *   10,000 on, when none begins so
 */
export async function signMany(cases, progress = () => {}) {
  const { driver, login, keys, events, calls } = makeService({ store: memoryStore() });
  const publicKeys = [keys.refresh, keys.access].map(([{ jwk }]) => createPublicKey({ key: jwk, format: "jwk" }));
  const [halves, ids] = [new Set(), new Set()];
  const counts = { shortR: 0, shortS: 0, verified: 0 };
  let pair;
  for (let done = 1; done <= cases; done += 1) {
    const isAccess = done % 2 === 0;
    if (!isAccess) pair = pair === undefined ? await login() : await driver.refresh(pair.refresh);
    const token = isAccess ? pair.access : pair.refresh;
    const end = token.lastIndexOf(".");
    const signature = Buffer.from(token.slice(end + 1), "base64url");
    assert.equal(signature.length, 64, token);
    assert.equal(halves.add(signature.toString("latin1", 0, 32)).size, done, `an r stands twice: ${token}`);
    assert.equal(ids.add(claims(token).jti).size, done, `an id stands twice: ${token}`);
    const [shortR, shortS] = [signature[0] === 0, signature[32] === 0];
    counts.shortR += shortR;
    counts.shortS += shortS;
    if (shortR || shortS || done % SAMPLE < 2) {
      const key = { key: publicKeys[+isAccess], dsaEncoding: "ieee-p1363" };
      assert.ok(verify("sha256", Buffer.from(token.slice(0, end)), key, signature), `does not verify: ${token}`);
      counts.verified += 1;
    }
    if (done % 1_000 === 0 || done === cases) {
      progress(done);
      // What the service's spies keep would grow without end.
      events.length = calls.length = 0;
    }
  }
  assert.ok(cases < 10_000 || (counts.shortR > 0 && counts.shortS > 0), "no r or no s begins with a zero byte");
  return counts;
}
