// @ts-check
// The server's clock, as its answers tell it: a wrong clock in the browser must not shorten or lengthen a countdown.

let ahead = 0;

/** @param {Response} answer */
export function adjust(answer) {
  const told = Date.parse(answer.headers.get("Date") ?? "");
  // A header says whole seconds: only what is more than their rounding is a difference of clocks.
  if (!Number.isNaN(told)) ahead = Math.abs(told - Date.now()) > 2000 ? told - Date.now() : 0;
}

/** Milliseconds since 1970, by the server's clock. */
export const now = () => Date.now() + ahead;
