// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { instance } from "../app/instance.js";
import { canChoose, choose, people } from "../app/sign-in.js";
import { texts } from "../app/texts.js";
import { Part } from "../app/view.js";
import { place } from "../app/format.js";
import { avatar, waiting } from "./pieces.js";

/** @typedef {import("../app/sign-in.js").Person} Person */

/** In the sandbox, people to be; in production, the way to where one signs in. */
class SignInPanel extends Part {
  /** @type {Person[] | null} */
  found = null;
  failed = false;

  connectedCallback() {
    super.connectedCallback();
    if (canChoose) this.#load();
  }

  async #load() {
    this.failed = false;
    try {
      this.found = await people();
    } catch {
      this.failed = true;
    }
    this.refresh();
  }

  template() {
    if (!canChoose) return this.#elsewhere();
    if (this.failed) {
      return html`<div class="note note-bad" role="alert"><p>${texts.signIn.failed}</p>
        <button type="button" class="button" @click=${() => this.#load()}>${texts.shell.again}</button></div>`;
    }
    if (!this.found) return waiting();
    return html`<p class="muted">${texts.signIn.why}</p>
      <h2 class="minor">${texts.signIn.clients}</h2>
      ${this.#list(this.found.filter((each) => !each.researcher_id))}
      <details ?open=${location.hash === "#/sign-in"}>
        <summary><h2 class="minor">${texts.signIn.researchers}</h2></summary>
        ${this.#list(this.found.filter((each) => each.researcher_id))}
      </details>`;
  }

  /** @param {Person[]} found */
  #list(found) {
    return html`<ul class="people" role="list">
      ${found.map(
        (each) => html`<li><button type="button" class="person" @click=${() => this.#be(each)}>
          ${avatar(each.name, "avatar-small")}
          <span><b>${each.name}</b><small>${each.timezone ? place(each.timezone) : nothing}</small></span>
        </button></li>`,
      )}
    </ul>`;
  }

  /** @param {Person} each */
  async #be(each) {
    try {
      await choose(each.user_id);
    } catch {
      this.failed = true;
      this.refresh();
    }
  }

  #elsewhere() {
    return html`<p>${texts.signIn.fromSite}</p>
      ${instance.sign_in
        ? html`<p><a class="button button-main" href=${instance.sign_in}>${texts.signIn.go}</a></p>`
        : nothing}`;
  }
}

customElements.define("sign-in-panel", SignInPanel);
