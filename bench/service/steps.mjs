// The core's steps of one refresh, each by itself, and so what signing takes. The core remembers nothing between two steps,
// so each can be asked again and again. Times no store, no hook and no host.

import { pathToFileURL } from "node:url";
import { path, Trouble } from "../../scripts/project.mjs";
import { httpDriver } from "../../tests/tokens/support/http.mjs";
import { configuration, ISSUER, keysDocument, makeClient } from "../../tests/tokens/support/keys.mjs";
import { callArm, inRounds } from "./rounds.mjs";

const CALLS = 16;
const WARM_UP_CALLS = 200;
const MEMBER = { member: true, plan: "pro", permissions: ["reports:read"] };

/** By what a step waits for: its name in the report. */
const STEPS = {
  load: "record and marks read: what may it do",
  entitle: "entitlements read: the next record",
  rotate: "record written: both tokens signed, the answer",
};
export const SIGNING = STEPS.rotate;
/** The same state and another outcome: an answer without tokens. */
export const UNSIGNED = "record not written: an answer without tokens";

/** @returns samples by step, µs */
export async function timeSteps(rounds) {
  const arms = (await questions()).map(({ name, ask }) => callArm(name, CALLS, ask));
  for (const { turn } of arms) for (let calls = 0; calls < WARM_UP_CALLS; calls += CALLS) turn();
  return inRounds(arms, rounds);
}

/** What the core is asked during a refresh, in turn. */
async function questions() {
  const load = (...parts) => import(pathToFileURL(path("dist", "npm", ...parts)).href);
  const { createTokens, memoryStore } = await load("tokens", "index.js");
  const { Core } = await load("generated", "tokens", "tollgate.js");
  const [web, keys, store] = [makeClient("web"), JSON.stringify(keysDocument([0])), memoryStore()];
  const config = configuration([web]);
  // It starts the module's one instance, too.
  const tokens = createTokens(config, { keys, store, entitlements: async () => MEMBER });
  const { refresh } = await httpDriver(tokens, web).session({ user: "ann", tenant: "acme" });

  const core = Core.tokens(JSON.stringify(config), keys, "relaxed-simd");
  const now = Date.now() / 1000;
  const authorization = `Basic ${btoa(`${web.id}:${web.secret}`)}`;
  const headers = ["authorization", authorization, "content-type", "application/x-www-form-urlencoded"].join("\n");
  const form = Buffer.from(`grant_type=refresh_token&refresh_token=${refresh}`);
  const url = `${ISSUER}/auth/token`;
  const asked = [
    { name: "is it for here: the path", ask: () => core.tokensServes(url) },
    {
      name: "form read: client proved, refresh token verified",
      ask: () => core.tokensBegin("POST", url, headers, 2, form, now),
    },
  ];
  let step = JSON.parse(asked[1].ask());
  while (step.do in STEPS) {
    const { do: name, state } = step;
    const outcome = JSON.stringify(await outcomeOf(step, store));
    const ask = () => core.tokensNext(state, outcome, now);
    asked.push({ name: STEPS[name], ask });
    if (name === "rotate") {
      asked.push({ name: UNSIGNED, ask: () => core.tokensNext(state, '{"failed":"store"}', now) });
    }
    step = JSON.parse(ask());
  }
  if (step.answer?.status !== 200) throw new Trouble(`a refresh, step by step, ends in ${JSON.stringify(step)}`);
  return asked;
}

async function outcomeOf(step, store) {
  if (step.do === "load") return { loaded: await store.load(step.at) };
  if (step.do === "rotate") return { written: await store.rotate(step.expected, step.record) };
  return { entitlements: JSON.stringify(MEMBER) };
}
