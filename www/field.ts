// A text field with a limit and a place for what is wrong with it. Cuts nothing off: what is too long is not taken at all.

import { byId, element } from "./dom.js";

type Input = HTMLInputElement | HTMLTextAreaElement;

/** One field of the page. Its problem is shown in the element with the id of the field and `-problem`. */
export class Field {
  readonly #input: Input;
  readonly #problem: HTMLElement;
  readonly #limit: number;

  /** @param limit most UTF-16 units, more than the gate takes of such a text */
  constructor(id: string, limit: number) {
    const input = document.getElementById(id);
    if (!(input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement)) {
      throw new Error(`the page has no ${id}`);
    }
    this.#input = input;
    this.#problem = byId(`${id}-problem`, HTMLElement);
    this.#limit = limit;
    // Before the browser lays the text out, which is what takes long.
    input.addEventListener("beforeinput", (event) => this.#guard(event as InputEvent));
  }

  get text(): string {
    return this.#input.value;
  }

  set text(text: string) {
    this.#input.value = text;
    this.complain(undefined);
  }

  /** Calls `listener` whenever somebody changes the text. */
  onInput(listener: () => void): void {
    this.#input.addEventListener("input", listener);
  }

  /** Shows what is wrong with the text, or, without a message, nothing. */
  complain(message: string | undefined): void {
    if (message === this.#message) return;
    this.#message = message;
    this.#problem.replaceChildren(...(message === undefined ? [] : [element("span", {}, message)]));
    if (message === undefined) this.#input.removeAttribute("aria-invalid");
    else this.#input.setAttribute("aria-invalid", "true");
  }
  #message: string | undefined;

  /** What is wrong with the text's length, if anything. */
  lengthProblem(): string | undefined {
    const { length } = this.#input.value;
    return length <= this.#limit ? undefined : `${count(length)} characters are too many here: ${this.#most()}.`;
  }

  #guard(event: InputEvent): void {
    const added = (event.data ?? event.dataTransfer?.getData("text/plain") ?? "").length;
    if (added === 0) return;
    const replaced = (this.#input.selectionEnd ?? 0) - (this.#input.selectionStart ?? 0);
    if (this.#input.value.length - replaced + added <= this.#limit) return;
    event.preventDefault();
    this.complain(`What you put in has ${count(added)} characters, so it was left out: ${this.#most()}.`);
  }

  #most(): string {
    return `this field takes ${count(this.#limit)}, which is more than the gate does`;
  }
}

const count = (number: number) => number.toLocaleString("en");
