// Shows what the gate said: checks, decision, the decoded token, what the origin and the client get. Asks and decides nothing.

import type { Check, Decision, HeaderField } from "tollgate";
import { because, type Group, groupsOf, isVerified, OUTCOMES, titleOf, verdict } from "./checks.js";
import { byId, element } from "./dom.js";
import type { Evaluation } from "./evaluate.js";
import { laidOut } from "./json-text.js";
import { decoded, moments, type Part } from "./tokens.js";

const MARKS: Readonly<Record<Check["outcome"], string>> = { pass: "✓", fail: "✕", not_reached: "–" };

/** Fills the right-hand side of the page. */
export function show({ checks, decision, sent }: Evaluation, token: string): void {
  showDecision(decision, checks);
  byId("checks", HTMLElement).replaceChildren(...groupsOf(checks).flatMap(groupView));
  showToken(token, checks);
  byId("origin", HTMLElement).replaceChildren(...originView(decision, sent));
  byId("client", HTMLElement).replaceChildren(...clientView(decision));
}

/** Says instead that there is nothing to show, and why. */
export function showNothing(why: string): void {
  showVerdict("none", element("p", { class: "verdict" }, "Not asked"), element("p", {}, why));
  for (const id of ["checks", "origin", "client", "decoded", "decoded-badge"]) byId(id, HTMLElement).replaceChildren();
  byId("decoded-badge", HTMLElement).removeAttribute("data-verified");
  byId("jump", HTMLButtonElement).textContent = "Not asked";
}

function showDecision(decision: Decision, checks: readonly Check[]): void {
  const code = decision.outcome === "allow" ? [] : [" ", element("code", {}, decision.code)];
  const outcome = decision.outcome === "deny" && decision.status < 400 ? "answered" : decision.outcome;
  showVerdict(
    outcome,
    element("p", { class: "verdict" }, verdict(decision), ...code),
    element("p", {}, because(decision, checks)),
  );
  byId("jump", HTMLButtonElement).textContent = `${verdict(decision)} · see why`;
}

/** Replaces the words only when they changed, so that a screen reader is not told the same again. */
function showVerdict(outcome: string, ...words: readonly HTMLElement[]): void {
  byId("decision", HTMLElement).setAttribute("data-outcome", outcome);
  byId("jump", HTMLButtonElement).setAttribute("data-outcome", outcome);
  const place = byId("verdict", HTMLElement);
  const text = words.map(({ textContent }) => textContent).join("");
  if (place.textContent !== text) place.replaceChildren(...words);
}

function groupView({ title, checks }: Group): HTMLElement[] {
  return [element("h3", {}, title), element("ol", {}, ...checks.map(checkItem))];
}

function checkItem(check: Check): HTMLLIElement {
  const { name, outcome, code, expected, found } = check;
  return element(
    "li",
    { class: "check", "data-name": name, "data-outcome": outcome, tabindex: outcome === "fail" ? -1 : undefined },
    element("span", { class: "mark", "aria-hidden": "true" }, MARKS[outcome]),
    element(
      "p",
      { class: "check-title" },
      titleOf(check),
      element("span", { class: "hidden" }, `: ${OUTCOMES[outcome]}`),
      ...(code === null ? [] : [" ", element("code", {}, code)]),
    ),
    ...(expected === null && found === null
      ? []
      : [element("dl", {}, ...detail("expected", expected), ...detail("found", found))]),
  );
}

function detail(name: string, value: string | null): HTMLElement[] {
  if (value === null) return [];
  return [element("div", { class: name }, element("dt", {}, name), element("dd", {}, value))];
}

function showToken(token: string, checks: readonly Check[]): void {
  const badge = byId("decoded-badge", HTMLElement);
  const parts = decoded(token.trim());
  const isToken = typeof parts !== "string";
  badge.textContent = !isToken ? "" : isVerified(checks) ? "signature holds" : "not verified";
  badge.setAttribute("data-verified", String(isVerified(checks)));
  byId("decoded", HTMLElement).replaceChildren(
    ...(isToken
      ? [...(isVerified(checks) ? [] : [element("p", { class: "note" }, UNVERIFIED)]), ...parts.flatMap(partView)]
      : [element("p", { class: "note" }, parts)]),
  );
}

const UNVERIFIED = "Anyone can have written this: the gate has not found a good signature, and goes by none of it.";

function partView(part: Part): HTMLElement[] {
  const title = element("h3", {}, part.name);
  if (!part.isReadable || part.name === "Signature") return [title, element("p", { class: "note" }, part.text)];
  const times = moments(part).map(({ claim, time }) =>
    element(
      "div",
      {},
      element("dt", {}, claim),
      element("dd", {}, `${time.toISOString().replace("T", " ").slice(0, 19)} UTC`),
    ),
  );
  return [
    title,
    code(part.text, part.name),
    ...(times.length === 0 ? [] : [element("dl", { class: "times" }, ...times)]),
  ];
}

/** A block that can be scrolled, and so must be reachable by keyboard. */
const code = (text: string, label: string): HTMLElement =>
  element("pre", { tabindex: 0, role: "group", "aria-label": label }, text);

type Fate = "kept" | "removed" | "set";

function originView(decision: Decision, sent: readonly HeaderField[]): HTMLElement[] {
  if (decision.outcome !== "allow") return [element("p", { class: "note" }, "Nothing: the request is not passed on.")];
  const removed = new Set(decision.removeHeaders.map((name) => name.toLowerCase()));
  const replaced = new Set(decision.setHeaders.map(([name]) => name.toLowerCase()));
  const fate = (name: string): Fate =>
    removed.has(name.toLowerCase()) || replaced.has(name.toLowerCase()) ? "removed" : "kept";
  const rows = [
    ...sent.map(([name, value]): [Fate, string, string] => [fate(name), name, shortened(value)]),
    ...decision.setHeaders.map(([name, value]): [Fate, string, string] => ["set", name, value]),
  ];
  if (rows.length === 0) return [element("p", { class: "note" }, "The request as it is, without header fields.")];
  return [
    element(
      "p",
      { class: "note" },
      "The request, with these header fields. Any other that begins with x-tollgate- is removed too.",
    ),
    fieldTable("Header fields for the origin", ["What", "Name", "Value"], rows),
  ];
}

/** A token need not be seen whole twice. */
const shortened = (value: string): string => (value.length <= 64 ? value : `${value.slice(0, 63)}…`);

function clientView(decision: Decision): HTMLElement[] {
  if (decision.outcome === "allow") {
    const fields = decision.responseHeaders ?? [];
    return [
      element(
        "p",
        { class: "note" },
        `What the origin answers${fields.length === 0 ? "." : ", with these header fields:"}`,
      ),
      ...(fields.length === 0 ? [] : [fieldTable("Header fields set on the answer", ["Name", "Value"], fields)]),
    ];
  }
  return [
    element("p", { class: "status-line" }, element("code", {}, `HTTP ${decision.status}`)),
    fieldTable("Header fields of the answer", ["Name", "Value"], decision.headers),
    ...(decision.body === "" ? [] : [code(laidOut(decision.body), "Body of the answer")]),
  ];
}

/** Rows whose last two cells are a field's name and value; a first of three says what becomes of it. */
function fieldTable(label: string, head: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const body = rows.map((cells) => {
    const [name, value] = cells.slice(-2);
    const fate = cells.length === 3 ? cells[0] : undefined;
    return element(
      "tr",
      { "data-fate": fate },
      ...(fate === undefined ? [] : [element("td", {}, element("span", { class: "fate" }, fate))]),
      element("th", { scope: "row" }, name ?? ""),
      element("td", { class: "value" }, value ?? ""),
    );
  });
  return element(
    "table",
    {},
    element("caption", { class: "hidden" }, label),
    element(
      "thead",
      { class: "hidden" },
      element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text))),
    ),
    element("tbody", {}, ...body),
  );
}
