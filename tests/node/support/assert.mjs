// Assertions on exact codes. Never settles for "some error".

import assert from "node:assert/strict";
import { TollgateError } from "tollgate";

/** Asserts that `act` throws a TollgateError with this code, and returns it. */
export function throwsCode(code, act, message) {
  let result;
  try {
    result = act();
  } catch (error) {
    return isCode(code, error, message);
  }
  assert.fail(`${message ?? "expected a refusal"}: wanted ${code}, got ${JSON.stringify(result)}`);
}

/** As `throwsCode`, for a promise. */
export async function rejectsCode(code, promise, message) {
  let result;
  try {
    result = await promise;
  } catch (error) {
    return isCode(code, error, message);
  }
  assert.fail(`${message ?? "expected a refusal"}: wanted ${code}, got ${JSON.stringify(result)}`);
}

function isCode(code, error, message) {
  assert.ok(error instanceof TollgateError, `${message ?? "refusal"}: not a TollgateError: ${error?.stack ?? error}`);
  assert.equal(error.code, code, `${message ?? "refusal"}: ${error.message}`);
  assert.equal(error.name, "TollgateError");
  return error;
}

/** Asserts a denial of this code and status, and returns the decision. */
export function denied(decision, code, status, message) {
  assert.equal(decision.outcome, "deny", `${message ?? ""} ${JSON.stringify(decision)}`);
  assert.equal(decision.code, code, message);
  assert.equal(decision.status, status, message);
  return decision;
}

/** Asserts that the request may pass, and returns the decision. */
export function allowed(decision, message) {
  assert.equal(decision.outcome, "allow", `${message ?? ""} ${JSON.stringify(decision)}`);
  return decision;
}
