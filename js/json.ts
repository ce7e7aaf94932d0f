// Claims as JavaScript data. Null prototypes throughout: no claim name can reach Object.prototype.

/**
 * `value` with every object replaced by one without a prototype, so that `__proto__`, `constructor` and `then` are own
 * data and nothing else. The core has bounded the depth already.
 */
export function withoutPrototypes(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutPrototypes);
  const bare: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(value)) bare[name] = withoutPrototypes((value as Record<string, unknown>)[name]);
  return bare;
}
