// @ts-check

/** Have a screen reader say something that is only seen otherwise. @param {string} sentence */
export function announce(sentence) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = sentence;
}
