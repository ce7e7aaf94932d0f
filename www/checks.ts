// The names of checks and decisions in words. Decides nothing, and shows a name that it does not know as it is.

import type { Check, Decision } from "tollgate";

const TITLES: Readonly<Record<string, string>> = {
  request_form: "The request is HTTP",
  target: "Length of the target",
  host: "Host",
  path: "Path",
  preflight: "CORS preflight",
  rule: "A rule matches",
  credential: "Credential",
  cross_site: "Same site",
  clock: "Clock",
  token_form: "Form of the token",
  token_header: "Header of the token",
  token_payload: "Claims can be read",
  algorithm: "Algorithm",
  issuer: "Issuer",
  issuer_algorithm: "Algorithm of this issuer",
  type: "Type",
  key: "Key",
  signature: "Signature",
  dates: "Dates",
  expiry: "Expiry",
  date_order: "Order of the dates",
  not_before: "Not before",
  issued_at: "Issued at",
  age: "Age",
  audience: "Audience",
  client: "Client",
  token_use: "Use of the token",
  sender_constrained: "Bound to no key",
  token_id: "Id of the token",
  subject: "Subject",
  issuer_tenants: "Tenants of this issuer",
  claims: "Types of the claims",
  tenant: "Tenant",
  principal: "Kind of principal",
  plan: "Plan",
  permissions: "Permissions",
  groups: "Groups",
  scopes: "Scopes",
  identity: "Identity headers",
};

/** The check with which a group begins; the groups are in the order of the checks. */
const GROUPS: Readonly<Record<string, string>> = {
  request_form: "Request",
  token_form: "Token",
  dates: "Claims",
  tenant: "Rule",
};

export interface Group {
  readonly title: string;
  readonly checks: readonly Check[];
}

/** The checks by what they are about. A request that no token is asked of has what it is told in one group. */
export function groupsOf(checks: readonly Check[]): readonly Group[] {
  const groups: { title: string; checks: Check[] }[] = [];
  for (const check of checks) {
    const title = GROUPS[check.name];
    const last = groups.at(-1);
    if (last !== undefined && title === undefined) last.checks.push(check);
    else groups.push({ title: title ?? "Checks", checks: [check] });
  }
  return groups;
}

export const titleOf = ({ name }: Check): string => TITLES[name] ?? name.replaceAll("_", " ");

export const OUTCOMES: Readonly<Record<Check["outcome"], string>> = {
  pass: "passed",
  fail: "failed",
  not_reached: "not reached",
};

/** Whether the token's claims are those that its issuer signed. */
export const isVerified = (checks: readonly Check[]): boolean =>
  checks.some(({ name, outcome }) => name === "signature" && outcome === "pass");

/** The decision in a few words. */
export function verdict(decision: Decision): string {
  switch (decision.outcome) {
    case "allow":
      return "Allowed";
    case "deny":
      return decision.status < 400 ? `Answered with ${decision.status}` : `Refused with ${decision.status}`;
    case "unavailable":
      return `Can’t be decided now: ${decision.status}`;
  }
}

function contrast({ expected, found }: Check): string {
  const said = [expected === null ? "" : `expected ${expected}`, found === null ? "" : `found ${found}`];
  const text = said.filter((words) => words !== "").join("; ");
  return text === "" ? "" : ` ${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** What the words of the verdict rest on, in a sentence. */
export function because(decision: Decision, checks: readonly Check[]): string {
  if (decision.outcome !== "allow") {
    const failed = checks.find(({ outcome }) => outcome === "fail");
    return failed === undefined ? "No check failed." : `The check “${titleOf(failed)}” failed.${contrast(failed)}`;
  }
  const { principal, rule } = decision;
  if (rule === null) return "A preflight, passed on to the origin.";
  if (principal === null) return `The rule ${rule} is public.`;
  const who = principal.userId === null ? `client ${principal.clientId}` : `user ${principal.userId}`;
  const tenant = principal.tenantId === null ? "of no tenant" : `of ${principal.tenantId}`;
  return `By the rule ${rule}, for ${who} ${tenant}${principal.plan === null ? "" : `, on the plan ${principal.plan}`}.`;
}
