// @ts-check
// The sandbox's stand-in for Stripe's Payment Element. What is typed goes to the sandbox directly, in Stripe's own
// protocol and under the publishable key, as Stripe's script would send it.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { money } from "../app/format.js";
import { instance } from "../app/instance.js";
import { texts } from "../app/texts.js";
import { Part } from "../app/view.js";
import { field } from "../parts/pieces.js";

/** @typedef {import("../app/contract.js").PaymentIntent} PaymentIntent */

const WORDS = texts.pay;
/** Stripe's test cards that the sandbox knows, and what becomes of them. */
const TEST_CARDS = [
  ["4242 4242 4242 4242", WORDS.cards.good],
  ["4000 0000 0000 0002", WORDS.cards.declined],
  ["4000 0000 0000 9995", WORDS.cards.poor],
  ["4000 0000 0000 0069", WORDS.cards.expired],
  ["4000 0000 0000 0127", WORDS.cards.cvc],
  ["4000 0025 0000 3155", WORDS.cards.asks],
];

/** Tells of `paid` when the charge went through. */
class CardForm extends Part {
  /** @type {PaymentIntent} */
  intent = /** @type {any} */ (null);
  busy = false;
  number = "";
  expiry = "";
  cvc = "";
  /** What is wrong, by field. @type {Record<string, string>} */
  wrong = {};
  declined = "";
  /** The payer's bank wants a word. */
  asked = false;

  template() {
    if (this.asked) return this.#bank();
    return html`<form class="stack" novalidate @submit=${this.#submitted}>
      <h2>${WORDS.card}</h2>
      ${this.#testCards()}
      ${this.#input("number", WORDS.number, "cc-number", "1234 1234 1234 1234", 23)}
      <div class="halves">
        ${this.#input("expiry", WORDS.expiry, "cc-exp", WORDS.expiryHint, 7)}
        ${this.#input("cvc", WORDS.cvc, "cc-csc", "123", 4)}
      </div>
      ${this.declined ? html`<p class="note note-bad" role="alert">${this.declined}</p>` : nothing}
      <button class="button button-main button-wide" aria-disabled=${this.busy ? "true" : "false"}>
        ${this.busy ? WORDS.paying : WORDS.pay(money(this.intent))}
      </button>
      <p class="hint">${WORDS.secure}</p>
    </form>`;
  }

  #testCards() {
    return html`<details class="test-cards" open>
      <summary>${WORDS.testCards}</summary>
      <p class="hint">${WORDS.testCardsWhy}</p>
      <ul role="list">
        ${TEST_CARDS.map(([number = "", what]) => html`<li><button type="button" class="chip"
          aria-pressed=${number === this.number ? "true" : "false"} @click=${() => this.#fill(number)}>${what}</button></li>`)}
      </ul>
    </details>`;
  }

  /** @param {string} number */
  #fill(number) {
    Object.assign(this, { number, expiry: "12 / 34", cvc: "123", wrong: {} });
    this.refresh();
  }

  /** @param {"number" | "expiry" | "cvc"} name @param {string} label @param {string} kind @param {string} hint @param {number} most */
  #input(name, label, kind, hint, most) {
    const typed = (/** @type {Event} */ event) => {
      this[name] = shaped(name, /** @type {HTMLInputElement} */ (event.target).value);
      this.refresh();
    };
    return field(`card-${name}`, { label, wrong: this.wrong[name] }, (ids) => html`<input id=${ids.id} name=${name}
      inputmode="numeric" autocomplete=${kind} placeholder=${hint} maxlength=${most} aria-invalid=${ids.invalid}
      aria-describedby=${ids.describedby} .value=${live(this[name])} @input=${typed} />`);
  }

  #check() {
    const [month = 0, year = 0] = this.expiry.split("/").map(Number);
    const ends = new Date(2000 + year, month, 1);
    this.wrong = {};
    if (!passesLuhn(this.number)) this.wrong.number = WORDS.badNumber;
    if (!(month >= 1 && month <= 12 && year > 0 && ends.getTime() > Date.now())) this.wrong.expiry = WORDS.badExpiry;
    if (!/^\d{3,4}$/.test(this.cvc)) this.wrong.cvc = WORDS.badCvc;
    return Object.keys(this.wrong).length === 0;
  }

  /** @param {Event} event */
  async #submitted(event) {
    event.preventDefault();
    if (this.busy) return;
    if (!this.#check()) {
      this.refresh();
      await new Promise((resolve) => requestAnimationFrame(resolve));
      /** @type {HTMLElement | null} */ (this.querySelector("[aria-invalid='true']"))?.focus();
      return;
    }
    await this.#busily(() => this.#charge());
  }

  /** @param {() => Promise<void>} work */
  async #busily(work) {
    this.busy = true;
    this.declined = "";
    this.refresh();
    try {
      await work();
    } catch (error) {
      console.error(error);
      this.declined = texts.errors.PAYMENT_PROVIDER_UNAVAILABLE?.toString() ?? "";
    }
    this.busy = false;
    this.refresh();
  }

  async #charge() {
    const [month = "", year = ""] = this.expiry.split("/").map((each) => each.trim());
    const card = { number: this.number, exp_month: month, exp_year: `20${year}`, cvc: this.cvc };
    const sent = new URLSearchParams({
      key: this.intent.publishable_key,
      client_secret: this.intent.client_secret,
      "payment_method_data[type]": "card",
    });
    for (const [name, value] of Object.entries(card)) sent.set(`payment_method_data[card][${name}]`, value);
    const path = `v1/payment_intents/${this.intent.payment_intent_id}/confirm`;
    this.#then(await fetch(`${instance.stripe?.sandbox}/${path}`, { method: "POST", body: sent }));
  }

  /** @param {Response} answer */
  async #then(answer) {
    const told = await answer.json();
    const status = told.status ?? told.error?.payment_intent?.status;
    if (status === "succeeded" || status === "processing") this.dispatchEvent(new Event("paid"));
    else if (status === "requires_action") this.asked = true;
    else this.declined = WORDS.declined(told.error?.message ?? told.last_payment_error?.message ?? "");
    this.refresh();
  }

  #bank() {
    const answer = (/** @type {boolean} */ succeed) => () => this.#busily(() => this.#authenticate(succeed));
    return html`<div class="stack" role="group" aria-labelledby="bank">
      <h2 id="bank">${WORDS.bank}</h2><p>${WORDS.bankWhy}</p>
      <button type="button" class="button button-main" @click=${answer(true)}>${WORDS.approve}</button>
      <button type="button" class="button" @click=${answer(false)}>${WORDS.refuse}</button>
    </div>`;
  }

  /** @param {boolean} succeed */
  async #authenticate(succeed) {
    const path = `sandbox/payment_intents/${this.intent.payment_intent_id}/authenticate`;
    const sent = { method: "POST", body: JSON.stringify({ succeed }), headers: { "Content-Type": "application/json" } };
    const answer = await fetch(`${instance.stripe?.sandbox}/${path}`, sent);
    this.asked = false;
    await this.#then(answer);
  }
}

/** What was typed, in the form that people know from their card. @param {string} name @param {string} typed */
function shaped(name, typed) {
  const digits = typed.replace(/\D/g, "");
  if (name === "number") return digits.slice(0, 19).replace(/(\d{4})(?=\d)/g, "$1 ");
  if (name === "cvc") return digits.slice(0, 4);
  return digits.length > 2 ? `${digits.slice(0, 2)} / ${digits.slice(2, 4)}` : typed.replace(/[^\d/ ]/g, "");
}

/** Whether the digits agree with the last one of them. @param {string} number */
function passesLuhn(number) {
  const digits = number.replace(/\s/g, "").split("").reverse().map(Number);
  if (digits.length < 12) return false;
  const sum = digits.reduce((all, digit, at) => all + (at % 2 ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : digit), 0);
  return sum % 10 === 0;
}

customElements.define("card-form", CardForm);
