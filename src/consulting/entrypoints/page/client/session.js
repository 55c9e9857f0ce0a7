// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { announce } from "../app/announce.js";
import { ApiError, read } from "../app/api.js";
import { now } from "../app/clock.js";
import { money } from "../app/format.js";
import { researcherOf } from "../app/researchers.js";
import { entitle } from "../app/router.js";
import { texts } from "../app/texts.js";
import { View } from "../app/view.js";
import { avatar, problemNote, waiting } from "../parts/pieces.js";
import "../parts/zone-select.js";
import { download, google, outlook } from "./calendar-links.js";
import { factList, price, stateBadge, stateOf, when } from "./facts.js";

/** @typedef {import("../app/contract.js").Researcher} Researcher */
/** @typedef {import("../app/contract.js").Session} Session */
/** @typedef {import("../app/contract.js").Review} Review */

const WORDS = texts.session;
/** Seconds between looks for what is made outside: the link, and money on its way back. */
const LOOKS = [1, 1, 2, 2, 3, 5, 8, 15, 30, 60];
const ON_ITS_WAY = new Set(["requested", "pending"]);

/** One session: everything about it, and what can be done with it now. */
class SessionView extends View {
  /** @type {Session | null} */
  session = null;
  /** @type {Researcher | null} */
  researcher = null;
  /** @type {Review | null} */
  review = null;

  get path() {
    return `/sessions/${this.params.id}`;
  }

  async enter() {
    this.session = await read(this.path);
    if (!this.session) return;
    entitle(this.isNew ? WORDS.confirmed : WORDS.titles[stateOf(this.session)]);
    if (this.isNew) announce(WORDS.confirmed);
    this.refresh();
    [this.researcher, this.review] = await Promise.all([
      researcherOf(this.session.researcher_id).catch(() => null),
      this.#ownReview(this.session),
    ]);
    this.#watch();
  }

  /** Just booked, or just moved. */
  get isNew() {
    return this.query.has("new") && this.session !== null && stateOf(this.session) === "confirmed";
  }

  /** @param {Session} session @returns {Promise<Review | null>} */
  async #ownReview(session) {
    if (stateOf(session) !== "completed") return null;
    return read(`${this.path}/review`).catch((error) => {
      if (error instanceof ApiError && error.code === "REVIEW_NOT_FOUND") return null;
      throw error;
    });
  }

  /** Look now and then until nothing more is to come. */
  async #watch() {
    for (const seconds of LOOKS) {
      if (!this.#expects()) return;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      if (this.leaving.signal.aborted) return;
      this.session = await read(this.path).catch(() => this.session);
      this.refresh();
    }
  }

  #expects() {
    const { session } = this;
    if (!session) return false;
    return (stateOf(session) === "confirmed" && !session.zoom_link) || ON_ITS_WAY.has(session.refund?.status ?? "");
  }

  template() {
    const { session, researcher } = this;
    if (!session) return this.problem ? problemNote(this.problem, { again: () => this.again() }) : waiting();
    const state = stateOf(session);
    return html`<div class="narrow">
      <p><a href="#/sessions">${texts.sessions.title}</a></p>
      ${this.isNew ? html`<p class="note note-good">${WORDS.confirmedWhy}</p>` : nothing}
      ${this.query.has("moved") ? html`<p class="note note-good">${texts.move.moved}</p>` : nothing}
      <h1>${this.isNew ? WORDS.confirmed : WORDS.titles[state]}</h1>
      ${problemNote(this.problem, { again: () => this.again() })}
      <section class="card stack">
        <div class="row apart">
          <a class="row who-link" href="#/researchers/${session.researcher_id}">
            ${avatar(researcher?.name ?? "")}<b>${researcher?.name ?? ""}</b></a>
          ${stateBadge(state)}
        </div>
        ${factList(this.#facts(session))}
        ${state === "confirmed" ? this.#ways(session) : nothing}
        <zone-select></zone-select>
      </section>
      ${this.#outcome(session)} ${this.#acts(session)} ${this.#said()}
    </div>`;
  }

  /** @param {Session} session @returns {[string, unknown][]} */
  #facts(session) {
    const { questions, paper_id: paper, payment_status: paid } = session;
    /** @type {[string, unknown][]} */
    const facts = [[WORDS.when, when(session, this.researcher?.timezone)]];
    const wasPaid = session.amount > 0 && (paid === "completed" || paid === "refunded");
    facts.push([wasPaid ? WORDS.paid : WORDS.price, html`<span class="price">${price(session)}</span>`]);
    if (questions) facts.push([WORDS.question, html`<span class="own-words">${questions}</span>`]);
    if (paper) facts.push([WORDS.paper, paper]);
    return facts;
  }

  /** The link, and the calendars. @param {Session} session */
  #ways(session) {
    const name = this.researcher?.name ?? "";
    const outside = (/** @type {string} */ url, /** @type {string} */ label) =>
      html`<a class="button" href=${url} target="_blank" rel="noopener noreferrer">${label}</a>`;
    return html`${session.zoom_link
        ? html`<a class="button button-main" href=${session.zoom_link} target="_blank" rel="noopener noreferrer">
            ${WORDS.join}</a>`
        : html`<p class="note" role="status">${WORDS.linkFollows}</p>`}
      <section class="stack-small" aria-labelledby="calendars"><h2 class="minor" id="calendars">${WORDS.addToCalendar}</h2>
        <div class="row">
          <button type="button" class="button" @click=${() => this.attempt(() => download(session))}>${WORDS.ics}</button>
          ${outside(google(session, name), WORDS.google)} ${outside(outlook(session, name), WORDS.outlook)}
        </div></section>`;
  }

  /** What became of it, where it was canceled. @param {Session} session */
  #outcome({ cancellation, refund, no_show: missed }) {
    return html`${cancellation
        ? html`<div class="note"><p>${WORDS.canceledBy[cancellation.reason]}</p>
            ${cancellation.note ? html`<p>${WORDS.note(cancellation.note)}</p>` : nothing}
            ${refund ? html`<p role="status">${WORDS.refund[refund.status](money(refund))}</p>` : nothing}</div>`
        : refund
          ? html`<p class="note" role="status">${WORDS.refund[refund.status](money(refund))}</p>`
          : nothing}
      ${missed ? html`<p class="note note-warn">${WORDS.noShow}</p>` : nothing}`;
  }

  /** @param {Session} session */
  #acts(session) {
    const state = stateOf(session);
    const upcoming = Date.parse(session.start_time) > now();
    const link = (/** @type {string} */ to, /** @type {string} */ label, kind = "") =>
      html`<a class="button ${kind}" href="#${this.path}/${to}">${label}</a>`;
    return html`<div class="row">
      ${state === "held" ? link("pay", WORDS.pay, "button-main") : nothing}
      ${state === "confirmed" && upcoming ? link("move", WORDS.move) : nothing}
      ${(state === "confirmed" && upcoming) || state === "held" ? link("cancel", WORDS.cancel, "button-bad") : nothing}
      ${state === "completed" && !session.no_show && !this.review ? link("review", WORDS.review, "button-main") : nothing}
    </div>`;
  }

  #said() {
    const { review } = this;
    if (!review) return nothing;
    const open = Date.parse(review.editable_until) > now();
    return html`<section class="card stack">
      <h2>${WORDS.yourReview}</h2>
      <p><span class="star" role="img" aria-label=${texts.review.stars(review.rating)}>${"★".repeat(review.rating)}</span></p>
      ${review.comment ? html`<p class="own-words">${review.comment}</p>` : nothing}
      ${open ? html`<p><a class="button" href="#${this.path}/review">${WORDS.editReview}</a></p>` : nothing}
    </section>`;
  }
}

customElements.define("session-view", SessionView);
