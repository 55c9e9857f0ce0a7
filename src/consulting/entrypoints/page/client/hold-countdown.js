// @ts-check
import { html } from "../vendor/lit-html/lit-html.js";
import { announce } from "../app/announce.js";
import { now } from "../app/clock.js";
import { countdown, time } from "../app/format.js";
import { texts } from "../app/texts.js";
import { Part } from "../app/view.js";
import { zone } from "../app/zone.js";

/** Minutes at which a screen reader is told; every second would be a nuisance. */
const SAID_AT = [10, 5, 2, 1];

/** How long a hold still lasts. Tells of `over` once, when it is. */
class HoldCountdown extends Part {
  /** @type {string} */
  until = "";
  #said = Infinity;

  connectedCallback() {
    super.connectedCallback();
    this.#said = this.left / 60_000;
    const ticking = setInterval(() => this.#tick(), 500);
    this.leaving.signal.addEventListener("abort", () => clearInterval(ticking));
  }

  get left() {
    return Date.parse(this.until) - now();
  }

  #tick() {
    this.refresh();
    if (this.left <= 0) {
      this.leaving.abort();
      this.dispatchEvent(new Event("over"));
      return;
    }
    const due = SAID_AT.find((minutes) => this.left <= minutes * 60_000 && this.#said > minutes);
    if (due) {
      this.#said = due;
      announce(texts.pay.minutesLeft(due));
    }
  }

  template() {
    const soon = this.left < 120_000;
    return html`<p class="note ${soon ? "note-warn" : ""} countdown" role="timer" aria-live="off">
      <span>${texts.pay.left} <b>${countdown(this.left)}</b></span>
      <small>${texts.pay.until(time(this.until, zone()))}</small>
    </p>`;
  }
}

customElements.define("hold-countdown", HoldCountdown);
