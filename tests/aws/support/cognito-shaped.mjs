// Tokens shaped as Cognito's are ("Understanding the access token", "Understanding the identity (ID) token"), whole or with one
// thing wrong, from a seed. Says what is wrong with each, and judges none.

import { constants, createHmac, sign } from "node:crypto";
import { base64url, signature } from "../../node/support/tokens.mjs";

/** 2026-01-01T00:00:00Z, in Unix seconds. */
export const NOW = 1_767_225_600;
/** How far both sides let clocks disagree. */
export const TOLERANCE = 30;
export const REGION = "eu-west-1";
export const POOL = "eu-west-1_Ab12CdEf3";
export const ISSUER = `https://cognito-idp.${REGION}.amazonaws.com/${POOL}`;
export const CLIENTS = ["1example23456789", "2example23456789"];

const GROUPS = ["staff", "owners", "guests", "ümlaut", "a b"];
const SCOPES = ["aws.cognito.signin.user.admin", "openid", "orders/read", "orders/write"];
const SUB = "a36036a8-9061-424d-a737-56d57dae7bc6";
const uuid = (random) => SUB.replace(/[0-9a-f]/g, () => random.whole(0, 15).toString(16));
const some = (random, list) => list.filter(() => random.chance(0.5));

/** Claims of both kinds of token. */
function common(random) {
  const auth_time = NOW - random.whole(0, 3600);
  const groups = some(random, GROUPS);
  return {
    sub: uuid(random),
    ...(groups.length > 0 ? { "cognito:groups": groups } : {}),
    iss: ISSUER,
    origin_jti: uuid(random),
    event_id: uuid(random),
    auth_time,
    exp: NOW + random.whole(1, 86_400),
    iat: NOW - random.whole(0, 3600),
    jti: uuid(random),
  };
}

/** What a trigger of version 2 or 3 added. */
const added = (random) =>
  random.chance(0.5)
    ? {
        tenant_id: "acme",
        plan: random.pick(["free", "pro"]),
        permissions: some(random, ["orders:read", "orders:write"]),
      }
    : {};

const KINDS = {
  access(random) {
    const client_id = random.pick(CLIENTS);
    const scope = ["openid", ...some(random, SCOPES.slice(2))].join(" ");
    return { ...common(random), version: 2, client_id, token_use: "access", scope, username: "ada", ...added(random) };
  },
  /** Of the client-credentials grant: the client is the subject. */
  machine(random) {
    const client_id = random.pick(CLIENTS);
    const { sub, origin_jti, event_id, "cognito:groups": _, ...rest } = common(random);
    return {
      ...rest,
      sub: client_id,
      version: 2,
      client_id,
      token_use: "access",
      scope: "orders/read",
      ...added(random),
    };
  },
  id(random) {
    return {
      ...common(random),
      email_verified: random.chance(0.5),
      "cognito:username": "ada",
      "custom:tenant_id": "acme",
      aud: random.pick(CLIENTS),
      token_use: "id",
      email: "ada@acme.example",
      ...added(random),
    };
  },
};

/** Values of every JSON type but `without`'s. */
const WRONG_TYPES = { text: "x", number: 7, true: true, null: null, list: ["x"], object: { x: "x" } };

/** The claims that one side or both read; the time claims take numbers. */
const CLAIMS = ["sub", "iss", "exp", "iat", "jti", "token_use", "client_id", "scope", "aud", "nbf", "cognito:groups"];
const NUMBERS = ["exp", "iat", "nbf"];

/** Ways to change the claims: `[what, change]`, where `change` gets the claims, may change them, and may return a new payload text. */
function claimChanges(random) {
  const changes = [];
  const add = (what, change) => changes.push([what, change]);
  for (const name of CLAIMS) {
    add(`${name}: absent`, (claims) => {
      delete claims[name];
    });
    for (const [type, value] of Object.entries(WRONG_TYPES)) {
      if (
        type === (NUMBERS.includes(name) ? "number" : "text") ||
        (type === "list" && ["aud", "cognito:groups"].includes(name))
      )
        continue;
      add(`${name}: ${type}`, (claims) => {
        claims[name] = value;
      });
    }
    if (!NUMBERS.includes(name)) {
      add(`${name}: empty`, (claims) => {
        claims[name] = "";
      });
    }
  }
  const set = (what, values) =>
    add(what, (claims) => Object.assign(claims, typeof values === "function" ? values(claims) : values));

  set("iss: another pool", { iss: `${ISSUER}x` });
  set("iss: another region", { iss: ISSUER.replaceAll("eu-west-1", "us-east-1") });
  set("iss: final slash", { iss: `${ISSUER}/` });
  set("iss: other letter case", { iss: ISSUER.toUpperCase() });
  set("iss: http", { iss: ISSUER.replace("https", "http") });
  set("iss: with a space", { iss: `${ISSUER} ` });
  set("iss: the multi-region name", { iss: ISSUER.replace("cognito-idp", "issuer-cognito-idp") });
  set("token_use: refresh", { token_use: "refresh" });
  set("token_use: other letter case", (claims) => ({ token_use: claims.token_use.toUpperCase() }));
  set("token_use: the other one", (claims) => ({ token_use: claims.token_use === "id" ? "access" : "id" }));
  set("client: another", (claims) => ("aud" in claims ? { aud: "other" } : { client_id: "other" }));
  set("client: a longer name", (claims) =>
    "aud" in claims ? { aud: `${claims.aud}x` } : { client_id: `${claims.client_id}x` },
  );
  set("client: other letter case", (claims) =>
    "aud" in claims ? { aud: claims.aud.toUpperCase() } : { client_id: claims.client_id.toUpperCase() },
  );
  set("client: a list", (claims) => ("aud" in claims ? { aud: [claims.aud] } : { client_id: [claims.client_id] }));
  set("client: another, and azp ours", (claims) => ({
    ...("aud" in claims ? { aud: "other" } : { client_id: "other" }),
    azp: CLIENTS[0],
  }));
  set("client: absent, and azp ours", { aud: undefined, client_id: undefined, azp: CLIENTS[0] });
  set("client: azp agrees", (claims) => ({ azp: claims.aud ?? claims.client_id }));
  set("client: azp disagrees", { azp: "other" });
  set("aud: a list with a number", { aud: [...CLIENTS, 5] });
  set("aud: an empty list", { aud: [] });
  set("groups: none", { "cognito:groups": [] });
  set("groups: one with a number", { "cognito:groups": ["staff", 5] });
  set("groups: one that is empty", { "cognito:groups": ["staff", ""] });
  set("groups: a text", { "cognito:groups": "staff" });
  set("groups: lists in a list", { "cognito:groups": [["staff"]] });
  set("groups: many", { "cognito:groups": Array.from({ length: 100 }, (_, index) => `g${index}`) });

  const at = NOW;
  for (const [what, exp] of [
    ["within the tolerance", at - TOLERANCE + 1],
    ["at the tolerance", at - TOLERANCE],
    ["past the tolerance", at - TOLERANCE - 1],
    ["long past", at - 86_400],
    ["zero", 0],
    ["negative", -1],
    ["a fraction within", at - TOLERANCE + 0.5],
    ["a fraction past", at - TOLERANCE - 0.5],
  ]) {
    // `iat` before it, so that nothing else is wrong.
    set(`exp: ${what}`, { exp, iat: Math.min(exp, at) - 60, auth_time: exp - 60 });
  }
  set("exp: a text of digits", (claims) => ({ exp: String(claims.exp) }));
  set("exp: in milliseconds", (claims) => ({ exp: claims.exp * 1000 }));
  set("exp: after the year 9999", { exp: 253_402_300_800 });
  set("exp: 1e30", { exp: 1e30 });
  set("nbf: past", { nbf: at - 60 });
  set("nbf: now", { nbf: at });
  set("nbf: at the tolerance", (claims) => ({ nbf: at + TOLERANCE, exp: claims.exp + 60 }));
  set("nbf: past the tolerance", (claims) => ({ nbf: at + TOLERANCE + 1, exp: claims.exp + 60 }));
  set("nbf: after exp", { nbf: at + 20, exp: at + 10 });
  set("iat: at the tolerance", (claims) => ({ iat: at + TOLERANCE, exp: claims.exp + 60 }));
  set("iat: past the tolerance", (claims) => ({ iat: at + TOLERANCE + 1, exp: claims.exp + 60 }));
  set("iat: after exp", { iat: at + 20, exp: at + 10 });
  set("iat: 1e30", { iat: -1e30 });
  set("times: fractions", (claims) => ({ exp: claims.exp + 0.25, iat: claims.iat - 0.75 }));

  set("scope: two spaces", { scope: "openid  orders/read" });
  set("scope: a tab", { scope: "openid\torders/read" });
  set("scope: one", { scope: "openid" });
  set("bound to a key", { cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } });
  set("tenant_id: a number", { tenant_id: 7 });
  set("tenant_id: empty", { tenant_id: "" });
  set("plan: a list", { plan: ["pro"] });
  set("permissions: an object", { permissions: { admin: true } });
  set("permissions: with a number", { permissions: ["orders:read", 7] });
  set("permissions: a JSON array in a text", { permissions: '["orders:read"]' });
  set("permissions: broken JSON in a text", { permissions: '["orders:read"' });
  set("email: a number", { email: 7 });
  set("email_verified: a number", { email_verified: 1 });
  set("email_verified: a text", { email_verified: "true" });
  set("more claims", { "custom:team": "7", address: { formatted: "x", list: [1, [2, { three: 3 }]] }, locale: "ü😀" });
  set("a long claim", { "custom:text": "x".repeat(random.whole(10, 1500)) });
  set("over 8 KiB", { "custom:text": "x".repeat(7000) });
  set("names of Object.prototype", { constructor: "x", toString: "x", valueOf: 7 });

  add("payload: white space", (claims) => JSON.stringify(claims, null, random.pick([1, "\t", "\r\n"])));
  add("payload: escapes", (claims) =>
    JSON.stringify(claims).replace('"sub"', '"s\\u0075b"').replace('"acc', '"\\u0061cc'),
  );
  for (const name of ["sub", "iss", "exp", "token_use", "iat"]) {
    add("payload: a member twice", (claims) =>
      JSON.stringify(claims).replace(/^\{/, `{${JSON.stringify(name)}:${JSON.stringify(claims[name])},`),
    );
  }
  add("payload: a member twice, by an escape", (claims) =>
    JSON.stringify(claims).replace(/\}$/, `,"\\u0073ub":"root"}`),
  );
  add("payload: a nested member twice", (claims) => JSON.stringify(claims).replace(/\}$/, ',"address":{"a":1,"a":2}}'));
  add("payload: bytes behind", (claims) => `${JSON.stringify(claims)}x`);
  add("payload: two objects", (claims) => `${JSON.stringify(claims)}{}`);
  add("payload: a comma behind", (claims) => JSON.stringify(claims).replace(/\}$/, ",}"));
  add("payload: a byte order mark", (claims) => `\ufeff${JSON.stringify(claims)}`);
  add("payload: a list", (claims) => JSON.stringify([claims]));
  add("payload: null", () => "null");
  add("payload: a text", (claims) => JSON.stringify(JSON.stringify(claims)));
  add("payload: 1e400", (claims) => JSON.stringify(claims).replace(/"exp":[\d.]+/, '"exp":1e400'));
  add("payload: half a surrogate pair", (claims) => JSON.stringify(claims).replace(/\}$/, ',"x":"\\ud800"}'));
  add("payload: not UTF-8", (claims) => Buffer.from(JSON.stringify(claims).replace(/\}$/, ',"x":"\u00ff"}'), "latin1"));
  add("payload: 40 deep", (claims) =>
    JSON.stringify(claims).replace(/\}$/, `,"x":${"[".repeat(40)}${"]".repeat(40)}}`),
  );
  return changes;
}

/** Ways to change the header, which is `{ kid, alg }` in Cognito's tokens. The signature is made with the changed one. */
function headerChanges() {
  const values = [
    ["typ: JWT", { typ: "JWT" }],
    ["typ: at+jwt", { typ: "at+jwt" }],
    ["typ: a number", { typ: 7 }],
    ["alg: none", { alg: "none" }],
    ["alg: absent", { alg: undefined }],
    ["alg: lower case", { alg: "rs256" }],
    ["alg: a list", { alg: ["RS256"] }],
    ["alg: null", { alg: null }],
    ["alg: ES256", { alg: "ES256" }],
    ["alg: RS384", { alg: "RS384" }],
    ["alg: PS256", { alg: "PS256" }],
    ["alg: HS256 with the public key", { alg: "HS256" }],
    ["kid: absent", { kid: undefined }],
    ["kid: empty", { kid: "" }],
    ["kid: unknown", { kid: "other" }],
    ["kid: a number", { kid: 7 }],
    ["kid: null", { kid: null }],
    ["kid: a name of Object.prototype", { kid: "__proto__" }],
    ["crit: unknown", { crit: ["exp"], exp: 1 }],
    ["crit: empty", { crit: [] }],
    ["b64: false", { b64: false }],
    ["b64: true", { b64: true }],
    ["zip", { zip: "DEF" }],
    ["enc", { enc: "A256GCM" }],
    ["jku", { jku: "https://evil.example/jwks.json" }],
    ["x5u", { x5u: "https://evil.example/x" }],
    ["cty: JWT", { cty: "JWT" }],
    ["more members", { app: "x", nested: { a: [1] } }],
  ];
  const texts = [
    ["header: alg twice", (header) => JSON.stringify(header).replace(/^\{/, '{"alg":"RS256",')],
    ["header: kid twice", (header) => JSON.stringify(header).replace(/\}$/, `,"kid":${JSON.stringify(header.kid)}}`)],
    ["header: alg twice, by an escape", (header) => JSON.stringify(header).replace(/^\{/, '{"\\u0061lg":"none",')],
    ["header: white space", (header) => JSON.stringify(header, null, 2)],
    ["header: a list", (header) => JSON.stringify([header])],
    ["header: null", () => "null"],
    ["header: bytes behind", (header) => `${JSON.stringify(header)} x`],
    ["header: over 2 KiB", (header) => JSON.stringify({ ...header, x: "x".repeat(2100) })],
  ];
  return [
    ...values.map(([what, more]) => [`header ${what}`, (header) => JSON.stringify({ ...header, ...more })]),
    ...texts,
  ];
}

/** Ways to change a signed token. */
function tokenChanges(random, keys) {
  const parts = (change) => (token) => change(...token.split("."));
  const bytes = (change) =>
    parts((header, payload, text) => `${header}.${payload}.${base64url(change(Buffer.from(text, "base64url")))}`);
  const resigned = (change) =>
    parts((header, payload) => {
      const [first, second] = change(header, payload);
      return `${first}.${second}.${base64url(signature(keys[0], `${first}.${second}`))}`;
    });
  const flip = (data) => {
    const at = random.whole(0, data.length - 1);
    data[at] ^= 1 << random.whole(0, 7);
    return data;
  };
  return [
    ["signature: a bit flipped", bytes(flip)],
    ["signature: a byte short", bytes((data) => data.subarray(0, -1))],
    ["signature: a byte long", bytes((data) => Buffer.concat([data, Buffer.of(0)]))],
    ["signature: a zero before", bytes((data) => Buffer.concat([Buffer.of(0), data]))],
    ["signature: zeros", bytes((data) => Buffer.alloc(data.length))],
    ["signature: ones", bytes((data) => Buffer.alloc(data.length, 255))],
    ["signature: absent", parts((header, payload) => `${header}.${payload}.`)],
    ["signature: no part", parts((header, payload) => `${header}.${payload}`)],
    [
      "signature: of another key",
      parts((header, payload) => `${header}.${payload}.${base64url(signature(keys[2], `${header}.${payload}`))}`),
    ],
    [
      "signature: of the other key of the pool",
      parts((header, payload) => `${header}.${payload}.${base64url(signature(keys[1], `${header}.${payload}`))}`),
    ],
    [
      "signature: of another payload",
      parts((header, payload, text) => `${header}.${base64url(flip(Buffer.from(payload, "base64url")))}.${text}`),
    ],
    [
      "signature: PSS",
      parts((header, payload) => {
        const padding = { key: keys[0].privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
        return `${header}.${payload}.${base64url(sign("sha256", Buffer.from(`${header}.${payload}`), padding))}`;
      }),
    ],
    [
      "signature: SHA-512",
      parts(
        (header, payload) =>
          `${header}.${payload}.${base64url(sign("sha512", Buffer.from(`${header}.${payload}`), keys[0].privateKey))}`,
      ),
    ],
    [
      "signature: HMAC with the public key",
      parts((header, payload) => {
        const pem = keys[0].publicKey.export({ format: "pem", type: "spki" });
        return `${header}.${payload}.${base64url(createHmac("sha256", pem).update(`${header}.${payload}`).digest())}`;
      }),
    ],
    ["base64url: padding behind the signature", (token) => `${token}==`],
    ["base64url: padding behind the payload, though signed", resigned((header, payload) => [header, `${payload}=`])],
    [
      "base64url: another last character of the signature",
      (token) => `${token.slice(0, -1)}${neighbour(token.at(-1))}`,
    ],
    ["base64url: + and /", (token) => token.replace(/[-_](?=[^.]*$)/g, (letter) => (letter === "-" ? "+" : "/"))],
    ["base64url: white space behind", (token) => `${token} `],
    [
      "base64url: a line break within",
      parts((header, payload, text) => `${header}.${payload}.${text.slice(0, 64)}\n${text.slice(64)}`),
    ],
    ["base64url: a length that no bytes have", (token) => `${token}A`.padEnd(token.length + 3, "A")],
    [
      "base64url: a payload of one character more, though signed",
      resigned((header, payload) => [header, payload.padEnd(payload.length + ((5 - (payload.length % 4)) % 4), "A")]),
    ],
    ["parts: four", (token) => `${token}.x`],
    ["parts: five", (token) => `${token}.x.x`],
    ["parts: a dot before", (token) => `.${token}`],
    ["parts: Bearer before", (token) => `Bearer ${token}`],
    ["parts: quotes round", (token) => `"${token}"`],
    ["parts: an empty text", () => ""],
  ];
}

/** The same bytes by another last character: of 256 bytes, the last character of the text says two bits, and has four to spare. */
function neighbour(letter) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return letters[letters.indexOf(letter) ^ 1];
}

/**
 * Makes a token, one in five whole.
 *
 * @param keys of the pool's key set the first two, of which the first signs; and one that is not of it
 * @returns `{ kind, what, token }`: `access`, `machine` or `id`; what is wrong, or `whole`
 */
export function shaped(random, keys) {
  const kind = random.weighted({ access: 5, machine: 1, id: 4 });
  const claims = KINDS[kind](random);
  let header = JSON.stringify({ kid: keys[0].kid, alg: "RS256" });
  let payload;
  let what = "whole";
  let after = (token) => token;
  const place = random.weighted({ whole: 20, claims: 55, header: 12, token: 13 });
  if (place === "claims") {
    let change;
    [what, change] = random.pick(claimChanges(random));
    payload = change(claims);
  } else if (place === "header") {
    let change;
    [what, change] = random.pick(headerChanges());
    header = change(JSON.parse(header));
  } else if (place === "token") [what, after] = random.pick(tokenChanges(random, keys));
  if (typeof payload !== "string" && !Buffer.isBuffer(payload)) payload = JSON.stringify(claims);
  const input = `${base64url(header)}.${base64url(payload)}`;
  return { kind, what, token: after(`${input}.${base64url(signed(header, input, keys))}`) };
}

/** With the algorithm that the header names, as far as an attacker could. */
function signed(header, input, keys) {
  const [key] = keys;
  if (header.includes('"HS256"'))
    return createHmac("sha256", key.publicKey.export({ format: "pem", type: "spki" }))
      .update(input)
      .digest();
  if (header.includes('"RS384"')) return sign("sha384", Buffer.from(input), key.privateKey);
  return signature(key, input);
}
