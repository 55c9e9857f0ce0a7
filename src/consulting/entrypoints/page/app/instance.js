// @ts-check
// What the server says of itself in the first file.

/**
 * @typedef {object} Instance
 * @property {"sandbox" | "production"} mode
 * @property {string} api Where the REST API is, below this page's own origin.
 * @property {string} documentation
 * @property {string | null} people Where the sandbox lists people to sign in as; null in production.
 * @property {{ script?: string, sandbox?: string } | null} stripe Where Stripe's script is, or the sandbox that plays
 *   Stripe; null where another provider charges, whose form this page doesn't have.
 * @property {string | null} mails The sandbox's mail inbox.
 * @property {string[]} embedders Origins of pages that may hand in a token.
 * @property {string | null} sign_in Where people without a token are sent.
 */

const meta = /** @type {HTMLMetaElement} */ (document.querySelector('meta[name="consulting"]'));

/** @type {Instance} */
export const instance = JSON.parse(meta.content);
