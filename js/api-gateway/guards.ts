// requireTenant and requirePermission: what a Lambda function behind an authorizer asks before it works. They trust what API
// Gateway says that an authorizer said, and nothing that the client sent; a context that they can't read is a 403.

import { type Config, configText } from "../config.js";
import { configError } from "../error.js";
import { clock } from "../hooks.js";
import type { Principal } from "../verifier.js";
import { type ClaimReader, type ClaimSource, type Claims, claimReader } from "./claims.js";
import { principalOf as principalOfContext } from "./context.js";
import { type EventHeaders, type EventMultiHeaders, object } from "./events.js";
import { checkMembers } from "./members.js";
import { checkMapping, type Mapping } from "./path.js";
import { type Reason, type Refusal, refuse } from "./refusal.js";
import { type FindRequested, requestedBy } from "./requested.js";

/**
 * What is read of a handler's event: `APIGatewayProxyEvent` (REST APIs, HTTP APIs with payload 1.0, WebSocket APIs) and
 * `APIGatewayProxyEventV2` have it, with any authorizer's context.
 */
export interface HandlerEvent {
  readonly version?: string | undefined;
  readonly headers?: EventHeaders;
  readonly multiValueHeaders?: EventMultiHeaders;
  readonly rawPath?: string | undefined;
  readonly path?: string | undefined;
  readonly httpMethod?: string | undefined;
  readonly pathParameters?: Readonly<Record<string, string | undefined>> | null | undefined;
  readonly requestContext: object;
}

/** Null to proceed, else the answer of the function. */
export type Guard = (event: HandlerEvent) => Refusal | null;

/** A Lambda function's handler. */
export type Handler<Event, Context, Result> = (event: Event, context: Context) => Result | Promise<Result>;

/** What the guards are told beside the configuration. */
export interface GuardOptions extends Mapping {
  /** The time in Unix seconds. Default: `Date.now() / 1000`. */
  readonly now?: (() => number) | undefined;
}

/** Guards of one configuration. */
export interface Guards {
  /**
   * A guard that wants a tenant: the one asked for, where `tenant.from` says how to tell, and one of these plans.
   *
   * It answers as the gate would: 403 `tenant` without an authorizer's context, without a tenant and for another tenant; 403
   * `plan_required`; 401 `invalid_token` from `exp` on, without the clock tolerance, because an answer may have been cached;
   * 503 when `now` gives no plausible time.
   *
   * @param allowedPlans the plans let through, compared exactly; all when left out
   * @throws TollgateError `config_invalid` for an empty list
   * @example
   * ```ts
   * const guard = requireTenant(["pro", "enterprise"]);
   * export const handler = async (event) => guard(event) ?? { statusCode: 200, body: "[]" };
   * ```
   */
  requireTenant(allowedPlans?: readonly string[]): Guard;

  /**
   * A guard that wants all these permissions, compared exactly: else 403 `permission_required`. It compares no tenant.
   *
   * @throws TollgateError `config_invalid` without a name
   */
  requirePermission(...names: string[]): Guard;

  /** Who the authorizer says is asking, in one shape for all of them; null when none says so, or no longer. */
  principalOf(event: HandlerEvent): Principal | null;
}

/** How one set of guards reads events. */
interface Reader {
  readonly now: () => number;
  /** Absent: the claims of API Gateway's own authorizers say nothing. */
  readonly claims: ClaimReader | undefined;
  readonly requested: FindRequested;
}

/** The latest time that a clock may show, in seconds: one in milliseconds lands beyond it. */
const MAX_SECONDS = 253_402_300_799;

/**
 * Makes the guards of a configuration, which also read the claims of API Gateway's own authorizers, and compare the tenant.
 *
 * @param config the same document as the authorizer's; `issuers`, `tenant`, `tokens` and `rules` are read
 * @param options the clock, and what stands before the paths, as for the authorizer
 * @throws TollgateError `config_invalid`, also for a misspelt member of what is read; values as a whole are judged by a gate or an
 * authorizer
 */
export function createGuards(config: Config, options: GuardOptions = {}): Guards {
  const { now, basePath, stage } = options;
  const read: Config = JSON.parse(configText(config));
  checkMembers(read);
  const requested = requestedBy(read, checkMapping({ basePath, stage }));
  return guardsOf({ now: clock(now), claims: claimReader(read), requested });
}

/** The guards of no configuration: the context of our authorizer, which has compared the tenant, and the time. */
const plainGuards = (): Guards => guardsOf({ now: clock(undefined), claims: undefined, requested: () => "any" });

/**
 * `requireTenant` of the plain case: behind an authorizer of this package, which compared the tenant asked for. For the claims of
 * API Gateway's own authorizers, and to compare once more, take `createGuards`.
 */
export const requireTenant: Guards["requireTenant"] = (allowedPlans) => plainGuards().requireTenant(allowedPlans);

/** `requirePermission` of the plain case: behind an authorizer of this package. */
export const requirePermission: Guards["requirePermission"] = (...names) => plainGuards().requirePermission(...names);

/**
 * Puts guards around a handler: the first that refuses answers, and the handler is not called.
 *
 * @example
 * ```ts
 * export const handler = guarded(requireTenant(["pro"]), requirePermission("orders:write"))(async (event) => save(event));
 * ```
 */
export function guarded(...guards: readonly Guard[]) {
  return <Event extends HandlerEvent, Context, Result>(handler: Handler<Event, Context, Result>) =>
    async (event: Event, context: Context): Promise<Result | Refusal> => {
      for (const guard of guards) {
        const refusal = guard(event);
        if (refusal !== null) return refusal;
      }
      return handler(event, context);
    };
}

function guardsOf(reader: Reader): Guards {
  return {
    requireTenant(allowedPlans) {
      const plans = allowedPlans === undefined ? undefined : texts("allowedPlans", allowedPlans);
      return (event) => {
        const { principal, rule, refused } = read(reader, event);
        if (principal === undefined) return refuse(refused ?? "tenant");
        const requested = reader.requested(event, rule);
        const isAsked = requested === "any" || requested.tenant === principal.tenantId;
        if (principal.tenantId === null || !isAsked) return refuse("tenant");
        if (plans === undefined || (principal.plan !== null && plans.includes(principal.plan))) return null;
        return refuse("plan_required", { required_plans: plans, current_plan: principal.plan });
      };
    },
    requirePermission(...names) {
      const wanted = texts("permissions", names);
      return (event) => {
        const { principal, refused } = read(reader, event);
        if (principal === undefined && refused !== undefined) return refuse(refused);
        if (wanted.every((name) => principal?.permissions.includes(name))) return null;
        return refuse("permission_required", { required_permissions: wanted });
      };
    },
    principalOf: (event) => read(reader, event).principal ?? null,
  };
}

function texts(member: string, list: readonly string[]): string[] {
  const isList =
    Array.isArray(list) && list.length > 0 && list.every((text) => typeof text === "string" && text !== "");
  if (!isList) throw configError(member, "at least one text, none of them empty");
  return [...list];
}

interface Reading {
  readonly principal?: Principal;
  /** From when on its claims are too old, in Unix seconds; ours were judged by the gate. */
  readonly tooOldAt?: number;
  /** The rule that let it through, where the context tells. */
  readonly rule?: string;
  /** Why there is no principal, when a context was there. */
  readonly refused?: Reason;
}

/** Who asks, as long as the token holds. */
function read(reader: Reader, event: HandlerEvent): Reading {
  const reading = contextOf(reader, event);
  if (reading.principal === undefined) return reading;
  const now = reader.now();
  if (!(now > 0 && now <= MAX_SECONDS)) return { refused: "unavailable" };
  const { principal, tooOldAt = Number.POSITIVE_INFINITY } = reading;
  return now < principal.expiresAt && now < tooOldAt ? reading : { refused: "invalid_token" };
}

/**
 * What the authorizer said. Its own shape tells a Lambda authorizer's context, texts side by side (under `lambda` with payload
 * 2.0), from claims, which stand in an object of their own: `jwt.claims`, or `claims`, which no text can be. An event that has
 * both says nothing.
 */
function contextOf({ claims: readClaims }: Reader, event: HandlerEvent): Reading {
  const { version, requestContext } = object(event);
  const authorizer = object(object(requestContext).authorizer);
  const isV2 = version === "2.0";
  const claims = isV2 ? object(authorizer.jwt).claims : authorizer.claims;
  const context = isV2 ? authorizer.lambda : authorizer;
  const hasContext = typeof context === "object" && context !== null && Object.hasOwn(context, "expiresAt");
  if (claims === undefined || claims === null) return hasContext ? ofContext(context) : {};
  if (hasContext || typeof claims !== "object" || readClaims === undefined) return {};
  const source: ClaimSource = version === undefined ? "rest" : "http";
  return readClaims(claims as Claims, source);
}

function ofContext(context: object): Reading {
  const { rule, ...said } = context as { readonly rule?: unknown };
  const principal = principalOfContext(said);
  return principal === undefined || typeof rule !== "string" ? {} : { principal, rule };
}
