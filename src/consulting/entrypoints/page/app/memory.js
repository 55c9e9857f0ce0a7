// @ts-check
// What the browser remembers: for this tab, or for this device. In a frame it may refuse to; then only this page does.

/** @param {"sessionStorage" | "localStorage"} kind */
function memory(kind) {
  /** @type {Map<string, string>} */
  const instead = new Map();

  /** @template T @param {(storage: Storage) => T} use @param {() => T} otherwise */
  function trying(use, otherwise) {
    try {
      return use(window[kind]);
    } catch {
      return otherwise();
    }
  }

  return {
    /** @param {string} name @returns {string | null} */
    get: (name) => trying((kept) => kept.getItem(`consulting.${name}`), () => instead.get(name) ?? null),
    /** @param {string} name @param {string} value */
    set: (name, value) =>
      trying((kept) => kept.setItem(`consulting.${name}`, value), () => void instead.set(name, value)),
    /** @param {string} name */
    forget: (name) => trying((kept) => kept.removeItem(`consulting.${name}`), () => void instead.delete(name)),
    /** Forget everything whose name begins so. @param {string} beginning */
    forgetAll(beginning) {
      const names = trying((kept) => Object.keys(kept), () => []);
      for (const name of names) if (name.startsWith(`consulting.${beginning}`)) this.forget(name.slice(11));
      for (const name of [...instead.keys()]) if (name.startsWith(beginning)) instead.delete(name);
    },
  };
}

export const tab = memory("sessionStorage");
export const device = memory("localStorage");
