// @ts-check
// What is said of a session in several places: when it is, how it stands.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { date, duration, money, place, times, zoneName } from "../app/format.js";
import { texts } from "../app/texts.js";
import { zone } from "../app/zone.js";

/** @typedef {import("../app/contract.js").Session} Session */
/** @typedef {"held" | "confirmed" | "completed" | "canceled"} State */

/** How a session stands, in the words that people use. @param {Session} session @returns {State} */
export function stateOf({ status, payment_status: paid }) {
  if (status !== "scheduled") return status;
  return paid === "completed" ? "confirmed" : "held";
}

const KINDS = { held: "badge-warn", confirmed: "badge-good", completed: "", canceled: "badge-bad" };

/** @param {State} state */
export const stateBadge = (state) => html`<span class="badge ${KINDS[state]}">${texts.session.states[state]}</span>`;

/**
 * Day and time in the visitor's zone, and below it the researcher's, where that is another one.
 * @param {{ start_time: string, end_time: string }} slot
 * @param {string | null} [theirs]
 */
export function when({ start_time: start, end_time: end }, theirs = null) {
  const there = theirs && theirs !== zone() ? times(start, end, theirs) : "";
  const here = times(start, end, zone());
  const otherDay = theirs && date(start, theirs) !== date(start, zone());
  return html`<span class="when">
    <time datetime=${start}><b>${date(start, zone())}</b><br />${here}</time>
    <span class="muted">${zoneName(zone(), start)} · ${duration(start, end)}</span>
    ${there && theirs && (there !== here || otherDay)
      ? html`<small class="muted">${texts.session.theirTime(otherDay ? `${date(start, theirs)}, ${there}` : there, place(theirs))}
        </small>`
      : nothing}
  </span>`;
}

/** @param {{ amount: number, currency: string }} price */
export const price = ({ amount, currency }) => (amount ? money({ amount, currency }) : texts.session.free);

/** @param {[string, unknown][]} facts */
export function factList(facts) {
  return html`<dl class="facts">
    ${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}
