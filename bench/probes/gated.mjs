// In a process of its own: what the Worker's core is asked about a request to the gate, with the token service and without.
// It runs in Node's engine, and imports nothing of workerd but the names that the crate's half needs. Prints JSON.

import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { path } from "../../scripts/project.mjs";
import { configuration, ISSUER, keysDocument, makeClient } from "../../tests/tokens/support/keys.mjs";
import { callArm, inRounds } from "../service/rounds.mjs";
import { makeKey, makeSample, tollgateConfig } from "../tokens.mjs";

const { rounds } = JSON.parse(readFileSync(0, "utf8"));
const CALLS = 64;
const WARM_UP_CALLS = 4096;
const KERNEL = "relaxed-simd";

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "cloudflare:workers") return { url: specifier, shortCircuit: true };
    return next(specifier, context);
  },
  load(url, context, next) {
    const module = (source) => ({ format: "module", shortCircuit: true, source });
    if (url === "cloudflare:workers") return module("export class WorkerEntrypoint {}");
    if (!url.endsWith(".wasm")) return next(url, context);
    const bytes = `readFileSync(new URL(${JSON.stringify(url)}))`;
    return module(`import { readFileSync } from "node:fs"; export default new WebAssembly.Module(${bytes});`);
  },
});
// The crate's half listens for errors that nobody caught.
globalThis.addEventListener = () => {};
const { Core } = await import(pathToFileURL(path("build", "index.js")).href);

const key = makeKey("ES256", "gated");
const { token } = makeSample(key, 0);
const now = () => Date.now() / 1000;
const headers = ["accept", "application/json", "authorization", `Bearer ${token}`].join("\n");
const request = ["GET", `${ISSUER}/orders/7`, headers, 2];

const { credentials, tokens } = configuration([makeClient("web")]);
const policy = { ...tollgateConfig({ keys: [key.jwk] }), credentials, rules: [{ path: "/{*rest}" }] };
const withTokens = { ...policy, issuers: [...policy.issuers, { preset: "tollgate" }], tokens };
const text = JSON.stringify(withTokens);

const service = Core.tokens(text, JSON.stringify(keysDocument([0])), KERNEL);
const gate = Core.gate(JSON.stringify(policy), KERNEL);
const gateWithKeys = Core.gate(text, KERNEL, service.tokensKeySet(now()));

const serves = () => service.tokensServes(request[1]);
const keySet = () => service.tokensKeySet(now());
const check = (of) => JSON.parse(of.check(...request, now(), false));

for (const of of [gate, gateWithKeys]) {
  const { outcome, code } = check(of);
  if (outcome !== "allow") throw new Error(`the gate answers ${outcome} ${code}`);
}
if (serves()) throw new Error("the token service takes a request to the gate");

const arms = [
  callArm("off", CALLS, () => check(gate)),
  callArm("on", CALLS, () => {
    serves();
    keySet();
    check(gateWithKeys);
  }),
  callArm("path", CALLS, serves),
  callArm("keySet", CALLS, keySet),
];
for (const { turn } of arms) for (let calls = 0; calls < WARM_UP_CALLS; calls += CALLS) turn();
console.log(JSON.stringify(await inRounds(arms, rounds)));
