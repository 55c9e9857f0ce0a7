// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { announce } from "../app/announce.js";
import { read, write } from "../app/api.js";
import { words } from "../app/researcher-texts.js";
import { View } from "../app/view.js";
import { zonesByRegion } from "../app/zone.js";
import { field, problemNote, waiting } from "../parts/pieces.js";

/** @typedef {import("../app/contract.js").Profile} Profile */

const WORDS = words.profile;
const POLICIES = /** @type {(keyof typeof WORDS.policies)[]} */ (Object.keys(WORDS.policies));

/** What clients see of a researcher, and by which rules they can be booked. */
class ProfileView extends View {
  /** @type {Profile | null} */
  profile = null;
  busy = false;
  said = "";

  async enter() {
    this.profile = await read("/researcher/profile");
  }

  template() {
    const { profile } = this;
    if (!profile) return this.problem ? problemNote(this.problem, { again: () => this.again() }) : waiting();
    return html`<form class="narrow" @submit=${this.#submitted} @input=${this.#typed}>
      <div class="row apart"><h1>${WORDS.title}</h1><a href="#/researchers/${profile.id}">${WORDS.shown}</a></div>
      ${profile.active ? nothing : html`<p class="note note-warn">${WORDS.off}</p>`}
      ${this.#about(profile)} ${this.#offer(profile)} ${this.#rules(profile)}
      ${problemNote(this.problem)}
      <p class="row save-row"><button class="button button-main" aria-disabled=${this.busy ? "true" : "false"}>
        ${this.busy ? WORDS.saving : WORDS.save}</button><span role="status">${this.said}</span></p>
    </form>`;
  }

  /** @param {Profile} profile */
  #about({ name, bio, affiliation, expertise, achievements }) {
    return html`<section class="card stack"><h2>${name}</h2>
      ${this.#input("affiliation", WORDS.affiliation, affiliation ?? "")}
      ${this.#area("bio", WORDS.bio, bio ?? "", 6)}
      ${this.#area("expertise", WORDS.expertise, expertise.join("\n"), 4, WORDS.expertiseHint)}
      ${this.#area("achievements", WORDS.achievements, achievements.join("\n"), 3, WORDS.achievementsHint)}
    </section>`;
  }

  /** @param {Profile} profile */
  #offer({ rate, currency, cancellation_policy: { name } }) {
    const policy = (/** @type {{ id: string, describedby: string }} */ ids) => html`<select id=${ids.id} name="cancellation_policy">
      ${name ? nothing : html`<option value="" selected>${WORDS.ownPolicy}</option>`}
      ${POLICIES.map((each) => html`<option value=${each} ?selected=${each === name}>${WORDS.policies[each]}</option>`)}</select>`;
    return html`<section class="card stack"><h2>${WORDS.offer}</h2>
      ${this.#input("rate", WORDS.rate(currency.toUpperCase()), String(rate), { type: "number", min: 0, step: "any", hint: WORDS.rateHint })}
      ${field("cancellation_policy", { label: WORDS.policy, problem: this.problem }, policy)}
    </section>`;
  }

  /** @param {Profile} profile */
  #rules({ timezone, notice_minutes: notice, gap_minutes: gap, horizon_days: horizon }) {
    const groups = [...zonesByRegion()];
    const zone = (/** @type {{ id: string, describedby: string, invalid: string }} */ ids) => html`<select id=${ids.id}
      name="timezone" aria-describedby=${ids.describedby} aria-invalid=${ids.invalid}>
      ${groups.some(([, names]) => names.includes(timezone)) ? nothing : html`<option selected>${timezone}</option>`}
      ${groups.map(([region, names]) => html`<optgroup label=${region}>${names.map((each) => html`<option value=${each}
        ?selected=${each === timezone}>${each}</option>`)}</optgroup>`)}</select>`;
    return html`<section class="card stack"><h2>${WORDS.rules}</h2>
      ${field("timezone", { label: WORDS.zone, hint: WORDS.zoneHint, problem: this.problem }, zone)}
      ${this.#input("notice_minutes", WORDS.notice, String(notice / 60), { type: "number", min: 0, step: "any", hint: WORDS.noticeHint })}
      ${this.#input("gap_minutes", WORDS.gap, String(gap), { type: "number", min: 0, hint: WORDS.gapHint })}
      ${this.#input("horizon_days", WORDS.horizon, String(horizon), { type: "number", min: 1 })}
    </section>`;
  }

  /** @param {string} name @param {string} label @param {string} value
   * @param {{ type?: string, min?: number, step?: string, hint?: string }} [how] */
  #input(name, label, value, { type = "text", min, step, hint } = {}) {
    return field(name, { label, ...(hint ? { hint } : {}), problem: this.problem }, (ids) => html`<input id=${ids.id} name=${name}
      type=${type} min=${min ?? nothing} step=${step ?? nothing} ?required=${type === "number"} autocomplete="off"
      aria-describedby=${ids.describedby || nothing} aria-invalid=${ids.invalid} .value=${value} />`);
  }

  /** @param {string} name @param {string} label @param {string} value @param {number} rows @param {string} [hint] */
  #area(name, label, value, rows, hint) {
    return field(name, { label, ...(hint ? { hint } : {}), problem: this.problem }, (ids) => html`<textarea id=${ids.id} name=${name}
      rows=${rows} aria-describedby=${ids.describedby || nothing} aria-invalid=${ids.invalid} .value=${value}></textarea>`);
  }

  #typed = () => {
    if (!this.said) return;
    this.said = "";
    this.refresh();
  };

  /** @param {Event} event */
  #submitted = async (event) => {
    event.preventDefault();
    const { profile } = this;
    if (this.busy || !profile) return;
    const changes = changesOf(new FormData(/** @type {HTMLFormElement} */ (event.target)), profile);
    this.busy = true;
    this.refresh();
    await this.attempt(async () => {
      if (Object.keys(changes).length) this.profile = await write("PATCH", "/researcher/profile", changes);
      this.said = WORDS.saved;
      announce(WORDS.saved);
    });
    this.busy = false;
    this.refresh();
  };
}

/** Only what is other than before: somebody else may have changed the rest. @param {FormData} told @param {Profile} profile */
function changesOf(told, profile) {
  const text = (/** @type {string} */ name) => String(told.get(name) ?? "").replaceAll("\r\n", "\n").trim();
  const lines = (/** @type {string} */ name) => text(name).split("\n").map((each) => each.trim()).filter(Boolean);
  /** @type {Record<string, unknown>} */
  const wanted = {
    affiliation: text("affiliation") || null,
    bio: text("bio") || null,
    expertise: lines("expertise"),
    achievements: lines("achievements"),
    rate: Number(text("rate")),
    timezone: text("timezone"),
    notice_minutes: Math.round(Number(text("notice_minutes")) * 60),
    gap_minutes: Number(text("gap_minutes")),
    horizon_days: Number(text("horizon_days")),
    cancellation_policy: text("cancellation_policy") || null,
  };
  /** @type {Record<string, unknown>} */
  const before = { ...profile, cancellation_policy: profile.cancellation_policy.name };
  const other = Object.entries(wanted).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]));
  return Object.fromEntries(other);
}

customElements.define("profile-view", ProfileView);
