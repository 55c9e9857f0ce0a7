// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { repeat } from "../vendor/lit-html/directives/repeat.js";
import { announce } from "../app/announce.js";
import { read } from "../app/api.js";
import { dayOf, laterDay, moment, rate } from "../app/format.js";
import { note } from "../app/router.js";
import { texts } from "../app/texts.js";
import { View } from "../app/view.js";
import { zone } from "../app/zone.js";
import { avatar, problemNote, stars, verified, waiting } from "../parts/pieces.js";

/** @typedef {import("../app/contract.js").Researcher} Researcher */
/** @typedef {import("../app/contract.js").ResearcherPage} ResearcherPage */
/** @typedef {import("../app/contract.js").ExpertiseTags} ExpertiseTags */

const PAUSE = 180;
const PAGE = 12;
const FIELDS = 100;
const RATES = [50, 100, 150];
const WORDS = texts.directory;
/** What can be filtered by, each under its name in the address. */
const FILTERS = ["q", "field", "most", "sort", "verified", "soon"];

/** Everybody who can be booked: a search as one types, and filters. The address names both. */
class DirectoryView extends View {
  /** @type {Researcher[] | null} */
  found = null;
  /** @type {string | null} */
  cursor = null;
  /** Fields that most researchers have, to choose from. @type {string[]} */
  fields = [];
  #asked = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause;

  async enter() {
    await Promise.all([this.#load(), this.#suggest()]);
  }

  async #suggest() {
    /** @type {ExpertiseTags} */
    const { expertise } = await read("/expertise", { query: { limit: FIELDS } });
    this.fields = expertise.map((each) => each.tag);
    this.refresh();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#pause);
    this.#asked.abort();
  }

  /** Ask anew; an older question that is still under way is dropped. @param {boolean} [more] */
  async #load(more = false) {
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    try {
      /** @type {ResearcherPage} */
      const page = await read(...this.#question(more ? this.cursor : null, signal));
      this.found = more ? [...(this.found ?? []), ...page.researchers] : page.researchers;
      this.cursor = page.next_cursor;
      this.refresh();
      if (!more) announce(WORDS.found(page.researchers.length, page.next_cursor !== null));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** @param {string | null} cursor @param {AbortSignal} signal @returns {Parameters<typeof read>} */
  #question(cursor, signal) {
    const asked = this.query;
    const words = asked.get("q")?.trim();
    const query = {
      query: words,
      expertise: asked.get("field"),
      max_rate: asked.get("most"),
      sort: asked.get("sort"),
      verified: asked.has("verified") ? true : null,
      available_before: asked.has("soon") ? laterDay(dayOf(Date.now(), zone()), 7) : null,
      timezone: asked.has("soon") ? zone() : null,
      limit: PAGE,
      cursor,
    };
    return [words ? "/researchers/search" : "/researchers", { query, signal }];
  }

  /** @param {string} name @param {string} value @param {number} [pause] */
  #ask(name, value, pause = 0) {
    if (value) this.query.set(name, value);
    else this.query.delete(name);
    note(this.query.size ? `/?${this.query}` : "/");
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.attempt(() => this.#load()), pause);
    this.refresh();
  }

  #clear() {
    for (const name of FILTERS) this.query.delete(name);
    this.#ask("q", "");
  }

  template() {
    return html`<h1>${WORDS.title}</h1>
      <p class="lead">${WORDS.lead}</p>
      <form role="search" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
        <div class="search">
          <label class="unseen" for="search">${WORDS.search}</label>
          <input id="search" type="search" autocomplete="off" placeholder=${WORDS.search} maxlength="200"
            .value=${this.query.get("q") ?? ""} @input=${this.#typed} />
        </div>
        <div class="filters" role="group" aria-label=${WORDS.filters}>${this.#filters()}</div>
      </form>
      ${problemNote(this.problem, { again: () => this.again() })} ${this.#list()}`;
  }

  /** @param {Event} event */
  #typed(event) {
    this.#ask("q", /** @type {HTMLInputElement} */ (event.target).value, PAUSE);
  }

  #filters() {
    const fields = [...new Set([this.query.get("field") ?? "", ...this.fields])].filter(Boolean).sort();
    const rates = ["0", ...RATES.map(String)];
    const named = (/** @type {string} */ most) => (most === "0" ? WORDS.free : WORDS.upTo(rate(Number(most), "usd")));
    return html`${this.#select("field", WORDS.field, [["", WORDS.anyField], ...fields.map((each) => [each, each])])}
      ${this.#select("most", WORDS.most, [["", WORDS.anyRate], ...rates.map((each) => [each, named(each)])])}
      ${this.#select("sort", WORDS.sort, Object.entries(this.query.get("q") ? WORDS.searchSorts : WORDS.sorts))}
      ${this.#check("verified", WORDS.verified)} ${this.#check("soon", WORDS.soon)}`;
  }

  /** @param {string} name @param {string} label @param {string[][]} choices */
  #select(name, label, choices) {
    const change = (/** @type {Event} */ event) =>
      this.#ask(name, /** @type {HTMLSelectElement} */ (event.target).value);
    const chosen = this.query.get(name) ?? "";
    return html`<div class="field"><label for="filter-${name}">${label}</label>
      <select id="filter-${name}" @change=${change}>
        ${choices.map(([value, said]) => html`<option value=${value} ?selected=${value === chosen}>${said}</option>`)}
      </select></div>`;
  }

  /** @param {string} name @param {string} label */
  #check(name, label) {
    const change = (/** @type {Event} */ event) =>
      this.#ask(name, /** @type {HTMLInputElement} */ (event.target).checked ? "yes" : "");
    return html`<label class="choice"><input type="checkbox" .checked=${this.query.has(name)} @change=${change} />
      ${label}</label>`;
  }

  #list() {
    if (!this.found) return this.problem ? nothing : html`<div class="found">${waiting()}</div>`;
    if (!this.found.length && !this.cursor) {
      return html`<div class="card narrow empty"><h2>${WORDS.none}</h2><p>${WORDS.noneWhy}</p>
        <p><button type="button" class="button" @click=${() => this.#clear()}>${WORDS.clearFilters}</button></p></div>`;
    }
    return html`<p class="found">${WORDS.found(this.found.length, this.cursor !== null)}</p>
      <ul class="experts" role="list">
        ${repeat(this.found, (each) => each.id, (each) => html`<li>${card(each)}</li>`)}
      </ul>
      ${this.cursor
        ? html`<p class="more"><button type="button" class="button" @click=${() => this.attempt(() => this.#load(true))}>
            ${WORDS.more}</button></p>`
        : nothing}`;
  }
}

/** @param {Researcher} each */
function card(each) {
  const next = each.next_available_slot;
  return html`<article class="card expert">
    <div class="expert-top">
      ${avatar(each.name)}
      <div><h2><a href="#/researchers/${each.id}">${each.name}</a></h2><p>${each.affiliation}</p></div>
    </div>
    <div class="row">${stars(each.rating)} ${each.verified ? verified() : nothing}</div>
    <ul class="badges" role="list">${each.expertise.map((field) => html`<li class="badge">${field}</li>`)}</ul>
    <div class="expert-bottom">
      <span class="price">${each.rate ? html`${rate(each.rate, each.currency)}
        <small class="muted">${WORDS.perHour}</small>` : texts.researcher.free}</span>
      <span class="next">${next ? WORDS.next(moment(next.start_time, zone())) : WORDS.noNext}</span>
    </div>
  </article>`;
}

customElements.define("directory-view", DirectoryView);
