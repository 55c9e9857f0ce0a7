// @ts-check
// The only way to the API. Reads are repeated where that may help; writes carry an Idempotency-Key that outlives a
// double click, a lost answer and a reload, so that what the user meant once is done once.
import { adjust } from "./clock.js";
import { instance } from "./instance.js";
import { tab } from "./memory.js";
import { person, renew } from "./sign-in.js";

const PATIENCE = 20_000;
const ATTEMPTS = 3;
const LONGEST_WAIT = 4_000;

/** An answer that isn't a good one; `code` is the API's word, or OFFLINE where there was no answer at all. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {any} details @param {number} wait */
  constructor(status, code, message, details = {}, wait = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
    /** Seconds until it is worth trying again; 0 if nobody said. */
    this.wait = wait;
  }

  /** Whether the very same request may still be answered otherwise, so that its key must be kept. */
  get passes() {
    return this.status === 0 || this.status === 401 || this.status === 429 || this.status >= 500
      || this.code === "REQUEST_IN_PROGRESS";
  }
}

/** @typedef {Record<string, string | number | boolean | null | undefined>} Query */

/**
 * Read something.
 * @param {string} path Below /api.
 * @param {{ query?: Query, signal?: AbortSignal }} [options]
 * @returns {Promise<any>} The body, as the contract describes it.
 */
export async function read(path, { query, signal } = {}) {
  return body(await answered("GET", path, { query, signal }));
}

/** Read a file, such as an .ics. @param {string} path @returns {Promise<Blob>} */
export async function readFile(path) {
  return (await answered("GET", path, {})).blob();
}

/** @type {Map<string, Promise<any>>} */
const underWay = new Map();

/**
 * Write something, once, however often this is called before there is an answer.
 * @param {"POST" | "PATCH" | "DELETE"} method
 * @param {string} path Below /api.
 * @param {unknown} [data] The body.
 * @returns {Promise<any>}
 */
export function write(method, path, data) {
  const meant = `${person()?.user_id} ${method} ${path} ${JSON.stringify(data ?? null)}`;
  const running = underWay.get(meant);
  if (running) return running;
  const work = once(method, path, data, `key.${meant}`).finally(() => underWay.delete(meant));
  underWay.set(meant, work);
  return work;
}

/** @param {string} method @param {string} path @param {unknown} data @param {string} name */
async function once(method, path, data, name) {
  const key = tab.get(name) ?? newKey();
  tab.set(name, key);
  try {
    const found = await body(await answered(method, path, { data, key }));
    tab.forget(name);
    return found;
  } catch (error) {
    if (!(error instanceof ApiError) || !error.passes) tab.forget(name);
    throw error;
  }
}

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @typedef {{ query?: Query, signal?: AbortSignal, data?: unknown, key?: string }} Sent */

/** @param {string} method @param {string} path @param {Sent} sent @returns {Promise<Response>} */
async function answered(method, path, sent) {
  let renewed = false;
  for (let attempt = 1; ; attempt++) {
    try {
      return await asked(method, path, sent);
    } catch (error) {
      if (!(error instanceof ApiError) || sent.signal?.aborted) throw error;
      if (error.status === 401 && !renewed && (await renew())) {
        renewed = true;
      } else if (attempt < ATTEMPTS && isWorthRepeating(error, method)) {
        await new Promise((resolve) => setTimeout(resolve, error.wait * 1000 || 300 * attempt));
      } else {
        throw error;
      }
    }
  }
}

/** @param {ApiError} error @param {string} method */
function isWorthRepeating(error, method) {
  const may = [0, 502, 503, 504, 429].includes(error.status) || error.code === "REQUEST_IN_PROGRESS";
  return may && method !== "DELETE" && error.wait * 1000 <= LONGEST_WAIT;
}

/** @param {string} method @param {string} path @param {Sent} sent @returns {Promise<Response>} */
async function asked(method, path, { query, signal, data, key }) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  const token = person()?.token;
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key && method !== "DELETE") headers["Idempotency-Key"] = key;
  if (data !== undefined) headers["Content-Type"] = "application/json";
  const given = AbortSignal.timeout(PATIENCE);
  const init = { method, headers, body: data === undefined ? null : JSON.stringify(data), signal: given };
  if (signal) init.signal = AbortSignal.any([signal, given]);
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(address(path, query), init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "OFFLINE", "");
  }
  adjust(answer);
  if (answer.ok) return answer;
  throw await refusal(answer);
}

/** @param {string} path @param {Query} [query] */
function address(path, query = {}) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") asked.set(name, String(value));
  }
  return `${instance.api}${path}${asked.size ? `?${asked}` : ""}`;
}

/** @param {Response} answer */
async function refusal(answer) {
  const wait = Number(answer.headers.get("Retry-After")) || 0;
  try {
    const { error } = await answer.json();
    return new ApiError(answer.status, error.code, error.message, error.details, wait);
  } catch {
    return new ApiError(answer.status, "UNREADABLE", "", {}, wait);
  }
}

/** @param {Response} answer */
async function body(answer) {
  return answer.status === 204 ? null : answer.json();
}
