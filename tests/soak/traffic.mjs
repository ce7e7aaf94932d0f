// What clients send, and what each must be answered. Every answer is right, wrong or lost; no token is kept or printed.

import { Agent, request } from "node:http";
import { makeKey, signToken } from "../../demo/issuer.mjs";
import { login, refresh } from "../../demo/sessions.mjs";

/** An answer that takes longer is lost. */
export const LOST_MS = 10_000;
/** A connection that nobody used for so long is closed here. workerd closes it later, which may be just as it is used again. */
const IDLE_MS = 2_000;
/** Wrong answers that are told one by one. */
const TOLD = 20;

/** The cases of a request to the gate, and of so many requests how many are each. */
const MIX = {
  allowed: 60,
  "service-rule": 10,
  "other-tenants-host": 6,
  "other-tenants-service": 2,
  "lacks-permission": 4,
  expired: 4,
  forged: 4,
  "other-issuers-key": 2,
  "unknown-key": 2,
  "unknown-issuer": 2,
  "no-token": 4,
  malformed: 3,
  public: 3,
  "keys-out-of-reach": 2,
  retired: 2,
};

/** Sends requests for as long as it is told to, and counts. */
export class Traffic {
  counts = {};
  wrong = [];
  wrongCount = 0;
  lost = 0;
  sent = 0;
  refreshes = 0;
  /** Kept open, as clients do. */
  #agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: IDLE_MS });
  #stranger = makeKey("ES256");
  #cases = Object.entries(MIX).flatMap(([name, share]) => Array(share).fill(name));

  constructor({ port, world, random }) {
    Object.assign(this, { port, world, random });
    this.bad = new Map(world.issuers.map((issuer) => [issuer, badTokens(issuer, this.#stranger)]));
  }

  stop() {
    this.#agent.destroy();
  }

  /** Requests one after another until `isOver()`. */
  async lane(isOver) {
    while (!isOver()) {
      const asked = this.#ask(this.random.of(this.#cases));
      if (asked !== undefined) await this.judge(asked);
    }
  }

  /** A session that is refreshed until `isOver()`; each access token is used once, and at times a replay ends the session. */
  async session(index, isOver, pauseMs) {
    const tenant = this.world.issuers[index % this.world.issuers.length].tenant;
    let pair;
    while (!isOver()) {
      try {
        const earlier = pair;
        pair =
          pair === undefined
            ? await login(this.port, this.world.client, `ann-${index}`, tenant)
            : await refresh(this.port, this.world.client, pair);
        this.refreshes += earlier === undefined ? 0 : 1;
        await this.judge({ name: "own-token", tenant, target: "/orders", token: pair.access_token, expected: [200] });
      } catch (error) {
        this.note("refresh", tenant, error instanceof TypeError ? "lost" : error.message.slice(0, 60));
        pair = undefined;
      }
      await new Promise((wake) => setTimeout(wake, pauseMs));
    }
  }

  /** The status of an answer to a token, which a rotation waits for; undefined where there was none. */
  async status(tenant, token) {
    return (await this.#send(tenant, "/orders", token)).status;
  }

  #send(tenant, path, token) {
    this.sent += 1;
    const headers = {
      host: `${tenant}.localhost`,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return this.#exchange({ method: "GET", path, headers });
  }

  async judge({ name, tenant, target, token, expected }) {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    const answer = await this.#send(tenant, target, token);
    if (answer.error !== undefined) {
      this.lost += 1;
      return this.note(name, tenant, `no answer: ${answer.error}`);
    }
    if (!expected.includes(answer.status)) return this.note(name, tenant, `${answer.status} instead of ${expected}`);
    // What reached the origin says who asked: another tenant's name there would be the worst of all.
    if (
      answer.status === 200 &&
      token !== undefined &&
      !answer.text.includes(`["x-tollgate-tenant","\\"${tenant}\\""]`)
    ) {
      return this.note(name, tenant, "200 in another's name");
    }
    if (answer.status === 503 && answer.retryAfter === undefined) this.note(name, tenant, "503 without retry-after");
  }

  note(name, tenant, what) {
    this.wrongCount += 1;
    if (this.wrong.length < TOLD) this.wrong.push({ at: new Date().toISOString(), case: name, tenant, what });
  }

  #ask(name) {
    const issuer = this.random.of(this.world.issuers);
    const { tenant } = issuer;
    const good = issuer.token(this.random.below(64));
    const other = this.#otherThan(issuer);
    const bad = this.bad.get(issuer);
    const plain = { name, tenant, target: "/orders" };
    switch (name) {
      case "allowed":
        return { ...plain, token: good, expected: [200] };
      case "service-rule":
        return { ...plain, target: `/services/${tenant}/x`, token: good, expected: [200] };
      case "other-tenants-host":
        return { ...plain, tenant: other.tenant, token: good, expected: [403] };
      case "other-tenants-service":
        return { ...plain, tenant: other.tenant, target: `/services/${other.tenant}/x`, token: good, expected: [403] };
      case "lacks-permission":
        return { ...plain, target: "/admin/x", token: good, expected: [403] };
      case "no-token":
        return { ...plain, expected: [401] };
      case "malformed":
        return {
          ...plain,
          token: this.random.of(["a", "a.b.c", `${good}x`, good.slice(0, -4), good.slice(20)]),
          expected: [401],
        };
      case "public":
        return { ...plain, target: "/health", expected: [200] };
      case "keys-out-of-reach": {
        const dark = this.random.of(this.world.dark);
        return { name, tenant: dark.tenant, target: "/orders", token: dark.token(0), expected: [503] };
      }
      case "retired":
        return issuer.gone === undefined ? undefined : { ...plain, token: issuer.gone, expected: [401] };
      default:
        return { ...plain, token: bad[name], expected: [401] };
    }
  }

  #otherThan(issuer) {
    const { issuers } = this.world;
    return issuers[(issuers.indexOf(issuer) + 1 + this.random.below(issuers.length - 1)) % issuers.length];
  }

  #exchange({ method, path, headers }) {
    return new Promise((resolve) => {
      const lost = ({ code, message }) => resolve({ error: code ?? message });
      const sent = request(
        { host: "127.0.0.1", port: this.port, method, path, headers, agent: this.#agent },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk) => {
            text += chunk;
          });
          response.on("end", () =>
            resolve({ status: response.statusCode, text, retryAfter: response.headers["retry-after"] }),
          );
          response.on("error", lost);
        },
      );
      sent.setTimeout(LOST_MS, () => sent.destroy(new Error(`within ${LOST_MS / 1000} s`)));
      sent.on("error", lost);
      sent.end();
    });
  }
}

/** Tokens that nobody may be let in with, whatever key is published. */
function badTokens(issuer, stranger) {
  const past = Math.floor(Date.now() / 1000) - 7_200;
  return {
    expired: issuer.sign({ iat: past, exp: past + 3_600 }),
    forged: signToken(
      { ...stranger, algorithm: "ES256", kid: issuer.key.kid },
      JSON.parse(Buffer.from(issuer.sign().split(".")[1], "base64url")),
      { alg: "ES256" },
    ),
    "other-issuers-key": issuer.sign({}, stranger, { kid: stranger.kid }),
    "unknown-key": issuer.sign({}, issuer.key, { kid: "nobodys" }),
    "unknown-issuer": issuer.sign({ iss: "https://nobody.example" }),
  };
}
