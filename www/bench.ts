// The bench tab: starts and cancels the race, and shows what came of it. Measures nothing itself.

import { kernel } from "tollgate";
import { byId, element } from "./dom.js";
import { microseconds, plot } from "./plot.js";
import { type Lane, race, type Spread, spread } from "./race.js";

/** Wires the tab up. */
export function startBench(): void {
  const start = byId("bench-start", HTMLButtonElement);
  const cancel = byId("bench-cancel", HTMLButtonElement);
  const picture = byId("bench-plot", HTMLElement);
  let lanes: readonly Lane[] = [];
  let running: AbortController | undefined;

  const draw = () => {
    if (lanes.length > 0 && picture.clientWidth > 0) picture.replaceChildren(plot(lanes, picture.clientWidth));
  };
  new ResizeObserver(draw).observe(picture);

  start.addEventListener("click", async () => {
    running = new AbortController();
    begin(start, cancel);
    try {
      lanes = await race(running.signal, progress);
      byId("bench-table", HTMLElement).replaceChildren(tableOf(lanes));
      draw();
      say(summary(lanes));
    } catch (error) {
      progress(0);
      say(running.signal.aborted ? "Cancelled." : `The race ended early: ${(error as Error).message}`);
    } finally {
      end(start, cancel);
    }
  });
  cancel.addEventListener("click", () => running?.abort());
}

function begin(start: HTMLButtonElement, cancel: HTMLButtonElement): void {
  // The focus goes along, because a button that is disabled loses it.
  cancel.disabled = false;
  if (document.activeElement === start) cancel.focus();
  start.disabled = true;
  progress(0);
  say("Warming up and racing …");
}

function end(start: HTMLButtonElement, cancel: HTMLButtonElement): void {
  start.disabled = false;
  start.textContent = "Run again";
  if (document.activeElement === cancel) start.focus();
  cancel.disabled = true;
}

function say(text: string): void {
  byId("bench-said", HTMLElement).textContent = text;
}

function progress(done: number): void {
  byId("bench-progress", HTMLProgressElement).value = done;
}

/** A sentence an algorithm. */
function summary(lanes: readonly Lane[]): string {
  const sentences = ["ES256", "RS256"].map((algorithm) => {
    const of = (isTollgate: boolean) =>
      spread(lanes.find((lane) => lane.algorithm === algorithm && lane.isTollgate === isTollgate)?.rounds ?? []).median;
    const [wasm, subtle] = [of(true), of(false)];
    return `${algorithm}: ${microseconds(wasm)} in WebAssembly, ${microseconds(subtle)} with crypto.subtle.`;
  });
  return `${sentences.join(" ")} Arithmetic: ${kernel()}.`;
}

function tableOf(lanes: readonly Lane[]): HTMLElement {
  const cells = ({ low, median, high }: Spread) =>
    [median, low, high].map((value) => element("td", {}, microseconds(value)));
  const rows = lanes.map(({ algorithm, name, rounds }) =>
    element("tr", {}, element("th", { scope: "row" }, `${algorithm}, ${name}`), ...cells(spread(rounds))),
  );
  return element(
    "table",
    { class: "numbers" },
    element("caption", {}, "One check: the median of the rounds, and between what 80 % of them lie"),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        ...["Contestant", "Median", "10 %", "90 %"].map((text) => element("th", { scope: "col" }, text)),
      ),
    ),
    element("tbody", {}, ...rows),
  );
}
