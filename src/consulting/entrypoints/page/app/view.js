// @ts-check
// What every view is: an element that renders a template into itself, and renders again when it is told to.
import { nothing, render } from "../vendor/lit-html/lit-html.js";
import { ApiError } from "./api.js";
import { zones } from "./zone.js";

export class Part extends HTMLElement {
  #due = false;
  /** Aborted when the element leaves the page; each stay has a new one. */
  leaving = new AbortController();

  connectedCallback() {
    this.leaving = new AbortController();
    zones.addEventListener("change", () => this.zoneChanged(), { signal: this.leaving.signal });
    this.refresh();
  }

  disconnectedCallback() {
    this.leaving.abort();
  }

  /** What it shows now. @returns {unknown} */
  template() {
    return nothing;
  }

  /** Times are to be shown in another zone. */
  zoneChanged() {
    this.refresh();
  }

  /** Render soon, once for all changes until then. */
  refresh() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.isConnected) render(this.template(), this, { host: this });
    });
  }
}

/** A whole view: what the router shows. */
export class View extends Part {
  /** From the address. @type {Record<string, string>} */
  params = {};
  query = new URLSearchParams();
  /** What went wrong last, to be shown. @type {ApiError | null} */
  problem = null;
  /** Resolves when the view has its data, or knows that it can't have it. @type {Promise<unknown>} */
  settled = Promise.resolve();

  connectedCallback() {
    super.connectedCallback();
    this.settled = this.attempt(() => this.enter());
  }

  /** Fetch what is shown. */
  async enter() {}

  /**
   * Do something that may fail; a failure becomes the view's problem.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T | undefined>}
   */
  async attempt(work) {
    try {
      this.problem = null;
      return await work();
    } catch (error) {
      if (this.leaving.signal.aborted) return undefined;
      if (!(error instanceof ApiError)) console.error(error);
      this.problem = error instanceof ApiError ? error : new ApiError(0, "PAGE_BROKEN", String(error));
      return undefined;
    } finally {
      this.refresh();
    }
  }

  /** Somebody else is signed in, or nobody, at a place that is open to all. */
  personChanged() {
    this.refresh();
  }

  /** Try again what the view began with. */
  again() {
    this.settled = this.attempt(() => this.enter());
    this.refresh();
  }
}
