// @ts-check
// Everything that a researcher has said about their time, to be changed or deleted.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { now } from "../app/clock.js";
import { dayOf, longDay, moment, place, time } from "../app/format.js";
import { weekdays } from "../app/month.js";
import { words } from "../app/researcher-texts.js";
import { firstWeekday } from "../app/month.js";
import { SIGNS } from "./week-grid.js";

/** @typedef {import("./calendar.js").Rules} Rules */
/** @typedef {import("./calendar.js").Pattern} Pattern */
/** @typedef {import("./calendar.js").Override} Override */
/** @typedef {import("./calendar.js").OneOffSlot} OneOffSlot */
/** @typedef {import("./calendar.js").Block} Block */
/** @typedef {{ kind: "pattern", rule: Pattern } | { kind: "override", rule: Override } | { kind: "slot", rule: OneOffSlot }
 * | { kind: "block", rule: Block }} Known */

const WORDS = words.week;

/** The name of a weekday, 0 for Monday. @param {number} weekday */
export const weekdayName = (weekday) => weekdays("long")[(weekday + 1 - firstWeekday + 7) % 7] ?? "";

/** "09:00 – 12:00" of what the clock reads. @param {{ start: string, end: string }} window */
export const hours = ({ start, end }) => [start, end].map(reads).join(" – ");

/** @param {string} text */
const reads = (text) => (text === "24:00" ? "24:00" : time(`2024-01-01T${text}:00Z`, "UTC"));

/** @param {Rules} rules @param {string} zone @param {(known: Known) => void} edit */
export function ruleLists({ patterns, overrides, slots, blocks }, zone, edit) {
  const today = dayOf(now(), zone);
  const weekly = patterns.filter((each) => !each.valid_until || each.valid_until >= today)
    .sort((a, b) => a.weekday - b.weekday || a.start.localeCompare(b.start));
  const dates = overrides.filter((each) => each.date >= today).sort((a, b) => a.date.localeCompare(b.date));
  const [single, off] = [coming(slots), coming(blocks)];
  return html`<section class="rules" aria-label=${WORDS.rules}>
    ${list(WORDS.weekly, WORDS.noWeekly, weekly.map((rule) => patternLine(rule, zone, edit)))}
    ${list(WORDS.dates, WORDS.noDates, dates.map((rule) => line("override", longDay(rule.date),
      rule.windows.length ? rule.windows.map(hours).join(", ") : WORDS.noneThatDay, () => edit({ kind: "override", rule }))))}
    ${single.length ? list(WORDS.single, "", single.map((rule) => line("free",
      `${moment(rule.start_time, zone)} – ${moment(rule.end_time, zone)}`, "", () => edit({ kind: "slot", rule })))) : nothing}
    ${list(WORDS.off, WORDS.noOff, off.map((rule) => line("block",
      `${moment(rule.start_time, zone)} – ${moment(rule.end_time, zone)}`, rule.reason ?? "", () => edit({ kind: "block", rule }))))}
  </section>`;
}

/** What isn't over, the soonest first. @template {{ start_time: string, end_time: string }} T @param {T[]} all @returns {T[]} */
const coming = (all) => all.filter((each) => Date.parse(each.end_time) > now())
  .sort((a, b) => a.start_time.localeCompare(b.start_time));

/** @param {Pattern} rule @param {string} zone @param {(known: Known) => void} edit */
function patternLine(rule, zone, edit) {
  const more = [
    WORDS.cut(rule.slot_minutes, rule.gap_minutes),
    WORDS.every(rule.every_weeks),
    rule.valid_until ? WORDS.until(longDay(rule.valid_until)) : "",
    rule.timezone === zone ? "" : place(rule.timezone),
  ].filter(Boolean);
  return line("pattern", `${weekdayName(rule.weekday)}, ${hours(rule)}`, more.join(" · "), () => edit({ kind: "pattern", rule }));
}

/** @param {string} title @param {string} none @param {unknown[]} lines */
function list(title, none, lines) {
  return html`<section class="card stack"><h2>${title}</h2>
    ${lines.length ? html`<ul class="rule-list" role="list">${lines}</ul>` : html`<p class="muted">${none}</p>`}</section>`;
}

/** @param {keyof typeof SIGNS} kind @param {string} what @param {string} more @param {() => void} edit */
function line(kind, what, more, edit) {
  return html`<li class="rule">
    <span class="swatch item-${kind}" aria-hidden="true">${SIGNS[kind]}</span>
    <span class="rule-what">${what}${more ? html`<small class="muted">${more}</small>` : nothing}</span>
    <button type="button" class="button button-plain" aria-label="${WORDS.change}: ${what}" @click=${edit}>${WORDS.change}</button>
  </li>`;
}
