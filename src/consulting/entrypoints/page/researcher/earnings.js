// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { read, readFile } from "../app/api.js";
import { money, monthName, place } from "../app/format.js";
import { words } from "../app/researcher-texts.js";
import { View } from "../app/view.js";
import { problemNote, waiting } from "../parts/pieces.js";
import { tabs } from "./bookings.js";

/** @typedef {import("../app/contract.js").Schemas} Schemas */

const WORDS = words.earnings;

/** What sessions earned, by month and currency. */
class EarningsView extends View {
  /** @type {Schemas["EarningsByMonth"] | null} */
  found = null;

  async enter() {
    this.found = await read("/researcher/earnings");
  }

  template() {
    return html`${tabs("earnings")} ${problemNote(this.problem, { again: () => this.again() })} ${this.#table()}`;
  }

  #table() {
    if (!this.found) return this.problem ? nothing : waiting();
    const { months, timezone } = this.found;
    const earned = months.filter((each) => each.gross || each.refunds);
    if (!earned.length) return html`<div class="card empty"><p>${WORDS.none}</p></div>`;
    return html`<section class="card stack"><div class="table-scroll" tabindex="0" role="group" aria-label=${words.bookings.earnings}>
      <table class="sums"><caption class="muted">${WORDS.months(place(timezone))}</caption>
        <thead><tr><th scope="col">${WORDS.month}</th><th scope="col">${WORDS.gross}</th><th scope="col">${WORDS.refunds}</th>
          <th scope="col">${WORDS.net}</th></tr></thead>
        <tbody>${earned.toReversed().map(({ month, currency, gross, refunds, net }) => html`<tr><th scope="row">${monthName(month)}</th>
          ${[gross, refunds, net].map((amount) => html`<td>${money({ amount, currency })}</td>`)}</tr>`)}</tbody></table></div>
      <p><button type="button" class="button" @click=${this.#download}>${WORDS.csv}</button></p></section>`;
  }

  #download = () =>
    this.attempt(async () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await readFile("/researcher/earnings.csv"));
      link.download = "earnings.csv";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    });
}

customElements.define("earnings-view", EarningsView);
