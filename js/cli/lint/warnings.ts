// What the core allows and is seldom meant. Refuses nothing; each warning can be answered by saying what is meant.

import type { Way } from "../place.js";
import { firstFault, isMembers, type Kind, type Members, textOf } from "./judge.js";

/** One warning. */
export interface Note {
  readonly way: Way;
  readonly problem: string;
  readonly mend: string;
}

/** Above it, in seconds, an expired token is good for longer than clocks go wrong. */
const LONG_TOLERANCE_SECONDS = 120;
/** Lists whose elements mean the same the second time. */
const SETS = [
  "algorithms",
  "audience",
  "clientIds",
  "types",
  "tokenUse",
  "tenants",
  "methods",
  "principals",
  "plans",
  "all",
  "any",
  "origins",
  "exposeHeaders",
  "send",
];

type Warn = (way: Way, problem: string, mend: string) => void;

/** Warnings about a document of any shape: what is wrongly typed is the core's to refuse. */
export function warningsOf(document: Members, kind: Kind): { warnings: Note[]; anyTenant: string[] } {
  const warnings: Note[] = [];
  const warn: Warn = (way, problem, mend) => void warnings.push({ way, problem, mend });
  texts(document, [], warn);
  warnOfIssuers(listOf(document.issuers), warn);
  const tolerance = document.clockToleranceSeconds;
  if (typeof tolerance === "number" && tolerance > LONG_TOLERANCE_SECONDS) {
    warn(
      ["clockToleranceSeconds"],
      `every token is good for ${tolerance} s after it expired`,
      "write 30: clocks that are kept go wrong by less",
    );
  }
  if (kind === "verifier") return { warnings, anyTenant: [] };
  const rules = listOf(document.rules);
  warnOfRules(rules, document, warn);
  warnOfNames(rules, warn);
  warnOfTenants(document, warn);
  warnOfOrigins(document, warn);
  warnOfSecret(document, warn);
  const anyTenant = rules.filter(([, rule]) => rule.tenant === "any").map(([, rule]) => textOf(rule.path));
  return { warnings, anyTenant };
}

/** The objects of an array, with their positions. */
function listOf(value: unknown): [index: number, members: Members][] {
  return (Array.isArray(value) ? value : []).flatMap((one, index): [number, Members][] =>
    isMembers(one) ? [[index, one]] : [],
  );
}

const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string");

/** Spaces around a text, and a text twice in one list. Keys are not looked at. */
function texts(value: unknown, way: Way, warn: Warn): void {
  if (way.at(-1) === "jwks") return;
  if (typeof value === "string" && value !== value.trim()) {
    warn(way, "a space at its beginning or end, which is compared too", "take the space out");
  }
  if (Array.isArray(value)) {
    const seen = new Set<unknown>();
    const isSet = SETS.includes(String(way.at(-1)));
    for (const [index, one] of value.entries()) {
      if (isSet && seen.has(one)) warn([...way, index], "stands twice in this list", "take the second out");
      seen.add(one);
      texts(one, [...way, index], warn);
    }
  } else if (isMembers(value)) for (const [name, one] of Object.entries(value)) texts(one, [...way, name], warn);
}

function warnOfIssuers(issuers: [number, Members][], warn: Warn): void {
  const names = new Map<string, number>();
  for (const [index, issuer] of issuers) {
    const at = ["issuers", index];
    const name = issuer.issuer;
    if (typeof name === "string") {
      const plain = name.toLowerCase().replace(/\/$/, "");
      const first = names.get(plain);
      const twin = issuers.find(([other]) => other === first)?.[1].issuer;
      if (first !== undefined && twin !== name) {
        warn(
          [...at, "issuer"],
          `only letter case or a final slash tells it from issuers[${first}].issuer`,
          "keep the one that is the iss of its tokens, to the letter",
        );
      }
      names.set(plain, first ?? index);
      if (/^https:\/\/[^/]+\.auth0\.com$/.test(name)) {
        warn(
          [...at, "issuer"],
          "the iss of Auth0's tokens ends in a slash",
          `write "${name}/", or the preset auth0 with the domain`,
        );
      }
      if (/^https:\/\/cognito-idp\.[^/]+\/[^/]+\/$/.test(name)) {
        warn(
          [...at, "issuer"],
          "the iss of Cognito's tokens has no slash at its end",
          "take the slash out, or use the preset cognito",
        );
      }
    }
    if (/\/\.well-known\/(?:openid-configuration|oauth-authorization-server)$/.test(textOf(issuer.jwksUri))) {
      warn(
        [...at, "jwksUri"],
        "this is the issuer's description, not its key set",
        "write what the description names as jwks_uri",
      );
    }
    const { region, userPoolId } = issuer;
    if (typeof region === "string" && typeof userPoolId === "string" && !userPoolId.startsWith(`${region}_`)) {
      warn(
        [...at, "userPoolId"],
        `a user pool of ${region} is called ${region}_…`,
        "write the pool's whole id, and its region",
      );
    }
  }
}

function warnOfRules(rules: [number, Members][], document: Members, warn: Warn): void {
  const prefix = isMembers(document.tokens) ? textOf(document.tokens.prefix ?? "/auth") : undefined;
  const isCompared = isMembers(document.tenant) && isMembers(document.tenant.from);
  for (const [index, rule] of rules) {
    const at = ["rules", index];
    const path = textOf(rule.path);
    if (rule.public === true && /^\/(?:\{[^}]*\}\/)*\{\*rest\}$/.test(path)) {
      warn(
        [...at, "public"],
        "every path that no other rule matches is open to anyone",
        "name the public paths one by one, and take this rule's public out",
      );
    }
    if (prefix !== undefined && servedPaths(prefix).includes(path)) {
      warn(
        [...at, "path"],
        "is never asked: the token service answers this path first",
        "take the rule out, or give tokens another prefix",
      );
    }
    if (rule.tenant === "any" && !isCompared) {
      warn(
        [...at, "tenant"],
        "changes nothing: without tenant.from no tenant is compared",
        'take it out, or say with "tenant": { "from": … } where the request names its tenant',
      );
    }
    const methods = textsOf(rule.methods);
    if (methods.includes("GET") && methods.includes("HEAD")) {
      warn([...at, "methods", methods.indexOf("HEAD")], "GET includes HEAD", "take HEAD out");
    }
    for (const name of ["permissions", "groups", "scopes"]) warnOfRequirement([...at, name], rule[name], warn);
  }
  const withPlans = rules.find(([, rule]) => Array.isArray(rule.plans));
  if (withPlans !== undefined && document.tenant === undefined) {
    warn(
      ["rules", withPlans[0], "plans"],
      "plans are asked for, and nothing says which tenant a request is for",
      'add "tenant": { "from": … }; where the API keeps tenants apart by x-tollgate-tenant, add "tenant": {}',
    );
  }
}

/** What a token service answers itself: docs/TOKENS.md. */
function servedPaths(prefix: string): string[] {
  return [...["token", "refresh", "revoke", "revoke-all"].map((name) => `${prefix}/${name}`), "/.well-known/jwks.json"];
}

function warnOfRequirement(way: Way, requirement: unknown, warn: Warn): void {
  if (!isMembers(requirement)) return;
  const all = new Set(textsOf(requirement.all));
  const index = textsOf(requirement.any).findIndex((text) => all.has(text));
  if (index >= 0)
    warn([...way, "any", index], "all asks for it already, so any asks for nothing", "take it out of one of the two");
}

/** Plans, permissions, groups and scopes that only letter case tells apart: tokens hold one of the two spellings. */
function warnOfNames(rules: [number, Members][], warn: Warn): void {
  const seen = new Map<string, { text: string; member: string }>();
  const look = (kind: string, text: string, way: Way, member: string) => {
    const key = `${kind}\n${text.toLowerCase()}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, { text, member });
    else if (first.text !== text) {
      warn(
        way,
        `only letter case tells "${text}" from "${first.text}" of ${first.member}`,
        `write "${first.text}" in both, if tokens have it so: texts are compared exactly`,
      );
    }
  };
  for (const [index, rule] of rules) {
    const lists: [string, Way, unknown][] = [["plan", ["rules", index, "plans"], rule.plans]];
    for (const name of ["permissions", "groups", "scopes"]) {
      const requirement = rule[name];
      for (const part of isMembers(requirement) ? ["all", "any"] : []) {
        lists.push([name, ["rules", index, name, part], (requirement as Members)[part]]);
      }
    }
    for (const [kind, way, list] of lists) {
      for (const [item, text] of (Array.isArray(list) ? list : []).entries()) {
        if (typeof text === "string") look(kind, text, [...way, item], `rules[${index}]`);
      }
    }
  }
}

function warnOfTenants(document: Members, warn: Warn): void {
  const tenant = isMembers(document.tenant) ? document.tenant : {};
  const from = isMembers(tenant.from) ? tenant.from : {};
  const isTenant = tenantJudge(tenant.pattern);
  if (typeof tenant.pattern === "string" && isTenant("../a")) {
    warn(
      ["tenant", "pattern"],
      "takes a text with dots and slashes for a tenant's id",
      'list what an id may hold, such as "[a-z0-9][a-z0-9_-]{0,63}"',
    );
  }
  const issuers = listOf(document.issuers);
  for (const [index, issuer] of issuers) {
    for (const [item, text] of (Array.isArray(issuer.tenants) ? issuer.tenants : []).entries()) {
      if (typeof text === "string" && text !== "" && !isTenant(text)) {
        warn(
          ["issuers", index, "tenants", item],
          "is no tenant id of the pattern, so its tokens are always refused",
          "write the id as tenant.pattern wants it, or widen the pattern",
        );
      }
    }
  }
  const isOpen = issuers.some(([, issuer]) => !Array.isArray(issuer.tenants));
  const known = new Set(issuers.flatMap(([, issuer]) => textsOf(issuer.tenants)));
  for (const [host, its] of Object.entries(isMembers(from.hosts) ? from.hosts : {})) {
    if (!isOpen && typeof its === "string" && !known.has(its)) {
      warn(
        ["tenant", "from", "hosts", host],
        "no issuer may speak for this tenant, so nobody gets in by this host",
        "add the tenant to the tenants of its issuer",
      );
    }
  }
}

/** Asks the core, whose expressions are not JavaScript's, whether a text is a tenant's id. */
function tenantJudge(pattern: unknown): (text: string) => boolean {
  if (typeof pattern !== "string") return (text) => /^[a-z0-9][a-z0-9_-]{0,63}$/.test(text);
  return (text) => {
    const tenant = { pattern, from: { hosts: { "lint.invalid": text } } };
    const issuer = {
      issuer: "https://lint.invalid",
      audience: "lint",
      algorithms: ["ES256"],
      jwksUri: "https://lint.invalid",
    };
    return (
      firstFault("gate", { issuers: [issuer], tenant, rules: [{ path: "/" }] })?.member.startsWith("tenant.from") !==
      true
    );
  };
}

const LOOPBACK = /^http:\/\/(?:localhost|[^/]*\.localhost|127\.[\d.]+|\[::1\])(?::\d+)?$/;

function warnOfOrigins(document: Members, warn: Warn): void {
  const cors = isMembers(document.cors) ? document.cors : {};
  const credentials = isMembers(document.credentials) ? document.credentials : {};
  const cookie = isMembers(credentials.cookie) ? credentials.cookie : undefined;
  const lists: [Way, unknown][] = [
    [["cors", "origins"], cors.origins],
    [["credentials", "cookie", "origins"], cookie?.origins],
  ];
  for (const [way, list] of lists) {
    for (const [index, origin] of (Array.isArray(list) ? list : []).entries()) {
      if (typeof origin === "string" && origin.startsWith("http:") && !LOOPBACK.test(origin)) {
        warn(
          [...way, index],
          "whoever is on the way can change a page that comes by http",
          "write https:// in its place",
        );
      }
    }
  }
  if (cookie === undefined) return;
  const name = cookie.name;
  if (typeof name === "string" && !name.startsWith("__Host-")) {
    warn(
      ["credentials", "cookie", "name"],
      "another host of the domain can set a cookie of this name",
      `call it "__Host-${name.replace(/^__Secure-/, "")}"`,
    );
  }
  const allowed = Array.isArray(cors.origins) ? cors.origins : undefined;
  for (const [index, origin] of (Array.isArray(cookie.origins) ? cookie.origins : []).entries()) {
    if (allowed !== undefined && !allowed.includes("*") && !allowed.includes(origin)) {
      warn(
        ["credentials", "cookie", "origins", index],
        "may send the cookie, but cors does not let it read the answer",
        "add it to cors.origins too, or take it out",
      );
    }
  }
  if (
    allowed !== undefined &&
    cors.credentials !== true &&
    Array.isArray(cookie.origins) &&
    cookie.origins.length > 0
  ) {
    warn(
      ["cors"],
      "browsers send no cookie to another origin unless cors allows credentials",
      'add "credentials": true',
    );
  }
}

/** A name is written in words. What looks like random characters is the secret itself, and is not shown. */
function warnOfSecret(document: Members, warn: Warn): void {
  const secret = isMembers(document.upstream) ? document.upstream.secret : undefined;
  if (typeof secret !== "string") return;
  const looksRandom = secret.length >= 20 && /\d/.test(secret) && /[a-z]/.test(secret) && !secret.includes("_");
  if (looksRandom || !/^[A-Za-z_]\w*$/.test(secret)) {
    warn(
      ["upstream", "secret"],
      "looks like the secret itself, and the name of one belongs here",
      'write "ORIGIN_PROOF", set it with `npx wrangler secret put ORIGIN_PROOF`, and take another secret',
    );
  }
}
