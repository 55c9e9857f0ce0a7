// @ts-check
import { html } from "../vendor/lit-html/lit-html.js";
import { go } from "../app/router.js";
import { signIn } from "../app/sign-in.js";
import { texts } from "../app/texts.js";
import { View } from "../app/view.js";
import "../parts/sign-in-panel.js";

/** The chooser as a place of its own; whoever has chosen goes back to where they came from, or to the list. */
class SignInView extends View {
  connectedCallback() {
    super.connectedCallback();
    signIn.addEventListener("change", () => go("/", { replace: true }), { signal: this.leaving.signal });
  }

  template() {
    return html`<div class="narrow card">
      <h1>${texts.signIn.title}</h1>
      <sign-in-panel></sign-in-panel>
    </div>`;
  }
}

customElements.define("sign-in-view", SignInView);
