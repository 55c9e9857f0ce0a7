// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { announce } from "../app/announce.js";
import { ApiError, read } from "../app/api.js";
import { now } from "../app/clock.js";
import { dayOf, laterDay, longDay, money, monthName, offset, times } from "../app/format.js";
import { lastDay, laterMonth, placeInWeek, weekdays, weeksOf } from "../app/month.js";
import { texts } from "../app/texts.js";
import { Part } from "../app/view.js";
import { zone } from "../app/zone.js";
import { problemNote } from "./pieces.js";
import "./zone-select.js";

/** @typedef {import("../app/contract.js").TimeSlot} TimeSlot */
/** @typedef {import("../app/contract.js").TimeSlotDays} TimeSlotDays */

const MONTHS_AHEAD = 13;
const STALE = 60_000;
const WORDS = texts.slots;
/** Where keys lead in the calendar, in days. @type {Record<string, number>} */
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

/**
 * A researcher's free times: a month to choose a day from, and the times of that day.
 * Each time is a link (`href`); whoever uses this says where it leads.
 */
class SlotPicker extends Part {
  researcher = "";
  /** Begin at the day of this instant. @type {string | null} */
  start = null;
  /** When they are free next, for months in which they are not. @type {string | null} */
  next = null;
  /** @type {(slot: TimeSlot) => string} */
  href = () => "#/";
  /** Which of the free ones are of use. @type {(slot: TimeSlot) => boolean} */
  fits = () => true;

  month = "";
  day = "";
  /** @type {Map<string, TimeSlot[]> | null} */
  free = null;
  /** @type {ApiError | null} */
  problem = null;
  #asked = new AbortController();
  #loadedAt = 0;

  connectedCallback() {
    super.connectedCallback();
    const begin = dayOf(this.start ?? now(), zone());
    this.#show(begin < this.today ? this.today : begin);
    const until = { signal: this.leaving.signal };
    document.addEventListener("visibilitychange", () => this.#lookAgain(), until);
  }

  get today() {
    return dayOf(now(), zone());
  }

  zoneChanged() {
    // The same instant may be another day there.
    const slot = this.free?.get(this.day)?.[0];
    this.#show(slot ? dayOf(slot.start_time, zone()) : this.day < this.today ? this.today : this.day, { anew: true });
  }

  /** Fetch again what is shown: something of it is gone. */
  again() {
    return this.#load();
  }

  #lookAgain() {
    if (document.visibilityState === "visible" && Date.now() - this.#loadedAt > STALE) this.#load();
  }

  /** @param {string} day @param {{ anew?: boolean }} [how] */
  #show(day, { anew = false } = {}) {
    const before = this.month;
    [this.day, this.month] = [day, day.slice(0, 7)];
    if (anew || before !== this.month) {
      this.free = null;
      this.#load();
    }
    this.refresh();
  }

  async #load() {
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    const [first, last] = [`${this.month}-01`, lastDay(this.month)];
    const query = {
      researcher_id: this.researcher,
      from: first < this.today ? this.today : first,
      to: last,
      timezone: zone(),
      group_by: "day",
    };
    try {
      this.problem = null;
      /** @type {TimeSlotDays} */
      const { days } = await read("/time-slots", { query, signal });
      const fitting = days.map(({ date, time_slots: all }) => [date, all.filter((each) => each.available && this.fits(each))]);
      this.free = new Map(/** @type {[string, TimeSlot[]][]} */ (fitting));
      this.#loadedAt = Date.now();
      this.#stepToFree();
    } catch (error) {
      if (signal.aborted) return;
      this.problem = error instanceof ApiError ? error : new ApiError(0, "PAGE_BROKEN", String(error));
    }
    this.refresh();
  }

  /** A day on which nothing is free gives way to the next one of the month. */
  #stepToFree() {
    if (this.free?.get(this.day)?.length) return;
    const later = [...(this.free ?? [])].find(([day, slots]) => day >= this.day && slots.length);
    if (later) this.day = later[0];
  }

  template() {
    return html`<div class="picker">
      <div class="picker-calendar">${this.#head()} ${this.#calendar()}</div>
      <div class="picker-times">${problemNote(this.problem, { again: () => this.#load() })} ${this.#times()}</div>
      <zone-select></zone-select>
    </div>`;
  }

  #head() {
    const first = this.today.slice(0, 7);
    const arrow = (/** @type {string} */ sign, /** @type {string} */ label, /** @type {number} */ step) => {
      const month = laterMonth(this.month, step);
      const out = month < first || month > laterMonth(first, MONTHS_AHEAD);
      return html`<button type="button" class="button button-arrow" aria-label=${label} ?disabled=${out}
        @click=${() => this.#turn(month)}>${sign}</button>`;
    };
    return html`<div class="row apart">
      ${arrow("‹", WORDS.earlier, -1)}
      <h2 class="minor" id="month" aria-live="polite">${monthName(this.month)}</h2>
      ${arrow("›", WORDS.later, 1)}
    </div>`;
  }

  /** @param {string} month */
  #turn(month) {
    const first = `${month}-01`;
    this.#show(first < this.today ? this.today : first);
  }

  #calendar() {
    const [long, short] = [weekdays("long"), weekdays("short")];
    return html`<table role="grid" aria-labelledby="month" @keydown=${this.#key}>
      <thead><tr>${long.map((name, at) => html`<th scope="col" abbr=${name}>${short[at]}</th>`)}</tr></thead>
      <tbody>
        ${weeksOf(this.month).map((week) => html`<tr>${week.map((day) => this.#cell(day))}</tr>`)}
      </tbody>
    </table>`;
  }

  /** @param {string | null} day */
  #cell(day) {
    if (!day) return html`<td></td>`;
    const count = this.free?.get(day)?.length ?? 0;
    const chosen = day === this.day;
    return html`<td aria-selected=${chosen ? "true" : "false"}><button type="button" class="day ${count ? "day-free" : ""}"
      data-day=${day} tabindex=${chosen ? 0 : -1} ?disabled=${day < this.today}
      aria-current=${day === this.today ? "date" : nothing} aria-label=${WORDS.day(longDay(day), count)}
      @click=${() => this.#choose(day)}>${Number(day.slice(8))}</button></td>`;
  }

  /** @param {string} day */
  #choose(day) {
    this.#show(day);
    const count = this.free?.get(day)?.length ?? 0;
    announce(WORDS.day(longDay(day), count));
  }

  /** @param {KeyboardEvent} event */
  async #key(event) {
    const step = STEPS[event.key];
    let day = step ? laterDay(this.day, step) : "";
    if (event.key === "Home") day = laterDay(this.day, -placeInWeek(this.day));
    if (event.key === "End") day = laterDay(this.day, 6 - placeInWeek(this.day));
    if (event.key === "PageUp") day = `${laterMonth(this.month, -1)}-01`;
    if (event.key === "PageDown") day = `${laterMonth(this.month, 1)}-01`;
    if (!day || day > lastDay(laterMonth(this.today, MONTHS_AHEAD))) return;
    event.preventDefault();
    this.#show(day < this.today ? this.today : day);
    await new Promise((resolve) => requestAnimationFrame(resolve));
    /** @type {HTMLElement | null} */ (this.querySelector(`[data-day="${this.day}"]`))?.focus();
  }

  #times() {
    if (!this.free) return this.problem ? nothing : html`<div class="waiting" aria-hidden="true"><span></span></div>`;
    const slots = this.free.get(this.day) ?? [];
    const offsets = new Set(slots.map((each) => offset(zone(), each.start_time)));
    const prices = new Set(slots.map((each) => each.price.amount));
    return html`<h2 class="minor" id="times">${WORDS.on(longDay(this.day))}</h2>
      ${offsets.size > 1 ? html`<p class="hint">${WORDS.change}</p>` : nothing}
      <ul class="slots" role="list" aria-labelledby="times">
        ${repeat(slots, (each) => each.id, (each) => html`<li>${this.#slot(each, offsets.size > 1, prices.size > 1)}</li>`)}
      </ul>
      ${slots.length ? nothing : this.#nothing()}`;
  }

  /** @param {TimeSlot} slot @param {boolean} withOffset @param {boolean} withPrice */
  #slot(slot, withOffset, withPrice) {
    const { start_time: start, end_time: end, price } = slot;
    return html`<a class="slot" href=${this.href(slot)} data-slot=${slot.id}>
      <time datetime=${start}>${times(start, end, zone())}</time>
      ${withOffset ? html`<small>${offset(zone(), start)}</small>` : nothing}
      ${withPrice ? html`<small>${money(price)}</small>` : nothing}
    </a>`;
  }

  #nothing() {
    const inMonth = [...(this.free ?? [])].some(([, slots]) => slots.length);
    const next = this.next ? dayOf(this.next, zone()) : "";
    return html`<p class="muted">${inMonth ? `${WORDS.none} ${WORDS.choose}` : WORDS.noneInMonth}</p>
      ${next > this.day
        ? html`<p><button type="button" class="button" @click=${() => this.#choose(next)}>${WORDS.nextFree(longDay(next))}
          </button></p>`
        : nothing}`;
  }
}

customElements.define("slot-picker", SlotPicker);
