// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { announce } from "../app/announce.js";
import { ApiError, read, write } from "../app/api.js";
import { date, moment, time, times } from "../app/format.js";
import { words } from "../app/researcher-texts.js";
import { Part } from "../app/view.js";
import { price } from "../client/facts.js";
import { problemNote, waiting } from "../parts/pieces.js";
import { FOLDERS, bodyOf, drafted, edited } from "./drafts.js";
import { fieldsOf } from "./rule-forms.js";

/** @typedef {import("../app/contract.js").Booking} Booking */
/** @typedef {import("../app/contract.js").TimeExplained} TimeExplained */
/** @typedef {import("./calendar.js").Profile} Profile */
/** @typedef {import("./calendar.js").Rules} Rules */
/** @typedef {import("./drafts.js").Draft} Draft */
/** @typedef {import("./drafts.js").Kind} Kind */
/** @typedef {import("./drafts.js").Stretch} Stretch */
/** @typedef {import("./rule-lists.js").Known} Known */
/** @typedef {import("../app/researcher-texts.js").Changed} Changed */

const WORDS = words.time;
const TRIAL = "/researcher/availability/preview";
const MOST_NAMED = 10;

/**
 * About a stretch of time: why it is or isn't offered; and the form of a rule, which is tried before it is saved.
 * Tells of `saved`, with what that changed, and of `closed`.
 */
class TimeDialog extends Part {
  /** @type {Profile | null} */
  profile = null;
  /** @type {Rules | null} */
  rules = null;
  /** @type {Stretch | null} */
  stretch = null;
  /** @type {TimeExplained | null} */
  said = null;
  /** @type {Draft | null} */
  draft = null;
  /** What the draft would change, once that was tried. @type {Changed | null} */
  trial = null;
  /** Whether the rule is to be deleted. */
  removing = false;
  /** Booked sessions that a block would lie over. @type {Booking[]} */
  booked = [];
  count = 0;
  cancel = false;
  busy = "";
  /** @type {ApiError | null} */
  problem = null;

  get zone() {
    return this.profile?.timezone ?? "UTC";
  }

  get #box() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }

  /** Say what is there, and why it is or isn't offered. @param {Stretch} stretch */
  async explain(stretch) {
    this.#begin({ stretch, draft: null });
    await this.#attempt("explain", async () => {
      this.said = await read("/researcher/availability/explain", { query: { at: new Date(stretch.start).toISOString() } });
    });
  }

  /** @param {Kind} kind @param {Stretch} stretch */
  add(kind, stretch) {
    if (!this.profile || !this.rules) return;
    this.#begin({ stretch, draft: drafted(kind, stretch, this.profile, this.rules) });
  }

  /** @param {Known} known */
  edit(known) {
    this.#begin({ stretch: null, draft: edited(known, this.zone) });
  }

  /** @param {{ stretch: Stretch | null, draft: Draft | null }} begun */
  #begin({ stretch, draft }) {
    Object.assign(this, { stretch, said: null });
    this.#write(draft);
    if (!this.#box.open) this.#box.showModal();
    else this.querySelector("h2")?.focus();
  }

  /** Another form, or what a form says has changed: what was tried before no longer counts. @param {Draft | null} draft */
  #write(draft) {
    Object.assign(this, { draft, trial: null, removing: false, booked: [], count: 0, cancel: false, problem: null });
    this.refresh();
  }

  template() {
    const { draft, stretch } = this;
    const title = draft ? WORDS.titles[draft.kind][draft.id ? 1 : 0] : stretch ? date(iso(stretch.start), this.zone) : "";
    return html`<dialog class="sheet" aria-labelledby="sheet-title" @close=${this.#closed} @click=${this.#outside}>
      <div class="sheet-body stack">
        <div class="row apart"><h2 id="sheet-title" tabindex="-1" autofocus>${title}</h2>
          <button type="button" class="button button-plain" aria-label=${WORDS.close} @click=${() => this.#box.close()}>✕</button></div>
        ${draft ? this.#form(draft) : this.#about()}
      </div></dialog>`;
  }

  #about() {
    const { stretch, said } = this;
    if (!stretch) return nothing;
    const add = (/** @type {Kind} */ kind) => () => this.add(kind, stretch);
    return html`<p class="sheet-time">${times(iso(stretch.start), iso(stretch.end), this.zone)}</p>
      <div class="row"><button type="button" class="button button-main" @click=${add("pattern")}>${WORDS.addHours}</button>
        <button type="button" class="button" @click=${add("block")}>${WORDS.block}</button></div>
      ${problemNote(this.problem, { again: () => this.explain(stretch) })}
      ${said ? this.#why(said) : this.problem ? nothing : waiting()}`;
  }

  /** @param {TimeExplained} said */
  #why({ at, offered, reasons }) {
    const taken = reasons.some((each) => each.reason === "booking");
    return html`<section class="stack" aria-live="polite">
      <p class="note ${offered || taken ? "note-good" : ""}"><b>${offered ? WORDS.offered : taken ? WORDS.booked : WORDS.notOffered}</b></p>
      <p class="muted">${WORDS.why(time(at, this.zone))}</p>
      <ul class="reasons" role="list">${reasons.map(({ reason, message, rule_id: rule, session_id: session }) => {
        const known = rule ? this.#rule(rule) : null;
        return html`<li><span>${WORDS.reasons[reason] ?? message}</span>
          ${session ? html`<a class="button" href="#/bookings/${session}">${WORDS.openBooking}</a>` : nothing}
          ${known ? html`<button type="button" class="button" @click=${() => this.edit(known)}>${WORDS.changeRule}</button>` : nothing}
        </li>`;
      })}</ul></section>`;
  }

  /** @param {string} id @returns {Known | null} */
  #rule(id) {
    const { patterns = [], overrides = [], slots = [], blocks = [] } = this.rules ?? {};
    const [pattern, override, slot, block] = [patterns, overrides, slots, blocks].map((all) => all.find((each) => each.id === id));
    if (pattern) return { kind: "pattern", rule: /** @type {any} */ (pattern) };
    if (override) return { kind: "override", rule: /** @type {any} */ (override) };
    if (slot) return { kind: "slot", rule: /** @type {any} */ (slot) };
    return block ? { kind: "block", rule: /** @type {any} */ (block) } : null;
  }

  /** @param {Draft} draft */
  #form(draft) {
    const { trial, busy, removing, problem } = this;
    const windows = (/** @type {Draft["windows"]} */ told) => this.#write({ ...draft, windows: told });
    return html`<form class="stack" @submit=${this.#submitted} @input=${this.#typed}>
      ${draft.kind !== "block" && !draft.id ? this.#often(draft) : nothing}
      ${fieldsOf({ draft, problem, ownZone: this.zone, windows })}
      ${this.count ? this.#overBookings() : problemNote(problem)}
      ${trial ? html`<p class="note" role="status"><b>${WORDS.effect(trial)}</b><small>${WORDS.nothingYet}</small></p>` : nothing}
      <div class="row sheet-acts">
        ${trial && removing
          ? html`<button class="button button-bad" aria-disabled=${busy ? "true" : "false"}>${WORDS.removeSure}</button>`
          : trial
            ? html`<button class="button button-main" aria-disabled=${busy ? "true" : "false"}>${busy ? WORDS.saving : WORDS.save}</button>`
            : html`<button class="button button-main" aria-disabled=${busy ? "true" : "false"}>
                ${busy ? WORDS.previewing : WORDS.preview}</button>`}
        ${draft.id && !removing
          ? html`<button type="button" class="button button-bad" @click=${this.#tryRemoval}>${WORDS.remove}</button>` : nothing}
        ${this.stretch ? html`<button type="button" class="button" @click=${this.#back}>${WORDS.back}</button>` : nothing}
      </div>
    </form>`;
  }

  /** @param {Draft} draft */
  #often({ kind }) {
    const choice = (/** @type {Kind} */ value, /** @type {string} */ label) => html`<label class="choice"><input type="radio"
      name="often" value=${value} .checked=${kind === value} @change=${() => this.#turn(value)} />${label}</label>`;
    return html`<fieldset><legend>${WORDS.repeat}</legend>
      <div class="row">${choice("pattern", WORDS.weekly)} ${choice("override", WORDS.once)} ${choice("slot", WORDS.single)}</div></fieldset>`;
  }

  /** @param {Kind} kind */
  #turn(kind) {
    if (this.stretch) this.add(kind, this.stretch);
  }

  #overBookings() {
    return html`<div class="note note-warn stack" role="alert"><p><b>${WORDS.stillBooked(this.count)}</b></p>
      <ul>${this.booked.map(({ client, start_time: start, amount, currency }) => html`<li>
        ${moment(start, this.zone)}, ${client.name ?? client.email}, ${price({ amount, currency })}</li>`)}</ul>
      <label class="choice"><input type="checkbox" name="cancel" .checked=${this.cancel} />${WORDS.cancelThem(this.count)}</label>
      <p>${WORDS.cancelWhy}</p></div>`;
  }

  /** @param {Event} event */
  #typed = ({ target }) => {
    const { name, value, checked } = /** @type {HTMLInputElement} */ (target);
    const { draft } = this;
    if (!draft || !name || name === "often") return;
    if (name === "cancel") {
      [this.cancel, this.trial] = [checked, null];
      this.refresh();
      return;
    }
    this.#write({ ...draft, values: { ...draft.values, [name]: value }, exact: name === "reason" ? draft.exact : null });
  };

  #back = () => {
    if (this.stretch) this.explain(this.stretch);
  };

  /** @param {Event} event */
  #submitted = (event) => {
    event.preventDefault();
    if (this.busy || !this.draft) return;
    if (!this.trial) this.#attempt("try", () => this.#try());
    else this.#attempt("save", () => this.#save());
  };

  async #try() {
    const { draft } = this;
    if (!draft) return;
    const told = { [draft.kind]: bodyOf(draft, this.cancel), replaces: draft.id };
    const { slots } = await write("POST", TRIAL, told);
    this.#tried(slots);
  }

  #tryRemoval = () =>
    this.#attempt("try", async () => {
      const { slots } = await write("POST", TRIAL, { remove: this.draft?.id });
      this.removing = true;
      this.#tried(slots);
    });

  /** @param {Changed} slots */
  #tried(slots) {
    this.trial = slots;
    announce(WORDS.effect(slots));
  }

  async #save() {
    const { draft, removing } = this;
    if (!draft) return;
    const folder = `/researcher/availability/${FOLDERS[draft.kind]}`;
    const path = draft.id ? `${folder}/${draft.id}` : folder;
    const method = removing ? "DELETE" : draft.id ? "PATCH" : "POST";
    const { slots } = await write(method, path, removing ? undefined : bodyOf(draft, this.cancel));
    this.#box.close();
    this.dispatchEvent(new CustomEvent("saved", { detail: slots }));
  }

  /** @param {string} what @param {() => Promise<void>} work */
  async #attempt(what, work) {
    Object.assign(this, { busy: what, problem: null });
    this.refresh();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) console.error(error);
      this.problem = error instanceof ApiError ? error : new ApiError(0, "PAGE_BROKEN", String(error));
      this.trial = null;
      if (this.problem.code === "TIME_IS_BOOKED") await this.#name(this.problem.details.sessions ?? []);
    }
    this.busy = "";
    this.refresh();
  }

  /** @param {string[]} ids */
  async #name(ids) {
    this.count = ids.length;
    const found = await Promise.allSettled(ids.slice(0, MOST_NAMED).map((id) => read(`/researcher/bookings/${id}`)));
    this.booked = found.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  }

  /** @param {MouseEvent} event */
  #outside = (event) => {
    if (event.target === this.#box) this.#box.close();
  };

  #closed = () => this.dispatchEvent(new Event("closed"));
}

/** @param {number} at */
const iso = (at) => new Date(at).toISOString();

customElements.define("time-dialog", TimeDialog);
export { TimeDialog };
