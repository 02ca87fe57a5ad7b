/** Fields that apply only with certain values of another field are out of the way otherwise. Their values stay. */

/** @param {Element} form @param {(name: string) => Element | null} find @returns {boolean} */
function applies(form, find) {
  const { when } = /** @type {HTMLElement} */ (form).dataset;
  if (!when) return true;
  const { param, values } = JSON.parse(when);
  const ruling = find(param);
  const control = /** @type {HTMLInputElement | null} */ (ruling?.querySelector("[name=value]") ?? null);
  if (!ruling || !control) return true;
  if (control.value === "") return true; // differs among several: it may apply to some
  return values.map(String).includes(control.value) && applies(ruling, find);
}

/** Show what applies, hide what does not, headings of empty sections included. @param {Element} host */
export function showWhatApplies(host) {
  const find = (/** @type {string} */ name) => host.querySelector(`[data-field="${CSS.escape(name)}"][data-group="params"]`);
  for (const form of host.querySelectorAll("[data-field]")) /** @type {HTMLElement} */ (form).hidden = !applies(form, find);
  for (const section of host.querySelectorAll(".sect:has([data-field])")) {
    /** @type {HTMLElement} */ (section).hidden = !section.querySelector("[data-field]:not([hidden])");
  }
}
