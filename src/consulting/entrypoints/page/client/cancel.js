// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { announce } from "../app/announce.js";
import { read, write } from "../app/api.js";
import { money, time } from "../app/format.js";
import { researcherOf } from "../app/researchers.js";
import { go } from "../app/router.js";
import { texts } from "../app/texts.js";
import { View } from "../app/view.js";
import { zone } from "../app/zone.js";
import { field, problemNote, waiting } from "../parts/pieces.js";
import { factList, stateOf, when } from "./facts.js";

/** @typedef {import("../app/contract.js").Quote} Quote */
/** @typedef {import("../app/contract.js").Session} Session */
/** @typedef {import("../app/contract.js").Researcher} Researcher */

const WORDS = texts.cancel;

/** Canceling: first what it would give back, then the act. */
class CancelView extends View {
  /** @type {Session | null} */
  session = null;
  /** @type {Researcher | null} */
  researcher = null;
  /** @type {Quote | null} */
  quote = null;
  /** The sum is another one than was shown. */
  changed = false;
  busy = false;

  get path() {
    return `/sessions/${this.params.id}`;
  }

  async enter() {
    [this.session, this.quote] = await Promise.all([read(this.path), read(`${this.path}/cancellation`)]);
    if (!this.session) return;
    if (this.session.status !== "scheduled") return go(this.path, { replace: true });
    this.researcher = await researcherOf(this.session.researcher_id).catch(() => null);
  }

  template() {
    const { session, quote, researcher } = this;
    if (!session || !quote) return this.problem ? problemNote(this.problem, { again: () => this.again() }) : waiting();
    return html`<form class="narrow" @submit=${this.#submitted}>
      <h1>${WORDS.title}</h1>
      <section class="card stack">
        ${factList([[researcher?.name ?? "", when(session, researcher?.timezone)]])}
        ${this.changed ? html`<p class="note note-warn" role="alert">${WORDS.changed}</p>` : nothing}
        <p class="note ${quote.percent < 100 && session.amount ? "note-warn" : ""}" role="status">
          <b>${this.#givesBack(session, quote)}</b>
          <small>${WORDS.quoted(time(quote.quoted_at, zone()))}</small>
        </p>
        ${field("reason", { label: WORDS.reason, problem: this.problem }, (ids) => html`<textarea id=${ids.id}
          name="reason" rows="3" maxlength="1000" aria-describedby=${ids.describedby} aria-invalid=${ids.invalid}></textarea>`)}
        ${problemNote(this.problem)}
        <div class="row">
          <button class="button button-bad" aria-disabled=${this.busy ? "true" : "false"}>
            ${this.busy ? WORDS.confirming : WORDS.confirm}</button>
          <a class="button" href="#${this.path}">${WORDS.keep}</a>
        </div>
      </section>
    </form>`;
  }

  /** @param {Session} session @param {Quote} quote */
  #givesBack(session, { percent, refund }) {
    if (!session.amount || stateOf(session) === "held") return WORDS.unpaid;
    if (!refund.amount) return WORDS.nothing;
    return percent === 100 ? WORDS.all(money(refund)) : WORDS.part(money(refund), percent);
  }

  /** @param {Event} event */
  async #submitted(event) {
    event.preventDefault();
    if (this.busy) return;
    const reason = new FormData(/** @type {HTMLFormElement} */ (event.target)).get("reason");
    this.busy = true;
    this.refresh();
    await this.attempt(() => this.#cancel(String(reason ?? "").trim()));
    this.busy = false;
    this.refresh();
  }

  /** @param {string} reason */
  async #cancel(reason) {
    /** @type {Quote} */
    const quote = await read(`${this.path}/cancellation`);
    this.changed = quote.refund.amount !== this.quote?.refund.amount;
    this.quote = quote;
    if (this.changed) return;
    await write("PATCH", `${this.path}/cancel`, reason ? { reason } : {});
    announce(texts.session.titles.canceled);
    go(this.path, { replace: true });
  }
}

customElements.define("cancel-view", CancelView);
