// A key server, a verifier that uses it and a clock that the test moves. Checks nothing.

import { after } from "node:test";
import { createVerifier } from "tollgate";
import { keyServer } from "./key-server.mjs";
import { issuerConfig, makeKey, NOW, token } from "./tokens.mjs";

export const one = makeKey("ES256", "one");
export const two = makeKey("ES256", "two");
export const rsa = makeKey("RS256", "rsa");

export const stops = [];
after(() => Promise.all(stops.map((stop) => stop())));

export const remote = (jwksUri) => issuerConfig([], { jwks: undefined, jwksUri });

/** A key server, a verifier that uses it, its clock and its events. */
export async function fixture(keys = [one], { hooks = {}, jwksUri } = {}) {
  const server = await keyServer(keys);
  stops.push(server.stop);
  const clock = { now: NOW };
  const events = [];
  const verifier = createVerifier(
    { issuers: [remote(jwksUri ?? server.jwksUri)] },
    { now: () => clock.now, onEvent: (event) => events.push(event), ...hooks },
  );
  /** A token that is good at the clock's time. */
  const fresh = (key = one, changes = {}) => token(key, { iat: clock.now, exp: clock.now + 600, ...changes });
  const hits = () => server.hits.length;
  return { server, clock, events, verifier, fresh, hits };
}

export const settled = () => new Promise((turn) => setTimeout(turn, 50));
