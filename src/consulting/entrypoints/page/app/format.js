// @ts-check
// Dates, times and money for people, all by Intl. Instants are the wire's, in UTC; a zone is an IANA name.
import { locale } from "./texts.js";

/** @typedef {import("./contract.js").Money} Money */

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {Intl.DateTimeFormatOptions} options @param {string} [language] */
function format(options, language = locale) {
  const name = language + JSON.stringify(options);
  const found = formats.get(name) ?? new Intl.DateTimeFormat(language, options);
  formats.set(name, found);
  return found;
}

/** @param {Money} money In minor units. */
export function money({ amount, currency }) {
  const written = new Intl.NumberFormat(locale, { style: "currency", currency });
  const places = written.resolvedOptions().maximumFractionDigits ?? 2;
  return written.format(amount / 10 ** places);
}

/** @param {number} whole In whole units, as a rate is. @param {string} currency */
export function rate(whole, currency) {
  const options = { style: /** @type {const} */ ("currency"), currency };
  const places = Number.isInteger(whole) ? { ...options, maximumFractionDigits: 0 } : options;
  return new Intl.NumberFormat(locale, places).format(whole);
}

/** @param {number} value @param {number} places */
export const number = (value, places = 0) =>
  new Intl.NumberFormat(locale, { minimumFractionDigits: places, maximumFractionDigits: places }).format(value);

/** "14:30". @param {string} instant @param {string} zone */
export const time = (instant, zone) =>
  format({ timeZone: zone, hour: "numeric", minute: "2-digit" }).format(new Date(instant));

/** "14:30 – 15:30". @param {string} start @param {string} end @param {string} zone */
export const times = (start, end, zone) =>
  format({ timeZone: zone, hour: "numeric", minute: "2-digit" }).formatRange(new Date(start), new Date(end));

/** "Thursday, 26 November 2026". @param {string} instant @param {string} zone */
export const date = (instant, zone) =>
  format({ timeZone: zone, weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(new Date(instant));

/** "Thu, 26 Nov". @param {string} instant @param {string} zone */
export const shortDate = (instant, zone) =>
  format({ timeZone: zone, weekday: "short", day: "numeric", month: "short" }).format(new Date(instant));

/** "Thu 26 Nov, 14:30". @param {string} instant @param {string} zone */
export const moment = (instant, zone) =>
  format({ timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" })
    .format(new Date(instant));

/** "26 November 2026", of a calendar day without a zone. @param {string} day As 2026-11-26. */
export const longDay = (day) =>
  format({ timeZone: "UTC", weekday: "long", day: "numeric", month: "long" }).format(new Date(`${day}T00:00Z`));

/** "November 2026". @param {string} month As 2026-11. */
export const monthName = (month) =>
  format({ timeZone: "UTC", month: "long", year: "numeric" }).format(new Date(`${month}-01T00:00Z`));

/** The calendar day of an instant in a zone, as 2026-11-26. @param {string | number | Date} instant @param {string} zone */
export function dayOf(instant, zone) {
  const options = /** @type {const} */ ({ timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  return format(options, "en-CA").format(new Date(instant));
}

/** A calendar day so many days later. @param {string} day @param {number} count */
export function laterDay(day, count) {
  return new Date(Date.parse(`${day}T00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

/** "GMT+1", as it is at this instant. @param {string} zone @param {string | number} [at] */
export function offset(zone, at = Date.now()) {
  const parts = format({ timeZone: zone, timeZoneName: "shortOffset" }, "en").formatToParts(new Date(at));
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}

/** "Berlin (GMT+1)". @param {string} zone @param {string | number} [at] */
export const zoneName = (zone, at) => `${place(zone)} (${offset(zone, at)})`;

/** "New York", of "America/New_York". @param {string} zone */
export const place = (zone) => (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");

/** "60 min", "1 h 30 min". @param {string} start @param {string} end */
export function duration(start, end) {
  const minutes = Math.round((Date.parse(end) - Date.parse(start)) / 60_000);
  return minutes <= 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60 ? `${minutes % 60} min` : ""}`;
}

/** "12:07", of milliseconds that are left. @param {number} left */
export function countdown(left) {
  const seconds = Math.max(0, Math.ceil(left / 1000));
  const rest = `${String(Math.floor(seconds / 60) % 60).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  return seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${rest}` : rest;
}

/** Two letters for somebody. @param {string} name */
export function initials(name) {
  const words = name.replace(/^((dr|prof|mr|mrs|ms)\.?\s+)+/i, "").split(/[\s-]+/).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return picked.map((word) => [...(word ?? "")][0] ?? "").join("").toLocaleUpperCase(locale);
}
