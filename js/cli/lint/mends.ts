// What to write instead, for each thing that the core refuses. Judges nothing, and shows no value that may be a secret.

import { kindOf, type Way } from "../place.js";
import { nearest } from "../words.js";
import { type Fault, textOf } from "./judge.js";

/** Where it applies, what the core said, and the advice. The first that fits is given. */
type Mend = readonly [kind: RegExp, problem: RegExp, mend: string | ((fault: Said) => string)];

interface Said {
  readonly way: Way;
  readonly problem: string;
  /** What the member holds, as far as it is there. */
  readonly value: unknown;
  /** The names of the members beside it. */
  readonly beside: readonly string[];
}

const MEMBERS: Readonly<Record<string, string>> = {
  issuers: 'add "issuers": an array of those whose tokens are taken',
  rules: 'add "rules", such as [{ "path": "/{*rest}" }]: what no rule allows is denied',
  path: 'add "path", such as "/orders/{*rest}"',
  name: 'add "name", such as "__Host-access_token"',
  origins: 'add "origins", such as ["https://app.example.com"]',
  issuer: 'add "issuer": the exact iss of its tokens',
  audience: 'add "audience": the aud of its access tokens',
  clients: 'add "clients": the programs that may ask for tokens',
  id: 'add "id", such as "web"',
  secretHashes: 'add "secretHashes": `npm run keys -- client ID` makes a secret and its hash',
};

const MENDS: readonly Mend[] = [
  [/./, /^unknown member, expected (.*)$/, unknownMember],
  [/.*/, /^expected a member (\w+)$/, ({ problem }) => MEMBERS[problem.split(" ").at(-1) ?? ""] ?? "add it"],
  [/tenant$/, /^expected any/, 'write "tenant": "any", or leave the member out: then the tenant is compared'],
  [/encodedSlash$/, /^expected pass/, 'write "encodedSlash": "pass", or leave the member out: then %2F is refused'],
  [/jwks$/, /^expected an object with an array called keys/, 'write { "keys": [ … ] }; for an address, use jwksUri'],
  [/./, /^expected true or false, not a string/, "write true or false without quotes"],
  [/./, /^expected true or false/, "write true or false"],
  [/./, /^expected an integer .*not a string/, "write the number without quotes"],
  [/./, /^expected an integer/, "write a whole number that is not negative"],
  [/./, /^expected an array, not (?:a string|an object|this number|a boolean)/, "put it into brackets: [ … ]"],
  [/./, /^expected an array/, "write an array, or leave the member out"],
  [/./, /^expected an object/, "write an object, { … }, or leave the member out"],
  [/./, /^expected a string, not an array/, "write one text, without brackets"],
  [/./, /^expected a string or an array/, "write a text in quotes, or several in brackets"],
  [/./, /^expected a string/, "write it in double quotes"],
  [/preset$/, /earlier issuer/, "keep one issuer with the preset tollgate"],
  [
    /preset$/,
    /needs the member tokens/,
    'add "tokens", the service whose tokens this issuer takes, or name an issuer, its algorithms and jwksUri',
  ],
  [
    /^issuers\[\]\.algorithms\[\]$/,
    /ES256 or RS256/,
    'write "ES256", "RS256" or both, whichever the issuer signs with: no other is verified',
  ],
  [/^issuers\[\]\.algorithms$/, /./, 'write "algorithms": ["RS256"], ["ES256"] or both: what the issuer signs with'],
  [/./, /^expected (?:[\w@-]+(?:, | or ))+[\w@-]+$/, knownWord],
  [/^clockToleranceSeconds$/, /0 to 300/, "write 0 to 300; leave it out for 30"],
  [/^issuers$/, /at least one/, "add an issuer: without one no token can be good"],
  [/^issuers$/, /39 MiB/, "name jwksUri instead of jwks for some issuers: fetched sets need not all be in memory"],
  [
    /^issuers\[\]\.(?:issuer|jwksUri)$/,
    /https URL/,
    "write the whole address with https://; http only for localhost, 127.0.0.1 and [::1]",
  ],
  [/^issuers\[\]\.issuer$/, /is the same as/, "put what differs into one issuer: audience and clientIds take several"],
  [/^issuers\[\]\.issuer$/, /issuer of tokens/, 'write { "preset": "tollgate" } for it'],
  [/^issuers\[\]\.(?:issuer|jwksUri)$/, /filled in by the preset/, "take it out: the preset knows it"],
  [/^issuers\[\]\.issuer$/, /is missing/, 'add "issuer": the exact iss of its tokens; or a preset, cognito or auth0'],
  [/^issuers\[\]\.jwks$/, /not both/, "take out one of the two: jwksUri follows the issuer's new keys, jwks does not"],
  [/^issuers\[\]$/, /expected jwks or jwksUri/, 'add "jwksUri", the address of its key set'],
  [
    /^issuers\[\]\.jwks/,
    /private or symmetric/,
    "take the members d, p, q, dp, dq, qi, oth and k out, and make a new key: this one is known to whoever read the file",
  ],
  [/^issuers\[\]\.jwks/, /./, "take this key out, or `tollgate jwks inspect` says what is wrong with it"],
  [/^issuers\[\]\.types$/, /at least one/, 'write "types": ["JWT"], or leave the member out; null in it means no typ'],
  [
    /^issuers\[\]\.(?:region|userPoolId)$/,
    /is missing/,
    'add it: "region": "eu-west-1", "userPoolId": "eu-west-1_Ab12"',
  ],
  [/^issuers\[\]\.domain$/, /is missing/, 'add it: "domain": "example.eu.auth0.com"'],
  [
    /^issuers\[\]\.(?:region|userPoolId|domain)$/,
    /goes with the preset (\w+)/,
    ({ problem }) => `add "preset": "${problem.split(" ")[4]}", or take it out`,
  ],
  [/^issuers\[\]\.(?:region|userPoolId|domain)$/, /./, "write the bare name, without https:// and without a path"],
  [
    /^issuers\[\]\.audience$/,
    /audience, clientIds or both/,
    'add "audience", the aud that this API is called, or "clientIds"',
  ],
  [
    /^issuers\[\]\.(?:audience|clientIds)$/,
    /at least one text/,
    "write at least one: what this API is called in tokens, or who may call it",
  ],
  [/(?:tokenUse|tenants)$/, /at least one text/, "write at least one, or leave the member out for all"],
  [/maxAgeSeconds$/, /more than 0/, "write the seconds that a token may be old; leave it out for no limit"],
  [
    /^issuers\[\]\.claims\./,
    /./,
    'write "name", or ["outer", "name"] for a nested claim; leave it out for the usual name',
  ],
  [
    /^verifiedTokenCache\./,
    /^expected (.*)$/,
    ({ problem }) => `write ${problem.replace("expected ", "")}, or leave it out for the default`,
  ],
  [/^credentials$/, /header, a cookie/, 'leave "header" out, or add "cookie": { "name": "__Host-access_token" }'],
  [/cookie\.name$/, /./, 'write a name such as "__Host-access_token"; __Host-refresh_token is the token service\'s'],
  [/origins$/, /alone/, 'list the origins one by one; "*" goes with no other and without credentials'],
  [/^cors\.origins$/, /at least one/, 'list an origin, or take "cors" out'],
  [
    /origins\[\]$/,
    /./,
    "write scheme and host, with the port where there is one, and nothing after it: https://app.example.com",
  ],
  [/exposeHeaders\[\]$/, /./, 'write a header\'s name, such as "x-request-id"'],
  [/^cors\.maxAgeSeconds$/, /./, "write 0 to 86400; leave it out for 600"],
  [/^tenant\.pattern$/, /empty text/, 'write a pattern that wants at least one character, such as "[a-z0-9-]{1,64}"'],
  [/^tenant\.pattern$/, /./, "mend the expression: it is of Rust's regex, without look-around and back-references"],
  [/^tenant\.from$/, /./, 'keep one of them: "host" with or without "hosts", "path": true, or "header"'],
  [/^tenant\.from\.header$/, /./, 'write a name such as "x-tenant"; what starts with x-tollgate- is stripped'],
  [
    /^tenant\.from\.host$/,
    /./,
    'write the host in lower case with {tenant} as a whole label: "{tenant}.api.example.com"',
  ],
  [/^tenant\.from\.hosts/, /tenant id/, "write the tenant's id as it is in tokens, or widen tenant.pattern"],
  [/^tenant\.from\.hosts/, /./, "write the host in lower case, without scheme, port and path"],
  [/^rules$/, /at least one/, 'add a rule, such as { "path": "/{*rest}" }'],
  [/^rules\[\]\.path$/, /starts with \//, ({ value }) => startsWithSlash(value)],
  [/^rules\[\]\.path$/, /\{\*rest\} at the end/, "put {*rest} last, or use {name} for one segment"],
  [/^rules\[\]\.path$/, /letters, digits and _/, "write {name} for one segment, {*rest} for all that follow"],
  [/^rules\[\]\.path$/, /twice/, "give each segment a name of its own"],
  [/^rules\[\]\.path$/, /empty segment/, "take out the doubled slash"],
  [/^rules\[\]\.path$/, /encoded slash/, 'write {*rest} and "encodedSlash": "pass"'],
  [
    /^rules\[\]\.path$/,
    /letter case or a final slash/,
    "keep one of the two spellings; {*rest} covers a final slash too",
  ],
  [/^rules\[\]\.path$/, /other segments/, "give the segments the same names in both rules"],
  [/^rules\[\]\.path$/, /\{tenant\} segment/, 'write it as "/t/{tenant}/…", or add "tenant": "any" to this rule'],
  [/^rules\[\]\.path$/, /./, "write the path as a client sends it: decoded, without dot segments, query and fragment"],
  [/^rules\[\]\.methods$/, /capitals/, ({ value }) => `write ${capitals(value)}`],
  [
    /^rules\[\]\.methods$/,
    /covers a method/,
    "let one of the rules cover it; GET includes HEAD, and no methods mean all",
  ],
  [/^rules\[\]\.methods$/, /./, 'write "methods": ["GET"], or leave the member out for all'],
  [/^rules\[\]\.public$/, /./, ({ beside }) => `take out "public", or what the rule asks for: ${asked(beside)}`],
  [/^rules\[\]\.plans$/, /./, 'write "plans": ["pro"], or leave the member out for all'],
  [/^rules\[\]\.principals$/, /./, 'write "principals": ["user", "client"], or leave the member out for users'],
  [
    /^rules\[\]\.(?:permissions|groups|scopes)$/,
    /at least one text/,
    'write { "all": ["…"] } or { "any": ["…"] }, or leave the member out',
  ],
  [/^rules\[\]\.scopes$/, /./, "write each scope as a text of its own, without spaces and quotes"],
  [/^rules\[\]\.(?:permissions|groups)$/, /./, "take the empty text out"],
  [/encodedSlash$/, /./, "end the path in {*rest}, or take encodedSlash out"],
  [/^observe\.analytics$/, /./, "write the binding's name in wrangler.toml, or take it out"],
  [/^upstream$/, /./, 'keep or write one: "service", the name of a service binding, or "url" with "secret"'],
  [/^upstream\.service$/, /./, "write the binding's name in wrangler.toml"],
  [/^upstream\.secret$/, /service binding/, "take it out: nobody else can call a service binding"],
  [
    /^upstream\.secret$/,
    /null for none/,
    'add "secret": "ORIGIN_PROOF", the name of a secret that the origin checks x-tollgate-proof against; null for none',
  ],
  [
    /^upstream\.secret$/,
    /./,
    'write its name, such as "ORIGIN_PROOF", and set it with `npx wrangler secret put ORIGIN_PROOF`',
  ],
  [/^upstream\.url$/, /./, "write scheme and host only: https://origin.internal.example"],
  [/^tokens\.issuer$/, /./, "write https:// and a host, without a final slash"],
  [
    /^tokens\.audience$/,
    /refresh tokens/,
    "take out the address of the token endpoint: that is the audience of refresh tokens",
  ],
  [/^tokens\.prefix$/, /./, 'write it as "/auth"'],
  [/^tokens\.keys$/, /once/, "take the second out"],
  [
    /^tokens\.keys$/,
    /./,
    'write names of secrets, such as ["TOLLGATE_KEYS"], and set them with `npx wrangler secret put`',
  ],
  [/^tokens\.entitlements$/, /./, 'write { "service": "…" }, who says what a user may do; null when nobody does'],
  [/^tokens\.clients$/, /./, "add a client: without one nobody can ask for tokens"],
  [
    /^tokens\.clients\[\]\.id$/,
    /another client/,
    "give each client an id of its own; a second secret is a second hash",
  ],
  [/^tokens\.clients\[\]\.secretHashes/, /./, "write what `npm run keys -- client ID` prints, not the secret"],
  [/^tokens\./, /^expected (.*)$/, ({ problem }) => `write ${problem.replace("expected ", "")}`],
  [/^$/, /8 MiB/, "name jwksUri instead of jwks, and widen rules that say the same"],
  [/^$/, /./, "write one JSON object"],
];

/** What to do about a fault. */
export function mendOf(fault: Fault, way: Way, value: unknown, beside: readonly string[]): string {
  const kind = kindOf(way);
  const said = { way, problem: fault.problem, value, beside };
  for (const [where, problem, mend] of MENDS) {
    if ((where.test(kind) || (kind === "" && where.source === ".")) && problem.test(fault.problem)) {
      return typeof mend === "string" ? mend : mend(said);
    }
  }
  return fault.problem;
}

function unknownMember({ way, problem, beside }: Said): string {
  const known = wordsOf(problem.replace("unknown member, ", ""));
  const free = known.filter((name) => !beside.includes(name));
  const meant = nearest(String(way.at(-1)), free);
  return meant === undefined ? "take it out" : `did you mean "${meant}"?`;
}

function knownWord({ problem, value }: Said): string {
  const words = wordsOf(problem);
  const meant = typeof value === "string" ? nearest(value, words) : undefined;
  const all = words.map((word) => `"${word}"`).join(" or ");
  return meant === undefined ? `write ${all}` : `did you mean "${meant}"?`;
}

const wordsOf = (problem: string): string[] => problem.replace(/^expected /, "").split(/, | or /);

function startsWithSlash(value: unknown): string {
  const path = typeof value === "string" ? value.replace(/^[a-z]+:\/\/[^/]*/i, "").replace(/^\/?/, "/") : "/";
  return `write the path alone, from its first slash on: "${path}"`;
}

function capitals(value: unknown): string {
  return Array.isArray(value)
    ? JSON.stringify(value.map((one) => textOf(one).trim().toUpperCase()))
    : 'them in capitals, such as "GET"';
}

function asked(beside: readonly string[]): string {
  const asking = ["tenant", "principals", "plans", "permissions", "groups", "scopes"];
  return beside.filter((name) => asking.includes(name)).join(", ");
}
