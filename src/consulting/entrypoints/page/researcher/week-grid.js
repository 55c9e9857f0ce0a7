// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { announce } from "../app/announce.js";
import { now } from "../app/clock.js";
import { longDay, shortDate, time, times } from "../app/format.js";
import { words } from "../app/researcher-texts.js";
import { Part } from "../app/view.js";
import { foremost } from "./calendar.js";
import { MINUTE, STEP, clock, span } from "./wall.js";

/** @typedef {import("./calendar.js").Item} Item */
/** @typedef {import("./wall.js").Week} Week */
/** @typedef {import("./wall.js").Day} Day */
/** @typedef {import("./wall.js").Row} Row */
/** @typedef {{ day: number, row: number }} Cell */

const WORDS = words.week;
const FIRST_SHOWN = 8 * 60;
/** What is told of each kind besides its colour. */
export const SIGNS = {
  pattern: "↻", override: "◆", closed: "◇", free: "○", taken: "–", held: "◔", booked: "●", block: "⊘",
};

/**
 * The hours of seven days as a grid. Tells of `choose` with the instants that were chosen, by dragging, by keys or by
 * touching one.
 */
class WeekGrid extends Part {
  /** @type {Week | null} */
  week = null;
  /** @type {Item[]} */
  items = [];
  /** @type {Cell} */
  active = { day: 0, row: FIRST_SHOWN / STEP };
  /** Where a choice began; it ends at the active one. @type {Cell | null} */
  anchor = null;
  #dragging = false;

  /** Show these. @param {Week | null} week @param {Item[]} items */
  show(week, items) {
    const another = week && week !== this.week;
    [this.week, this.items] = [week, items];
    this.refresh();
    if (another) requestAnimationFrame(() => this.#scrollToMorning());
  }

  #scrollToMorning() {
    const earliest = Math.min(...this.items.flatMap((each) => this.#spans(each).map(({ top }) => top)), FIRST_SHOWN / STEP);
    const row = this.querySelectorAll("tbody tr")[Math.max(0, Math.floor(earliest) - 1)];
    const box = this.querySelector(".week-scroll");
    if (row instanceof HTMLElement && box) box.scrollTop = row.offsetTop - 56;
  }

  /** @param {Item} item */
  #spans(item) {
    const { week } = this;
    return week ? week.days.flatMap((day) => span(week, day, item) ?? []) : [];
  }

  template() {
    const { week } = this;
    if (!week) return html`<div class="waiting" aria-hidden="true"><span></span></div>`;
    return html`<div class="week-scroll"><div class="week-sheet">
      <table role="grid" aria-label=${WORDS.grid} aria-multiselectable="true" @keydown=${this.#key}
        @pointerdown=${this.#down} @pointermove=${this.#move} @pointerup=${this.#up} @pointercancel=${this.#stop}
        @click=${this.#clicked}>
        <thead><tr><th><span class="unseen">${WORDS.title}</span></th>${week.days.map((day) => this.#head(day))}</tr></thead>
        <tbody>${week.rows.map((row, at) => this.#row(row, at))}</tbody>
      </table>
      <div class="week-layer" aria-hidden="true">${week.days.map((day) => this.#column(day))}</div>
    </div></div>`;
  }

  /** @param {Day} day */
  #head({ day, start, end }) {
    const today = start <= now() && now() < end;
    return html`<th scope="col" aria-current=${today ? "date" : nothing} abbr=${longDay(day)}>
      ${shortDate(new Date(`${day}T12:00Z`).toISOString(), "UTC")}</th>`;
  }

  /** @param {Row} row @param {number} at */
  #row(row, at) {
    const whole = row.minutes % 60 === 0;
    const name = hour(row.minutes);
    return html`<tr class=${`${whole ? "whole" : ""} ${row.again ? "again" : ""}`}>
      <th scope="row">${whole ? name : html`<span class="unseen">${name}</span>`}${row.again && whole
        ? html` <small>${WORDS.again}</small>` : nothing}</th>
      ${this.week?.days.map((day, column) => this.#cell(day, column, row, at))}
    </tr>`;
  }

  /** @param {Day} day @param {number} column @param {Row} row @param {number} at */
  #cell(day, column, row, at) {
    const begins = day.cells.get(row.key);
    const active = this.active.day === column && this.active.row === at;
    const past = begins !== undefined && begins + STEP * MINUTE <= now();
    return html`<td role="gridcell" data-day=${column} data-row=${at} tabindex=${active ? 0 : -1}
      class=${begins === undefined ? "missing" : past ? "past" : ""} aria-selected=${this.#isChosen(column, at) ? "true" : "false"}
      aria-label=${this.#said(day, row, begins)}></td>`;
  }

  /** @param {Day} day @param {Row} row @param {number | undefined} begins */
  #said({ day }, row, begins) {
    const name = `${longDay(day)}, ${hour(row.minutes)}${row.again ? ` ${WORDS.secondTime}` : ""}`;
    if (begins === undefined) return `${name}: ${row.again ? WORDS.notRepeated : WORDS.skipped}`;
    const found = foremost(this.items, begins, begins + STEP * MINUTE);
    return `${name}: ${found ? WORDS.kinds[found.kind] : WORDS.nothing}`;
  }

  /** @param {number} day @param {number} row */
  #isChosen(day, row) {
    const from = this.anchor ?? this.active;
    if (!this.anchor || day !== from.day) return false;
    return row >= Math.min(from.row, this.active.row) && row <= Math.max(from.row, this.active.row);
  }

  /** @param {Day} day */
  #column(day) {
    const { week } = this;
    if (!week) return nothing;
    const order = ["pattern", "override", "closed", "free", "taken", "held", "booked", "block"];
    const there = [...this.items].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
    return html`<div>${there.map((each) => {
      const place = span(week, day, each);
      return place ? this.#item(each, place) : nothing;
    })}${this.#nowLine(week, day)}</div>`;
  }

  /** @param {Item} item @param {{ top: number, bottom: number }} place */
  #item(item, { top, bottom }) {
    const [start, end] = [new Date(item.start).toISOString(), new Date(item.end).toISOString()];
    const zone = this.week?.zone ?? "UTC";
    const hours = item.kind === "pattern" || item.kind === "override";
    const said = item.kind === "closed" || item.kind === "block" ? WORDS.kinds[item.kind] : times(start, end, zone);
    return html`<div class="item item-${item.kind}" .style=${`--top: ${top}; --rows: ${bottom - top}`}>
      <span class="item-sign">${SIGNS[item.kind]}</span>${hours ? nothing : html`<span>${said}</span>`}</div>`;
  }

  /** @param {Week} week @param {Day} day */
  #nowLine(week, day) {
    const place = span(week, day, { start: now(), end: now() + 1 });
    return place ? html`<div class="now-line" .style=${`--top: ${place.top}`}></div>` : nothing;
  }

  /** @param {PointerEvent} event */
  #down = (event) => {
    const cell = cellAt(event.target);
    if (!cell || event.button !== 0 || event.pointerType === "touch") return;
    event.preventDefault();
    this.#dragging = true;
    this.anchor = cell;
    this.#step(cell, false);
  };

  /** @param {PointerEvent} event */
  #move = (event) => {
    const cell = this.#dragging ? cellAt(document.elementFromPoint(event.clientX, event.clientY)) : null;
    if (!cell || !this.anchor || cell.row === this.active.row) return;
    this.#step({ day: this.anchor.day, row: cell.row }, true);
  };

  #up = () => {
    if (!this.#dragging) return;
    this.#dragging = false;
    this.#choose();
  };

  #stop = () => {
    this.#dragging = false;
    this.anchor = null;
    this.refresh();
  };

  /** A finger, or a program that speaks for somebody. @param {MouseEvent} event */
  #clicked = (event) => {
    const cell = cellAt(event.target);
    if (!cell || ["mouse", "pen"].includes(/** @type {PointerEvent} */ (event).pointerType)) return;
    this.anchor = cell;
    this.#step(cell, false);
    this.#choose();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    const steps = /** @type {Record<string, [number, number]>} */ ({
      ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0], PageUp: [0, -8], PageDown: [0, 8],
      Home: [-7, 0], End: [7, 0],
    });
    const step = steps[event.key];
    if (event.key === "Enter" || event.key === " ") this.#choose();
    else if (event.key === "Escape") this.#stop();
    else if (!step) return;
    else this.#go(step, event.shiftKey);
    event.preventDefault();
  };

  /** @param {[number, number]} step @param {boolean} more */
  #go([days, rows], more) {
    const most = (this.week?.rows.length ?? 1) - 1;
    const day = more ? this.active.day : Math.min(6, Math.max(0, this.active.day + days));
    if (more && !this.anchor) this.anchor = this.active;
    if (!more) this.anchor = null;
    this.#step({ day, row: Math.min(most, Math.max(0, this.active.row + rows)) }, more);
    const chosen = more ? this.#chosen() : null;
    if (chosen && this.week) announce(times(iso(chosen.start), iso(chosen.end), this.week.zone));
  }

  /** @param {Cell} cell @param {boolean} quietly Whether the focus stays where a choice began. */
  #step(cell, quietly) {
    this.active = cell;
    this.refresh();
    if (quietly && this.#dragging) return;
    const found = this.querySelector(`td[data-day="${cell.day}"][data-row="${cell.row}"]`);
    if (found instanceof HTMLElement) found.focus({ preventScroll: this.#dragging });
  }

  /** The instants from the first chosen cell to the last. */
  #chosen() {
    const { week, active } = this;
    const day = week?.days[active.day];
    if (!week || !day) return null;
    const from = this.anchor?.row ?? active.row;
    const there = week.rows.slice(Math.min(from, active.row), Math.max(from, active.row) + 1)
      .flatMap(({ key }) => day.cells.get(key) ?? []);
    if (!there.length) return null;
    return { start: Math.min(...there), end: Math.max(...there) + STEP * MINUTE, several: there.length > 1 };
  }

  #choose() {
    const chosen = this.#chosen();
    this.refresh();
    if (chosen) this.dispatchEvent(new CustomEvent("choose", { detail: chosen }));
    else announce(WORDS.skipped);
  }

  /** What was chosen is dealt with. */
  done() {
    this.anchor = null;
    this.refresh();
  }
}

/** @param {EventTarget | null} target @returns {Cell | null} */
function cellAt(target) {
  const cell = target instanceof Element ? target.closest("td") : null;
  return cell ? { day: Number(cell.dataset.day), row: Number(cell.dataset.row) } : null;
}

/** @param {number} minutes As the clock of a day without a change reads. */
const hour = (minutes) => time(`2024-01-01T${clock(minutes)}Z`, "UTC");

/** @param {number} at */
const iso = (at) => new Date(at).toISOString();

customElements.define("week-grid", WeekGrid);
export { WeekGrid };
