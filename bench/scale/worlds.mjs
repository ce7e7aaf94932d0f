// Configurations of any size, and what is asked of each: the same question at every size. Keys are made at run time; no size
// is judged here.

import { AUDIENCE, ISSUER, makeKey, makeSample } from "../tokens.mjs";

/** Where all issuers speak, so many tokens are made: enough that no cache of the processor holds what their issuers need. */
const SPEAKERS = 1_024;
/** One key set may hold so many keys. */
const KEYS_OF_A_SET = 100;
/** RSA keys take long to make; each issuer that has one of these reads and keeps it as its own. */
const RSA_KEYS = 8;

const name = (what, index) => `${what}-${String(index).padStart(5, "0")}`;
const many = (count, of) => Array.from({ length: count }, (_, index) => of(index));
/** Neither the first nor the last. */
const middle = (size) => Math.floor(size / 2);
const issuerName = (index) => `https://${name("login", index)}.example`;

/**
 * What is asked of a size: `what` words it, `make` is the kind of core, `world(size)` gives `config` and `asks`, of which each
 * must be accepted.
 */
export const KINDS = {
  issuers: { what: "issuers (ES256), one speaks", make: "verifier", world: (size) => oneSpeaks(size) },
  "issuers-in-turn": { what: "issuers (RS256), all speak", make: "verifier", world: (size) => allSpeak("RS256", size) },
  "issuers-in-turn-es256": {
    what: "issuers (ES256), all speak",
    make: "verifier",
    world: (size) => allSpeak("ES256", size),
  },
  keys: { what: "keys (ES256), 100 to an issuer, one signs", make: "verifier", world: (size) => manyKeys(size) },
  tenants: { what: "tenants, each with a host", make: "gate", world: (size) => manyTenants(size) },
  rules: { what: "rules", make: "gate", world: (size) => manyRules(size) },
  "rules-public": { what: "rules, public: no token is read", make: "gate", world: (size) => manyRules(size, true) },
  plans: { what: "plans of a rule", make: "gate", world: (size) => manyPlans(size) },
  origins: { what: "origins of CORS", make: "gate", world: (size) => manyOrigins(size) },
};

const issuerOf = (index, keys, more = {}) => ({
  issuer: issuerName(index),
  audience: [AUDIENCE],
  algorithms: [keys[0].algorithm],
  jwks: { keys: keys.map(({ jwk }) => jwk) },
  ...more,
});

const tokenOf = (key, index, at) =>
  makeSample(key, at, { iss: issuerName(index), tenant_id: name("tenant", index) }).token;
const tokensOf = (key, index) => many(64, (at) => tokenOf(key, index, at));

function oneSpeaks(size) {
  const keys = many(size, (index) => makeKey("ES256", name("key", index)));
  const speaker = middle(size);
  return {
    config: { issuers: keys.map((key, index) => issuerOf(index, [key])) },
    asks: tokensOf(keys[speaker], speaker),
  };
}

function allSpeak(algorithm, size) {
  const made = many(algorithm === "RS256" ? Math.min(size, RSA_KEYS) : size, (index) =>
    makeKey(algorithm, name("key", index)),
  );
  const keys = many(size, (index) => made[index % made.length]);
  // One token after another is of an issuer far away; there are as many tokens at each size.
  const spread = many(SPEAKERS, (at) => Math.floor((((at * 377) % SPEAKERS) * size) / SPEAKERS));
  return {
    config: { issuers: keys.map((key, index) => issuerOf(index, [key])) },
    asks: spread.map((index, at) => tokenOf(keys[index], index, at)),
  };
}

function manyKeys(size) {
  const keys = many(size, (index) => makeKey("ES256", name("key", index)));
  const sets = many(Math.ceil(size / KEYS_OF_A_SET), (at) => keys.slice(at * KEYS_OF_A_SET, (at + 1) * KEYS_OF_A_SET));
  const signer = middle(size);
  return {
    config: { issuers: sets.map((set, index) => issuerOf(index, set)) },
    asks: tokensOf(keys[signer], Math.floor(signer / KEYS_OF_A_SET)),
  };
}

/** A gate with one issuer, and tokens of `tenant` for it. */
function gated({ rules = [{ path: "/{*rest}" }], claims = {}, issuer = {}, more = {}, requests }) {
  const key = makeKey("ES256", "key");
  const own = { issuer: ISSUER, audience: [AUDIENCE], algorithms: ["ES256"], jwks: { keys: [key.jwk] }, ...issuer };
  const asks = requests.map(({ path = "/orders/7", host = "api.example", headers = {} }, at) => ({
    method: "GET",
    url: `https://${host}${path}`,
    headers: {
      accept: "application/json",
      authorization: `Bearer ${makeSample(key, at, claims).token}`,
      ...headers,
    },
  }));
  return { config: { issuers: [own], rules, ...more }, asks };
}

function manyTenants(size) {
  const tenants = many(size, (index) => name("tenant", index));
  const asker = tenants[middle(size)];
  const hosts = Object.fromEntries(tenants.map((tenant) => [`${tenant}.api.example`, tenant]));
  return gated({
    claims: { tenant_id: asker },
    issuer: { tenants },
    more: { tenant: { from: { hosts } } },
    requests: many(64, () => ({ host: `${asker}.api.example` })),
  });
}

function manyRules(size, isPublic = false) {
  const service = (index) => name("service", index);
  const rules = many(size, (index) => ({ path: `/api/${service(index)}/{id}/items`, public: isPublic }));
  // Spread over the rules, as requests are.
  const requests = many(64, (at) => ({ path: `/api/${service(Math.floor((at * size) / 64))}/${at}/items` }));
  return gated({ rules, requests });
}

function manyPlans(size) {
  const plans = many(size, (index) => name("plan", index));
  return gated({
    rules: [{ path: "/{*rest}", plans }],
    claims: { plan: plans[middle(size)] },
    requests: many(64, () => ({})),
  });
}

function manyOrigins(size) {
  const origins = many(size, (index) => `https://${name("app", index)}.example`);
  const headers = { origin: origins[middle(size)] };
  return gated({ more: { cors: { origins } }, requests: many(64, () => ({ headers })) });
}
