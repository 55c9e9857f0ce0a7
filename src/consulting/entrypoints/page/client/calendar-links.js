// @ts-check
// Ways into a calendar: a file, or a page of Google's or Microsoft's that opens only when it is asked for.
import { readFile } from "../app/api.js";
import { texts } from "../app/texts.js";

/** @typedef {import("../app/contract.js").Session} Session */

/** @param {Session} session */
export async function download({ id }) {
  const url = URL.createObjectURL(await readFile(`/sessions/${id}/calendar.ics`));
  const link = Object.assign(document.createElement("a"), { href: url, download: "session.ics" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** @param {Session} session @param {string} name Of the researcher. */
export function google({ start_time: start, end_time: end, zoom_link: link }, name) {
  const compact = (/** @type {string} */ instant) => instant.replace(/[-:]|\.\d+/g, "");
  const told = {
    action: "TEMPLATE",
    text: texts.session.calendarTitle(name),
    dates: `${compact(start)}/${compact(end)}`,
    location: link ?? "",
  };
  return `https://calendar.google.com/calendar/render?${new URLSearchParams(told)}`;
}

/** @param {Session} session @param {string} name Of the researcher. */
export function outlook({ start_time: start, end_time: end, zoom_link: link }, name) {
  const told = {
    path: "/calendar/action/compose",
    rru: "addevent",
    subject: texts.session.calendarTitle(name),
    startdt: start,
    enddt: end,
    location: link ?? "",
  };
  return `https://outlook.live.com/calendar/0/deeplink/compose?${new URLSearchParams(told)}`;
}
