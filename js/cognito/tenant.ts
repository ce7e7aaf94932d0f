// Which tenant a user is of, and whether somebody tries to choose one. Never takes a tenant from what a client sent.

import { configError } from "../error.js";
import { Refusal } from "./refusal.js";

/** The attribute that holds a user's tenant: immutable, and writable by no app client. */
export const TENANT_ATTRIBUTE = "custom:tenant_id";

/** The gate's own default of `tenant.pattern`. */
const PATTERN = "[a-z0-9][a-z0-9_-]{0,63}";

/** As long as the attribute may be. */
const MAX_CHARACTERS = 64;

/** Checks a tenant id: a text that the whole pattern matches. Normalises nothing. */
export type CheckTenant = (tenant: unknown) => string;

/** @throws TollgateError `config_invalid` for a pattern that is none */
export function tenantCheck(pattern: unknown = PATTERN): CheckTenant {
  if (typeof pattern !== "string") throw configError("tenantPattern", "a regular expression as a text");
  const whole = compiled(pattern);
  if (whole.test(""))
    throw configError("tenantPattern", "an expression that the empty text, which names no tenant, does not match");
  return (tenant) => {
    if (typeof tenant !== "string" || tenant.length > MAX_CHARACTERS || !whole.test(tenant))
      throw new Refusal("tenant_malformed");
    return tenant;
  };
}

function compiled(pattern: string): RegExp {
  try {
    // Compiled on its own first: `a)|(b` is an expression only within the anchors, which it would undo.
    return new RegExp(`^(?:${new RegExp(pattern, "u").source})$`, "u");
  } catch {
    throw configError("tenantPattern", "a regular expression");
  }
}

/**
 * True when one of the names is that of a tenant, in any spelling: `custom:tenant_id`, `Tenant-ID`, `dev:custom:tenantId`.
 * Only the exact attribute has an effect, but who sends another one means to choose, and may have found a pool that has it.
 */
export function namesTenant(names: readonly string[]): boolean {
  return names.some((name) => {
    const letters = name
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]/gu, "");
    return /^(?:dev)?(?:custom)?tenant(?:id)?$/.test(letters);
  });
}
