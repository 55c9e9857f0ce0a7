// @ts-check
// Small pieces without a life of their own: functions that give a template.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { initials, number } from "../app/format.js";
import { fieldProblems, sentence, texts } from "../app/texts.js";

/** @typedef {import("../app/api.js").ApiError} ApiError */

/** Somebody's initials; pictures would have to come from elsewhere. @param {string} name @param {string} [size] */
export function avatar(name, size = "") {
  const hue = [...name].reduce((sum, each) => (sum * 31 + (each.codePointAt(0) ?? 0)) % 997, 7) % 6;
  return html`<span class="avatar avatar-${hue} ${size}" aria-hidden="true">${initials(name)}</span>`;
}

/** @param {{ average: number | null, count: number }} rating */
export function stars({ average, count }) {
  if (!count || average === null) return html`<span class="muted">${texts.researcher.noRating}</span>`;
  const said = texts.researcher.rating(number(average, 1), count);
  return html`<span class="rating"><span class="star" aria-hidden="true">★</span>
    <span aria-hidden="true">${number(average, 1)} <span class="muted">(${count})</span></span>
    <span class="unseen">${said}</span></span>`;
}

export const verified = () =>
  html`<span class="badge badge-good" title=${texts.researcher.verifiedWhy}>✓ ${texts.researcher.verified}</span>`;

/** What stands in for a view until its data is there. */
export const waiting = () =>
  html`<div class="waiting" role="status" aria-label=${texts.shell.loading}><span></span><span></span><span></span></div>`;

/**
 * Say what went wrong and what to do.
 * @param {ApiError | null} problem
 * @param {{ again?: () => void, more?: unknown }} [how]
 */
export function problemNote(problem, { again, more = nothing } = {}) {
  if (!problem) return nothing;
  return html`<div class="note note-bad" role="alert">
    <p>${sentence(problem)}</p>
    ${again ? html`<button type="button" class="button" @click=${again}>${texts.shell.again}</button>` : nothing} ${more}
  </div>`;
}

/**
 * A labelled field with its hint and what is wrong with it.
 * @param {string} name
 * @param {{ label: string, hint?: string, problem?: ApiError | null, wrong?: string }} about
 * @param {(ids: { id: string, describedby: string, invalid: "true" | "false" }) => unknown} control
 */
export function field(name, { label, hint, problem = null, wrong }, control) {
  const said = wrong ?? fieldProblems(problem)[name];
  const describedby = [hint ? `${name}-hint` : "", said ? `${name}-wrong` : ""].filter(Boolean).join(" ");
  return html`<div class="field">
    <label for=${name}>${label}</label>
    ${control({ id: name, describedby, invalid: said ? "true" : "false" })}
    ${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : nothing}
    ${said ? html`<p class="wrong" id="${name}-wrong">${said}</p>` : nothing}
  </div>`;
}
