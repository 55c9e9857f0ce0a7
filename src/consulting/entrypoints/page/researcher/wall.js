// @ts-check
// What a clock on the wall reads in a zone, and which instants that means. A clock that is set back reads some times
// twice; one that is set forward never reads some at all.
import { laterDay } from "../app/format.js";

export const MINUTE = 60_000;
export const STEP = 30;
const DAY = 86_400_000;
const QUARTER = 15 * MINUTE;

/** @typedef {{ day: string, minutes: number }} Reading A date, and minutes since 00:00. */
/** @typedef {{ key: number, minutes: number, again: boolean }} Row Half an hour; `again`: it comes a second time. */
/** @typedef {{ day: string, start: number, end: number, cells: Map<number, number> }} Day Instants, by the row's key. */
/** @typedef {{ zone: string, rows: Row[], days: Day[] }} Week */

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} zone */
function format(zone) {
  const found = formats.get(zone) ?? new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  });
  formats.set(zone, found);
  return found;
}

/** @param {number} at Milliseconds since 1970. @param {string} zone @returns {Reading} */
export function wall(at, zone) {
  const parts = Object.fromEntries(format(zone).formatToParts(at).map(({ type, value }) => [type, value]));
  return { day: `${parts.year}-${parts.month}-${parts.day}`, minutes: Number(parts.hour) * 60 + Number(parts.minute) };
}

/** @param {Reading} reading As if it were UTC. */
const asUtc = ({ day, minutes }) => Date.parse(`${day}T00:00Z`) + minutes * MINUTE;

/** @param {number} at @param {string} zone */
const ahead = (at, zone) => asUtc(wall(at, zone)) - Math.floor(at / MINUTE) * MINUTE;

/**
 * When the clock reads this: the first time, or the last. Where it jumps over that, the instant of the jump.
 * @param {Reading} reading @param {string} zone @param {{ last?: boolean }} [which]
 */
export function instantOf(reading, zone, { last = false } = {}) {
  const read = asUtc(reading);
  const [before, after] = [ahead(read - DAY, zone), ahead(read + DAY, zone)];
  const fitting = [read - before, read - after].filter((at) => at + ahead(at, zone) === read);
  if (fitting.length) return last ? Math.max(...fitting) : Math.min(...fitting);
  let jump = Math.ceil((read - Math.max(before, after)) / QUARTER) * QUARTER;
  while (jump < read - Math.min(before, after) && ahead(jump, zone) === before) jump += QUARTER;
  return jump;
}

/** "09:30" of minutes since 00:00. @param {number} minutes */
export const clock = (minutes) =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** @param {string} text As 09:30; 24:00 ends a day. */
export function minutesOf(text) {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
}

/**
 * Seven days from this one, in rows of half an hour. A time that comes twice on one of the days has two rows.
 * @param {string} first @param {string} zone @returns {Week}
 */
export function weekFrom(first, zone) {
  const days = Array.from({ length: 7 }, (_, at) => laterDay(first, at));
  /** @type {Map<string, Map<number, number>>} */
  const cells = new Map(days.map((day) => [day, new Map()]));
  /** @type {Map<number, Row>} */
  const rows = new Map();
  const [from, to] = [Date.parse(`${first}T00:00Z`) - DAY, Date.parse(`${laterDay(first, 7)}T00:00Z`) + DAY];
  for (let at = from; at < to; at += QUARTER) {
    const { day, minutes } = wall(at, zone);
    const there = cells.get(day);
    if (!there || minutes % STEP) continue;
    const key = keyOf(minutes, there.has(keyOf(minutes, false)));
    there.set(key, at);
    rows.set(key, { key, minutes, again: key !== keyOf(minutes, false) });
  }
  return {
    zone,
    rows: [...rows.values()].sort((a, b) => a.key - b.key),
    days: days.map((day) => ({
      day,
      start: instantOf({ day, minutes: 0 }, zone),
      end: instantOf({ day: laterDay(day, 1), minutes: 0 }, zone),
      cells: /** @type {Map<number, number>} */ (cells.get(day)),
    })),
  };
}

/** Rows of an hour that comes again stand together below it. @param {number} minutes @param {boolean} again */
const keyOf = (minutes, again) => Math.floor(minutes / 60) * 200 + (again ? 100 : 0) + (minutes % 60);

/**
 * Where a stretch of time stands in a day's column, in rows from the top; null where none of it is on that day.
 * @param {Week} week @param {Day} day @param {{ start: number, end: number }} stretch
 */
export function span(week, day, { start, end }) {
  const [from, to] = [Math.max(start, day.start), Math.min(end, day.end)];
  if (from >= to) return null;
  const there = [...day.cells].sort((a, b) => a[1] - b[1]);
  const place = (/** @type {number} */ at, /** @type {boolean} */ closing) => {
    const [key, began] = there.findLast(([, each]) => (closing ? each < at : each <= at)) ?? there[0] ?? [0, at];
    return week.rows.findIndex((row) => row.key === key) + Math.min(1, (at - began) / (STEP * MINUTE));
  };
  return { top: place(from, false), bottom: place(to, true) };
}

/** How the clock changes on this day: minutes that it gains, or loses if below 0. @param {Day} day */
export const change = ({ start, end }) => (DAY - (end - start)) / MINUTE;
