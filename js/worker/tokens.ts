// The token service in this isolate: keys from secrets, sessions in Durable Objects, entitlements from another Worker.
// Decides nothing: the core does, in steps.

import type { FlatRequest } from "../request.ts";
import { MAX_BODY_BYTES, readBody } from "../tokens/body.ts";
import { durableStore, type FamiliesNamespace } from "../tokens/durable.ts";
import type { Ask } from "../tokens/entitlements.ts";
import { type Answer, type StepCore, Steps } from "../tokens/steps.ts";
import { binding, readSecret, readService, tokensMember } from "./config.ts";
import { type Core, type CoreStart, LiveCore } from "./core.ts";
import { now, report } from "./log.ts";

/** What makes cores, where the crate has the token service. */
export interface TokensStart extends CoreStart {
  tokens(config: string, keys: string, kernel: string): Core;
}

/** What of the `tokens` member only the host reads, before the core has judged it. */
interface TokensMember {
  readonly keys?: readonly string[];
  readonly store?: { readonly durableObject?: string };
  readonly entitlements?: { readonly service?: string | null; readonly timeoutMilliseconds?: number } | null;
}

/** The defaults of the core. */
const KEYS = ["TOLLGATE_KEYS"];
const FAMILIES = "TOLLGATE_FAMILIES";
const ENTITLEMENTS_MILLISECONDS = 2_000;

/** One token service for the isolate's life. */
export class WorkerTokens {
  readonly #core: LiveCore<TokensStart>;
  readonly #steps: Steps;

  /** @throws Error when the configuration can't be right, or a binding that it names is missing */
  constructor(start: TokensStart, config: string, member: TokensMember, env: object) {
    const keys = keysText(member, env);
    // First, so that the core's words about a member come before ours about a binding.
    this.#core = new LiveCore(start, (start, kernel) => start.tokens(config, keys, kernel));
    this.#steps = new Steps({
      store: durableStore(readNamespace(member.store?.durableObject ?? FAMILIES, env)),
      ask: readEntitlements(member.entitlements, env),
      askMilliseconds: member.entitlements?.timeoutMilliseconds ?? ENTITLEMENTS_MILLISECONDS,
      now,
      emit: report,
    });
  }

  /** The published keys at `time`, as the text of a JWK set. */
  keySet(time: number): string {
    return this.#core.call((core) => core.tokensKeySet(time));
  }

  /** Answers a request to one of the service's endpoints; `null` for any other, whose body is still unread then. */
  answer({ body }: Request, flat: FlatRequest): Promise<Answer | null> {
    return this.#steps.answer(this.#stepCore, { flat, body: body === null ? null : () => readBody(body) });
  }

  readonly #stepCore: StepCore = {
    serves: (url) => this.#core.call((core) => core.tokensServes(url)),
    begin: ({ method, url, headers, count }, body, time) =>
      this.#core.call((core) => core.tokensBegin(method, url, headers, count, body, time)),
    next: (state, outcome, time) => this.#core.call((core) => core.tokensNext(state, outcome, time)),
  };
}

/** The token service of a configuration; `null` for one that has none. @throws Error as the constructor does */
export function readTokens(start: TokensStart, config: string, env: object): WorkerTokens | null {
  const member: TokensMember | null = tokensMember(config);
  return member === null ? null : new WorkerTokens(start, config, member, env);
}

/** The documents of all secrets, as one array. */
function keysText({ keys }: TokensMember, env: object): string {
  // Another form of `keys` is refused by the core, before it reads a key.
  const names = Array.isArray(keys ?? KEYS) ? (keys ?? KEYS) : [];
  return `[${names.map((name) => readSecret("tokens.keys", name, env)).join(",")}]`;
}

function readNamespace(name: string, env: object): FamiliesNamespace {
  const namespace = binding(env, name) as FamiliesNamespace | undefined;
  if (typeof namespace !== "object" || typeof namespace.idFromName !== "function") {
    throw new Error(
      `tollgate: configuration: tokens.store.durableObject: expected a binding of Durable Objects named ${name}`,
    );
  }
  return namespace;
}

/** Asks a Worker. Only the whole of a short 200 is an answer; the core judges what it says. */
function readEntitlements(member: TokensMember["entitlements"], env: object): Ask | null {
  if (member === null || member === undefined) return null;
  if (member.service == null) {
    throw new Error("tollgate: configuration: tokens.entitlements.service: expected the name of a service binding");
  }
  const service = readService("tokens.entitlements.service", member.service, env);
  return async ({ user, tenant, clientId, reason }, signal) => {
    const response = await service.fetch("https://entitlements/", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user, tenant, client_id: clientId, reason }),
      redirect: "manual",
      signal,
    });
    if (response.status !== 200 || response.body === null) throw new Error(`status ${response.status}`);
    const bytes = await readBody(response.body);
    if (bytes.length > MAX_BODY_BYTES) throw new Error("too long");
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  };
}
