// @ts-check
// A researcher's rules, times and bookings of one week, from the API.
import { read } from "../app/api.js";
import { laterDay } from "../app/format.js";
import { instantOf, minutesOf } from "./wall.js";

/** @typedef {import("../app/contract.js").Pattern} Pattern */
/** @typedef {import("../app/contract.js").Override} Override */
/** @typedef {import("../app/contract.js").OneOffSlot} OneOffSlot */
/** @typedef {import("../app/contract.js").Block} Block */
/** @typedef {import("../app/contract.js").Profile} Profile */
/** @typedef {import("../app/contract.js").Session} Session */
/** @typedef {import("../app/contract.js").BookingPage} BookingPage */
/** @typedef {import("../app/contract.js").TimeSlot} TimeSlot */
/** @typedef {{ patterns: Pattern[], overrides: Override[], slots: OneOffSlot[], blocks: Block[] }} Rules */
/** @typedef {"pattern" | "override" | "closed" | "free" | "taken" | "held" | "booked" | "block"} Kind */
/** @typedef {{ kind: Kind, start: number, end: number, id: string, of?: Pattern | Override | Block | Session }} Item */

const MOST = 100;
const MOST_PAGES = 10;

/** @returns {Promise<Rules>} */
export async function loadRules() {
  const kinds = /** @type {const} */ (["patterns", "overrides", "slots", "blocks"]);
  const [patterns, overrides, slots, blocks] = await Promise.all(
    kinds.map(async (kind) => (await read(`/researcher/availability/${kind}`))[kind]),
  );
  return { patterns, overrides, slots, blocks };
}

/** @param {Profile} profile @param {string} first @returns {Promise<TimeSlot[]>} */
export async function loadSlots({ id, timezone }, first) {
  const query = { researcher_id: id, from: first, to: laterDay(first, 6), timezone };
  return (await read("/time-slots", { query })).time_slots;
}

/** What is or was booked on these days. @param {Profile} profile @param {string} first @returns {Promise<Session[]>} */
export async function loadBookings({ timezone }, first) {
  const query = { from: laterDay(first, -1), to: laterDay(first, 6), timezone, limit: MOST };
  /** @type {Session[]} */
  const found = [];
  let cursor = null;
  for (let count = 0; count < MOST_PAGES; count++) {
    /** @type {BookingPage} */
    const page = await read("/researcher/bookings", { query: { ...query, cursor } });
    found.push(...page.bookings);
    cursor = page.next_cursor;
    if (!cursor) break;
  }
  return found.filter((each) => each.status !== "canceled");
}

/** The hours that rules open on the week's days, and on the day before, whose hours may pass midnight.
 * @param {Rules} rules @param {string} first @param {string} zone @returns {Item[]} */
export function hoursOf({ patterns, overrides }, first, zone) {
  const days = Array.from({ length: 8 }, (_, at) => laterDay(first, at - 1));
  return days.flatMap((day) => {
    const other = overrides.find((each) => each.date === day);
    if (other) return other.windows.length ? other.windows.map((each) => opened("override", other, day, each)) : [closed(other, zone)];
    return patterns.filter((each) => holds(each, day)).map((each) => opened("pattern", each, day, each));
  });
}

/** @param {"pattern" | "override"} kind @param {Pattern | Override} of @param {string} day
 * @param {{ start: string, end: string }} window @returns {Item} */
function opened(kind, of, day, { start, end }) {
  const [opens, closes] = [minutesOf(start), minutesOf(end)];
  const on = closes > opens ? day : laterDay(day, 1);
  return {
    kind,
    of,
    id: of.id + start,
    start: instantOf({ day, minutes: opens }, of.timezone),
    end: instantOf({ day: on, minutes: closes }, of.timezone, { last: closes < 1440 }),
  };
}

/** @param {Override} of @param {string} zone @returns {Item} */
function closed(of, zone) {
  const [start, end] = [of.date, laterDay(of.date, 1)].map((day) => instantOf({ day, minutes: 0 }, zone));
  return { kind: "closed", of, id: of.id, start: start ?? 0, end: end ?? 0 };
}

/** Whether weekly hours start on this date. @param {Pattern} pattern @param {string} day */
export function holds({ weekday, valid_from: from, valid_until: until, every_weeks: every }, day) {
  if (weekdayOf(day) !== weekday || day < from || (until && day > until)) return false;
  const monday = laterDay(from, -weekdayOf(from));
  return Math.floor((Date.parse(day) - Date.parse(monday)) / (7 * 86_400_000)) % every === 0;
}

/** 0 for Monday to 6 for Sunday. @param {string} day */
export const weekdayOf = (day) => (new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7;

/** @param {TimeSlot[]} slots @param {Session[]} bookings @returns {Item[]} */
export function timesOf(slots, bookings) {
  const booked = new Set(bookings.map((each) => each.time_slot_id));
  const free = slots.filter((each) => !booked.has(each.id)).map((each) => item(each.available ? "free" : "taken", each));
  return [...free, ...bookings.map((each) => item(each.payment_status === "pending" ? "held" : "booked", each, each))];
}

/** @param {Block[]} blocks @returns {Item[]} */
export const offOf = (blocks) => blocks.map((each) => item("block", each, each));

/** @param {Kind} kind @param {{ id: string, start_time: string, end_time: string }} told @param {Item["of"]} [of]
 * @returns {Item} */
function item(kind, { id, start_time: start, end_time: end }, of) {
  return { kind, id, of: /** @type {any} */ (of), start: Date.parse(start), end: Date.parse(end) };
}

/** What matters most at this time. @param {Item[]} items @param {number} from @param {number} to @returns {Item | undefined} */
export function foremost(items, from, to) {
  const order = ["booked", "held", "block", "free", "taken", "closed", "override", "pattern"];
  const there = items.filter((each) => each.start < to && each.end > from);
  return there.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))[0];
}
