// The playground: reads the fields, asks the gate, shows what it says. Sends nothing, keeps nothing.

import { startBench } from "./bench.js";
import { byId } from "./dom.js";
import { type Carrier, evaluate, type Inputs, type Problem } from "./evaluate.js";
import { CONFIG, EXAMPLES } from "./examples.js";
import { Field } from "./field.js";
import { show, showNothing } from "./results.js";
import { makeTabs } from "./tabs.js";
import { type Fields, Workshop } from "./workshop.js";

// The one way out that no policy closes: Chromium knows no directive for it. In a sandboxed frame no other frame's can be reached.
for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection"]) Reflect.deleteProperty(globalThis, name);

const KIB = 1024;
/** After the last key press, so that what is typed fast is asked once. */
const PATIENCE_MS = 120;

/** Each more than the gate reads: 8 KiB of target and token, 128 fields, 64 KiB of key set. */
const fields: Fields = {
  method: new Field("method", KIB),
  url: new Field("url", 16 * KIB),
  headers: new Field("headers", 64 * KIB),
  time: new Field("time", 32),
  token: new Field("token", 16 * KIB),
  claims: new Field("claims", 16 * KIB),
  config: new Field("config", 256 * KIB),
  keys: new Field("keys", 128 * KIB),
};
const carrier = byId("carrier", HTMLSelectElement);

let asked = 0;

/** Asks the gate, and shows the answer unless another was asked for meanwhile. */
async function ask(): Promise<void> {
  asked += 1;
  const number = asked;
  showTime();
  const inputs = inputsNow();
  const tooLong = problemsOfLength();
  if (tooLong.length > 0) return refuse(tooLong);
  try {
    const answer = await evaluate(inputs);
    if (number !== asked) return;
    if ("problems" in answer) return refuse(answer.problems);
    const { text, isBad } = answer.keys;
    complain(isBad ? [{ field: "keys", message: text }] : []);
    byId("keys-said", HTMLElement).textContent = isBad ? "" : text;
    show(answer, inputs.token);
  } catch (error) {
    if (number === asked) showNothing(`The gate can’t run in this browser: ${(error as Error).message}`);
  }
}

function inputsNow(): Inputs {
  const { method, url, headers, time, token, config, keys } = fields;
  return {
    method: method.text,
    url: url.text,
    headers: headers.text,
    token: token.text,
    carrier: carrier.value as Carrier,
    time: time.text,
    config: config.text,
    keys: keys.text,
  };
}

const ASKED = ["method", "url", "headers", "time", "token", "config", "keys"] as const;

function problemsOfLength(): Problem[] {
  return ASKED.flatMap((field) => {
    const message = fields[field].lengthProblem();
    return message === undefined ? [] : [{ field, message }];
  });
}

function complain(problems: readonly Problem[]): void {
  for (const field of ASKED) fields[field].complain(problems.find((problem) => problem.field === field)?.message);
}

function refuse(problems: readonly Problem[]): void {
  complain(problems);
  byId("keys-said", HTMLElement).textContent = "";
  showNothing("Mend what is marked, and the gate is asked again.");
}

function showTime(): void {
  const text = fields.time.text.trim();
  const time = new Date(Number(text) * 1000);
  const isTime = text !== "" && !Number.isNaN(time.getTime());
  byId("time-said", HTMLElement).textContent = isTime ? `${time.toISOString().replace("T", " ").slice(0, 19)} UTC` : "";
}

/** On a phone the long texts are folded up, so that the checks are near. */
function unfold(): void {
  if (!matchMedia("(min-width: 60rem)").matches) return;
  for (const details of document.querySelectorAll<HTMLDetailsElement>("details[data-wide-open]")) details.open = true;
}

const resetConfig = () => {
  fields.config.text = JSON.stringify(CONFIG, null, 2);
};

unfold();
makeTabs(byId("tabs", HTMLElement));
startBench();
const workshop = new Workshop(fields, ask, resetConfig);
let timer: ReturnType<typeof setTimeout> | undefined;
const changed = () => {
  workshop.leaveExample();
  clearTimeout(timer);
  timer = setTimeout(ask, PATIENCE_MS);
};
for (const field of ASKED) fields[field].onInput(changed);
carrier.addEventListener("change", changed);
byId("jump", HTMLButtonElement).addEventListener("click", () => {
  const why = document.querySelector<HTMLElement>('.check[data-outcome="fail"]') ?? byId("decision", HTMLElement);
  why.scrollIntoView({ block: "center" });
  why.focus({ preventScroll: true });
});
const [first] = EXAMPLES;
// The mark is for whoever wants to know how long it took.
if (first !== undefined) workshop.show(first).then(() => performance.mark("usable"));
