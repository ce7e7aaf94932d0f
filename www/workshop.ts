// Where tokens are made: the page's keys, the examples and the form. Nothing of it is kept when the page is left.

import { byId, element } from "./dom.js";
import { claimsAt, claimsText, EXAMPLES, type Example } from "./examples.js";
import type { Field } from "./field.js";
import { type Algorithm, headerFor, makeKey, type SigningKey, sign } from "./tokens.js";

/** The fields that the workshop writes into. */
export interface Fields {
  readonly method: Field;
  readonly url: Field;
  readonly headers: Field;
  readonly time: Field;
  readonly token: Field;
  readonly claims: Field;
  readonly config: Field;
  readonly keys: Field;
}

const seconds = (): number => Math.floor(Date.now() / 1000);

export class Workshop {
  readonly #fields: Fields;
  /** Asks the gate again. */
  readonly #changed: () => Promise<void>;
  readonly #resetConfig: () => void;
  readonly #made = new Map<Algorithm, Promise<SigningKey>>();
  /** The public halves, in the order in which the keys were made. */
  readonly #public: object[] = [];
  /** What the workshop wrote as the key set last. */
  #written = "";

  constructor(fields: Fields, changed: () => Promise<void>, resetConfig: () => void) {
    this.#fields = fields;
    this.#changed = changed;
    this.#resetConfig = resetConfig;
    byId("sign", HTMLButtonElement).addEventListener("click", () => this.#sign());
    byId("renew", HTMLButtonElement).addEventListener("click", () => this.#renew());
    byId("own-keys", HTMLButtonElement).addEventListener("click", () => {
      this.#writeKeys();
      changed();
    });
    byId("examples", HTMLElement).replaceChildren(...EXAMPLES.map((example) => this.#chip(example)));
  }

  /** Shows an example, with everything that it needs put back. */
  async show(example: Example): Promise<void> {
    const key = await this.#key("ES256");
    const { token, claims } = await example.make(key, seconds());
    const { method, url, headers, time } = this.#fields;
    method.text = "GET";
    url.text = example.url;
    headers.text = "";
    time.text = "";
    byId("carrier", HTMLSelectElement).value = "bearer";
    this.#fields.claims.text = claims;
    this.#fields.token.text = token;
    this.#resetConfig();
    this.#writeKeys();
    byId("example-note", HTMLElement).textContent = example.shows;
    for (const chip of byId("examples", HTMLElement).children) {
      chip.setAttribute("aria-pressed", String(chip.id === `example-${example.id}`));
    }
    await this.#changed();
  }

  /** No example is shown any more: somebody changed what it put there. */
  leaveExample(): void {
    for (const chip of byId("examples", HTMLElement).children) chip.setAttribute("aria-pressed", "false");
  }

  #chip(example: Example): HTMLButtonElement {
    const chip = element(
      "button",
      { type: "button", id: `example-${example.id}`, class: "chip", "aria-pressed": "false" },
      example.title,
    );
    chip.addEventListener("click", () => this.show(example));
    return chip;
  }

  #key(algorithm: Algorithm): Promise<SigningKey> {
    const known = this.#made.get(algorithm);
    if (known !== undefined) return known;
    const made = makeKey(algorithm).then((key) => {
      const isOurs = this.#fields.keys.text === this.#written;
      this.#public.push(key.jwk);
      if (isOurs) this.#writeKeys();
      return key;
    });
    this.#made.set(algorithm, made);
    return made;
  }

  #writeKeys(): void {
    this.#written = JSON.stringify({ keys: this.#public }, null, 2);
    this.#fields.keys.text = this.#written;
  }

  async #sign(): Promise<void> {
    const { claims, token, keys } = this.#fields;
    const problem = claims.lengthProblem();
    claims.complain(problem);
    if (problem !== undefined) return;
    const said = byId("signed", HTMLElement);
    said.textContent = "Signing …";
    const key = await this.#key(byId("algorithm", HTMLSelectElement).value as Algorithm);
    token.text = await sign(key, JSON.stringify(headerFor(key)), claims.text);
    const isKnown = keys.text === this.#written;
    said.textContent = `Signed by ${key.kid}.${isKnown ? "" : " The key set is yours, and may lack this key."}`;
    this.leaveExample();
    await this.#changed();
  }

  /** Puts new times in, where the claims can be read; else the claims that every example begins with. */
  #renew(): void {
    const now = seconds();
    const { claims } = this.#fields;
    try {
      const read: unknown = JSON.parse(claims.text);
      if (typeof read !== "object" || read === null) throw new SyntaxError("no object");
      claims.text = claimsText({ ...read, iat: now, exp: now + 600 });
    } catch {
      claims.text = claimsText(claimsAt(now));
    }
    byId("signed", HTMLElement).textContent = "The times are new; sign the claims to use them.";
  }
}
