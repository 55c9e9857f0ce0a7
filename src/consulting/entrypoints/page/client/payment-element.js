// @ts-check
// Stripe's Payment Element. Its script is loaded from Stripe, as Stripe asks, and only where somebody is about to pay.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { money } from "../app/format.js";
import { instance } from "../app/instance.js";
import { locale, texts } from "../app/texts.js";
import { Part } from "../app/view.js";

/** @typedef {import("../app/contract.js").PaymentIntent} PaymentIntent */

const WORDS = texts.pay;

/** @type {Promise<any> | null} */
let script = null;

/** Load Stripe's script once; a failure can be tried again. @returns {Promise<any>} */
function stripeScript() {
  script ??= new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = instance.stripe?.script ?? "";
    element.onload = () => resolve(/** @type {any} */ (window).Stripe);
    element.onerror = () => {
      script = null;
      element.remove();
      reject(new Error("Stripe's script did not come"));
    };
    document.head.append(element);
  });
  return script;
}

/** Tells of `paid` when Stripe says that the payment went through or is under way. */
class PaymentElement extends Part {
  /** @type {PaymentIntent} */
  intent = /** @type {any} */ (null);
  ready = false;
  busy = false;
  said = "";
  /** @type {any} */
  #stripe = null;
  /** @type {any} */
  #elements = null;

  connectedCallback() {
    super.connectedCallback();
    this.#mount();
  }

  async #mount() {
    this.said = "";
    try {
      const Stripe = await stripeScript();
      await new Promise((resolve) => requestAnimationFrame(resolve));
      if (!this.isConnected) return;
      this.#stripe = Stripe(this.intent.publishable_key, { locale });
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      this.#elements = this.#stripe.elements({
        clientSecret: this.intent.client_secret,
        appearance: { theme: dark ? "night" : "stripe" },
      });
      const element = this.#elements.create("payment");
      element.on("ready", () => {
        this.ready = true;
        this.refresh();
      });
      element.on("loaderror", () => this.#unavailable());
      element.mount(/** @type {HTMLElement} */ (this.querySelector(".stripe")));
    } catch (error) {
      console.error(error);
      this.#unavailable();
    }
    this.refresh();
  }

  #unavailable() {
    this.said = WORDS.unavailable;
    this.refresh();
  }

  template() {
    const again = this.said && !this.ready;
    return html`<form class="stack" @submit=${this.#submitted}>
      <h2>${WORDS.card}</h2>
      <div class="stripe"></div>
      ${this.said ? html`<p class="note note-bad" role="alert">${this.said}</p>` : nothing}
      ${again
        ? html`<button type="button" class="button" @click=${() => this.#mount()}>${texts.shell.again}</button>`
        : nothing}
      <button class="button button-main button-wide" ?disabled=${!this.ready} aria-disabled=${this.busy ? "true" : "false"}>
        ${this.busy ? WORDS.paying : WORDS.pay(money(this.intent))}
      </button>
      <p class="hint">${WORDS.secure}</p>
    </form>`;
  }

  /** @param {Event} event */
  async #submitted(event) {
    event.preventDefault();
    if (this.busy || !this.ready) return;
    this.busy = true;
    this.said = "";
    this.refresh();
    const { error, paymentIntent } = await this.#stripe.confirmPayment({
      elements: this.#elements,
      redirect: "if_required",
      confirmParams: { return_url: location.href },
    });
    this.busy = false;
    if (error) this.said = error.message ?? WORDS.unavailable;
    else if (paymentIntent) this.dispatchEvent(new Event("paid"));
    this.refresh();
  }
}

customElements.define("payment-element", PaymentElement);
