// @ts-check
// The fields of a rule.
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { place } from "../app/format.js";
import { words } from "../app/researcher-texts.js";
import { field } from "../parts/pieces.js";
import { weekdayName } from "./rule-lists.js";

/** @typedef {import("./drafts.js").Draft} Draft */
/** @typedef {import("../app/api.js").ApiError} ApiError */
/** @typedef {{ draft: Draft, problem: ApiError | null, ownZone: string, windows: (windows: Draft["windows"]) => void }} Form */

const WORDS = words.time;

/** @param {Form} form */
export function fieldsOf(form) {
  const { draft, ownZone } = form;
  const elsewhere = draft.zone === ownZone ? nothing : html`<p class="hint">${WORDS.inZone(place(draft.zone))}</p>`;
  if (draft.kind === "block" || draft.kind === "slot") return exactFields(form);
  return html`${draft.kind === "pattern" ? patternFields(form) : dateFields(form)} ${elsewhere}`;
}

/** @param {Form} form @param {string} name @param {string} label @param {Record<string, any>} how */
function input({ draft, problem }, name, label, { type = "text", hint, min, max, step, as = name, required = true } = {}) {
  const wrong = wrongOf(problem)[as];
  return field(name, { label, ...(hint ? { hint } : {}), ...(wrong ? { wrong } : {}) }, (ids) => html`<input id=${ids.id}
    name=${name} type=${type} min=${min ?? nothing} max=${max ?? nothing} step=${step ?? nothing} ?required=${required}
    aria-describedby=${ids.describedby || nothing} aria-invalid=${ids.invalid} autocomplete="off"
    .value=${live(shown(type, draft.values[name] ?? ""))} />`);
}

/** A field for times shows midnight as 00:00. @param {string} type @param {string} value */
const shown = (type, value) => (type === "time" && value === "24:00" ? "00:00" : value);

/** The API names what was tried as part of the trial. @param {ApiError | null} problem @returns {Record<string, string>} */
function wrongOf(problem) {
  /** @type {{ field: string, problem: string }[]} */
  const fields = problem?.code === "VALIDATION_FAILED" ? (problem.details?.fields ?? []) : [];
  return Object.fromEntries(fields.map((each) => [each.field.replace(/^(pattern|override|slot|block)\./, ""), each.problem]));
}

/** @param {Form} form */
function patternFields(form) {
  const { values } = form.draft;
  return html`<div class="field"><label for="weekday">${WORDS.weekday}</label>
      <select id="weekday" name="weekday">${[0, 1, 2, 3, 4, 5, 6].map((day) => html`<option value=${day}
        ?selected=${String(day) === values.weekday}>${weekdayName(day)}</option>`)}</select></div>
    <div class="pair">${input(form, "start", WORDS.start, { type: "time" })} ${input(form, "end", WORDS.end, { type: "time" })}</div>
    ${input(form, "slot_minutes", WORDS.slot, { type: "number", min: 5, max: 480 })}
    <details class="more-fields"><summary>${WORDS.more}</summary><div class="stack">
      <div class="pair">${input(form, "gap_minutes", WORDS.gap, { type: "number", min: 0, max: 240 })}
        ${input(form, "every_weeks", WORDS.every, { type: "number", min: 1, max: 52 })}</div>
      <div class="pair">${input(form, "valid_from", WORDS.validFrom, { type: "date" })}
        ${input(form, "valid_until", WORDS.validUntil, { type: "date", hint: WORDS.open, required: false })}</div>
    </div></details>`;
}

/** @param {Form} form */
function dateFields(form) {
  const { draft, windows } = form;
  const wrong = Object.entries(wrongOf(form.problem)).filter(([name]) => name.startsWith("windows")).map(([, said]) => said);
  const set = (/** @type {number} */ at, /** @type {"start" | "end"} */ which) => (/** @type {Event} */ { target }) => {
    const { value } = /** @type {HTMLInputElement} */ (target);
    const told = which === "end" && value === "00:00" ? "24:00" : value;
    windows(draft.windows.map((each, index) => (index === at ? { ...each, [which]: told } : each)));
  };
  return html`${input(form, "date", WORDS.date, { type: "date" })}
    <fieldset><legend>${WORDS.hours}</legend><p class="hint">${WORDS.instead}</p>
      ${draft.windows.length ? nothing : html`<p class="muted">${WORDS.noWindows}</p>`}
      ${draft.windows.map((each, at) => html`<div class="window">
        ${["start", "end"].map((which) => html`<input type="time" required
          aria-label=${WORDS.window(at + 1, which === "start" ? WORDS.start : WORDS.end)}
          .value=${live(shown("time", which === "start" ? each.start : each.end))}
          @input=${set(at, which === "start" ? "start" : "end")} />`)}
        <button type="button" class="button button-plain" aria-label=${WORDS.dropWindow(at + 1)}
          @click=${() => windows(draft.windows.filter((_, index) => index !== at))}>✕</button></div>`)}
      ${wrong.map((said) => html`<p class="wrong" role="alert">${said}</p>`)}
      <p><button type="button" class="button" @click=${() => windows([...draft.windows, { start: "14:00", end: "16:00" }])}>
        ${WORDS.addWindow}</button></p>
    </fieldset>
    <div class="pair">${input(form, "slot_minutes", WORDS.slot, { type: "number", min: 5, max: 480 })}
      ${input(form, "gap_minutes", WORDS.gap, { type: "number", min: 0, max: 240 })}</div>`;
}

/** @param {Form} form */
function exactFields(form) {
  return html`<div class="pair">${input(form, "from_day", WORDS.fromDay, { type: "date", as: "start_time" })}
      ${input(form, "from_time", WORDS.fromTime, { type: "time", as: "start_time" })}</div>
    <div class="pair">${input(form, "to_day", WORDS.toDay, { type: "date", as: "end_time" })}
      ${input(form, "to_time", WORDS.toTime, { type: "time", as: "end_time" })}</div>
    ${form.draft.kind === "block" ? input(form, "reason", WORDS.reason, { required: false }) : nothing}`;
}
