// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { ApiError, read, write } from "../app/api.js";
import { now } from "../app/clock.js";
import { instance } from "../app/instance.js";
import { researcherOf } from "../app/researchers.js";
import { go } from "../app/router.js";
import { texts } from "../app/texts.js";
import { View } from "../app/view.js";
import { avatar, problemNote, waiting } from "../parts/pieces.js";
import { factList, price, stateOf, when } from "./facts.js";
import "./hold-countdown.js";

/** @typedef {import("../app/contract.js").Researcher} Researcher */
/** @typedef {import("../app/contract.js").Session} Session */
/** @typedef {import("../app/contract.js").PaymentIntent} PaymentIntent */

const WORDS = texts.pay;
const LOOK_EVERY = 2_000;
const LOOKS = 60;
/** What the API says of a session that is no hold any more: the session itself says the rest. */
const SETTLED = new Set(["ALREADY_PAID", "NOTHING_TO_PAY", "HOLD_EXPIRED", "SESSION_CANCELED", "SESSION_COMPLETED"]);

/** Paying for a hold, while it lasts. A reload finds the same payment again. */
class PayView extends View {
  /** @type {Session | null} */
  session = null;
  /** @type {Researcher | null} */
  researcher = null;
  /** @type {PaymentIntent | null} */
  intent = null;
  /** The provider has taken the payment and may still be at it. */
  processing = false;
  busy = false;

  get path() {
    return `/sessions/${this.params.id}`;
  }

  async enter() {
    this.#withoutReturn();
    this.session = await read(this.path);
    if (!this.#isHeld()) return;
    this.refresh();
    [this.researcher] = await Promise.all([
      researcherOf(/** @type {Session} */ (this.session).researcher_id),
      this.#open(),
      instance.stripe?.script ? import("./payment-element.js") : import("./card-form.js"),
    ]);
  }

  /** A bank that sends people back adds to the address what we ask the API instead. */
  #withoutReturn() {
    if (location.search) history.replaceState(null, "", `${location.pathname}${location.hash}`);
  }

  /** Whether there is something to pay still; a session that is settled is shown instead. */
  #isHeld() {
    const { session } = this;
    if (!session) return false;
    if (stateOf(session) === "held") return true;
    const expired = session.cancellation?.reason === "hold_expired";
    if (!expired) go(stateOf(session) === "confirmed" ? `${this.path}?new=1` : this.path, { replace: true });
    return false;
  }

  async #open() {
    try {
      this.intent = await write("POST", "/payment/intent", { session_id: this.params.id });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "PAYMENT_INCOMPLETE") return this.#follow();
      if (!SETTLED.has(error.code)) throw error;
      this.session = await read(this.path);
      this.#isHeld();
    }
  }

  template() {
    const { session } = this;
    if (!session) return this.problem ? problemNote(this.problem, { again: () => this.again() }) : waiting();
    const expired = session.cancellation?.reason === "hold_expired";
    return html`<div class="narrow">
      <h1>${expired ? WORDS.expired : WORDS.title}</h1>
      ${expired ? this.#expired(session) : this.#held(session)}
    </div>`;
  }

  /** @param {Session} session */
  #expired({ researcher_id: id, start_time: at }) {
    return html`<section class="card stack"><p>${WORDS.expiredWhy}</p>
      <p><a class="button button-main" href="#/researchers/${id}?at=${at}">${WORDS.again}</a></p></section>`;
  }

  /** @param {Session} session */
  #held(session) {
    return html`${session.expires_at
        ? html`<hold-countdown .until=${session.expires_at} @over=${this.#over}></hold-countdown>`
        : nothing}
      <section class="card stack">
        ${this.researcher
          ? html`<div class="row">${avatar(this.researcher.name)}<b>${this.researcher.name}</b></div>`
          : nothing}
        ${factList([
          [texts.session.when, when(session, this.researcher?.timezone)],
          [texts.book.price, html`<span class="price">${price(session)}</span>`],
        ])}
      </section>
      <section class="card stack">
        ${problemNote(this.problem, { again: () => this.again() })} ${this.#payment()}
        <p class="hint">${WORDS.terms}</p>
      </section>
      <p><button type="button" class="button button-plain" @click=${this.#giveUp}>${WORDS.giveUp}</button></p>`;
  }

  #payment() {
    const { intent } = this;
    if (this.processing) return html`<p class="note" role="status">${WORDS.processing}</p>`;
    if (!intent) return this.problem ? nothing : waiting();
    if (!instance.stripe) return html`<p class="note note-warn">${WORDS.elsewhere}</p>`;
    const paid = () => this.#paid();
    return instance.stripe.script
      ? html`<payment-element .intent=${intent} @paid=${paid}></payment-element>`
      : html`<card-form .intent=${intent} @paid=${paid}></card-form>`;
  }

  /** The provider says that it is paid: have the API look. */
  async #paid() {
    await this.attempt(async () => {
      const both = { session_id: this.params.id, payment_intent_id: this.intent?.payment_intent_id };
      try {
        this.session = await write("POST", "/payment/confirm", both);
        if (this.#isHeld()) await this.#follow();
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "PAYMENT_INCOMPLETE") throw error;
        await this.#follow();
      }
    });
  }

  /** Look every few seconds what becomes of a payment that is under way. */
  async #follow() {
    this.processing = true;
    for (let look = 0; look < LOOKS && !this.leaving.signal.aborted; look++) {
      this.refresh();
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
      this.session = await read(this.path);
      if (this.leaving.signal.aborted || !this.#isHeld()) return;
      if (this.session?.payment_status === "failed") break;
    }
    this.processing = false;
    await this.#open();
  }

  /** The countdown is at its end; what is true then, the API says. */
  async #over() {
    await this.attempt(async () => {
      for (let look = 0; look < 5; look++) {
        this.session = await read(this.path);
        if (!this.#isHeld() || Date.parse(this.session?.expires_at ?? "") > now()) return;
        await new Promise((resolve) => setTimeout(resolve, 600));
      }
    });
  }

  #giveUp = async () => {
    if (this.busy) return;
    this.busy = true;
    await this.attempt(async () => {
      await write("PATCH", `${this.path}/cancel`, {});
      go(`/researchers/${this.session?.researcher_id}`, { replace: true });
    });
    this.busy = false;
  };
}

customElements.define("pay-view", PayView);
