// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { read } from "../app/api.js";
import { moment } from "../app/format.js";
import { words } from "../app/researcher-texts.js";
import { View } from "../app/view.js";
import { zone } from "../app/zone.js";
import { price, stateBadge, stateOf } from "../client/facts.js";
import { problemNote, waiting } from "../parts/pieces.js";

/** @typedef {import("../app/contract.js").Session} Session */
/** @typedef {import("../app/contract.js").BookingPage} BookingPage */
/** @typedef {"upcoming" | "past" | "earnings"} Tab */

const WORDS = words.bookings;
const MOST = 50;

/** The tabs of bookings and what they earned. @param {Tab} shown */
export function tabs(shown) {
  const all = /** @type {[Tab, string, string][]} */ ([
    ["upcoming", WORDS.upcoming, "#/bookings"],
    ["past", WORDS.past, "#/bookings?show=past"],
    ["earnings", WORDS.earnings, "#/earnings"],
  ]);
  return html`<h1>${WORDS.title}</h1>
    <nav class="tabs" aria-label=${WORDS.title}>${all.map(([tab, label, to]) => html`<a href=${to}
      aria-current=${tab === shown ? "page" : nothing}>${label}</a>`)}</nav>`;
}

/** What was booked with the signed-in researcher: what is to come, or what is over. */
class BookingsView extends View {
  /** @type {Session[] | null} */
  found = null;
  /** @type {string | null} */
  cursor = null;

  /** @returns {"upcoming" | "past"} */
  get shown() {
    return this.query.get("show") === "past" ? "past" : "upcoming";
  }

  async enter() {
    const query = { when: this.shown, limit: MOST, cursor: this.cursor };
    /** @type {BookingPage} */
    const page = await read("/researcher/bookings", { query, signal: this.leaving.signal });
    this.found = [...(this.found ?? []), ...page.bookings];
    this.cursor = page.next_cursor;
  }

  template() {
    return html`${tabs(this.shown)} ${problemNote(this.problem, { again: () => this.again() })} ${this.#list()}`;
  }

  #list() {
    if (!this.found) return this.problem ? nothing : waiting();
    if (!this.found.length) {
      return html`<div class="card empty stack"><p>${WORDS.none[this.shown]}</p>
        <p><a class="button button-main" href="#/week">${WORDS.toWeek}</a></p></div>`;
    }
    return html`<ul class="sessions" role="list">
        ${repeat(this.found, (each) => each.id, (each) => html`<li>${row(each)}</li>`)}
      </ul>
      ${this.cursor
        ? html`<p class="more"><button type="button" class="button" @click=${() => this.again()}>${WORDS.more}</button></p>`
        : nothing}`;
  }
}

/** @param {Session} session */
function row(session) {
  return html`<a class="card session booking-row" href="#/bookings/${session.id}">
    <span class="session-what"><b><time datetime=${session.start_time}>${moment(session.start_time, zone())}</time></b>
      <span class="muted booking-question">${session.questions || WORDS.noQuestion}</span></span>
    <span class="session-how">${stateBadge(stateOf(session))} <span class="price">${price(session)}</span></span>
  </a>`;
}

customElements.define("bookings-view", BookingsView);
