// @ts-check
// Where the page begins: header, footer, and the view that the address names.
import { html, render } from "./vendor/lit-html/lit-html.js";
import { entitle, scrolledBefore, startRouting } from "./app/router.js";
import { known, person, signIn } from "./app/sign-in.js";
import { texts } from "./app/texts.js";
import "./parts/page-header.js";
import "./parts/sign-in-panel.js";
import { routes } from "./routes.js";

/** @typedef {import("./app/router.js").Place} Place */
/** @typedef {import("./app/view.js").View} View */

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
/** @type {Place | null} */
let place = null;
let first = true;

/** @param {Place} next @param {{ back: boolean }} how */
async function show(next, { back }) {
  place = next;
  entitle(next.route?.title ?? texts.shell.notFound);
  if (next.route?.personal) await known;
  const shown = await content(next);
  if (place !== next) return; // the visitor has gone on
  main.replaceChildren(shown);
  await settle(shown, { back });
}

/** @param {Place} place @returns {Promise<HTMLElement>} */
async function content({ route, params, query }) {
  if (!route) return filled(nowhere());
  if (route.personal && !person()) return filled(signInFirst());
  try {
    await route.load();
  } catch (error) {
    console.error(error);
    return filled(broken());
  }
  const view = /** @type {View} */ (document.createElement(route.view));
  view.classList.add("view");
  return Object.assign(view, { params, query });
}

/** Put the reader where they expect to be. @param {HTMLElement} shown @param {{ back: boolean }} how */
async function settle(shown, { back }) {
  const began = first;
  first = false;
  if (!back) scrollTo(0, 0);
  await /** @type {Partial<View>} */ (shown).settled;
  await new Promise((resolve) => requestAnimationFrame(resolve));
  if (!shown.isConnected) return;
  if (back) scrollTo(0, scrolledBefore());
  if (began || main.contains(document.activeElement)) return;
  const heading = shown.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  (heading ?? main).focus({ preventScroll: true });
}

/** @param {unknown} template */
function filled(template) {
  const box = document.createElement("div");
  box.className = "view";
  render(template, box);
  return box;
}

const nowhere = () => html`<div class="narrow card"><h1>${texts.shell.notFound}</h1><p>${texts.shell.notFoundWhy}</p>
  <p><a class="button button-main" href="#/">${texts.shell.home}</a></p></div>`;

const signInFirst = () => html`<div class="narrow card"><h1>${texts.signIn.needed}</h1><sign-in-panel></sign-in-panel></div>`;

// The files of this version may be gone from the server: the newer page has others.
const broken = () => html`<div class="narrow card"><h1>${texts.shell.loading}</h1>
  <p class="note note-bad" role="alert">${texts.errors.PAGE_BROKEN}</p>
  <button type="button" class="button button-main" @click=${() => location.reload()}>${texts.shell.again}</button></div>`;

signIn.addEventListener("change", () => {
  const shown = /** @type {Partial<View> | null} */ (main.querySelector(".view"));
  if (place?.route && !place.route.personal) shown?.personChanged?.();
  else if (place) show(place, { back: false });
});
startRouting(routes, show);
