// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { ApiError, read, write } from "../app/api.js";
import { tab } from "../app/memory.js";
import { researcherOf } from "../app/researchers.js";
import { go } from "../app/router.js";
import { known, person } from "../app/sign-in.js";
import { texts } from "../app/texts.js";
import { View } from "../app/view.js";
import { avatar, field, problemNote, waiting } from "../parts/pieces.js";
import "../parts/sign-in-panel.js";
import "../parts/zone-select.js";
import { factList, price, when } from "./facts.js";

/** @typedef {import("../app/contract.js").Researcher} Researcher */
/** @typedef {import("../app/contract.js").TimeSlot} TimeSlot */
/** @typedef {import("../app/contract.js").Session} Session */
/** @typedef {import("../app/contract.js").SessionPage} SessionPage */

const WORDS = texts.book;
const GONE = new Set(["SLOT_UNAVAILABLE", "SLOT_NOT_FOUND"]);

/** What the session is about, before its time is held. What was typed survives a reload and a sign-in. */
class BookView extends View {
  /** @type {Researcher | null} */
  researcher = null;
  /** @type {TimeSlot | null} */
  timeSlot = null;
  busy = false;
  questions = "";
  paper = "";

  get draft() {
    return `draft.${this.params.slot}`;
  }

  async enter() {
    [this.questions = "", this.paper = ""] = JSON.parse(tab.get(this.draft) ?? "[]");
    const { id = "", slot = "" } = this.params;
    await known;
    const [researcher, found] = await Promise.all([researcherOf(id), read(`/time-slots/${slot}`)]);
    if (!found.available) return this.#taken(found);
    [this.researcher, this.timeSlot] = [researcher, found];
  }

  template() {
    const { researcher, timeSlot: slot } = this;
    if (!researcher || !slot) return this.problem ? this.#lost() : waiting();
    return html`<div class="narrow">
      <h1>${WORDS.title}</h1>
      <section class="card stack">
        <div class="row">${avatar(researcher.name)}
          <div><b>${researcher.name}</b><br /><small class="muted">${researcher.affiliation}</small></div></div>
        ${factList([
          [texts.session.when, when(slot, researcher.timezone)],
          [WORDS.price, html`<span class="price">${price(slot.price)}</span>`],
        ])}
        <p class="row apart"><a href=${this.#list()}>${WORDS.otherTime}</a><zone-select></zone-select></p>
      </section>
      ${person() ? this.#form(slot) : html`<section class="card stack"><h2>${texts.signIn.needed}</h2>
        <sign-in-panel></sign-in-panel></section>`}
    </div>`;
  }

  #lost() {
    const more = html`<a class="button" href=${this.#list()}>${texts.pay.again}</a>`;
    return html`<div class="narrow"><h1>${WORDS.title}</h1>
      ${GONE.has(this.problem?.code ?? "")
        ? problemNote(this.problem, { more })
        : problemNote(this.problem, { again: () => this.again() })}</div>`;
  }

  #list() {
    const at = this.timeSlot ? `?at=${this.timeSlot.start_time}` : "";
    return `#/researchers/${this.params.id}${at}`;
  }

  /** @param {TimeSlot} slot */
  #form(slot) {
    const { problem } = this;
    return html`<form class="card stack" @submit=${this.#submitted} @input=${this.#typed}>
      ${field("questions", { label: WORDS.questions, hint: WORDS.questionsHint, problem }, (ids) => html`<textarea
        id=${ids.id} name="questions" maxlength="5000" rows="5" aria-describedby=${ids.describedby}
        aria-invalid=${ids.invalid} .value=${live(this.questions)}></textarea>`)}
      ${field("paper_id", { label: WORDS.paper, hint: WORDS.paperHint, problem }, (ids) => html`<input id=${ids.id}
        name="paper" maxlength="255" autocomplete="off" aria-describedby=${ids.describedby} aria-invalid=${ids.invalid}
        .value=${live(this.paper)} />`)}
      ${problemNote(problem)}
      <button class="button button-main button-wide" aria-disabled=${this.busy ? "true" : "false"}>
        ${this.busy ? WORDS.holding : slot.price.amount ? WORDS.hold : WORDS.holdFree}
      </button>
      ${slot.price.amount ? html`<p class="hint">${WORDS.holdWhy}</p>` : nothing}
    </form>`;
  }

  /** @param {Event} event */
  #typed(event) {
    const { name, value } = /** @type {HTMLInputElement} */ (event.target);
    if (name === "paper") this.paper = value;
    else this.questions = value;
    tab.set(this.draft, JSON.stringify([this.questions, this.paper]));
  }

  /** @param {Event} event */
  async #submitted(event) {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    this.refresh();
    await this.attempt(() => this.#hold());
    this.busy = false;
    this.refresh();
  }

  async #hold() {
    const asked = {
      time_slot_id: this.params.slot,
      questions: this.questions.trim() || null,
      paper_id: this.paper.trim() || null,
    };
    try {
      /** @type {Session} */
      const session = await write("POST", "/sessions", asked);
      tab.forget(this.draft);
      this.#goOn(session);
    } catch (error) {
      if (!(error instanceof ApiError) || !GONE.has(error.code)) throw error;
      await this.#taken(this.timeSlot);
    }
  }

  /**
   * It may be one's own hold, from another tab or a lost answer; otherwise there is the fresh list.
   * @param {TimeSlot | null} slot
   */
  async #taken(slot) {
    const own = person() ? await this.#ownSession() : undefined;
    if (own) this.#goOn(own);
    else go(`/researchers/${this.params.id}?gone=1${slot ? `&at=${slot.start_time}` : ""}`, { replace: true });
  }

  /** @returns {Promise<Session | undefined>} */
  async #ownSession() {
    /** @type {SessionPage} */
    const page = await read("/sessions", { query: { status: "scheduled", limit: 100 } });
    return page.sessions.find((each) => each.time_slot_id === this.params.slot);
  }

  /** @param {Session} session */
  #goOn({ id, payment_status: paid }) {
    // Back leads to the list of times, not to a form that was sent.
    go(paid === "completed" ? `/sessions/${id}?new=1` : `/sessions/${id}/pay`, { replace: true });
  }
}

customElements.define("book-view", BookView);
