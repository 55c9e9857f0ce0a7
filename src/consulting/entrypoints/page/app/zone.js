// @ts-check
// The zone that times are shown in: the visitor's own, until they choose another.
import { device } from "./memory.js";

const CHOSEN = "zone";

/** Tells of `change`. */
export const zones = new EventTarget();

/** Names that some browsers still use for zones that are called otherwise today. @type {Record<string, string>} */
const RENAMED = {
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
};

const own = today(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
let current = known(device.get(CHOSEN)) ?? own;

export const zone = () => current;

/** @param {string} name */
export function setZone(name) {
  current = known(name) ?? own;
  if (current === own) device.forget(CHOSEN);
  else device.set(CHOSEN, current);
  zones.dispatchEvent(new Event("change"));
}

/** All zones that can be chosen, by the part of the world that their names begin with. @returns {Map<string, string[]>} */
export function zonesByRegion() {
  const names = new Set([...Intl.supportedValuesOf("timeZone").map(today), own, current, "UTC"]);
  const found = new Map();
  for (const name of [...names].sort()) {
    const region = name.includes("/") ? name.split("/")[0] : "UTC";
    found.set(region, [...(found.get(region) ?? []), name]);
  }
  return found;
}

/** @param {string} name */
function today(name) {
  return RENAMED[name] ?? name;
}

/** @param {string | null} name */
function known(name) {
  try {
    return name && new Intl.DateTimeFormat("en", { timeZone: name }) ? name : null;
  } catch {
    return null;
  }
}
