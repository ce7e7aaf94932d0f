// What lint puts in the place of what is wrong, so that the core goes on to the next fault. Changes a copy, adds no fault, and moves no
// element of an array.

import { kindOf, valueAt, type Way } from "../place.js";
import { nearest } from "../words.js";
import { type Fault, isMembers, type Members, textOf } from "./judge.js";

/** A host that nobody can have (RFC 6761 section 6.4). */
const HOST = "lint.invalid";
const HASH = `sha256:${"A".repeat(43)}`;

/** What can stand where something is compulsory. `index` makes what must be unique so. */
const STAND_INS: Readonly<Record<string, (index: number) => unknown>> = {
  issuers: () => [issuer(0)],
  "issuers[]": issuer,
  "issuers[].issuer": (index) => `https://${index}.${HOST}`,
  "issuers[].algorithms": () => ["ES256", "RS256"],
  "issuers[].algorithms[]": () => "ES256",
  "issuers[].jwksUri": () => `https://${HOST}/jwks.json`,
  "issuers[].audience": () => "lint",
  "issuers[].clientIds": () => ["lint"],
  "issuers[].region": () => "eu-west-1",
  "issuers[].userPoolId": () => "eu-west-1_lint",
  "issuers[].domain": () => HOST,
  "credentials.cookie": () => ({ name: "__Host-lint" }),
  "credentials.cookie.name": () => "__Host-lint",
  "credentials.cookie.origins[]": (index) => `https://${index}.${HOST}`,
  "tenant.pattern": () => ".+",
  "tenant.from.host": () => `{tenant}.${HOST}`,
  "tenant.from.header": () => "x-lint",
  "cors.origins": () => [`https://${HOST}`],
  "cors.origins[]": (index) => `https://${index}.${HOST}`,
  "cors.exposeHeaders[]": () => "x-lint",
  rules: () => [rule(0)],
  "rules[]": rule,
  "rules[].path": (index) => `/lint-${index}/{tenant}/{*rest}`,
  "rules[].methods": (index) => [method(index)],
  "rules[].methods[]": method,
  "rules[].tenant": () => "any",
  "rules[].principals[]": () => "user",
  "rules[].permissions": () => ({ all: ["lint"] }),
  "rules[].groups": () => ({ all: ["lint"] }),
  "rules[].scopes": () => ({ all: ["lint"] }),
  "identity.send[]": () => "user",
  "upstream.service": () => "LINT",
  "upstream.url": () => `https://${HOST}`,
  "upstream.secret": () => null,
  tokens: () => ({ issuer: `https://${HOST}`, audience: "lint", entitlements: null, clients: [client(0)] }),
  "tokens.accessTokenSeconds": () => 60,
  "tokens.familySeconds": () => 34_560_000,
  "tokens.issuer": () => `https://${HOST}`,
  "tokens.audience": () => "lint",
  "tokens.entitlements": () => null,
  "tokens.clients": () => [client(0)],
  "tokens.clients[]": client,
  "tokens.clients[].id": (index) => `lint-${index}`,
  "tokens.clients[].secretHashes": () => [HASH],
  "tokens.clients[].secretHashes[]": () => HASH,
};

function issuer(index: number): Members {
  return {
    issuer: `https://${index}.${HOST}`,
    audience: "lint",
    algorithms: ["ES256"],
    jwksUri: `https://${HOST}/jwks.json`,
  };
}

function rule(index: number): Members {
  return { path: `/lint-${index}`, public: true };
}

function client(index: number): Members {
  return { id: `lint-${index}`, secretHashes: [HASH] };
}

/** A method that no other rule covers. */
function method(index: number): string {
  return `LINT-${index.toString(2).replaceAll("0", "O").replaceAll("1", "I")}`;
}

/**
 * Takes a fault out of `document`.
 *
 * @param attempt how often the same was tried in vain: each time, more around it goes
 * @returns the way to what is now lint's own; `null` where the configuration's own words are still there
 */
export function neutralise(document: Members, way: Way, { problem }: Fault, attempt: number): Way | null {
  if (attempt > 0) return remove(document, way.slice(0, Math.max(1, way.length - attempt + 1)));
  const missing = /^expected a member (\w+)$/.exec(problem)?.[1];
  if (missing !== undefined) return put(document, [...way, missing]);
  if (problem.startsWith("unknown member")) return remove(document, way);
  const special = SPECIAL.find(([kind, said]) => kind === kindOf(way) && said.test(problem));
  return special === undefined ? put(document, way) : special[2](document, way);
}

/** Where another thing than the stand-in is right: a kind of member, what the core says of it, and what takes the fault out. */
const SPECIAL: readonly (readonly [
  kind: string,
  problem: RegExp,
  mend: (document: Members, way: Way) => Way | null,
])[] = [
  ["issuers[].issuer", /filled in by the preset/, remove],
  ["issuers[].jwksUri", /filled in by the preset/, remove],
  ["issuers[].region", /goes with/, remove],
  ["issuers[].userPoolId", /goes with/, remove],
  ["issuers[].domain", /goes with/, remove],
  ["issuers[].preset", /./, mendPreset],
  ["issuers[]", /expected jwks or jwksUri/, (document, way) => put(document, [...way, "jwksUri"])],
  ["issuers[].jwks", /./, dropKeys],
  ["credentials", /the header, a cookie or both/, (document, way) => remove(document, [...way, "header"])],
  ["tenant.from", /expected one of/, keepOneSource],
  ["cors.origins", /alone/, (document, way) => replaceItems(document, way, (origin) => origin === "*")],
  [
    "rules[].methods",
    /in capitals/,
    (document, way) => replaceItems(document, way, (one) => !/^[A-Z-]+$/.test(textOf(one))),
  ],
  ["rules[].public", /reads no credential/, closeRule],
  ["upstream", /one of service and url/, keepOneUpstream],
  ["upstream.secret", /service binding needs none/, remove],
];

function mendPreset(document: Members, way: Way): Way {
  const meant = nearest(textOf(valueAt(document, way)), ["cognito", "auth0"]);
  return meant === undefined ? put(document, way.slice(0, -1)) : write(document, way, meant);
}

function dropKeys(document: Members, way: Way): Way {
  const its = valueAt(document, way.slice(0, -1));
  if (isMembers(its) && its.preset == null && its.jwksUri == null) put(document, [...way.slice(0, -1), "jwksUri"]);
  return remove(document, way);
}

/** The first of several sources stays, so that it is judged too. */
function keepOneSource(document: Members, way: Way): Way | null {
  const from = valueAt(document, way) as Members;
  const byHost = typeof from.host === "string" || (isMembers(from.hosts) && Object.keys(from.hosts).length > 0);
  if (!byHost && from.path !== true) return remove(document, way);
  if (byHost) delete from.path;
  delete from.header;
  return null;
}

function keepOneUpstream(document: Members, way: Way): Way | null {
  const upstream = valueAt(document, way) as Members;
  if (typeof upstream.url !== "string") return remove(document, way);
  delete upstream.service;
  return null;
}

/** A public rule that asks for something stays, asks, and is no longer public. */
function closeRule(document: Members, way: Way): Way {
  const its = valueAt(document, way.slice(0, -1)) as Members;
  its.tenant ??= "any";
  return remove(document, way);
}

function replaceItems(document: Members, way: Way, isBad: (item: unknown) => boolean): null {
  const items = valueAt(document, way) as unknown[];
  for (const [index, item] of items.entries()) if (isBad(item)) put(document, [...way, index]);
  return null;
}

/** The stand-in, or nothing where a member may be absent. */
function put(document: Members, way: Way): Way {
  const standIn = STAND_INS[kindOf(way)];
  return standIn === undefined ? remove(document, way) : write(document, way, standIn(numberOf(way)));
}

/** A number that no other place of this kind has. */
function numberOf(way: Way): number {
  return way.reduce<number>((number, step) => (typeof step === "number" ? number * 100_003 + step : number), 0);
}

/** Takes a member away; of an array, puts a text in the element's place. */
function remove(document: Members, way: Way): Way {
  const last = way.at(-1);
  const outer = valueAt(document, way.slice(0, -1));
  if (typeof last === "number" && Array.isArray(outer)) {
    outer[last] = STAND_INS[kindOf(way)]?.(numberOf(way)) ?? `lint-${last}`;
  } else if (isMembers(outer) && last !== undefined) {
    delete outer[last];
    // The last of the sources leaves a tenant that comes from nowhere, which would be another fault.
    const from = valueAt(document, ["tenant", "from"]);
    if (way.length > 2 && kindOf(way).startsWith("tenant.from.") && isMembers(from) && !hasSource(from)) {
      from.host = STAND_INS["tenant.from.host"]?.(0);
    }
  }
  return way;
}

function hasSource({ host, hosts, path, header }: Members): boolean {
  return host != null || path === true || header != null || (isMembers(hosts) && Object.keys(hosts).length > 0);
}

function write(document: Members, way: Way, value: unknown): Way {
  const outer = valueAt(document, way.slice(0, -1)) as Record<string | number, unknown> | null | undefined;
  const last = way.at(-1);
  if (typeof outer === "object" && outer !== null && last !== undefined) outer[last] = value;
  return way;
}
