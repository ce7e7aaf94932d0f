// Many tenants, each with an issuer of its own, and the one server that gives all their keys: they rotate, and the server
// fails on purpose. Judges nothing; keeps no key on disk.

import { createServer } from "node:http";
import { makeKey, signToken } from "../../demo/issuer.mjs";
import { makeClient, withTokens } from "../../demo/sessions.mjs";

const LIFETIME_SECONDS = 6 * 3600;
/** Tokens made in advance by each key: signing is not what is measured. */
const POOL = 8;

/** How the server fails, each as a tenant's issuer might. */
export const FAULTS = {
  error: (response) => response.writeHead(500).end("no"),
  busy: (response) => response.writeHead(429, { "retry-after": "1" }).end(),
  garbage: (response) => response.writeHead(200).end('{"keys":[{"kty":"oct","k":"AyM1"}]}'),
  redirect: (response) => response.writeHead(302, { location: "http://127.0.0.1:1/jwks.json" }).end(),
  silence: () => {},
  reset: (response) => response.destroy(),
};

/** The issuer of one tenant. */
class Issuer {
  fault = null;
  /** A token by a key that is published no more, as the gate knows by now. */
  gone;
  #pool = [];

  constructor(name, tenant, algorithm) {
    Object.assign(this, { name, tenant, algorithm });
    this.use(makeKey(algorithm));
    this.published = [this.key];
  }

  /** `key` signs from now on. */
  use(key) {
    this.key = key;
    this.#pool = Array.from({ length: POOL }, () => this.sign());
  }

  /** One of a few good tokens. */
  token(index) {
    return this.#pool[index % POOL];
  }

  sign(more = {}, key = this.key, header = {}) {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.name, aud: "orders-api", sub: `user-${this.tenant}`, client_id: "web", iat: now - 5 };
    return signToken(
      key,
      { ...claims, exp: now + LIFETIME_SECONDS, tenant_id: this.tenant, plan: "pro", ...more },
      header,
    );
  }

  answer(response) {
    if (this.fault !== null) return FAULTS[this.fault](response);
    response.writeHead(200, { "content-type": "application/jwk-set+json" });
    response.end(JSON.stringify({ keys: this.published.map(({ jwk }) => jwk) }));
  }
}

/**
 * @param tenants how many; one in eight signs RS256
 * @returns `issuers`, `dark` (whose server never answers well), `client` of the token service, `fetches()`, `stop()`
 */
export async function startWorld(tenants) {
  const issuers = [];
  let fetches = 0;
  const server = createServer((request, response) => {
    fetches += 1;
    const issuer = issuers[Number(/^\/(\d+)\/jwks\.json$/.exec(request.url)?.[1])];
    issuer === undefined ? response.writeHead(404).end() : issuer.answer(response);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${server.address().port}`;
  for (let index = 0; index < tenants; index += 1) {
    const algorithm = index % 8 === 7 ? "RS256" : "ES256";
    issuers.push(new Issuer(`${origin}/${index}`, `tenant-${index}`, algorithm));
  }
  const dark = issuers.slice(-2);
  for (const issuer of dark) issuer.fault = "error";
  return {
    issuers: issuers.slice(0, -2),
    dark,
    client: makeClient(),
    fetches: () => fetches,
    stop: () => new Promise((closed) => server.close(closed).closeAllConnections()),
    all: issuers,
  };
}

/** The gate's configuration, for all tenants and with a token service. */
export function configuration({ all, client }) {
  const rules = all.map(({ tenant }) => ({ path: `/services/${tenant}/{*rest}`, plans: ["pro"] }));
  const config = {
    issuers: all.map(({ name, tenant, algorithm }) => ({
      issuer: name,
      audience: ["orders-api"],
      algorithms: [algorithm],
      jwksUri: `${name}/jwks.json`,
      tenants: [tenant],
    })),
    tenant: { from: { host: "{tenant}.localhost" } },
    rules: [
      ...rules,
      { path: "/health", public: true },
      { path: "/admin/{*rest}", permissions: { all: ["admin"] } },
      { path: "/{*rest}" },
    ],
    upstream: { service: "ECHO" },
  };
  return withTokens(config, client);
}
