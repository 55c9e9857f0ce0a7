// @ts-check
import { html } from "../vendor/lit-html/lit-html.js";
import { announce } from "../app/announce.js";
import { ApiError, read, write } from "../app/api.js";
import { date, moment, times } from "../app/format.js";
import { researcherOf } from "../app/researchers.js";
import { go } from "../app/router.js";
import { texts } from "../app/texts.js";
import { View } from "../app/view.js";
import { zone } from "../app/zone.js";
import { problemNote, waiting } from "../parts/pieces.js";
import "../parts/slot-picker.js";
import { factList, stateOf, when } from "./facts.js";

/** @typedef {import("../app/contract.js").Researcher} Researcher */
/** @typedef {import("../app/contract.js").Session} Session */
/** @typedef {import("../app/contract.js").TimeSlot} TimeSlot */

const WORDS = texts.move;
const GONE = new Set(["SLOT_UNAVAILABLE", "SLOT_NOT_FOUND", "PRICE_DIFFERS"]);

/** Moving a session: another time of the same researcher, length and price. */
class MoveView extends View {
  /** @type {Session | null} */
  session = null;
  /** @type {Researcher | null} */
  researcher = null;
  /** The time that was chosen. @type {TimeSlot | null} */
  timeSlot = null;
  busy = false;

  get path() {
    return `/sessions/${this.params.id}`;
  }

  async enter() {
    this.session = await read(this.path);
    if (!this.session) return;
    if (stateOf(this.session) !== "confirmed") return go(this.path, { replace: true });
    const chosen = this.query.get("to");
    [this.researcher, this.timeSlot] = await Promise.all([
      researcherOf(this.session.researcher_id),
      chosen ? read(`/time-slots/${chosen}`) : null,
    ]);
  }

  template() {
    const { session, researcher } = this;
    if (!session || !researcher) return this.problem ? problemNote(this.problem, { again: () => this.again() }) : waiting();
    return html`<div class="narrow">
      <h1>${WORDS.title}</h1>
      <p class="muted">${researcher.name} · ${WORDS.now(moment(session.start_time, zone()))}</p>
      <section class="card stack">
        ${problemNote(this.problem)} ${this.timeSlot ? this.#confirmation(this.timeSlot, researcher) : this.#choice(session)}
      </section>
      <p><a href="#${this.path}">${WORDS.keep}</a></p>
    </div>`;
  }

  /** @param {Session} session */
  #choice(session) {
    const length = duration(session);
    const fits = (/** @type {TimeSlot} */ slot) => duration(slot) === length && slot.id !== session.time_slot_id;
    return html`<p class="hint">${WORDS.same}</p>
      <slot-picker .researcher=${session.researcher_id} .start=${session.start_time} .fits=${fits}
        .href=${(/** @type {TimeSlot} */ slot) => `#${this.path}/move?to=${slot.id}`}></slot-picker>`;
  }

  /** @param {TimeSlot} slot @param {Researcher} researcher */
  #confirmation(slot, researcher) {
    const said = `${date(slot.start_time, zone())}, ${times(slot.start_time, slot.end_time, zone())}`;
    return html`${factList([[texts.session.when, when(slot, researcher.timezone)]])}
      <button type="button" class="button button-main" aria-disabled=${this.busy ? "true" : "false"} @click=${this.#moved}>
        ${this.busy ? WORDS.moving : WORDS.confirm(said)}</button>
      <a class="button" href="#${this.path}/move">${WORDS.other}</a>`;
  }

  #moved = async () => {
    if (this.busy || !this.timeSlot) return;
    this.busy = true;
    this.refresh();
    await this.attempt(() => this.#move(/** @type {TimeSlot} */ (this.timeSlot)));
    this.busy = false;
    this.refresh();
  };

  /** @param {TimeSlot} slot */
  async #move(slot) {
    try {
      await write("PATCH", `${this.path}/reschedule`, { time_slot_id: slot.id });
      announce(WORDS.moved);
      go(`${this.path}?moved=1`, { replace: true });
    } catch (error) {
      if (error instanceof ApiError && GONE.has(error.code)) this.timeSlot = null;
      throw error;
    }
  }
}

/** @param {{ start_time: string, end_time: string }} slot */
const duration = ({ start_time: start, end_time: end }) => Date.parse(end) - Date.parse(start);

customElements.define("move-view", MoveView);
