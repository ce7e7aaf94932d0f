// createAuthorizer: a gate behind API Gateway's authorizer events. 401 is thrown as API Gateway wants it, what can't be decided
// is thrown too, and only what the gate refuses is answered as a denial. It cannot strip header fields: identity is the context.

import { type Config, configText } from "../config.js";
import { configError } from "../error.js";
import type { Decision } from "../gate.js";
import { listener } from "../hooks.js";
import { createGate } from "../index.js";
import { type LambdaHooks, lambdaGate } from "../lambda.js";
import { type AuthorizerContext, contextOf } from "./context.js";
import { type AuthorizerEvents, type AuthorizerKind, KINDS, kindOf, requestOf } from "./events.js";
import { checkMapping, type Mapping } from "./path.js";
import { allowPolicy, denyPolicy, isExact, type PolicyDocument } from "./policy.js";

/** What kind of events come, what stands before their paths, and the hooks of the gate. */
export interface AuthorizerOptions<Kind extends AuthorizerKind = AuthorizerKind> extends LambdaHooks, Mapping {
  /** The kind of events; one of another kind is thrown back. */
  readonly event: Kind;
}

/** An HTTP API's simple answer. */
export interface SimpleResult {
  isAuthorized: boolean;
  /** When allowed, the identity; else `code`, which is what the gate would have told the client, as in `urn:tollgate:tenant`. */
  context: AuthorizerContext;
}

/** An answer by policy. */
export interface PolicyResult {
  /** The user's or client's id; `anonymous` where nobody is known. */
  principalId: string;
  /** Names the request's own ARN and no other when it allows. */
  policyDocument: PolicyDocument;
  /** As in `SimpleResult`. */
  context: AuthorizerContext;
}

/** What is answered to each kind of event. */
export interface AuthorizerResults {
  http: SimpleResult;
  "http-iam": PolicyResult;
  "http-1.0": PolicyResult;
  rest: PolicyResult;
  "rest-token": PolicyResult;
  websocket: PolicyResult;
}

/**
 * An authorizer, ready to be exported as a Lambda function's handler.
 *
 * @throws Error (as a rejection) with the message `Unauthorized`, which API Gateway answers as 401, when there is no credential
 * or it is not valid; with `tollgate: unavailable (…)` and a code when it can't be decided now
 * @throws TollgateError (as a rejection) `config_invalid` for an event of another kind
 */
export type Authorizer<Kind extends AuthorizerKind> = (
  event: AuthorizerEvents[Kind],
) => Promise<AuthorizerResults[Kind]>;

/** Refusals that the gate answers with 400, although it is the credential that is wrong. */
const CREDENTIAL_CODES = ["malformed_credential", "several_credentials"];

/**
 * Makes an authorizer.
 *
 * @param config the whole configuration of a gate, as in `tollgate.json`
 * @param options `event` says what kind of events come; `basePath` and `stage` are taken off their paths; the rest are the
 * gate's hooks
 * @throws TollgateError `config_invalid`, naming the member: also for settings that the kind of events can't serve
 * @example
 * ```ts
 * export const handler = createAuthorizer(config as Config, { event: "http", stage: "prod" });
 * ```
 */
export function createAuthorizer<Kind extends AuthorizerKind>(
  config: Config,
  options: AuthorizerOptions<Kind>,
): Authorizer<Kind> {
  const { event: kind, basePath, stage, ...hooks } = options;
  if (!KINDS.includes(kind)) throw configError("options.event", KINDS.join(", "));
  const mapping = checkMapping({ basePath, stage });
  checkServed(kind, mapping, JSON.parse(configText(config)));
  const check = lambdaGate(createGate, config, hooks);
  const emit = listener(hooks.onEvent);

  /** Refuses what the gate let through; its own event said otherwise. */
  const refuse = (code: string, reason: string, arn: string) => {
    emit({ type: "decision", outcome: "deny", code, rule: null, status: 403 });
    return denied(kind, reason, arn);
  };

  const authorize = async (event: AuthorizerEvents[AuthorizerKind]): Promise<SimpleResult | PolicyResult> => {
    const came = kindOf(event);
    if (came === undefined || came !== (kind === "http-iam" ? "http" : kind)) {
      throw configError("event", `an authorizer's event of the kind ${kind}, not ${came ?? "one of something else"}`);
    }
    const arn = "routeArn" in event ? event.routeArn : event.methodArn;
    const decision = await check(requestOf(kind, event, mapping));
    if (decision.outcome === "unavailable") throw new Error(`tollgate: unavailable (${decision.code})`);
    if (decision.outcome === "deny") {
      if (isUnauthorized(decision)) throw new Error("Unauthorized");
      return denied(kind, reasonOf(decision), arn);
    }
    const context = contextOf(decision.principal, decision.rule);
    if (context === undefined) return refuse("unsendable_identity", "identity", arn);
    if (kind === "http") return { isAuthorized: true, context };
    if (!isExact(arn)) return refuse("bad_path", "bad_path", arn);
    return {
      principalId: context.userId ?? context.clientId ?? "anonymous",
      policyDocument: allowPolicy(arn),
      context,
    };
  };
  // Which result goes with which kind is decided above, one by one, where the type checker does not follow.
  return authorize as unknown as Authorizer<Kind>;
}

/** @throws TollgateError `config_invalid` for settings that need what events of the kind do not have */
function checkServed(kind: AuthorizerKind, mapping: Mapping, config: Config): void {
  if (kind === "rest-token" || kind === "websocket") {
    const path = kind === "websocket" ? "are judged as /$connect" : "have their path from methodArn";
    for (const name of ["basePath", "stage"] as const) {
      if (mapping[name] !== undefined) throw configError(`options.${name}`, `none: events of the kind ${kind} ${path}`);
    }
  }
  if (kind !== "rest-token") return;
  const from = config.tenant?.from;
  const blind = "none: an authorizer of the type TOKEN sees the token and methodArn alone; take the type REQUEST";
  if (from?.host) throw configError("tenant.from.host", blind);
  if (from?.hosts && Object.keys(from.hosts).length > 0) throw configError("tenant.from.hosts", blind);
  if (from?.header) throw configError("tenant.from.header", blind);
  if (config.credentials?.cookie) throw configError("credentials.cookie", blind);
}

type Deny = Extract<Decision, { outcome: "deny" }>;

function isUnauthorized({ status, code }: Deny): boolean {
  return status === 401 || CREDENTIAL_CODES.includes(code);
}

/** What the gate would have told the client, without the claims that go with it. */
function reasonOf({ body, code }: Deny): string {
  // A preflight's answer has no body, and an authorizer can't give it.
  return body === "" ? code : String(JSON.parse(body).type).replace(/^urn:tollgate:/, "");
}

function denied(kind: AuthorizerKind, code: string, arn: string): SimpleResult | PolicyResult {
  const context = { code };
  if (kind === "http") return { isAuthorized: false, context };
  return { principalId: "anonymous", policyDocument: denyPolicy(arn), context };
}
