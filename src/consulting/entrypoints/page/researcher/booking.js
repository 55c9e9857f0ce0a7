// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { announce } from "../app/announce.js";
import { read, write } from "../app/api.js";
import { now } from "../app/clock.js";
import { moment, money, place } from "../app/format.js";
import { words } from "../app/researcher-texts.js";
import { texts } from "../app/texts.js";
import { View } from "../app/view.js";
import { zone } from "../app/zone.js";
import { factList, price, stateBadge, stateOf, when } from "../client/facts.js";
import { field, problemNote, waiting } from "../parts/pieces.js";
import "../parts/zone-select.js";

/** @typedef {import("../app/contract.js").Booking} Booking */

const WORDS = words.booking;

/** One booking: who comes, what they ask, and what can be done about it. */
class BookingView extends View {
  /** @type {Booking | null} */
  booking = null;
  /** The host's link; kept here alone. */
  startLink = "";
  notes = "";
  said = "";
  asking = false;
  busy = false;

  get path() {
    return `/researcher/bookings/${this.params.id}`;
  }

  async enter() {
    this.booking = await read(this.path);
    this.notes = this.booking?.notes ?? "";
  }

  template() {
    const { booking } = this;
    if (!booking) return this.problem ? problemNote(this.problem, { again: () => this.again() }) : waiting();
    const state = stateOf(booking);
    return html`<div class="narrow">
      <p><a href="#/bookings">${words.bookings.title}</a></p>
      <h1>${booking.client.name ?? booking.client.email}</h1>
      ${problemNote(this.problem)}
      <section class="card stack">
        <div class="row apart"><span>${stateBadge(state)}</span>
          <a href="#/week?of=${booking.start_time.slice(0, 10)}">${words.week.title}</a></div>
        ${factList(this.#facts(booking))}
        ${state === "confirmed" ? this.#start() : nothing}
        <zone-select></zone-select>
      </section>
      ${this.#outcome(booking)} ${this.#noting()} ${this.#acts(booking)}
    </div>`;
  }

  /** @param {Booking} booking @returns {[string, unknown][]} */
  #facts(booking) {
    const { client, questions, paper_id: paper, start_time: start } = booking;
    const there = client.timezone === zone() ? nothing
      : html`<br /><small class="muted">${WORDS.theirTime(moment(start, client.timezone), place(client.timezone))}</small>`;
    /** @type {[string, unknown][]} */
    const facts = [
      [texts.session.when, html`${when(booking)}${there}`],
      [WORDS.client, html`<a href="mailto:${client.email}">${client.email}</a>`],
      [WORDS.question, questions ? html`<span class="own-words">${questions}</span>` : WORDS.noQuestion],
    ];
    if (paper) facts.push([WORDS.paper, paper]);
    facts.push([WORDS.price, html`<span class="price">${price(booking)}</span>`]);
    return facts;
  }

  #start() {
    if (!this.startLink) {
      return html`<p><button type="button" class="button button-main" @click=${this.#fetchLink}>${WORDS.getLink}</button></p>`;
    }
    return html`<div class="stack-small"><p><a class="button button-main" href=${this.startLink} target="_blank"
      rel="noopener noreferrer">${WORDS.start}</a></p><p class="hint">${WORDS.startWhy}</p></div>`;
  }

  #fetchLink = () =>
    this.attempt(async () => {
      this.startLink = (await read(`${this.path}/start-link`)).start_link;
    });

  /** @param {Booking} booking */
  #outcome({ cancellation, refund, no_show: missed }) {
    return html`${cancellation
        ? html`<div class="note"><p>${WORDS.canceledBy[cancellation.reason]}</p>
            ${cancellation.note ? html`<p>${texts.session.note(cancellation.note)}</p>` : nothing}
            ${refund ? html`<p>${words.earnings.refunds}: ${money(refund)}</p>` : nothing}</div>`
        : nothing}
      ${missed ? html`<p class="note note-warn">${WORDS.noShowSaid}</p>` : nothing}`;
  }

  #noting() {
    return html`<form class="card stack" @submit=${this.#saveNotes} @input=${this.#typed}>
      ${field("notes", { label: WORDS.notes, hint: WORDS.notesHint, problem: this.problem }, (ids) => html`<textarea id=${ids.id}
        name="notes" rows="3" aria-describedby=${ids.describedby} aria-invalid=${ids.invalid} .value=${live(this.notes)}></textarea>`)}
      <p class="row"><button class="button">${WORDS.saveNotes}</button><span role="status">${this.said}</span></p>
    </form>`;
  }

  /** @param {Event} event */
  #typed = ({ target }) => {
    this.notes = /** @type {HTMLTextAreaElement} */ (target).value;
    this.said = "";
    this.refresh();
  };

  /** @param {Event} event */
  #saveNotes = (event) => {
    event.preventDefault();
    return this.#act(async () => {
      this.booking = await write("PATCH", `${this.path}/notes`, { notes: this.notes.trim() || null });
      this.said = WORDS.saved;
    });
  };

  /** @param {Booking} booking */
  #acts(booking) {
    const state = stateOf(booking);
    const [begun, over] = [Date.parse(booking.start_time) <= now(), Date.parse(booking.end_time) <= now()];
    const missed = begun && (state === "confirmed" || state === "completed") && !booking.no_show;
    const cancel = !over && (state === "confirmed" || state === "held");
    if (this.asking && cancel) return this.#asked(booking);
    return html`<div class="row">
      ${missed ? html`<button type="button" class="button" @click=${this.#miss}>${WORDS.noShow}</button>` : nothing}
      ${cancel ? html`<button type="button" class="button button-bad" @click=${this.#ask}>${WORDS.cancel}</button>` : nothing}
    </div>`;
  }

  #miss = () =>
    this.#act(async () => {
      this.booking = await write("PATCH", `${this.path}/no-show`);
    });

  #ask = async () => {
    this.asking = !this.asking;
    this.refresh();
    await new Promise((resolve) => requestAnimationFrame(resolve));
    this.querySelector("textarea[name=reason]")?.scrollIntoView({ block: "center" });
    /** @type {HTMLElement | null} */ (this.querySelector("textarea[name=reason]"))?.focus();
  };

  /** @param {Booking} booking */
  #asked(booking) {
    const paid = booking.amount > 0 && booking.payment_status === "completed";
    return html`<form class="card stack" @submit=${this.#cancel}>
      <h2>${WORDS.cancelTitle}</h2>
      <p class="note note-warn"><b>${paid ? WORDS.refund(money(booking)) : WORDS.unpaid}</b></p>
      ${field("reason", { label: WORDS.reason, problem: this.problem }, (ids) => html`<textarea id=${ids.id} name="reason" rows="3"
        maxlength="1000" aria-describedby=${ids.describedby} aria-invalid=${ids.invalid}></textarea>`)}
      <label class="choice"><input type="checkbox" name="reopen" />${WORDS.reopen}</label>
      <div class="row"><button class="button button-bad" aria-disabled=${this.busy ? "true" : "false"}>${WORDS.confirm}</button>
        <button type="button" class="button" @click=${this.#ask}>${WORDS.keep}</button></div>
    </form>`;
  }

  /** @param {Event} event */
  #cancel = (event) => {
    event.preventDefault();
    const told = new FormData(/** @type {HTMLFormElement} */ (event.target));
    return this.#act(async () => {
      const asked = { reason: String(told.get("reason") ?? "").trim() || null, reopen_slot: told.has("reopen") };
      this.booking = await write("PATCH", `${this.path}/cancel`, asked);
      this.asking = false;
      announce(texts.session.titles.canceled);
    });
  };

  /** Once at a time. @param {() => Promise<void>} work */
  async #act(work) {
    if (this.busy) return;
    this.busy = true;
    await this.attempt(work);
    this.busy = false;
    this.refresh();
  }
}

customElements.define("booking-view", BookingView);
