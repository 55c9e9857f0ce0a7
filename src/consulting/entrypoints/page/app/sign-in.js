// @ts-check
// Who is signed in. In the sandbox somebody chosen from a list; in production whoever the token belongs to that the
// embedding page hands in. A token of production is kept in memory alone, so that nothing can find it later.
import { instance } from "./instance.js";
import { tab } from "./memory.js";

/**
 * @typedef {object} Person
 * @property {string} user_id
 * @property {string} name
 * @property {string | null} email
 * @property {string | null} timezone
 * @property {string | null} researcher_id
 * @property {string} token
 */

const CHOSEN = "person";
const WAIT_FOR_TOKEN = 3_000;
const READY = { consulting: "ready" };
const WANTED = { consulting: "token-wanted" };

/** Tells of `change`: somebody else is signed in, or nobody. */
export const signIn = new EventTarget();

/** @type {Person | null} */
let current = null;
/** @type {(() => void)[]} */
let waiting = [];

export const person = () => current;

/** Whether somebody may be chosen here. */
export const canChoose = instance.people !== null;

/** Whether a page around this one can hand in a token. */
export const isEmbedded = window.parent !== window || window.opener !== null;

/** Resolves when it is known who begins: a person is restored, a token came, or neither. */
export const known = begin();

async function begin() {
  if (canChoose) {
    const chosen = tab.get(CHOSEN);
    // Without an answer nobody is signed in, but who it was is kept for the next time.
    if (chosen) await choose(chosen).catch(() => choose(chosen)).catch((error) => console.warn(error));
  } else if (isEmbedded && instance.embedders.length) {
    addEventListener("message", receive);
    await wanted(READY);
  }
}

/** @returns {Promise<Person[]>} The people of the sandbox, with fresh tokens. */
export async function people() {
  const answer = await fetch(/** @type {string} */ (instance.people), { signal: AbortSignal.timeout(20_000) });
  if (!answer.ok) throw new Error(`people: ${answer.status}`);
  return answer.json();
}

/** Be this person of the sandbox. @param {string} id */
export async function choose(id) {
  const found = (await people()).find((each) => each.user_id === id);
  if (!found) throw new Error(`nobody is ${id}`);
  tab.set(CHOSEN, id);
  become(found);
}

export function signOut() {
  tab.forget(CHOSEN);
  become(null);
}

/** Ask for a fresh token for the same person, if there is a way; tell whether one came. */
export async function renew() {
  if (canChoose) return current !== null && choose(current.user_id).then(() => true, () => false);
  return isEmbedded && instance.embedders.length > 0 && (await wanted(WANTED)) && current !== null;
}

/** @param {Person | null} next */
function become(next) {
  const same = current?.user_id === next?.user_id;
  if (current && !same) for (const kind of ["key.", "draft."]) tab.forgetAll(kind);
  current = next;
  for (const go of waiting.splice(0)) go();
  if (!same) signIn.dispatchEvent(new Event("change"));
}

/** Ask around for a token, and wait a little; tell whether there was an answer. @param {object} message */
function wanted(message) {
  // Nothing in these messages is secret; whoever else reads them learns that this page is open.
  for (const around of [window.parent, window.opener]) if (around && around !== window) around.postMessage(message, "*");
  return new Promise((resolve) => {
    waiting.push(() => resolve(true));
    setTimeout(resolve, WAIT_FOR_TOKEN, false);
  });
}

/** @param {MessageEvent} event */
function receive({ data, origin, source }) {
  const fromAround = source !== null && (source === window.parent || source === window.opener);
  if (!fromAround || !isEmbedder(origin) || data?.consulting !== "token") return;
  become(typeof data.token === "string" ? belongingTo(data.token) : null);
}

/** @param {string} origin */
export function isEmbedder(origin) {
  const here = /^https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(origin);
  return instance.embedders.includes(origin) || (here && instance.embedders.includes("localhost"));
}

/** Read from a token whom to greet; who they are is for the API to say. @param {string} token @returns {Person} */
function belongingTo(token) {
  let claims = /** @type {Record<string, any>} */ ({});
  try {
    const text = atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/"));
    claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (each) => each.charCodeAt(0))));
  } catch {
    // It may be a token that only the API can read.
  }
  const { sub = "", name = null, email = null, zoneinfo = null } = claims;
  return { user_id: sub, name: name ?? email ?? "", email, timezone: zoneinfo, researcher_id: null, token };
}
