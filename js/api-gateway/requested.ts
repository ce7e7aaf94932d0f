// The tenant that a handler's event asks for, by the same places as the gate's: host, header, path. Refuses what can't be read in
// one way, and decides nothing.

import type { Config } from "../config.js";
import { CONNECT_PATH, type Fields, fieldsOf, object } from "./events.js";
import { encoded, type Mapping, stripped } from "./path.js";

/** `null`: it asks for none, or not clearly. `"any"`: nothing is compared. */
export type Requested = { readonly tenant: string | null } | "any";

/** A segment of a pattern that holds any text but none. */
const NAMED = /^\{\w+\}$/;

/** Finds the tenant asked for. `rule` is the pattern of the rule that let the request through, where that is known. */
export type FindRequested = (event: unknown, rule: string | undefined) => Requested;

/** By the configuration's `tenant.from` and the rules' `tenant`. */
export function requestedBy(config: Config, mapping: Mapping): FindRequested {
  const from = config.tenant?.from;
  if (from === undefined || from === null) return () => "any";
  return (event, rule) => {
    // An answer that was cached too widely has another path's rule: then the tenant is compared.
    if (rule !== undefined && isAny(config, rule, methodOf(event)) && isNearest(config, rule, event, mapping))
      return "any";
    if (from.path) return { tenant: rule === undefined ? namedSegment(event) : segmentOf(event, rule, mapping) };
    const { headers, multiValueHeaders, requestContext } = object(event);
    const fields = fieldsOf(headers, multiValueHeaders);
    if (fields === undefined) return { tenant: null };
    if (from.header) return { tenant: fieldOf(fields, from.header) };
    return { tenant: tenantOfHost(hostOf(fields, object(requestContext).domainName), from) };
  };
}

function methodOf(event: unknown): unknown {
  const { httpMethod, requestContext } = object(event);
  return httpMethod ?? object(object(requestContext).http).method ?? "GET";
}

/** Whether the rule of this pattern that covers the method says that the tenant is not compared. */
function isAny({ rules }: Config, pattern: string, method: unknown): boolean {
  const covers = (methods: readonly string[] | null | undefined) =>
    !methods || methods.some((one) => one === method || (one === "GET" && method === "HEAD"));
  const rule = rules.find(({ path, methods }) => path === pattern && covers(methods));
  return rule?.tenant === "any";
}

/** Whether the path meets this pattern, as the core matches: a literal beats `{name}`, which beats `{*rest}`, leftmost first. */
function isNearest({ rules }: Config, pattern: string, event: unknown, mapping: Mapping): boolean {
  const met = rules.map(({ path }) => path).filter((path) => segmentsOf(event, path, mapping) !== undefined);
  return met.includes(pattern) && met.every((path) => ranked(pattern) <= ranked(path));
}

/** A digit a segment; of two patterns that a path fits, the one that comes first as a text is met. */
function ranked(pattern: string): string {
  const rank = (part: string) => (part === "{*rest}" ? 2 : NAMED.test(part) ? 1 : 0);
  return pattern.split("/").map(rank).join("");
}

/** Where no rule is known: what API Gateway's own route names `{tenant}`. */
function namedSegment(event: unknown): string | null {
  const { tenant } = object(object(event).pathParameters);
  return typeof tenant === "string" ? tenant : null;
}

/** What stands in the path where the rule has `{tenant}`, if the path is the rule's. */
function segmentOf(event: unknown, rule: string, mapping: Mapping): string | null {
  return segmentsOf(event, rule, mapping)?.[rule.split("/").indexOf("{tenant}")] || null;
}

/** The segments of the path, if it is the rule's. */
function segmentsOf(event: unknown, rule: string, mapping: Mapping): readonly string[] | undefined {
  const { version, rawPath, path } = object(event);
  // Of a WebSocket no event has a path.
  const sent = (rawPath ?? path) === undefined ? CONNECT_PATH : stripped(rawPath ?? path, mapping);
  // A REST API hands over what was sent.
  const segments = (version === undefined ? sent : encoded(sent))?.split("/");
  const parts = rule.split("/");
  const rest = parts.at(-1) === "{*rest}";
  if (segments === undefined || (rest ? segments.length < parts.length - 1 : segments.length !== parts.length))
    return undefined;
  const named = rest ? parts.slice(0, -1) : parts;
  const fits = (part: string, at: number) => (NAMED.test(part) ? segments[at] !== "" : segments[at] === part);
  return named.every(fits) ? segments : undefined;
}

/** Header names as the origins see them that fold the most. */
const folded = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "-");

/** The value of a field that is there once, in one spelling. */
function fieldOf(fields: Fields, name: string): string | null {
  const alike = Object.entries(fields).filter(([other]) => folded(other) === folded(name));
  const [[spelt, value] = ["", ""], ...others] = alike;
  const values = [value].flat();
  if (others.length > 0 || values.length !== 1 || spelt.toLowerCase() !== name.toLowerCase()) return null;
  return values[0] ?? null;
}

/** The host, without port and final dot; null when the fields and the domain disagree. */
function hostOf(fields: Fields, domainName: unknown): string | null {
  const named = Object.entries(fields).filter(([name]) => name.toLowerCase() === "host");
  const values = named.flatMap(([, value]) => value);
  const hosts = (typeof domainName === "string" ? [domainName, ...values] : values).map((host) =>
    host
      .toLowerCase()
      .replace(/:\d{1,5}$/, "")
      .replace(/\.$/, ""),
  );
  const [host = null] = hosts;
  return hosts.every((other) => other === host) ? host : null;
}

type HostPlaces = { readonly host?: string | null; readonly hosts?: Readonly<Record<string, string | undefined>> };

function tenantOfHost(host: string | null, { host: template, hosts = {} }: HostPlaces): string | null {
  if (host === null) return null;
  if (Object.hasOwn(hosts, host)) return hosts[host] ?? null;
  const [before, after] = template?.split("{tenant}") ?? [];
  if (before === undefined || after === undefined || !host.startsWith(before)) return null;
  const label = host.slice(before.length);
  if (!label.endsWith(after)) return null;
  const tenant = label.slice(0, label.length - after.length);
  return tenant.includes(".") ? null : tenant;
}
