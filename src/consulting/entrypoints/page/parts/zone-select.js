// @ts-check
import { html } from "../vendor/lit-html/lit-html.js";
import { live } from "../vendor/lit-html/directives/live.js";
import { place, zoneName } from "../app/format.js";
import { texts } from "../app/texts.js";
import { Part } from "../app/view.js";
import { setZone, zone, zonesByRegion } from "../app/zone.js";

/** Names the zone that times are shown in, and lets it be changed. */
class ZoneSelect extends Part {
  /** All zones are several hundred: they come when somebody is about to choose. */
  whole = false;

  template() {
    const fill = () => {
      this.whole = true;
      this.refresh();
    };
    return html`<label class="zone-select"><span>${this.getAttribute("label") ?? texts.slots.zone}</span>
      <select .value=${live(zone())} @pointerdown=${fill} @focus=${fill} @change=${this.#chosen}>
        ${this.whole ? [...zonesByRegion()].map(([region, names]) => this.#region(region, names)) : option(zone())}
      </select></label>`;
  }

  /** @param {string} region @param {string[]} names */
  #region(region, names) {
    return html`<optgroup label=${region}>${names.map((name) => option(name))}</optgroup>`;
  }

  /** @param {Event} event */
  #chosen(event) {
    setZone(/** @type {HTMLSelectElement} */ (event.target).value);
  }
}

/** @param {string} name */
function option(name) {
  const chosen = name === zone();
  return html`<option value=${name} ?selected=${chosen}>${chosen ? zoneName(name) : place(name)}</option>`;
}

customElements.define("zone-select", ZoneSelect);
