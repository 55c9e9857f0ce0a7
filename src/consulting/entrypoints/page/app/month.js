// @ts-check
// Calendar months, as texts such as 2026-11, and the weeks that they are drawn in.
import { laterDay } from "./format.js";
import { locale } from "./texts.js";

/** @param {string} month @param {number} count */
export function laterMonth(month, count) {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + count, 1)).toISOString().slice(0, 7);
}

/** @param {string} month */
export const lastDay = (month) => laterDay(`${laterMonth(month, 1)}-01`, -1);

/** The weekday that weeks begin with here: 1 is Monday, 7 Sunday. */
export const firstWeekday = (() => {
  const known = /** @type {any} */ (new Intl.Locale(locale));
  return (known.getWeekInfo?.() ?? known.weekInfo)?.firstDay ?? 1;
})();

/** How far into its week a day is, 0 to 6. @param {string} day */
export const placeInWeek = (day) => (new Date(`${day}T00:00Z`).getUTCDay() - firstWeekday + 7) % 7;

/** The weeks of a month; days of other months are null. @param {string} month @returns {(string | null)[][]} */
export function weeksOf(month) {
  const first = `${month}-01`;
  const days = Array.from({ length: Number(lastDay(month).slice(8)) }, (_, at) => laterDay(first, at));
  const cells = [...Array(placeInWeek(first)).fill(null), ...days];
  while (cells.length % 7) cells.push(null);
  return Array.from({ length: cells.length / 7 }, (_, at) => cells.slice(at * 7, at * 7 + 7));
}

/** Names of the weekdays in the order of a week. @param {"long" | "short" | "narrow"} length */
export function weekdays(length) {
  const format = new Intl.DateTimeFormat(locale, { weekday: length, timeZone: "UTC" });
  // 2024-01-01 was a Monday.
  return Array.from({ length: 7 }, (_, at) => format.format(Date.UTC(2024, 0, firstWeekday + at)));
}
