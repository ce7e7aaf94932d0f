// createTriggers: Cognito's Lambda triggers that give each user the one tenant an administrator chose. Each refuses by
// throwing, which stops what Cognito was about to do; none confirms, verifies or creates anybody.

import { configError } from "../error.js";
import { listener } from "../hooks.js";
import { LateError, within } from "../tokens/late.js";
import { type CognitoEntitlements, claimsOf, textClaims } from "./claims.js";
import type {
  CognitoClaims,
  CognitoEvent,
  GroupConfiguration,
  PostEvent,
  PreAuthenticationEvent,
  PreSignUpEvent,
  PreTokenGenerationV1Event,
  PreTokenGenerationV1Response,
  PreTokenGenerationV2Event,
  PreTokenGenerationV2Response,
} from "./events.js";
import { outcomeOf, Refusal, type TriggerCode } from "./refusal.js";
import { namesTenant, TENANT_ATTRIBUTE, tenantCheck } from "./tenant.js";
import { type CognitoTokenUser, type CognitoUser, clientOf, isFederated, isRecord, own, text, userOf } from "./user.js";

/** A trigger decided. It names no user, no tenant and no client. */
export interface TriggerDecisionEvent {
  readonly type: "trigger";
  /** The occasion, as Cognito names it; `null` when it is not one of the trigger's. */
  readonly triggerSource: string | null;
  readonly outcome: "allow" | "refuse" | "unavailable";
  /** The exact reason, or `null` when allowed. */
  readonly code: TriggerCode | null;
}

/** Second argument of every hook that is asked. */
export interface TriggerCallOptions {
  /** Aborted when the answer is no longer waited for. */
  readonly signal: AbortSignal;
}

type Eventually<Value> = Value | Promise<Value>;

/** Which tenant a client of the client-credentials grant is of, and what it may do there. */
export interface CognitoClientTenant extends CognitoEntitlements {
  readonly tenantId: string;
}

/** What the triggers ask and tell. Read once, own members only. Whatever a hook throws is a refusal. */
export interface TriggerOptions {
  /**
   * What a user may do in the tenant, asked for each token: what was taken away is gone from the next one on. `null`:
   * the user is no member (any more), and gets no token.
   */
  readonly permissions: (
    tenantId: string,
    user: CognitoTokenUser,
    options: TriggerCallOptions,
  ) => Eventually<CognitoEntitlements | readonly string[] | null>;
  /**
   * Whether this self-service or federated sign-up may name a tenant: only `true` says so. Default: never. What the event
   * holds was sent by a stranger; prove it, as by an invitation that your server signed.
   */
  readonly authorizeTenant?:
    | ((event: PreSignUpEvent, options: TriggerCallOptions) => Eventually<boolean | undefined>)
    | undefined;
  /**
   * The tenant of a federated user, or `null` for none. Decide by `identities`. Without this hook federated users get
   * no token.
   */
  readonly tenantOf?:
    | ((user: CognitoTokenUser, options: TriggerCallOptions) => Eventually<string | null | undefined>)
    | undefined;
  /**
   * The tenant of a client that asks for a token of its own (client credentials, version 3), or `null` for none; with what
   * it may do there, if the rules ask for a plan or permissions. Without this hook such clients get no token.
   */
  readonly tenantOfClient?:
    | ((clientId: string, options: TriggerCallOptions) => Eventually<string | CognitoClientTenant | null | undefined>)
    | undefined;
  /** Told of a user who confirmed the sign-up, before that user is told. Cognito does not call it for users that an administrator made. */
  readonly confirmed?: ((user: CognitoUser, options: TriggerCallOptions) => Eventually<unknown>) | undefined;
  /** Told of a user who signed in, before the tokens are made. */
  readonly authenticated?: ((user: CognitoUser, options: TriggerCallOptions) => Eventually<unknown>) | undefined;
  /** Told of each decision, after the fact. What it returns or throws is ignored. */
  readonly onEvent?: ((event: TriggerDecisionEvent) => void) | undefined;
  /** The regular expression that a whole tenant id must match, at most 64 characters: what `tenant.pattern` says. */
  readonly tenantPattern?: string | undefined;
  /**
   * How long the hooks of one event may take together: 100 to 4,500, default 3,000. Cognito waits 5 s for a function, its
   * cold start included, and then calls it again.
   */
  readonly timeoutMilliseconds?: number | undefined;
}

/** What the pre token generation trigger returns: the event, with an answer. */
export type Answered<Event, Response> = Omit<Event, "response"> & { readonly response: Response };

/** The pre token generation trigger, whose answer is of the version of the event. */
export interface PreTokenGeneration {
  /** Version 1: claims of the ID token, all of them texts. The access token stays as it is, without a tenant. */
  <Event extends PreTokenGenerationV1Event>(event: Event): Promise<Answered<Event, PreTokenGenerationV1Response>>;
  /** Versions 2 and 3: claims of both tokens, and lists are lists. */
  <Event extends PreTokenGenerationV2Event>(event: Event): Promise<Answered<Event, PreTokenGenerationV2Response>>;
}

/** A function for each of the pool's triggers. Each takes an event and resolves with it, or rejects with a `TollgateError`. */
export interface Triggers {
  /** Refuses whoever names a tenant at sign-up, but for administrators. */
  readonly preSignUp: <Event extends PreSignUpEvent>(event: Event) => Promise<Event>;
  /** Tells `confirmed` of new users; leaves new passwords alone. */
  readonly postConfirmation: <Event extends PostEvent>(event: Event) => Promise<Event>;
  /** Refuses a sign-in that names a tenant. Looks at no user, so it reveals none. */
  readonly preAuthentication: <Event extends PreAuthenticationEvent>(event: Event) => Promise<Event>;
  /** Tells `authenticated`. */
  readonly postAuthentication: <Event extends PostEvent>(event: Event) => Promise<Event>;
  /** Adds `tenant_id`, `plan` and `permissions`, or refuses, and then there is no token. */
  readonly preTokenGeneration: PreTokenGeneration;
}

const USER_TOKENS = [
  "TokenGeneration_HostedAuth",
  "TokenGeneration_Authentication",
  "TokenGeneration_NewPasswordChallenge",
  "TokenGeneration_AuthenticateDevice",
  "TokenGeneration_RefreshTokens",
];
const CLIENT_TOKENS = "TokenGeneration_ClientCredentials";

const HOOKS = [
  "permissions",
  "authorizeTenant",
  "tenantOf",
  "tenantOfClient",
  "confirmed",
  "authenticated",
  "onEvent",
] as const;
const OPTIONS: readonly string[] = [...HOOKS, "tenantPattern", "timeoutMilliseconds"];

/**
 * Makes the functions for a user pool's triggers. Use those you need; `preSignUp` and `preTokenGeneration` go together.
 *
 * @throws TollgateError `config_invalid`, naming the option and what was expected
 * @example
 * ```ts
 * const triggers = createTriggers({
 *   permissions: async (tenantId, user) => members.entitlements(tenantId, user.id),
 * });
 * export const preSignUp = triggers.preSignUp;
 * export const preTokenGeneration = triggers.preTokenGeneration;
 * ```
 */
export function createTriggers(options: TriggerOptions): Triggers {
  const hooks = checked(options);
  const checkTenant = tenantCheck(hooks.tenantPattern);
  const milliseconds = hooks.timeoutMilliseconds ?? 3000;
  const emit = listener(hooks.onEvent);

  /** A function that works for these sources, within the time, and tells of its decision. */
  function trigger<Event extends CognitoEvent, Result>(
    sources: readonly string[],
    work: (event: Event, options: TriggerCallOptions) => Promise<Result>,
  ): (event: Event) => Promise<Result> {
    return async (event) => {
      const source = sources.find((source) => source === own(event, "triggerSource")) ?? null;
      try {
        if (source === null) throw new Refusal("event_unexpected");
        const controller = new AbortController();
        const result = await within(milliseconds, work(event, { signal: controller.signal }), () => controller.abort());
        emit({ type: "trigger", triggerSource: source, outcome: "allow", code: null });
        return result;
      } catch (error) {
        const refusal =
          error instanceof Refusal ? error : new Refusal(error instanceof LateError ? "hook_late" : "hook_failed");
        emit({ type: "trigger", triggerSource: source, outcome: outcomeOf(refusal.code), code: refusal.code });
        throw refusal;
      }
    };
  }

  async function signUp(event: PreSignUpEvent, call: TriggerCallOptions): Promise<void> {
    const attributes = own(event.request, "userAttributes");
    if (!isRecord(attributes)) throw new Refusal("event_unexpected");
    const byAdministrator = event.triggerSource === "PreSignUp_AdminCreateUser";
    if (!byAdministrator && namesTenant([...Object.keys(attributes), ...sentNames(event)])) {
      const authorized = await hook(() => hooks.authorizeTenant?.(event, call) ?? false);
      if (typeof authorized !== "boolean") throw new Refusal("hook_answer");
      if (!authorized) throw new Refusal("tenant_chosen");
    }
    if (Object.hasOwn(attributes, TENANT_ATTRIBUTE)) checkTenant(attributes[TENANT_ATTRIBUTE]);
  }

  /** The tenant that an administrator gave the user, or, for federated users, that the application knows. */
  async function tenantOfUser(user: CognitoTokenUser, call: TriggerCallOptions): Promise<string> {
    const attribute = own(user.attributes, TENANT_ATTRIBUTE);
    const held = attribute === undefined ? undefined : checkTenant(attribute);
    const tenant = isFederated(user) ? await federatedTenant(user, call) : held;
    if (tenant === undefined) throw new Refusal("tenant_missing");
    if (held !== undefined && held !== tenant) throw new Refusal("tenant_conflict");
    return tenant;
  }

  async function federatedTenant(user: CognitoTokenUser, call: TriggerCallOptions): Promise<string | undefined> {
    const tenant = await hook(() => hooks.tenantOf?.(user, call) ?? null);
    if (tenant === null) return undefined;
    if (typeof tenant !== "string") throw new Refusal("hook_answer");
    return checkTenant(tenant);
  }

  async function userClaims(event: PreTokenGenerationV2Event, call: TriggerCallOptions): Promise<CognitoClaims> {
    const user = { ...userOf(event), groups: groupsOf(event) };
    const tenant = await tenantOfUser(user, call);
    return claimsOf(tenant, await hook(() => hooks.permissions(tenant, user, call)));
  }

  async function clientClaims(event: PreTokenGenerationV2Event, call: TriggerCallOptions): Promise<CognitoClaims> {
    const clientId = clientOf(event);
    const answer = await hook(() => hooks.tenantOfClient?.(clientId, call) ?? null);
    if (answer === null) throw new Refusal("tenant_missing");
    if (typeof answer === "string") return claimsOf(checkTenant(answer), {});
    if (!isRecord(answer)) throw new Refusal("hook_answer");
    const { tenantId, ...entitlements }: Record<string, unknown> = { __proto__: null, ...answer };
    if (typeof tenantId !== "string") throw new Refusal("hook_answer");
    return claimsOf(checkTenant(tenantId), entitlements);
  }

  async function generation(event: PreTokenGenerationV2Event, call: TriggerCallOptions): Promise<object> {
    const version = own(event, "version");
    if (event.triggerSource === CLIENT_TOKENS) {
      if (version !== "3") throw new Refusal("event_unexpected");
      const claims = { claimsToAddOrOverride: await clientClaims(event, call) };
      return { claimsAndScopeOverrideDetails: { accessTokenGeneration: claims } };
    }
    if (version !== "1" && version !== "2" && version !== "3") throw new Refusal("event_unexpected");
    const claims = await userClaims(event, call);
    const groups = keptGroups(event);
    if (version === "1") return { claimsOverrideDetails: { claimsToAddOrOverride: textClaims(claims), ...groups } };
    return {
      claimsAndScopeOverrideDetails: {
        idTokenGeneration: { claimsToAddOrOverride: claims },
        accessTokenGeneration: { claimsToAddOrOverride: claims },
        ...groups,
      },
    };
  }

  return {
    preSignUp: same(["PreSignUp_SignUp", "PreSignUp_AdminCreateUser", "PreSignUp_ExternalProvider"], signUp),
    postConfirmation: same(
      ["PostConfirmation_ConfirmSignUp", "PostConfirmation_ConfirmForgotPassword"],
      async (event: PostEvent, call) => {
        const { confirmed } = hooks;
        const isNew = event.triggerSource === "PostConfirmation_ConfirmSignUp";
        if (isNew && confirmed !== undefined) await hook(() => confirmed(userOf(event), call));
      },
    ),
    preAuthentication: same(["PreAuthentication_Authentication"], async (event: PreAuthenticationEvent) => {
      if (namesTenant(sentNames(event))) throw new Refusal("tenant_chosen");
    }),
    postAuthentication: same(["PostAuthentication_Authentication"], async (event: PostEvent, call) => {
      const { authenticated } = hooks;
      if (authenticated !== undefined) await hook(() => authenticated(userOf(event), call));
    }),
    preTokenGeneration: trigger([...USER_TOKENS, CLIENT_TOKENS], async (event: PreTokenGenerationV2Event, call) => ({
      ...event,
      response: await generation(event, call),
    })) as unknown as PreTokenGeneration,
  };

  /** A trigger that returns its event as it is. */
  function same<Least extends CognitoEvent>(
    sources: readonly string[],
    work: (event: Least, options: TriggerCallOptions) => Promise<void>,
  ): <Event extends Least>(event: Event) => Promise<Event> {
    return (event) =>
      trigger(sources, async (given: typeof event, call) => {
        await work(given, call);
        return given;
      })(event);
  }
}

/** What a hook answers. What it throws is told to nobody: it may hold anything. */
async function hook(ask: () => unknown): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal("hook_failed");
  }
}

/** The names of what the client sent beside the attributes. */
function sentNames(event: PreSignUpEvent | PreAuthenticationEvent): string[] {
  return ["clientMetadata", "validationData"].flatMap((member) => {
    const sent = own(event.request, member) ?? {};
    if (!isRecord(sent)) throw new Refusal("event_unexpected");
    return Object.keys(sent);
  });
}

function groupsOf(event: PreTokenGenerationV2Event): readonly string[] {
  const groups = own(own(event.request, "groupConfiguration"), "groupsToOverride") ?? [];
  if (!Array.isArray(groups)) throw new Refusal("event_unexpected");
  return groups.map(text);
}

/** Cognito drops the groups of an answer that names none, so those of the event are handed back. */
function keptGroups(event: PreTokenGenerationV2Event): { groupOverrideDetails?: GroupConfiguration } {
  const { groupConfiguration } = event.request;
  return isRecord(groupConfiguration) ? { groupOverrideDetails: groupConfiguration } : {};
}

/** Checks the options, own members only. */
function checked(options: TriggerOptions): TriggerOptions {
  if (!isRecord(options)) throw configError("", "options with permissions");
  const hooks: Record<string, unknown> = { __proto__: null, ...options };
  for (const name of Object.keys(hooks)) {
    if (!OPTIONS.includes(name)) throw configError(name, OPTIONS.join(", "));
  }
  for (const name of HOOKS) {
    const absent = hooks[name] === undefined && name !== "permissions";
    if (!absent && typeof hooks[name] !== "function") throw configError(name, "a function");
  }
  const { timeoutMilliseconds: limit } = hooks;
  if (limit !== undefined && !(Number.isInteger(limit) && (limit as number) >= 100 && (limit as number) <= 4500))
    throw configError("timeoutMilliseconds", "a whole number from 100 to 4500");
  return hooks as unknown as TriggerOptions;
}
