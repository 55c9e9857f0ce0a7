// @ts-check
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { instance } from "../app/instance.js";
import { isResearcher } from "../app/role.js";
import { router } from "../app/router.js";
import { canChoose, known, person, signIn, signOut } from "../app/sign-in.js";
import { texts } from "../app/texts.js";
import { Part } from "../app/view.js";
import { avatar } from "./pieces.js";
import "./zone-select.js";

const OF_CLIENTS = [["#/", texts.shell.find], ["#/sessions", texts.shell.sessions]];
const OF_RESEARCHERS = [
  ["#/week", texts.shell.week],
  ["#/bookings", texts.shell.bookings],
  ["#/profile", texts.shell.profile],
];

class PageHeader extends Part {
  researcher = false;
  known = false;

  connectedCallback() {
    this.replaceChildren();
    super.connectedCallback();
    const until = { signal: this.leaving.signal };
    router.addEventListener("change", () => this.#turn(), until);
    signIn.addEventListener("change", () => this.#look(), until);
    known.then(() => {
      this.known = true;
      this.refresh();
    });
    this.#look();
  }

  #turn() {
    this.refresh();
    // A researcher's links may be more than a phone is wide: they scroll.
    requestAnimationFrame(() => this.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }));
  }

  async #look() {
    this.researcher = await isResearcher();
    this.#turn();
  }

  template() {
    return html`<div class="header-row">
      <a class="brand" href="#/"><span class="brand-mark" aria-hidden="true"></span>${texts.name}</a>
      <nav aria-label=${texts.shell.menu}>
        <ul role="list">
          ${[...OF_CLIENTS, ...(this.researcher ? OF_RESEARCHERS : [])].map(([to = "", name]) => link(to, name))}
        </ul>
      </nav>
      <div class="who">${this.#who()}</div>
    </div>`;
  }

  #who() {
    const who = person();
    if (!who) {
      const shown = this.known && (canChoose || instance.sign_in);
      return shown ? html`<a class="button" href="#/sign-in">${texts.shell.signIn}</a>` : nothing;
    }
    return html`<details class="menu" @focusout=${closeWhenLeft} @keydown=${closeByEscape}>
      <summary aria-label=${texts.shell.signedInAs(who.name)}>
        ${avatar(who.name, "avatar-small")}<span class="who-name">${who.name}</span>
      </summary>
      <div class="menu-body">
        <p><b>${who.name}</b><br /><small class="muted">${who.email ?? ""}</small></p>
        ${canChoose
          ? html`<a class="button" href="#/sign-in">${texts.shell.another}</a>
              <button type="button" class="button" @click=${signOut}>${texts.shell.signOut}</button>`
          : nothing}
      </div>
    </details>`;
  }
}

/** @param {string} to @param {string} [name] */
function link(to, name) {
  const at = location.hash.split("?")[0] || "#/";
  const current = to === "#/" ? at === "#/" || at.startsWith("#/researchers") : at.startsWith(to);
  return html`<li><a href=${to} aria-current=${current ? "page" : nothing}>${name}</a></li>`;
}

/** @param {FocusEvent} event */
function closeWhenLeft(event) {
  const menu = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  if (event.relatedTarget && !menu.contains(/** @type {Node} */ (event.relatedTarget))) menu.open = false;
}

/** @param {KeyboardEvent} event */
function closeByEscape(event) {
  const menu = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  if (event.key !== "Escape") return;
  menu.open = false;
  menu.querySelector("summary")?.focus();
}

class PageFooter extends Part {
  template() {
    const { mode, documentation, mails } = instance;
    return html`<div class="footer-row">
      <zone-select label=${texts.shell.zone}></zone-select>
      <p>
        ${mode === "sandbox" ? html`<span class="sandbox">${texts.shell.sandbox}</span>` : nothing}
        ${mails ? html`<a href="${mails}/">${texts.shell.mails}</a>` : nothing}
        <a href=${documentation}>${texts.shell.documentation}</a>
      </p>
    </div>`;
  }
}

customElements.define("page-header", PageHeader);
customElements.define("page-footer", PageFooter);
