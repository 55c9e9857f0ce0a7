// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { ApiError, read, write } from "../app/api.js";
import { moment } from "../app/format.js";
import { researcherOf } from "../app/researchers.js";
import { go } from "../app/router.js";
import { texts } from "../app/texts.js";
import { View } from "../app/view.js";
import { zone } from "../app/zone.js";
import { field, problemNote, waiting } from "../parts/pieces.js";
import { factList, when } from "./facts.js";

/** @typedef {import("../app/contract.js").Researcher} Researcher */
/** @typedef {import("../app/contract.js").Session} Session */
/** @typedef {import("../app/contract.js").Review} Review */

const WORDS = texts.review;

/** Writing a review, or changing one's own. */
class ReviewView extends View {
  /** @type {Session | null} */
  session = null;
  /** @type {Researcher | null} */
  researcher = null;
  /** @type {Review | null} */
  review = null;
  rating = 0;
  missing = false;
  busy = false;

  get path() {
    return `/sessions/${this.params.id}`;
  }

  async enter() {
    this.session = await read(this.path);
    if (!this.session) return;
    [this.researcher, this.review] = await Promise.all([
      researcherOf(this.session.researcher_id).catch(() => null),
      read(`${this.path}/review`).catch((error) => {
        if (error instanceof ApiError && error.code === "REVIEW_NOT_FOUND") return null;
        throw error;
      }),
    ]);
    this.rating = this.review?.rating ?? 0;
  }

  template() {
    const { session, researcher, review } = this;
    if (!session) return this.problem ? problemNote(this.problem, { again: () => this.again() }) : waiting();
    return html`<form class="narrow" novalidate @submit=${this.#submitted}>
      <h1>${WORDS.title}</h1>
      <section class="card stack">
        ${factList([[researcher?.name ?? "", when(session)]])} ${this.#stars()}
        ${field("comment", { label: WORDS.comment, problem: this.problem }, (ids) => html`<textarea id=${ids.id}
          name="comment" rows="5" maxlength="4000" aria-describedby=${ids.describedby} aria-invalid=${ids.invalid}
          .value=${review?.comment ?? ""}></textarea>`)}
        ${problemNote(this.problem)}
        <div class="row">
          <button class="button button-main" aria-disabled=${this.busy ? "true" : "false"}>
            ${this.busy ? WORDS.saving : review ? WORDS.change : WORDS.publish}</button>
          <a class="button" href="#${this.path}">${texts.shell.back}</a>
        </div>
        ${review ? html`<p class="hint">${WORDS.until(moment(review.editable_until, zone()))}</p>` : nothing}
      </section>
    </form>`;
  }

  #stars() {
    const choose = (/** @type {number} */ count) => () => {
      [this.rating, this.missing] = [count, false];
      this.refresh();
    };
    return html`<fieldset class="star-choice" aria-describedby=${this.missing ? "stars-missing" : nothing}>
      <legend>${WORDS.rating}</legend>
      <div class="row">${[1, 2, 3, 4, 5].map((count) => html`<label class=${count <= this.rating ? "star" : "star-off"}>
        <input class="unseen" type="radio" name="rating" value=${count} .checked=${count === this.rating} @change=${choose(count)} />
        <span aria-hidden="true">★</span><span class="unseen">${WORDS.stars(count)}</span></label>`)}</div>
      ${this.missing ? html`<p class="wrong" id="stars-missing" role="alert">${WORDS.missing}</p>` : nothing}
    </fieldset>`;
  }

  /** @param {Event} event */
  async #submitted(event) {
    event.preventDefault();
    if (this.busy) return;
    this.missing = !this.rating;
    if (this.missing) return this.refresh();
    const comment = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("comment") ?? "").trim();
    this.busy = true;
    this.refresh();
    await this.attempt(async () => {
      await write(this.review ? "PATCH" : "POST", `${this.path}/review`, { rating: this.rating, comment: comment || null });
      go(this.path, { replace: true });
    });
    this.busy = false;
    this.refresh();
  }
}

customElements.define("review-view", ReviewView);
