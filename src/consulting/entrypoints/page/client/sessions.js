// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { read, write } from "../app/api.js";
import { moment } from "../app/format.js";
import { nameOf } from "../app/researchers.js";
import { texts } from "../app/texts.js";
import { View } from "../app/view.js";
import { zone } from "../app/zone.js";
import { avatar, problemNote, waiting } from "../parts/pieces.js";
import { price, stateBadge, stateOf } from "./facts.js";

/** @typedef {import("../app/contract.js").Session} Session */
/** @typedef {import("../app/contract.js").SessionPage} SessionPage */
/** @typedef {import("../app/contract.js").CalendarToken} CalendarToken */
/** @typedef {"scheduled" | "completed" | "canceled"} Status */

const WORDS = texts.sessions;
const TABS = /** @type {[Status, string][]} */ ([
  ["scheduled", WORDS.upcoming],
  ["completed", WORDS.past],
  ["canceled", WORDS.canceled],
]);
const MOST = 50;

/** The caller's own sessions: those to come in their order, the others newest first. */
class SessionsView extends View {
  /** @type {Session[] | null} */
  found = null;
  /** @type {string | null} */
  cursor = null;
  /** Names of the researchers, by id. @type {Map<string, string>} */
  names = new Map();
  /** @type {CalendarToken | null} */
  address = null;
  said = "";

  /** @returns {Status} */
  get status() {
    const asked = this.query.get("show");
    return TABS.find(([status]) => status === asked)?.[0] ?? "scheduled";
  }

  async enter() {
    const query = { status: this.status, limit: MOST, cursor: this.cursor };
    /** @type {SessionPage} */
    const page = await read("/sessions", { query, signal: this.leaving.signal });
    const all = [...(this.found ?? []), ...page.sessions];
    const soonest = (/** @type {Session} */ a, /** @type {Session} */ b) => a.start_time.localeCompare(b.start_time);
    this.found = this.status === "scheduled" ? all.sort(soonest) : all;
    this.cursor = page.next_cursor;
    this.refresh();
    const ids = [...new Set(this.found.map((each) => each.researcher_id))];
    await Promise.all(ids.map(async (id) => this.names.set(id, await nameOf(id))));
  }

  template() {
    return html`<h1>${WORDS.title}</h1>
      <nav class="tabs" aria-label=${WORDS.title}>
        ${TABS.map(([status, label]) => html`<a href="#/sessions${status === "scheduled" ? "" : `?show=${status}`}"
          aria-current=${status === this.status ? "page" : nothing}>${label}</a>`)}
      </nav>
      ${problemNote(this.problem, { again: () => this.again() })} ${this.#list()} ${this.#subscription()}`;
  }

  #list() {
    if (!this.found) return this.problem ? nothing : waiting();
    if (!this.found.length) {
      return html`<div class="card empty stack"><p>${WORDS.none[this.status]}</p>
        <p><a class="button button-main" href="#/">${WORDS.find}</a></p></div>`;
    }
    return html`<ul class="sessions" role="list">
        ${repeat(this.found, (each) => each.id, (each) => html`<li>${this.#row(each)}</li>`)}
      </ul>
      ${this.cursor
        ? html`<p class="more"><button type="button" class="button" @click=${() => this.again()}>${WORDS.more}</button></p>`
        : nothing}`;
  }

  /** @param {Session} session */
  #row(session) {
    const name = this.names.get(session.researcher_id) ?? "";
    const state = stateOf(session);
    return html`<a class="card session" href="#/sessions/${session.id}${state === "held" ? "/pay" : ""}">
      ${avatar(name)}
      <span class="session-what"><b>${name}</b>
        <time class="muted" datetime=${session.start_time}>${moment(session.start_time, zone())}</time></span>
      <span class="session-how">${stateBadge(state)} <span class="price">${price(session)}</span></span>
    </a>`;
  }

  #subscription() {
    return html`<details class="subscribe">
      <summary>${WORDS.subscribe}</summary>
      <div class="stack"><p class="muted">${WORDS.subscribeWhy}</p>
        ${this.address
          ? html`<div class="field"><label for="address">${WORDS.address}</label>
                <input id="address" readonly .value=${this.address.url} @focus=${selectAll} /></div>
              <p class="row"><a class="button" href=${this.address.webcal_url}>${WORDS.openCalendar}</a>
                <button type="button" class="button button-bad" @click=${this.#revoke}>${WORDS.revoke}</button></p>`
          : html`<p><button type="button" class="button" @click=${this.#subscribe}>${WORDS.makeAddress}</button></p>`}
        <p role="status">${this.said}</p>
      </div>
    </details>`;
  }

  #subscribe = () =>
    this.attempt(async () => {
      this.address = await write("POST", "/calendar-token", {});
      this.said = "";
    });

  #revoke = () =>
    this.attempt(async () => {
      await write("DELETE", "/calendar-token");
      this.address = null;
      this.said = WORDS.revoked;
    });
}

/** @param {Event} event */
function selectAll(event) {
  /** @type {HTMLInputElement} */ (event.target).select();
}

customElements.define("sessions-view", SessionsView);
