// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { announce } from "../app/announce.js";
import { read } from "../app/api.js";
import { now } from "../app/clock.js";
import { dayOf, laterDay, longDay, shortDate, zoneName } from "../app/format.js";
import { placeInWeek } from "../app/month.js";
import { words } from "../app/researcher-texts.js";
import { View } from "../app/view.js";
import { problemNote, waiting } from "../parts/pieces.js";
import { hoursOf, loadBookings, loadRules, loadSlots, offOf, timesOf } from "./calendar.js";
import { dayList } from "./day-list.js";
import { ruleLists } from "./rule-lists.js";
import "./time-dialog.js";
import { change, weekFrom } from "./wall.js";
import { SIGNS } from "./week-grid.js";

/** @typedef {import("../app/contract.js").Profile} Profile */
/** @typedef {import("./calendar.js").Rules} Rules */
/** @typedef {import("./calendar.js").Item} Item */
/** @typedef {import("./wall.js").Week} Week */
/** @typedef {import("./week-grid.js").WeekGrid} WeekGrid */
/** @typedef {import("./time-dialog.js").TimeDialog} TimeDialog */

const WORDS = words.week;
const A_DAY = /^\d{4}-\d\d-\d\d$/;

/** A researcher's week: hours, time off, and what is booked, by the clock of their own zone. */
class WeekView extends View {
  /** @type {Profile | null} */
  profile = null;
  /** @type {Week | null} */
  week = null;
  /** @type {Rules | null} */
  rules = null;
  /** @type {Item[]} */
  items = [];
  said = "";

  async enter() {
    this.profile ??= await read("/researcher/profile");
    if (!this.profile) return;
    const { timezone } = this.profile;
    const asked = this.query.get("of") ?? "";
    const day = A_DAY.test(asked) && !Number.isNaN(Date.parse(asked)) ? asked : dayOf(now(), timezone);
    const first = laterDay(day, -placeInWeek(day));
    this.week ??= weekFrom(first, timezone);
    this.refresh();
    const [rules, slots, bookings] = await Promise.all([
      loadRules(), loadSlots(this.profile, first), loadBookings(this.profile, first),
    ]);
    this.rules = rules;
    this.items = [...hoursOf(rules, first, timezone), ...timesOf(slots, bookings), ...offOf(rules.blocks)];
  }

  get #dialog() {
    return /** @type {TimeDialog} */ (this.querySelector("time-dialog"));
  }

  template() {
    const { week, profile } = this;
    if (!week || !profile) return this.problem ? problemNote(this.problem, { again: () => this.again() }) : waiting();
    const grid = /** @type {WeekGrid | null} */ (this.querySelector("week-grid"));
    if (grid) grid.show(week, this.items);
    else queueMicrotask(() => this.refresh());
    return html`${this.#head(week)}
      ${problemNote(this.problem, { again: () => this.again() })}
      <p class="note note-good" ?hidden=${!this.said}>${this.said}</p>
      ${this.#changes(week)}
      <div class="wide-only"><week-grid @choose=${this.#chosen}></week-grid>${legend()}</div>
      <div class="phone-only">${this.rules ? dayList(week, this.items, this.#opened) : waiting()}</div>
      ${this.rules ? ruleLists(this.rules, profile.timezone, (rule) => this.#dialog.edit(rule)) : nothing}
      <time-dialog .profile=${profile} .rules=${this.rules} @saved=${this.#saved} @closed=${() => this.#grid?.done()}>
      </time-dialog>`;
  }

  get #grid() {
    return /** @type {WeekGrid | null} */ (this.querySelector("week-grid"));
  }

  /** @param {Week} week */
  #head({ days, zone }) {
    const [first, last] = [days[0]?.day ?? "", days[6]?.day ?? ""];
    const name = (/** @type {string} */ day) => shortDate(`${day}T12:00:00Z`, "UTC");
    return html`<div class="row apart week-head">
        <div><h1>${WORDS.title}</h1><p class="muted">${WORDS.zone(zoneName(zone, days[0]?.start))}</p></div>
        <div class="row"><button type="button" class="button button-main" @click=${() => this.#add("pattern")}>
            ${WORDS.addHours}</button>
          <button type="button" class="button" @click=${() => this.#add("block")}>${WORDS.blockTime}</button></div>
      </div>
      <div class="row apart week-turn">
        <h2>${name(first)} – ${name(last)} ${last.slice(0, 4)}</h2>
        <nav class="row" aria-label=${WORDS.title}>
          <a class="button button-arrow" aria-label=${WORDS.earlier} href="#/week?of=${laterDay(first, -7)}">‹</a>
          <a class="button" href="#/week">${WORDS.now}</a>
          <a class="button button-arrow" aria-label=${WORDS.later} href="#/week?of=${laterDay(first, 7)}">›</a>
        </nav>
      </div>
      <p class="hint wide-only">${WORDS.how}</p>`;
  }

  /** @param {Week} week */
  #changes(week) {
    return week.days.filter(change).map((day) => html`<p class="note note-warn">
      ${change(day) > 0 ? WORDS.goesForward(longDay(day.day)) : WORDS.goesBack(longDay(day.day))}</p>`);
  }

  /** @param {CustomEvent<{ start: number, end: number }>} event */
  #chosen = ({ detail }) => this.#dialog.explain(detail);

  /** @param {{ start: number, end: number }} stretch */
  #opened = (stretch) => this.#dialog.explain(stretch);

  /** @param {"pattern" | "block"} kind */
  #add(kind) {
    const { week } = this;
    const day = week?.days.find(({ start, end }) => start <= now() && now() < end) ?? week?.days[0];
    if (!day) return;
    const hours = (/** @type {number} */ count) => Math.min(day.end, day.start + count * 3_600_000);
    this.#dialog.add(kind, { start: hours(9), end: hours(12) });
  }

  /** @param {CustomEvent<any>} event */
  #saved = ({ detail }) => {
    this.said = WORDS.saved(detail ?? { added: 0, removed: 0, kept_booked: 0 });
    announce(this.said);
    this.again();
  };
}

function legend() {
  const kinds = /** @type {(keyof typeof SIGNS)[]} */ (["pattern", "override", "free", "taken", "held", "booked", "block"]);
  return html`<ul class="legend row" role="list" aria-label=${WORDS.legend}>
    ${kinds.map((kind) => html`<li><span class="swatch item-${kind}" aria-hidden="true">${SIGNS[kind]}</span>
      ${WORDS.kinds[kind]}</li>`)}
  </ul>`;
}

customElements.define("week-view", WeekView);
