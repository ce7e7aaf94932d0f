// The one assertion on triggers that refuse. Never settles for "some error".

import assert from "node:assert/strict";
import { TollgateError } from "tollgate/cognito";

/** Asserts a refusal of this code whose message, which Cognito shows to the client, says nothing of the reason. */
export async function refuses(code, promise, message = code) {
  const error = await promise.then(
    (result) => assert.fail(`${message}: wanted ${code}, got ${JSON.stringify(result)}`),
    (error) => error,
  );
  assert.ok(error instanceof TollgateError, `${message}: ${error?.stack ?? error}`);
  assert.equal(error.code, code, message);
  assert.match(error.message, /^tollgate: (?:refused|unavailable, try again later)$/);
  assert.equal(error.cause, undefined);
}
