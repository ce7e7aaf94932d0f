// A store in this process's memory, for tests and a first try: the reference of what `Store` promises. Shares nothing with
// another process, forgets all when this one ends, and deletes nothing before.

import type { FamilyRecord, Mark, Marks, Store, Written } from "./store.js";

const UNSET: Mark = { epoch: 0, not_before: 0 };

/**
 * Makes a store in memory.
 *
 * @example
 * ```ts
 * const tokens = createTokens(config, { keys, store: memoryStore(), entitlements: null });
 * ```
 */
export function memoryStore(): Store {
  return new MemoryStore();
}

/** Each method does all of its work before it gives its promise, so nothing comes between a test and its write. */
class MemoryStore implements Store {
  readonly #families = new Map<string, FamilyRecord>();
  readonly #users = new Map<string, Mark>();
  readonly #tenants = new Map<string, Mark>();

  async load({ family, user, tenant }: Parameters<Store["load"]>[0]) {
    return { family: family === null ? null : this.#family(family), ...this.#marks({ user, tenant }) };
  }

  async create(record: FamilyRecord) {
    const there = this.#family(record.fam);
    if (there === null) this.#families.set(record.fam, { ...record });
    return this.#written(record, there === null || isOwn(there, record));
  }

  async rotate(expected: number, record: FamilyRecord) {
    const there = this.#family(record.fam);
    const isExpected = there?.version === expected && there.revoked_at === null;
    if (isExpected) this.#families.set(record.fam, { ...record });
    return this.#written(record, isExpected || (there !== null && isOwn(there, record)));
  }

  async revoke({ family }: Parameters<Store["revoke"]>[0], nowMs: number) {
    const there = this.#family(family);
    if (there === null || there.revoked_at !== null) return { first: false };
    this.#families.set(family, { ...there, version: there.version + 1, revoked_at: nowMs });
    return { first: true };
  }

  async revokeAll(target: Parameters<Store["revokeAll"]>[0], nowMs: number) {
    const [marks, id] = "user" in target ? [this.#users, target.user] : [this.#tenants, target.tenant];
    const { epoch, not_before } = marks.get(id) ?? UNSET;
    const mark = { epoch: epoch + 1, not_before: Math.max(not_before, nowMs) };
    marks.set(id, mark);
    return mark;
  }

  #family(id: string): FamilyRecord | null {
    return this.#families.get(id) ?? null;
  }

  #marks({ user, tenant }: { readonly user: string; readonly tenant: string }): Marks {
    return { user: this.#users.get(user) ?? UNSET, tenant: this.#tenants.get(tenant) ?? UNSET };
  }

  #written(record: FamilyRecord, done: boolean): Written {
    const marks = this.#marks(record);
    return done ? { done, ...marks } : { done, loaded: { family: this.#family(record.fam), ...marks } };
  }
}

/** Whether what stands there is what was to be written. */
function isOwn(there: FamilyRecord, record: FamilyRecord): boolean {
  return there.write === record.write && there.revoked_at === null;
}
