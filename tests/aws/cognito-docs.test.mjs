// What docs/aws.md says of the triggers in tables and numbers, against the triggers. Its snippets run in cognito-local.test.mjs and
// cognito-tokens.test.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createTriggers } from "tollgate/cognito";
import { read, words } from "../node/support/documents.mjs";
import {
  clientToken,
  postAuthentication,
  postConfirmation,
  preAuthentication,
  preSignUp,
  preToken,
} from "./support/cognito-events.mjs";

const guide = read("docs/aws.md");
const section = guide.slice(guide.indexOf("\n## Cognito\n"), guide.indexOf("\n## Terraform\n"));

/** The rows of the table with this head, as cells. */
function rows(head) {
  const [, table] = section.split(`\n${head}\n`);
  assert.ok(table, head);
  const lines = table.slice(0, table.indexOf("\n\n")).split("\n").slice(1);
  return lines.map((line) => line.split("|").slice(1, -1));
}

const EVENTS = {
  preSignUp: preSignUp("SignUp"),
  postConfirmation: postConfirmation("ConfirmSignUp"),
  preAuthentication: preAuthentication(),
  postAuthentication: postAuthentication(),
  preTokenGeneration: preToken("3"),
};

test("the guide names every trigger, and each takes exactly the occasions that stand beside it", async () => {
  const triggers = createTriggers({ permissions: () => [], tenantOfClient: () => "acme" });
  const table = rows("| trigger | takes | does |");
  assert.deepEqual(table.map(([name]) => words(name)[0]).sort(), Object.keys(triggers).sort());
  const taken = new Map();
  for (const [cell, takes] of table) {
    const [name] = words(cell);
    const [first, ...others] = words(takes);
    const sources = [first, ...others.map((end) => `${first.split("_")[0]}${end}`)];
    taken.set(name, sources);
    for (const triggerSource of sources) {
      const event = triggerSource === "TokenGeneration_ClientCredentials" ? clientToken() : EVENTS[name];
      await triggers[name]({ ...event, triggerSource });
    }
  }
  const all = [...taken.values()].flat();
  assert.equal(new Set(all).size, 13);
  for (const [name, sources] of taken) {
    for (const triggerSource of all.filter((source) => !sources.includes(source))) {
      await assert.rejects(triggers[name]({ ...EVENTS[name], triggerSource }), { code: "event_unexpected" });
    }
  }
});

test("the guide names every code of the triggers with its outcome", () => {
  const source = read("js/cognito/refusal.ts");
  const codes = [...source.slice(0, source.indexOf("UNAVAILABLE")).matchAll(/\| "([a-z_]+)"/g)].map(([, code]) => code);
  const unavailable = words(source.match(/UNAVAILABLE.* = (\[.*\]);/)[1].replaceAll('"', "`"));
  assert.equal(codes.length, 9);
  const said = rows("| `code` | `outcome` | meaning |").flatMap(([cell, outcome]) =>
    words(cell).map((code) => [code, words(outcome)[0]]),
  );
  assert.deepEqual(
    Object.fromEntries(said),
    Object.fromEntries(codes.map((code) => [code, unavailable.includes(code) ? "unavailable" : "refuse"])),
  );
});
