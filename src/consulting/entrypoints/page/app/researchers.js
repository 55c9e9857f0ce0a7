// @ts-check
// Researchers by id, asked for once: sessions name theirs by id alone.
import { read } from "./api.js";

/** @typedef {import("./contract.js").Researcher} Researcher */

/** @type {Map<string, Promise<Researcher>>} */
const asked = new Map();

/** @param {string} id @returns {Promise<Researcher>} */
export function researcherOf(id) {
  const known = asked.get(id);
  if (known) return known;
  const found = read(`/researchers/${id}`);
  asked.set(id, found);
  found.catch(() => asked.delete(id));
  return found;
}

/** Their name; a session is shown even where its researcher is gone. @param {string} id @returns {Promise<string>} */
export const nameOf = (id) => researcherOf(id).then((found) => found.name, () => "");
