// The store on Cloudflare: a Durable Object for each user's families and mark, and one for each tenant's mark. Waits 2 s for
// an object and no longer, takes nothing but its 200 for an answer, and judges no record.

import type { FamilyRecord, Loaded, Mark, Store, StoreOperation, Written } from "./store.js";
import { StoreError } from "./store.js";

/**
 * A binding of Durable Objects of the class `Families`, as far as it is used: `env.TOLLGATE_FAMILIES`.
 *
 * The class is `src/worker/families.rs`, which the Worker of this repository exports.
 */
export interface FamiliesNamespace {
  idFromName(name: string): object;
  get(id: object): FamiliesObject;
}

/** One object of the namespace. */
export interface FamiliesObject {
  fetch(
    url: string,
    init: { readonly method: string; readonly body: string; readonly signal: AbortSignal },
  ): Promise<{ readonly status: number; text(): Promise<string> }>;
}

/**
 * How long an object is waited for, in milliseconds. One that trapped never answers; the next request gets a new one.
 */
const TIMEOUT_MS = 2_000;

/** What an object answers to `load`, `create` and `rotate`. */
interface Answer {
  readonly done?: boolean;
  readonly family: FamilyRecord | null;
  readonly mark: Mark;
}

/**
 * A store of Durable Objects.
 *
 * @param namespace the binding; a refresh is four requests to its objects, in three steps
 * @example
 * ```ts
 * const store = durableStore(env.TOLLGATE_FAMILIES);
 * ```
 */
export function durableStore(namespace: FamiliesNamespace): Store {
  return new DurableStore(namespace);
}

class DurableStore implements Store {
  readonly #namespace: FamiliesNamespace;

  constructor(namespace: FamiliesNamespace) {
    this.#namespace = namespace;
  }

  async load({ family, user, tenant }: Parameters<Store["load"]>[0]): Promise<Loaded> {
    const [ofUser, ofTenant] = await Promise.all([
      this.#ask("load", ofUserNamed(user), { user, family }).then((text) => readAnswer("load", text)),
      this.#tenantMark("load", tenant),
    ]);
    return { family: ofUser.family, user: ofUser.mark, tenant: ofTenant };
  }

  create(record: FamilyRecord): Promise<Written> {
    return this.#write("create", record, { record });
  }

  rotate(expected: number, record: FamilyRecord): Promise<Written> {
    return this.#write("rotate", record, { record, expected });
  }

  async revoke(
    { family, user }: { readonly family: string; readonly user: string },
    nowMs: number,
  ): Promise<{ readonly first: boolean }> {
    const text = await this.#ask("revoke", ofUserNamed(user), { user, family, now: nowMs });
    const { first } = readObject("revoke", text);
    if (typeof first !== "boolean") throw new StoreError("revoke", "unreadable");
    return { first };
  }

  async revokeAll(target: { readonly user: string } | { readonly tenant: string }, nowMs: number): Promise<Mark> {
    const name = "user" in target ? ofUserNamed(target.user) : ofTenantNamed(target.tenant);
    const text = await this.#ask("revokeAll", name, { ...target, now: nowMs });
    return readMark("revokeAll", readObject("revokeAll", text));
  }

  /** The user's object tells its mark with the write; the tenant's is asked after it, so that it is as new. */
  async #write(operation: "create" | "rotate", record: FamilyRecord, body: object): Promise<Written> {
    const text = await this.#ask(operation, ofUserNamed(record.user), body);
    const { done, family, mark: user } = readAnswer(operation, text);
    if (typeof done !== "boolean") throw new StoreError(operation, "unreadable");
    const tenant = await this.#tenantMark(operation, record.tenant);
    return done ? { done, user, tenant } : { done, loaded: { family, user, tenant } };
  }

  async #tenantMark(operation: StoreOperation, tenant: string): Promise<Mark> {
    return readAnswer(operation, await this.#ask("load", ofTenantNamed(tenant), { tenant }, operation)).mark;
  }

  /** The body of an object's 200. `within` is the operation that this request is a part of. */
  async #ask(operation: StoreOperation, name: string, body: object, within = operation): Promise<string> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    let answer: { readonly status: number; readonly text: string };
    try {
      const object = this.#namespace.get(this.#namespace.idFromName(name));
      const init = { method: "POST", body: JSON.stringify(body), signal };
      const response = await object.fetch(`https://families/${operation}`, init);
      answer = { status: response.status, text: await response.text() };
    } catch (cause) {
      throw new StoreError(within, signal.aborted ? "timeout" : "network", { cause });
    }
    if (answer.status !== 200) throw new StoreError(within, `status_${answer.status}`);
    return answer.text;
  }
}

const ofUserNamed = (user: string) => `user:${user}`;
const ofTenantNamed = (tenant: string) => `tenant:${tenant}`;

/** The record in it is read by the core, which knows what one must hold. */
function readAnswer(operation: StoreOperation, text: string): Answer {
  const { done, family, mark } = readObject(operation, text);
  if (typeof family !== "object" || typeof mark !== "object") throw new StoreError(operation, "unreadable");
  return { done, family, mark: readMark(operation, mark) } as Answer;
}

/** A mark that can't be read is no mark that is absent. */
function readMark(operation: StoreOperation, mark: object | null): Mark {
  const { epoch, not_before } = (mark ?? {}) as Partial<Mark>;
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(not_before)) throw new StoreError(operation, "unreadable");
  return { epoch, not_before } as Mark;
}

function readObject(operation: StoreOperation, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // The engine's words may hold what it was given.
  }
  throw new StoreError(operation, "unreadable");
}
