// @ts-check
// A rule as a form has it, and as the API takes it.
import { dayOf } from "../app/format.js";
import { now } from "../app/clock.js";
import { holds, weekdayOf } from "./calendar.js";
import { MINUTE, clock, instantOf, minutesOf, wall } from "./wall.js";

/** @typedef {import("./calendar.js").Rules} Rules */
/** @typedef {import("./calendar.js").Profile} Profile */
/** @typedef {import("./calendar.js").Pattern} Pattern */
/** @typedef {import("./calendar.js").Override} Override */
/** @typedef {import("./calendar.js").Block} Block */
/** @typedef {import("./rule-lists.js").Known} Known */
/** @typedef {{ start: number, end: number }} Stretch */
/** @typedef {{ start: string, end: string }} Window */
/** @typedef {"pattern" | "override" | "slot" | "block"} Kind */
/**
 * What the fields say. What has instants keeps them until its fields are touched: a clock that is set back can't tell
 * which of two it means.
 * @typedef {object} Draft
 * @property {Kind} kind
 * @property {string | null} id Of the rule that is changed.
 * @property {Record<string, string>} values By the name of the field.
 * @property {Window[]} windows
 * @property {Stretch | null} exact
 * @property {string} zone
 */

export const FOLDERS = { pattern: "patterns", override: "overrides", slot: "slots", block: "blocks" };
const USUAL = 60;

/** A new one, for this stretch of time. @param {Kind} kind @param {Stretch} stretch @param {Profile} profile
 * @param {Rules} rules @returns {Draft} */
export function drafted(kind, stretch, profile, rules) {
  const zone = profile.timezone;
  if (kind === "block") return exactDraft(kind, null, stretch, null, zone);
  const usual = rules.patterns[0]?.slot_minutes ?? USUAL;
  const end = Math.max(stretch.end, stretch.start + usual * MINUTE); // one touched cell is too short for any session
  if (kind === "slot") return exactDraft(kind, null, { start: stretch.start, end }, null, zone);
  const [from, to] = [wall(stretch.start, zone), wall(end, zone)];
  const window = { start: clock(from.minutes), end: to.minutes ? clock(to.minutes) : "24:00" };
  const cut = { slot_minutes: String(usual), gap_minutes: String(profile.gap_minutes) };
  if (kind === "override") return dateDraft(from.day, window, cut, zone, rules);
  const today = dayOf(now(), zone);
  const values = { ...cut, ...window, weekday: String(weekdayOf(from.day)), every_weeks: "1", valid_until: "",
    valid_from: from.day > today ? from.day : today };
  return { kind, id: null, values, windows: [], exact: null, zone };
}

/** Hours of one date: what it has already, and these. @param {string} date @param {Window} window
 * @param {Record<string, string>} cut @param {string} zone @param {Rules} rules @returns {Draft} */
function dateDraft(date, window, cut, zone, rules) {
  const other = rules.overrides.find((each) => each.date === date);
  const usual = rules.patterns.filter((each) => holds(each, date) && each.timezone === zone);
  const there = other ? other.windows : usual.map(({ start, end }) => ({ start, end }));
  const draft = other ? edited({ kind: "override", rule: other }, zone) : null;
  const apart = there.filter((each) => closing(each) <= minutesOf(window.start) || minutesOf(each.start) >= closing(window));
  const windows = [...apart, window].sort((a, b) => minutesOf(a.start) - minutesOf(b.start));
  const first = usual[0];
  const like = first ? { slot_minutes: String(first.slot_minutes), gap_minutes: String(first.gap_minutes) } : cut;
  return draft ? { ...draft, windows } : { kind: "override", id: null, values: { date, ...like }, windows, exact: null, zone };
}

/** @param {Window} window */
const closing = ({ start, end: closes }) => minutesOf(closes) + (minutesOf(closes) > minutesOf(start) ? 0 : 1440);

/** One that is there, to be changed. @param {Known} known @param {string} zone @returns {Draft} */
export function edited({ kind, rule }, zone) {
  if (kind === "block" || kind === "slot") {
    const exact = { start: Date.parse(rule.start_time), end: Date.parse(rule.end_time) };
    return exactDraft(kind, rule.id, exact, kind === "block" ? rule.reason : null, zone);
  }
  const cut = { slot_minutes: String(rule.slot_minutes), gap_minutes: String(rule.gap_minutes) };
  const base = { kind, id: rule.id, exact: null, zone: rule.timezone };
  if (kind === "override") return { ...base, values: { ...cut, date: rule.date }, windows: rule.windows };
  const { weekday, start, end: closes, valid_from, valid_until, every_weeks } = rule;
  const values = { ...cut, start, end: closes, valid_from, weekday: String(weekday), valid_until: valid_until ?? "",
    every_weeks: String(every_weeks) };
  return { ...base, values, windows: [] };
}

/** @param {"slot" | "block"} kind @param {string | null} id @param {Stretch} exact @param {string | null} reason
 * @param {string} zone @returns {Draft} */
function exactDraft(kind, id, exact, reason, zone) {
  const [from, to] = [wall(exact.start, zone), wall(exact.end, zone)];
  const values = { from_day: from.day, from_time: clock(from.minutes), to_day: to.day, to_time: clock(to.minutes),
    reason: reason ?? "" };
  return { kind, id, values, windows: [], exact, zone };
}

/** What the API takes. @param {Draft} draft @param {boolean} cancel Whether what is booked there is canceled. */
export function bodyOf({ kind, values, windows, exact, zone }, cancel) {
  const { slot_minutes: slot, gap_minutes: gap, weekday, every_weeks: every, valid_until: until } = values;
  const cut = { slot_minutes: Number(slot), gap_minutes: Number(gap), timezone: zone };
  if (kind === "override") return { date: values.date, windows, ...cut };
  if (kind === "pattern") {
    const { start, end: closes, valid_from } = values;
    return { weekday: Number(weekday), start, end: midnight(closes), valid_from, valid_until: until || null,
      every_weeks: Number(every), ...cut };
  }
  const { start, end: closes } = exact ?? {
    start: instantOf({ day: values.from_day ?? "", minutes: minutesOf(values.from_time ?? "") }, zone),
    end: instantOf({ day: values.to_day ?? "", minutes: minutesOf(values.to_time ?? "") }, zone, { last: true }),
  };
  const stretch = { start_time: iso(start), end_time: iso(closes) };
  return kind === "slot" ? stretch : { ...stretch, reason: values.reason?.trim() || null, cancel_sessions: cancel };
}

/** A field for times can't say 24:00. @param {string} [text] */
const midnight = (text = "") => (text === "00:00" ? "24:00" : text);

/** @param {number} at */
const iso = (at) => new Date(at).toISOString();
