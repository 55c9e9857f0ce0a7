// @ts-check
// Whether the signed-in person is a researcher: the sandbox's list says so, otherwise the API knows.
import { read } from "./api.js";
import { canChoose, known, person } from "./sign-in.js";

/** @type {Map<string, Promise<boolean>>} */
const asked = new Map();

/** @returns {Promise<boolean>} */
export async function isResearcher() {
  await known;
  const who = person();
  if (!who || canChoose) return Boolean(who?.researcher_id);
  const answer = asked.get(who.user_id) ?? read("/researcher/profile").then(() => true, () => false);
  asked.set(who.user_id, answer);
  return answer;
}
