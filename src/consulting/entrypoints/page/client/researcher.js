// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { ApiError, read } from "../app/api.js";
import { date, place, rate } from "../app/format.js";
import { entitle } from "../app/router.js";
import { texts } from "../app/texts.js";
import { View } from "../app/view.js";
import { zone } from "../app/zone.js";
import { avatar, problemNote, stars, verified, waiting } from "../parts/pieces.js";
import "../parts/slot-picker.js";

/** @typedef {import("../app/contract.js").Researcher} Researcher */
/** @typedef {import("../app/contract.js").PublicReview} PublicReview */
/** @typedef {import("../app/contract.js").ReviewPage} ReviewPage */

const WORDS = texts.researcher;
const REVIEWS = 5;

/** One researcher: who they are, when they are free, and what others say. */
class ResearcherView extends View {
  /** @type {Researcher | null} */
  found = null;
  /** @type {PublicReview[] | null} */
  reviews = null;
  /** @type {string | null} */
  cursor = null;

  get id() {
    return this.params.id ?? "";
  }

  async enter() {
    this.found = await read(`/researchers/${this.id}`, { signal: this.leaving.signal });
    entitle(this.found?.name ?? "");
    this.refresh();
    await this.#loadReviews();
  }

  /** Without its reviews the page is of use still. */
  async #loadReviews() {
    try {
      /** @type {ReviewPage} */
      const page = await read(`/researchers/${this.id}/reviews`, { query: { limit: REVIEWS, cursor: this.cursor } });
      this.reviews = [...(this.reviews ?? []), ...page.reviews];
      this.cursor = page.next_cursor;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    this.refresh();
  }

  template() {
    const each = this.found;
    if (!each) return this.problem ? problemNote(this.problem, { again: () => this.again() }) : waiting();
    return html`<div class="profile">
      <header class="profile-head">
        ${avatar(each.name, "avatar-large")}
        <div class="stack-small">
          <h1>${each.name}</h1>
          <p class="muted">${each.affiliation}</p>
          <p class="row">${stars(each.rating)} ${each.verified ? verified() : nothing}</p>
        </div>
      </header>
      <section class="card profile-times" aria-labelledby="choose">
        <div class="row apart">
          <h2 id="choose">${WORDS.choose}</h2>
          <p class="price">${each.rate
            ? html`${rate(each.rate, each.currency)} <small class="muted">${texts.directory.perHour}</small>`
            : WORDS.free}</p>
        </div>
        ${this.query.has("gone") ? html`<p class="note note-warn" role="alert">${texts.book.gone}</p>` : nothing}
        <slot-picker .researcher=${each.id} .start=${this.query.get("at") ?? each.next_available_slot?.start_time ?? null}
          .next=${each.next_available_slot?.start_time ?? null}
          .href=${(/** @type {{ id: string }} */ slot) => `#/researchers/${each.id}/book/${slot.id}`}></slot-picker>
        <p class="hint">${WORDS.theirZone(each.name, place(each.timezone))}</p>
      </section>
      <div class="profile-about stack">${this.#about(each)} ${this.#said()}</div>
    </div>`;
  }

  /** @param {Researcher} each */
  #about({ bio, expertise, achievements }) {
    return html`<section class="stack">
      ${bio ? html`<h2>${WORDS.about}</h2><p class="bio">${bio}</p>` : nothing}
      <h3>${WORDS.expertise}</h3>
      <ul class="badges" role="list">${expertise.map((field) => html`<li class="badge">${field}</li>`)}</ul>
      ${achievements.length
        ? html`<h3>${WORDS.achievements}</h3><ul class="plain">${achievements.map((one) => html`<li>${one}</li>`)}</ul>`
        : nothing}
    </section>`;
  }

  #said() {
    if (!this.reviews) return nothing;
    return html`<section class="stack">
      <h2>${WORDS.reviews}</h2>
      ${this.reviews.length ? nothing : html`<p class="muted">${WORDS.noReviews}</p>`}
      ${this.reviews.map((each) => review(each, this.found?.name ?? ""))}
      ${this.cursor
        ? html`<p><button type="button" class="button" @click=${() => this.#loadReviews()}>${WORDS.moreReviews}</button></p>`
        : nothing}
    </section>`;
  }
}

/** @param {PublicReview} each @param {string} researcher */
function review({ rating, comment, client_name: name, created_at: at, answer }, researcher) {
  return html`<article class="review">
    <p><span class="star" role="img" aria-label=${texts.review.stars(rating)}>${"★".repeat(rating)}<span
      class="star-off">${"★".repeat(5 - rating)}</span></span></p>
    ${comment ? html`<p>${comment}</p>` : nothing}
    <p class="muted"><small>${name ?? WORDS.someone} · <time datetime=${at}>${date(at, zone())}</time></small></p>
    ${answer ? html`<div class="answer"><small class="muted">${WORDS.answer(researcher)}</small><p>${answer.text}</p></div>` : nothing}
  </article>`;
}

customElements.define("researcher-view", ResearcherView);
