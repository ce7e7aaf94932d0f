// When an authorizer's answers may be cached, and by what: every input of a decision must be among the identity sources, or nothing
// is cached. Measures nothing, and can't shorten the time in which a revoked token is still let through.

import { type Config, configText } from "../config.js";
import { configError } from "../error.js";
import { type AuthorizerKind, KINDS } from "./events.js";

/** What API Gateway is to be told about an authorizer. JSON, for Terraform and its kind. */
export interface CacheSettings {
  /** What an answer is cached by. API Gateway answers 401 itself where one of them is not in the request. */
  readonly identitySources: string[];
  /** How long an answer is kept, in seconds; 0 for not at all. */
  readonly ttlSeconds: number;
}

/** For what kind of events, and how long. */
export interface CacheOptions {
  /** As for `createAuthorizer`. */
  readonly event: AuthorizerKind;
  /** 0 to 3600. Default: 0. */
  readonly ttlSeconds?: number | undefined;
}

/** The longest that API Gateway caches, in seconds. */
const MAX_TTL_SECONDS = 3_600;

/** How HTTP APIs, which show all header names in lower case, and REST APIs write an identity source. */
const SPELLING = {
  http: {
    header: (name: string) => `$request.header.${name.toLowerCase()}`,
    context: (name: string) => `$context.${name}`,
  },
  rest: { header: (name: string) => `method.request.header.${name}`, context: (name: string) => `context.${name}` },
};

/**
 * The identity sources and the time for which an authorizer's answers may be cached.
 *
 * Without caching there are no identity sources, so that every request reaches the authorizer; only the type TOKEN must have its
 * one. With it, method and path are always among them, because a policy names both and every rule asks for them.
 *
 * @param config the authorizer's
 * @throws TollgateError `config_invalid`, naming the member for which nothing can be cached: two places for the credential; a
 * cookie that other sites could use, whose decision rests on fields that not every request has; the tenant in the path; a public
 * rule, because API Gateway refuses requests without a credential itself; the types TOKEN and WebSocket
 * @example
 * ```ts
 * cacheSettings(config, { event: "http", ttlSeconds: 60 });
 * // { identitySources: ["$request.header.authorization", "$context.httpMethod", "$context.path"], ttlSeconds: 60 }
 * ```
 */
export function cacheSettings(config: Config, { event, ttlSeconds = 0 }: CacheOptions): CacheSettings {
  if (!KINDS.includes(event)) throw configError("options.event", KINDS.join(", "));
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0 || ttlSeconds > MAX_TTL_SECONDS) {
    throw configError("options.ttlSeconds", `a whole number of seconds from 0 to ${MAX_TTL_SECONDS}`);
  }
  const { header, context } = event.startsWith("http") ? SPELLING.http : SPELLING.rest;
  if (ttlSeconds === 0) {
    return { identitySources: event === "rest-token" ? [header("Authorization")] : [], ttlSeconds };
  }
  const read: Config = JSON.parse(configText(config));
  checkCachable(read, event);
  const { tenant, credentials } = read;
  const fields = [credentials?.cookie ? "Cookie" : "Authorization"];
  if (tenant?.from?.host || tenant?.from?.hosts) fields.push("Host");
  if (tenant?.from?.header) fields.push(tenant.from.header);
  return { identitySources: [...fields.map(header), context("httpMethod"), context("path")], ttlSeconds };
}

function checkCachable({ credentials, tenant, rules }: Config, event: AuthorizerKind): void {
  if (!Array.isArray(rules)) throw configError("rules", "an array");
  if (event === "rest-token") {
    throw configError("options.ttlSeconds", "0: answers of the type TOKEN are cached by the token alone");
  }
  if (event === "websocket") throw configError("options.ttlSeconds", "0: API Gateway caches none for WebSocket APIs");
  if (credentials?.cookie && credentials.header !== false) {
    throw configError("credentials", "one place, the header or a cookie, for answers that are cached by it");
  }
  if (credentials?.cookie && credentials.cookie.crossSite !== "allow") {
    const fields = "Origin and Sec-Fetch-Site, which not every request has";
    throw configError("credentials.cookie.crossSite", `"allow", because refusing rests on ${fields}`);
  }
  if (tenant?.from?.path)
    throw configError("tenant.from.path", "a host or a header, for answers that are cached by it");
  const open = rules.findIndex((rule) => rule.public);
  if (open >= 0) throw configError(`rules[${open}].public`, "no public rule where a credential is an identity source");
}
