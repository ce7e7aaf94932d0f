// Why a trigger lets nothing happen. Cognito shows an error's message to whoever asked, so messages say nothing of the reason:
// the code does, in the function's log and in the event.

import { TollgateError } from "../error.js";

/** Why a trigger refused. */
export type TriggerCode =
  | "tenant_chosen"
  | "tenant_missing"
  | "tenant_malformed"
  | "tenant_conflict"
  | "no_member"
  | "event_unexpected"
  | "hook_failed"
  | "hook_late"
  | "hook_answer";

/** Those that are nobody's choice: the same request may pass once the function is mended or its database answers. */
const UNAVAILABLE: readonly TriggerCode[] = ["event_unexpected", "hook_failed", "hook_late", "hook_answer"];

export type Outcome = "refuse" | "unavailable";

export const outcomeOf = (code: TriggerCode): Outcome => (UNAVAILABLE.includes(code) ? "unavailable" : "refuse");

/** The one kind of error that triggers throw. */
export class Refusal extends TollgateError {
  declare readonly code: TriggerCode;

  constructor(code: TriggerCode) {
    super(code, outcomeOf(code) === "refuse" ? "tollgate: refused" : "tollgate: unavailable, try again later");
  }
}
