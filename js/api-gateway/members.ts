// The members of a configuration that guards rest on. No core judges it there: behind API Gateway's own authorizers a misspelt
// member would be none, and what it asks for would not be asked. Judges no values.

import type { Config } from "../config.js";
import { configError } from "../error.js";

const CONFIG =
  "clockToleranceSeconds cors credentials identity issuers observe rules tenant tokens upstream verifiedTokenCache";
const TENANT = "from pattern required";
const FROM = "header host hosts path";
const CLAIMS = "email groups permissions plan tenant";
const ISSUER =
  "algorithms audience claims clientIds domain issuer jwks jwksUri maxAgeSeconds preset region tenants tokenUse types userPoolId";

/** @throws TollgateError `config_invalid`, naming a member that is none, or that holds no members where it must */
export function checkMembers(config: Config): void {
  only(config, "", CONFIG);
  only(config.tenant, "tenant", TENANT);
  only(config.tenant?.from, "tenant.from", FROM);
  if (!Array.isArray(config.issuers)) throw configError("issuers", "an array");
  for (const [index, issuer] of config.issuers.entries()) {
    if (issuer === null) throw configError(`issuers[${index}]`, "an object");
    only(issuer, `issuers[${index}]`, ISSUER);
    only(issuer.claims, `issuers[${index}].claims`, CLAIMS);
  }
  if (!Array.isArray(config.rules)) throw configError("rules", "an array");
}

function only(value: unknown, at: string, names: string): void {
  if (value === undefined || value === null) return;
  if (typeof value !== "object" || Array.isArray(value)) throw configError(at, "an object");
  const known = names.split(" ");
  const other = Object.keys(value).find((name) => !known.includes(name));
  if (other !== undefined)
    throw configError(at === "" ? other : `${at}.${other}`, `no such member: ${known.join(", ")}`);
}
