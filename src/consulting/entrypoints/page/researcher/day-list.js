// @ts-check
// The week as a list of days, where there is no room for a grid.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { now } from "../app/clock.js";
import { longDay, time, times } from "../app/format.js";
import { words } from "../app/researcher-texts.js";
import { SIGNS } from "./week-grid.js";

/** @typedef {import("./calendar.js").Item} Item */
/** @typedef {import("./wall.js").Week} Week */
/** @typedef {import("./wall.js").Day} Day */

const WORDS = words.week;

/** @param {Week} week @param {Item[]} items @param {(stretch: { start: number, end: number }) => void} open */
export function dayList(week, items, open) {
  return html`<ol class="week-days" role="list">${week.days.map((day) => html`<li>${oneDay(week, day, items, open)}</li>`)}</ol>`;
}

/** @param {Week} week @param {Day} day @param {Item[]} items @param {(stretch: { start: number, end: number }) => void} open */
function oneDay({ zone }, day, items, open) {
  const all = items.filter((each) => each.start < day.end && each.end > day.start);
  const hours = all.filter((each) => each.kind === "pattern" || each.kind === "override");
  const within = (/** @type {Item} */ each) => hours.find((one) => one.start <= each.start && each.end <= one.end);
  const shown = all.filter((each) => each.kind !== "free" || !within(each)).sort((a, b) => a.start - b.start || b.end - a.end);
  const free = (/** @type {Item} */ one) => all.filter((each) => each.kind === "free" && within(each) === one).length;
  const today = day.start <= now() && now() < day.end;
  return html`<section class="card week-day ${today ? "today" : ""}" aria-label=${longDay(day.day)}>
    <h3>${longDay(day.day)}</h3>
    ${shown.length ? nothing : html`<p class="muted">${WORDS.noneThatDay}</p>`}
    <ul role="list">${shown.map((each) => html`<li><button type="button" class="line line-${each.kind}"
      @click=${() => open({ start: Math.max(each.start, day.start), end: Math.min(each.end, day.end) })}>
      <span class="swatch item-${each.kind}" aria-hidden="true">${SIGNS[each.kind]}</span>
      <span class="line-time">${span(each, day, zone)}</span>
      <span class="muted">${WORDS.kinds[each.kind]}${hours.includes(each) ? ` · ${WORDS.free(free(each))}` : nothing}</span>
    </button></li>`)}</ul>
  </section>`;
}

/** @param {Item} item @param {Day} day @param {string} zone */
function span(item, day, zone) {
  const [start, end] = [Math.max(item.start, day.start), Math.min(item.end, day.end)];
  if (start === day.start && end === day.end) return WORDS.allDay;
  if (end === day.end) return WORDS.toMidnight(time(iso(start), zone));
  return times(iso(start), iso(end), zone);
}

/** @param {number} at */
const iso = (at) => new Date(at).toISOString();
