// Mistakes to plant into a good configuration: what is replaced, by what, and what lint must say. ‸ marks the place that it must name.

/** A configuration with something of everything, without a fault. */
export const BASE = `{
  "issuers": [
    {
      "issuer": "https://issuer.example",
      "audience": "orders-api",
      "algorithms": ["ES256"],
      "jwksUri": "https://issuer.example/jwks.json",
      "tenants": ["acme", "globex"],
      "claims": { "tenant": "tenant_id" }
    },
    { "preset": "cognito", "region": "eu-west-1", "userPoolId": "eu-west-1_Ab12", "clientIds": ["web"] }
  ],
  "clockToleranceSeconds": 30,
  "verifiedTokenCache": { "seconds": 60 },
  "credentials": { "header": true, "cookie": { "name": "__Host-token", "origins": ["https://app.example.com"] } },
  "tenant": { "required": true, "from": { "host": "{tenant}.api.example.com", "hosts": { "api.acme.com": "acme" } } },
  "cors": { "origins": ["https://app.example.com"], "credentials": true, "exposeHeaders": ["x-request-id"] },
  "rules": [
    { "path": "/health", "methods": ["GET"], "public": true },
    { "path": "/me", "tenant": "any" },
    { "path": "/reports/{*rest}", "plans": ["pro"], "permissions": { "all": ["reports:read"] } },
    { "path": "/jobs/{id}", "methods": ["POST"], "principals": ["client"], "scopes": { "any": ["jobs"] } },
    { "path": "/{*rest}", "methods": ["GET"] }
  ],
  "identity": { "send": ["user", "tenant"] },
  "upstream": { "url": "https://origin.internal.example", "secret": "ORIGIN_PROOF" },
  "observe": { "serverTiming": false }
}
`;

/** The same with a token service. */
export const TOKENS = `{
  "issuers": [{ "preset": "tollgate" }],
  "tenant": { "from": { "header": "x-tenant" } },
  "rules": [{ "path": "/{*rest}" }],
  "tokens": {
    "issuer": "https://api.example.com",
    "audience": "orders-api",
    "accessTokenSeconds": 900,
    "entitlements": null,
    "clients": [
      { "id": "web", "secretHashes": ["sha256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"] }
    ]
  }
}
`;

/** What is planted, what it is instead of, the member that must be named, and what the mend must say. */
const IN_BASE = [
  [
    "a member that is misspelt",
    '"audience": "orders-api"',
    '‸"audiance": "orders-api"',
    "issuers[0].audiance",
    /did you mean "audience"\?/,
    ["issuers[0].audience"],
  ],
  ["a member of another place", '"identity": {', '‸"permissions": {}, "identity": {', "permissions", /take it out/],
  [
    "a member twice",
    '"clockToleranceSeconds": 30',
    '"clockToleranceSeconds": 30, ‸"clockToleranceSeconds": 60',
    "clockToleranceSeconds",
    /keep one of the two/,
  ],
  [
    "an issuer over http",
    '"issuer": "https://issuer.example"',
    '"issuer": ‸"http://issuer.example"',
    "issuers[0].issuer",
    /https:\/\//,
  ],
  [
    "an issuer that is a number",
    '"issuer": "https://issuer.example"',
    '"issuer": ‸7',
    "issuers[0].issuer",
    /double quotes/,
  ],
  [
    "no issuer and no preset",
    '"issuer": "https://issuer.example",',
    "",
    "issuers[0].issuer",
    /exact iss/,
    [],
    "{\n      \n",
  ],
  [
    "an algorithm that is symmetric",
    '"algorithms": ["ES256"]',
    '"algorithms": [‸"HS256"]',
    "issuers[0].algorithms[0]",
    /"ES256", "RS256" or both/,
  ],
  [
    "an empty list of algorithms",
    '"algorithms": ["ES256"]',
    '"algorithms": ‸[]',
    "issuers[0].algorithms",
    /what the issuer signs with/,
  ],
  [
    "one algorithm without brackets",
    '"algorithms": ["ES256"]',
    '"algorithms": ‸"ES256"',
    "issuers[0].algorithms",
    /brackets/,
  ],
  ["an empty audience", '"audience": "orders-api"', '"audience": ‸""', "issuers[0].audience", /at least one/],
  [
    "a key set's address over http",
    '"jwksUri": "https://issuer.example/jwks.json"',
    '"jwksUri": ‸"http://issuer.example/jwks.json"',
    "issuers[0].jwksUri",
    /https:\/\//,
  ],
  [
    "an address in the place of a key set",
    '"jwksUri": "https://issuer.example/jwks.json"',
    '"jwks": ‸"https://issuer.example/jwks.json"',
    "issuers[0].jwks",
    /use jwksUri/,
  ],
  [
    "both ways to the keys",
    '"jwksUri": "https://issuer.example/jwks.json"',
    '"jwksUri": "https://issuer.example/jwks.json", "jwks": ‸{ "keys": [] }',
    "issuers[0].jwks",
    /take out one of the two/,
  ],
  [
    "an empty list of tenants",
    '"tenants": ["acme", "globex"]',
    '"tenants": ‸[]',
    "issuers[0].tenants",
    /leave the member out/,
  ],
  [
    "an empty claim's name",
    '"claims": { "tenant": "tenant_id" }',
    '"claims": { "tenant": ‸"" }',
    "issuers[0].claims.tenant",
    /nested claim/,
  ],
  [
    "a preset that is misspelt",
    '"preset": "cognito"',
    '"preset": ‸"congito"',
    "issuers[1].preset",
    /did you mean "cognito"\?/,
  ],
  [
    "a preset that nobody knows",
    '"preset": "cognito"',
    '"preset": ‸"okta"',
    "issuers[1].preset",
    /"cognito" or "auth0"/,
  ],
  [
    "a member of another preset",
    '"region": "eu-west-1"',
    '"region": "eu-west-1", "domain": ‸"a.auth0.com"',
    "issuers[1].domain",
    /preset": "auth0"/,
  ],
  [
    "an issuer beside a preset",
    '"preset": "cognito"',
    '"preset": "cognito", "issuer": ‸"https://x.example"',
    "issuers[1].issuer",
    /take it out/,
  ],
  [
    "a preset without what it needs",
    '"region": "eu-west-1", ',
    "",
    "issuers[1].region",
    /"region": "eu-west-1"/,
    [],
    '{ "preset"',
  ],
  [
    "two issuers of one name",
    '{ "preset": "cognito", "region": "eu-west-1", "userPoolId": "eu-west-1_Ab12", "clientIds": ["web"] }',
    '{ "issuer": ‸"https://issuer.example", "clientIds": ["web"], "algorithms": ["ES256"], "jwksUri": "https://x.example" }',
    "issuers[1].issuer",
    /audience and clientIds take several/,
  ],
  [
    "a tolerance that is too long",
    '"clockToleranceSeconds": 30',
    '"clockToleranceSeconds": ‸301',
    "clockToleranceSeconds",
    /0 to 300/,
  ],
  [
    "a number in quotes",
    '"clockToleranceSeconds": 30',
    '"clockToleranceSeconds": ‸"30"',
    "clockToleranceSeconds",
    /without quotes/,
  ],
  ["a cache that keeps too long", '"seconds": 60', '"seconds": ‸3601', "verifiedTokenCache.seconds", /1 to 3600/],
  [
    "no place for a credential",
    '{ "header": true, "cookie": { "name": "__Host-token", "origins": ["https://app.example.com"] } }',
    '‸{ "header": false }',
    "credentials",
    /add "cookie"/,
  ],
  ["true in quotes", '"header": true', '"header": ‸"true"', "credentials.header", /without quotes/],
  [
    "the refresh token's cookie",
    '"__Host-token"',
    '‸"__Host-refresh_token"',
    "credentials.cookie.name",
    /__Host-refresh_token/,
  ],
  [
    "an origin with a path",
    '"origins": ["https://app.example.com"] }',
    '"origins": [‸"https://app.example.com/"] }',
    "credentials.cookie.origins[0]",
    /nothing after it/,
  ],
  [
    "a word that is misspelt",
    '"name": "__Host-token"',
    '"name": "__Host-token", "crossSite": ‸"refuze"',
    "credentials.cookie.crossSite",
    /did you mean "refuse"\?/,
  ],
  ["a host in capitals", '"{tenant}.api.example.com"', '‸"{tenant}.API.example.com"', "tenant.from.host", /lower case/],
  [
    "a host without a tenant",
    '"{tenant}.api.example.com"',
    '‸"api.example.com"',
    "tenant.from.host",
    /\{tenant\} as a whole label/,
  ],
  [
    "a listed host with a port",
    '"api.acme.com": "acme"',
    '"api.acme.com:8080": ‸"acme"',
    'tenant.from.hosts["api.acme.com:8080"]',
    /without scheme, port and path/,
  ],
  [
    "a tenant that is none",
    '"api.acme.com": "acme"',
    '"api.acme.com": ‸"Acme Inc"',
    'tenant.from.hosts["api.acme.com"]',
    /as it is in tokens/,
  ],
  ["two sources of the tenant", '"from": {', '"from": ‸{ "header": "x-tenant",', "tenant.from", /keep one of them/],
  [
    "a pattern that is no expression",
    '"required": true',
    '"pattern": ‸"[a-z", "required": true',
    "tenant.pattern",
    /regex/,
  ],
  [
    "every origin, with cookies",
    '"cors": { "origins": ["https://app.example.com"]',
    '"cors": { "origins": ‸["*"]',
    "cors.origins",
    /one by one/,
  ],
  ["a rule without a path", '{ "path": "/me", "tenant": "any" }', '‸{ "tenant": "any" }', "rules[1]", /add "path"/],
  [
    "a path without its slash",
    '"/reports/{*rest}"',
    '‸"reports/{*rest}"',
    "rules[2].path",
    /: "\/reports\/\{\*rest\}"/,
  ],
  [
    "an address in the place of a path",
    '"/reports/{*rest}"',
    '‸"https://api.example.com/reports"',
    "rules[2].path",
    /: "\/reports"/,
  ],
  ["a rest in the middle", '"/reports/{*rest}"', '‸"/{*rest}/reports"', "rules[2].path", /put \{\*rest\} last/],
  ["a segment's name with a hyphen", '"/jobs/{id}"', '‸"/jobs/{job-id}"', "rules[3].path", /\{name\} for one segment/],
  ["a doubled slash", '"/jobs/{id}"', '‸"/jobs//{id}"', "rules[3].path", /doubled slash/],
  ["a path that only letter case tells apart", '"/jobs/{id}"', '‸"/Me"', "rules[3].path", /one of the two spellings/],
  ["a method in small letters", '"methods": ["POST"]', '"methods": ‸["post"]', "rules[3].methods", /write \["POST"\]/],
  ["no methods", '"methods": ["POST"]', '"methods": ‸[]', "rules[3].methods", /leave the member out for all/],
  [
    "two rules for one method",
    '"/jobs/{id}", "methods": ["POST"]',
    '"/{*rest}", "methods": ["GET"]',
    "rules[4].methods",
    /let one of the rules cover it/,
    [],
    '"/{*rest}", "methods": ‸["GET"] }\n',
  ],
  [
    "a public rule that asks for something",
    '"methods": ["GET"], "public": true',
    '"plans": ["pro"], "public": ‸true',
    "rules[0].public",
    /what the rule asks for: plans/,
  ],
  ["no plans", '"plans": ["pro"]', '"plans": ‸[]', "rules[2].plans", /leave the member out/],
  [
    "a permission without all and any",
    '"permissions": { "all": ["reports:read"] }',
    '"permissions": ‸["reports:read"]',
    "rules[2].permissions",
    /an object/,
  ],
  [
    "a requirement of nothing",
    '"permissions": { "all": ["reports:read"] }',
    '"permissions": ‸{}',
    "rules[2].permissions",
    /\{ "all": \["…"\] \}/,
  ],
  [
    "a kind of caller that there is not",
    '"principals": ["client"]',
    '"principals": [‸"service"]',
    "rules[3].principals[0]",
    /"user" or "client"/,
  ],
  [
    "a scope with a space",
    '"scopes": { "any": ["jobs"] }',
    '"scopes": ‸{ "any": ["jobs read"] }',
    "rules[3].scopes",
    /without spaces/,
  ],
  ["a tenant rule that there is not", '"tenant": "any"', '"tenant": ‸"all"', "rules[1].tenant", /"tenant": "any"/],
  [
    "an encoded slash without a rest",
    '"tenant": "any"',
    '"tenant": "any", "encodedSlash": ‸"pass"',
    "rules[1].encodedSlash",
    /end the path in \{\*rest\}/,
  ],
  [
    "an identity that is not sent",
    '"send": ["user", "tenant"]',
    '"send": ["user", ‸"tenants"]',
    "identity.send[1]",
    /did you mean "tenant"\?/,
  ],
  [
    "an upstream with a path",
    '"https://origin.internal.example"',
    '‸"https://origin.internal.example/api"',
    "upstream.url",
    /scheme and host only/,
  ],
  ["two upstreams", '"upstream": {', '"upstream": ‸{ "service": "ORDERS",', "upstream", /keep or write one/],
  [
    "an upstream without its secret",
    '"upstream": { "url": "https://origin.internal.example", "secret": "ORIGIN_PROOF" }',
    '"upstream": ‸{ "url": "https://origin.internal.example" }',
    "upstream.secret",
    /x-tollgate-proof/,
  ],
  ["a comment", '"observe": {', '‸// what is told\n  "observe": {', "", /take it out/],
  [
    "a comma too many",
    '"observe": { "serverTiming": false }\n}',
    '"observe": { "serverTiming": false },\n‸}',
    "",
    /comma/,
  ],
  ["a text without its end", '"ORIGIN_PROOF" }', '‸"ORIGIN_PROOF }', "upstream.secret", /double quote/],
  ["an empty list of clients", '"clientIds": ["web"]', '"clientIds": ‸[]', "issuers[1].clientIds", /at least one/],
  [
    "a path that is no yes or no",
    /"from": \{.*\} \} \}/,
    '"from": { "path": ‸"yes" } }',
    "tenant.from.path",
    /without quotes/,
  ],
  ["hosts that are none", /"from": \{.*\} \} \}/, '"from": { "hosts": ‸[] } }', "tenant.from.hosts", /an object/],
  [
    "a name in the place of a cookie",
    /\{ "header": true, "cookie": .*\} \}/,
    '{ "header": false, "cookie": ‸"token" }',
    "credentials.cookie",
    /an object/,
  ],
  [
    "an issuer that is no text beside a preset",
    '"preset": "cognito"',
    '"preset": "cognito", "issuer": ‸7',
    "issuers[1].issuer",
    /double quotes/,
  ],
];

const IN_TOKENS = [
  ["a token service that is none", /"tokens": \{[\s\S]*\n {2}\}/, '"tokens": ‸[]', "tokens", /an object/],
  [
    "a token service's issuer with a slash",
    '"https://api.example.com"',
    '‸"https://api.example.com/"',
    "tokens.issuer",
    /without a final slash/,
  ],
  [
    "tokens that live too long",
    '"accessTokenSeconds": 900',
    '"accessTokenSeconds": ‸86400',
    "tokens.accessTokenSeconds",
    /60 to 3600/,
  ],
  [
    "nobody said who gives entitlements",
    '"entitlements": null,',
    "",
    "tokens.entitlements",
    /null when nobody does/,
    [],
    '‸{\n    "issuer"',
  ],
  [
    "a client's secret in the place of its hash",
    '"sha256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"',
    '‸"correct horse"',
    "tokens.clients[0].secretHashes[0]",
    /not the secret/,
  ],
  ["no client", /\[\n\s+\{ "id"[\s\S]*\n {4}\]/, "‸[]", "tokens.clients", /add a client/],
  [
    "a preset without its service",
    /,\n {2}"tokens": \{[\s\S]*\n {2}\}/,
    "",
    "issuers[0].preset",
    /add "tokens"/,
    [],
    '"preset": ‸"tollgate"',
  ],
];

/** What the core allows and is seldom meant. */
const WARNED = [
  [
    "everything public",
    '{ "path": "/{*rest}", "methods": ["GET"] }',
    '{ "path": "/{*rest}", "public": ‸true }',
    "rules[4].public",
    /one by one/,
  ],
  [
    "plans without a tenant",
    /\n {2}"tenant": \{.*\n/,
    "\n",
    "rules[2].plans",
    /"tenant": \{ "from": … \}/,
    ["rules[1].tenant"],
    '"plans": ‸["pro"]',
  ],
  [
    "a long tolerance",
    '"clockToleranceSeconds": 30',
    '"clockToleranceSeconds": ‸121',
    "clockToleranceSeconds",
    /write 30/,
  ],
  [
    "an issuer twice but for a slash",
    '{ "preset": "cognito", "region": "eu-west-1", "userPoolId": "eu-west-1_Ab12", "clientIds": ["web"] }',
    '{ "issuer": ‸"https://issuer.example/", "clientIds": ["web"], "algorithms": ["ES256"], "jwksUri": "https://x.example" }',
    "issuers[1].issuer",
    /to the letter/,
  ],
  [
    "plans that letter case tells apart",
    '"scopes": {',
    '"plans": [‸"Pro"], "scopes": {',
    "rules[3].plans[0]",
    /write "pro" in both/,
  ],
  [
    "an origin over http",
    '"cors": { "origins": ["https://app.example.com"]',
    '"cors": { "origins": ["https://app.example.com", ‸"http://app.example.com"]',
    "cors.origins[1]",
    /https:\/\//,
  ],
  ["a cookie that another host can set", '"__Host-token"', '‸"token"', "credentials.cookie.name", /"__Host-token"/],
  [
    "a cookie's origin that cors does not know",
    '"origins": ["https://app.example.com"] }',
    '"origins": [‸"https://other.example.com"] }',
    "credentials.cookie.origins[0]",
    /cors\.origins too/,
  ],
  [
    "a description in the place of a key set",
    '"https://issuer.example/jwks.json"',
    '‸"https://issuer.example/.well-known/openid-configuration"',
    "issuers[0].jwksUri",
    /jwks_uri/,
  ],
  [
    "Auth0 without its slash",
    '"https://issuer.example"',
    '‸"https://example.eu.auth0.com"',
    "issuers[0].issuer",
    /example\.eu\.auth0\.com\/"/,
  ],
  ["a user pool of another region", '"eu-west-1_Ab12"', '‸"us-east-1_Ab12"', "issuers[1].userPoolId", /its region/],
  [
    "a list that says the same twice",
    '"plans": ["pro"]',
    '"plans": ["pro", ‸"pro"]',
    "rules[2].plans[1]",
    /take the second out/,
  ],
  ["a space at the end", '"plans": ["pro"]', '"plans": [‸"pro "]', "rules[2].plans[0]", /take the space out/],
  [
    "HEAD beside GET",
    '"methods": ["GET"], "public"',
    '"methods": ["GET", ‸"HEAD"], "public"',
    "rules[0].methods[1]",
    /take HEAD out/,
  ],
  [
    "any that all holds already",
    '"permissions": { "all": ["reports:read"] }',
    '"permissions": { "all": ["reports:read"], "any": [‸"reports:read"] }',
    "rules[2].permissions.any[0]",
    /one of the two/,
  ],
  [
    "a secret in the place of its name",
    '"ORIGIN_PROOF"',
    '‸"f3c9a8d7e6b5a4f3c2d1e0f9a8b7c6d5"',
    "upstream.secret",
    /take another secret/,
  ],
  [
    "a tenant that the pattern refuses",
    '"tenants": ["acme", "globex"]',
    '"tenants": ["acme", ‸"Globex"]',
    "issuers[0].tenants[1]",
    /widen the pattern/,
  ],
  [
    "a pattern that takes slashes",
    '"required": true',
    '"pattern": ‸".+", "required": true',
    "tenant.pattern",
    /what an id may hold/,
  ],
];

const IN_TOKENS_WARNED = [
  [
    "a rule that the token service answers",
    '{ "path": "/{*rest}" }',
    '{ "path": ‸"/auth/token" }',
    "rules[0].path",
    /another prefix/,
  ],
];

/**
 * One planted mistake: the text, and what must be said of it. `also` are members that the same mistake makes wrong; `place` is where the
 * mark is put when nothing is planted there.
 */
function planted(base, severity, [name, from, to, member, mend, also = [], place = undefined]) {
  const changed = base.replace(from, () => to);
  const marked =
    place === undefined
      ? changed
      : changed.replace(place.replace("‸", ""), () => (place.includes("‸") ? place : `‸${place}`));
  const before = marked.slice(0, marked.indexOf("‸")).split("\n");
  if (!marked.includes("‸") || changed === base) throw new Error(`${name}: nothing was planted`);
  const at = { line: before.length, column: before.at(-1).length + 1 };
  return { name, severity, text: marked.replace("‸", ""), member, mend, also, ...at };
}

export const MISTAKES = [
  ...IN_BASE.map((mistake) => planted(BASE, "error", mistake)),
  ...IN_TOKENS.map((mistake) => planted(TOKENS, "error", mistake)),
];
export const DOUBTFUL = [
  ...WARNED.map((mistake) => planted(BASE, "warning", mistake)),
  ...IN_TOKENS_WARNED.map((mistake) => planted(TOKENS, "warning", mistake)),
];
