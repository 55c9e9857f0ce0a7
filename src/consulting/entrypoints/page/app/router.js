// @ts-check
// Which view is shown. The place is in the fragment (`#/sessions/1?a=b`), so the server knows one path only.
import { texts } from "./texts.js";

/**
 * @typedef {object} Route
 * @property {string} path Segments; `:name` takes any id.
 * @property {string} view The element that shows it.
 * @property {() => Promise<unknown>} load Defines that element.
 * @property {string} title What the window is called until the view knows better.
 * @property {boolean} [personal] Whether somebody must be signed in: otherwise a sign-in is shown in its place.
 */

/** @typedef {{ path: string, params: Record<string, string>, query: URLSearchParams, route: Route | null }} Place */

/** What the API calls things by. Nothing else gets from the address into a path: `%2F..` would lead elsewhere. */
const ID = /^[\w-]+$/;

/** Tells of `change`: another view is shown. */
export const router = new EventTarget();

/** @type {Route[]} */
let table = [];
/** @type {Map<string, number>} */
const scrolled = new Map();
let shownAt = "";
let pushed = true;

/** @param {Route[]} routes @param {(place: Place, how: { back: boolean }) => void} show */
export function startRouting(routes, show) {
  table = routes;
  history.scrollRestoration = "manual";
  addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='#']") : null;
    if (link && link.getAttribute("href") !== location.hash) pushed = true;
  });
  const go = () => {
    if (shownAt === location.hash && !pushed) return;
    const back = !pushed;
    [shownAt, pushed] = [location.hash, false];
    show(here(), { back });
    router.dispatchEvent(new Event("change"));
  };
  addEventListener("hashchange", go);
  addEventListener("scroll", () => scrolled.set(shownAt, scrollY), { passive: true });
  go();
}

/** Where the page was scrolled to when this place was shown last. */
export const scrolledBefore = () => scrolled.get(location.hash) ?? 0;

/** @returns {Place} */
export function here() {
  const [path = "", query] = (location.hash.slice(1) || "/").split("?", 2);
  for (const route of table) {
    const params = match(route.path, path);
    if (params) return { path, params, query: new URLSearchParams(query), route };
  }
  return { path, params: {}, query: new URLSearchParams(query), route: null };
}

/** Go somewhere. `replace`: the back button will not come back to the place that is left. @param {string} path */
export function go(path, { replace = false } = {}) {
  pushed = true;
  if (replace) {
    history.replaceState(null, "", `#${path}`);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = path;
  }
}

/** Note in the address what the view shows now, without going anywhere. @param {string} path */
export function note(path) {
  history.replaceState(null, "", `#${path}`);
  shownAt = location.hash;
}

/** @param {string} title */
export function entitle(title) {
  document.title = `${title} · ${texts.name}`;
}

/** @param {string} pattern @param {string} path */
function match(pattern, path) {
  const wanted = pattern.split("/");
  const given = path.replace(/(.)\/$/, "$1").split("/");
  if (wanted.length !== given.length) return null;
  /** @type {Record<string, string>} */
  const params = {};
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith(":") && ID.test(given[at] ?? "")) params[part.slice(1)] = given[at] ?? "";
    else if (part !== given[at]) return null;
  }
  return params;
}
